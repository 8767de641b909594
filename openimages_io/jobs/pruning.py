"""Removing the files of old jobs, and those of jobs that are no longer there."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.core.files.storage import Storage
from django.db.models import QuerySet
from django.utils import timezone

from openimages_io.archives.work_folder import TEMPORARY, left_behind, remove_left
from openimages_io.conf import JOB_PREFIX
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import database, rows
from openimages_io.models import Job
from openimages_io.models.installation import Proof
from openimages_io.models.job import FINAL
from openimages_io.models.job_files import current_job_storage, remove_job_files
from openimages_io.models.stored_files import GRACE, age_of, listed

_BATCH: Final = 500
_DEEP: Final = 8


def prune(before: datetime) -> int:
    """Removes the files of jobs that have ended before that moment, whose rows stay. Returns the number of jobs."""
    fail_lost_jobs()
    ended = old_jobs(before)
    count = 0
    for job in list(ended):
        # The mark comes first, on the condition that nobody has started it again.
        if ended.filter(pk=job.pk, attempt=job.attempt, state=job.state).update(pruned=timezone.now()):
            names = [str(file) for file in (job.source, job.result, job.report) if file]
            remove_job_files([job.pk], names, database())
            count += 1
    return count


def old_jobs(before: datetime) -> "QuerySet[Job]":
    """The jobs that `prune` removes the files of."""
    return rows().filter(state__in=FINAL, finished__lt=before, pruned=None)


def orphaned_folders() -> list[str]:
    """Keys whose files are in this installation's folder, older than a day, though there is no such job."""
    storage = current_job_storage()
    found = []
    for folder in Proof(storage, database()).owned(JOB_PREFIX):
        keys = [name for name in listed(storage, folder)[0] if _is_key(name)]
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            known = {str(key) for key in rows().filter(pk__in=batch).values_list("pk", flat=True)}
            found += [key for key in batch if key not in known and _is_old(storage, f"{folder}/{key}")]
    return found


def temporary_folders(*, remove: bool) -> Iterator[Path]:
    """The folders among this machine's temporary files that killed processes of this user have left."""
    for path in left_behind(Path(tempfile.gettempdir()), TEMPORARY):
        if not remove or remove_left(path):
            yield path


def _is_old(storage: Storage, folder: str) -> bool:
    """Whether there are files in it, and all are older than a day."""
    ages = [age_of(storage, name) for name in _walk(storage, folder)]
    return bool(ages) and all(age is not None and age > GRACE for age in ages)


def _walk(storage: Storage, folder: str, deep: int = _DEEP) -> Iterator[str]:
    folders, files = listed(storage, folder)
    yield from (f"{folder}/{name}" for name in files)
    for name in folders if deep else ():
        yield from _walk(storage, f"{folder}/{name}", deep - 1)


def _is_key(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
