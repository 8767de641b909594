"""Jobs that change many images, and the only images that a job is of. On the way back jobs of bulk changes go."""

from typing import Any

from django.conf import settings
from django.db import migrations, models


def remove_bulk_changes(apps: Any, schema_editor: Any) -> None:
    jobs = apps.get_model('openimages_io', 'Job')._base_manager.using(schema_editor.connection.alias)
    jobs.filter(kind='bulk').delete()


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0012_label_colors'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='openimages_job_kind',
        ),
        migrations.AddField(
            model_name='job',
            name='images',
            field=models.JSONField(blank=True, default=dict, verbose_name='images'),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('import', 'import'), ('export', 'export'), ('check', 'check'), ('delete', 'deletion'), ('bulk', 'bulk change')], max_length=6, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['import', 'export', 'check', 'delete', 'bulk'])), name='openimages_job_kind'),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_bulk_changes),
    ]
