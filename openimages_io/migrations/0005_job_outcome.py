"""What came of a job was a sentence; it becomes a code with parameters. Sentences that are there are kept as a text."""

from typing import Any

from django.db import migrations, models


def keep_sentences(apps: Any, schema_editor: Any) -> None:
    jobs = apps.get_model('openimages_io', 'Job').objects.using(schema_editor.connection.alias)
    for key, message in jobs.exclude(message='').values_list('pk', 'message').iterator():
        jobs.filter(pk=key).update(outcome={'code': 'text', 'params': {'text': message}})


def keep_texts(apps: Any, schema_editor: Any) -> None:
    """The way back keeps the sentences that were stored as such; others have only their code."""
    jobs = apps.get_model('openimages_io', 'Job').objects.using(schema_editor.connection.alias)
    for key, outcome in jobs.values_list('pk', 'outcome').iterator():
        if outcome:
            params = outcome.get('params', {})
            message = params.get('text') or params.get('error') or outcome.get('code', '')
            jobs.filter(pk=key).update(message=message)


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0004_picture_storage'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='outcome',
            field=models.JSONField(blank=True, default=dict, verbose_name='outcome'),
        ),
        migrations.RunPython(keep_sentences, keep_texts),
        migrations.RemoveField(
            model_name='job',
            name='message',
        ),
    ]
