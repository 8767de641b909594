"""Imports and exports in a task's history on the admin site, whoever was asked: the command's users are none."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from openimages_io.signals import export_finished, import_finished


@receiver(import_finished)
def note_import(task: Any, job: Any, user: Any, is_new: bool, changed: bool, **_rest: Any) -> None:
    """Notes an import that has changed something."""
    if changed:
        _note(task, job, user, is_new=is_new)


@receiver(export_finished)
def note_export(task: Any, job: Any, user: Any, **_rest: Any) -> None:
    """Notes who has taken a copy of the task."""
    _note(task, job, user, is_new=False)


def _note(task: Any, job: Any, user: Any, *, is_new: bool) -> None:
    """Adds to the history what a job says of itself, without a job nothing: nobody is known who did it."""
    from django.contrib.admin.models import ADDITION, CHANGE, LogEntry  # noqa: PLC0415  (before the app registry)
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    if job is None or user is None:
        return
    archive = _("From the archive %(name)s.") % {"name": job.source_name} if job.source_name else ""
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(type(task)),
        object_id=str(task.pk),
        object_repr=str(task)[:200],
        action_flag=ADDITION if is_new else CHANGE,
        change_message=" ".join(filter(None, (job.message, archive))),
    )
