import uuid
from typing import Any

from django.db import migrations, models

import openimages_io.models.image


def make_id(apps: Any, schema_editor: Any) -> None:
    apps.get_model("openimages_io", "Installation").objects.using(schema_editor.connection.alias).create()


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'installation',
                'verbose_name_plural': 'installations',
                'ordering': ('created', 'pk'),
                'default_permissions': (),
            },
        ),
        migrations.RunPython(make_id, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='image',
            name='file',
            field=models.FileField(blank=True, max_length=255, upload_to=openimages_io.models.image.picture_place, verbose_name='file'),
        ),
    ]
