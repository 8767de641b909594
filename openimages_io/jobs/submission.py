"""Asking for an import, an export or a check."""

import uuid
from typing import Any, Final

from django.core.files.base import File
from django.db import IntegrityError
from django.utils import timezone

from openimages_io.database.commit import Commit
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import Failure
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.kept_uploads import KeptUpload, upload_name
from openimages_io.jobs.queue import enqueue
from openimages_io.jobs.rows import database, rows
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.job import source_place
from openimages_io.models.job_files import current_job_storage
from openimages_io.models.values import is_storable
from openimages_io.transfer.options import ExportOptions, ImportOptions, as_json

_NAME: Final = 255


def submit_import(
    upload: "File[Any] | KeptUpload",
    *,
    task: Task | None,
    task_name: str,
    options: ImportOptions,
    dry_run: bool,
    user: Any,
    claim: Claim | None = None,
) -> Job:
    """Stores an uploaded archive and has it imported into `task`; with None into a new one of that name.

    The user becomes the owner of a new task. If there is a task of that name when the import runs, it is refused rather
    than mixed with somebody else's. Raises `OpenImagesError` for a name that no task can have, and for an upload that
    was kept and that another job has taken.
    """
    if task is None and (not task_name.strip() or len(task_name) > _NAME or not is_storable(task_name)):
        raise Failure("task-name", limit=_NAME)
    job = new_job(JobKind.IMPORT, task, user, task_name=task.name if task else task_name, dry_run=dry_run)
    job.options = as_json(options)
    if isinstance(upload, KeptUpload):
        return _submitted_with(job, upload, claim)
    job.source_name = upload_name(upload)
    commit = Commit(database())
    with NewFiles(current_job_storage(), commit) as files:
        job.source.name = files.save(source_place(job, "archive"), upload)
        return submitted(job, commit, claim=claim)


def submit_export(
    task: Task,
    options: ExportOptions,
    *,
    user: Any,
    images: ChosenImages | None = None,
    claim: Claim | None = None,
) -> Job:
    """Has a task, or the chosen images alone, exported as a zip, which the job then holds."""
    job = new_job(JobKind.EXPORT, task, user, task_name=task.name)
    job.images = images.as_json() if images and not images.are_all else {}
    job.options = as_json(options)
    return submitted(job, claim=claim)


def submit_check(task: Task, *, user: Any, claim: Claim | None = None) -> Job:
    """Has every shape of a task held against the rules; a report is all that comes of it."""
    return submitted(new_job(JobKind.CHECK, task, user, task_name=task.name), claim=claim)


def _submitted_with(job: Job, upload: KeptUpload, claim: Claim | None) -> Job:
    job.pk, job.source_name, job.source.name = uuid.UUID(upload.key), upload.name, upload.place
    try:
        return submitted(job, claim=claim)
    except IntegrityError as error:
        if rows().filter(pk=job.pk).exists():
            raise Failure("upload-taken") from error
        raise


def new_job(kind: JobKind, task: Task | None, user: Any, **values: Any) -> Job:
    """A job that is not saved yet."""
    by = user if user is not None and user.pk is not None else None
    return Job(kind=kind, task=task, created_by=by, queued=timezone.now(), **values)


def submitted(job: Job, commit: Commit | None = None, *, claim: Claim | None = None) -> Job:
    """Saves a job and has it queued when the transaction has committed; returns it as it is then.

    Raises `Conflict` if another request with the claim's key has started one.
    """
    with commit or Commit(database()):
        if claim is not None:
            claim.take(job)
        job.save(using=database(), force_insert=True)
        enqueue(job)
    return rows().select_related("task", "created_by").get(pk=job.pk)  # where jobs run at once, it has ended by now
