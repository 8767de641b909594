"""Imports, exports and bulk changes in the admin site's history, whoever was asked: the command's users are none."""

from collections.abc import Collection
from typing import Any, Final

from django.db import models
from django.dispatch import receiver
from django.utils.translation import gettext as _

from openimages_io.models import Image
from openimages_io.signals import bulk_change_finished, export_finished, import_finished

_IMAGES: Final = 100
"""Images up to which a bulk change is in the history of each of them, too."""


@receiver(import_finished)
def note_import(task: Any, job: Any, user: Any, is_new: bool, changed: bool, **_rest: Any) -> None:
    """Notes an import that has changed something."""
    if changed:
        _note_job(task, job, user, is_new=is_new)


@receiver(export_finished)
def note_export(task: Any, job: Any, user: Any, **_rest: Any) -> None:
    """Notes who has taken a copy of the task."""
    _note_job(task, job, user, is_new=False)


@receiver(bulk_change_finished)
def note_bulk_change(task: Any, user: Any, message: str, image_ids: Collection[int], **_rest: Any) -> None:
    """Notes what was done to many images, for the task, and for each of them where they are few."""
    if user is None:
        return
    _note([task], user, message)
    if len(image_ids) <= _IMAGES:
        _note(Image.objects.filter(pk__in=image_ids).order_by("pk"), user, message)


def _note_job(task: Any, job: Any, user: Any, *, is_new: bool) -> None:
    """Notes what a job says of itself, without a job nothing: nobody is known who did it."""
    if job is None or user is None:
        return
    archive = _("From the archive %(name)s.") % {"name": job.source_name} if job.source_name else ""
    _note([task], user, " ".join(filter(None, (job.message, archive))), is_new=is_new)


def _note(
    rows: "Collection[models.Model] | models.QuerySet[Any]", user: Any, message: str, *, is_new: bool = False
) -> None:
    """Adds to the history of each of the rows."""
    from django.contrib.admin.models import ADDITION, CHANGE, LogEntry  # noqa: PLC0415  (before the app registry)
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    LogEntry.objects.bulk_create(
        LogEntry(
            user=user,
            content_type=ContentType.objects.get_for_model(type(row)),
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=ADDITION if is_new else CHANGE,
            change_message=message,
        )
        for row in rows
    )
