"""Attribute specs have an order; those that are there keep the one that they were shown in, which was that of their names."""

from typing import Any

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def number_by_name(apps: Any, schema_editor: Any) -> None:
    specs = apps.get_model('openimages_io', 'AttributeSpec')._base_manager.using(schema_editor.connection.alias)
    before = specs.filter(label=OuterRef('label'), name__lt=OuterRef('name')).order_by().values('label')
    specs.update(position=Coalesce(Subquery(before.annotate(number=Count('pk')).values('number')), 0))


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0010_idempotency'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='attributespec',
            options={'base_manager_name': 'objects', 'ordering': ('label', 'position', 'pk'), 'verbose_name': 'attribute spec', 'verbose_name_plural': 'attribute specs'},
        ),
        migrations.AddField(
            model_name='attributespec',
            name='position',
            field=models.PositiveIntegerField(default=0, verbose_name='position'),
        ),
        migrations.RunPython(number_by_name, migrations.RunPython.noop),
    ]
