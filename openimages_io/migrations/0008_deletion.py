"""Tasks that are being deleted, and jobs that do it. On the way back those jobs go; what they have left keeps its place."""

from typing import Any

from django.conf import settings
from django.db import migrations, models


def remove_deletions(apps: Any, schema_editor: Any) -> None:
    jobs = apps.get_model('openimages_io', 'Job')._base_manager.using(schema_editor.connection.alias)
    jobs.filter(kind='delete').delete()


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0007_shape_task'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='openimages_job_kind',
        ),
        migrations.AddField(
            model_name='task',
            name='deleting',
            field=models.BooleanField(default=False, editable=False, verbose_name='is being deleted'),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('import', 'import'), ('export', 'export'), ('check', 'check'), ('delete', 'deletion')], max_length=6, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['import', 'export', 'check', 'delete'])), name='openimages_job_kind'),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_deletions),
    ]
