"""Removing what is no longer needed: files of old jobs, and files that no row knows."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.files.storage import Storage
from django.db.models import QuerySet
from django.utils import timezone

from openimages_io.jobs.burying import bury_dead
from openimages_io.jobs.rows import rows
from openimages_io.models import Image, Job, picture_storage
from openimages_io.models.job import FINAL
from openimages_io.models.jobfiles import FOLDER, remove_job_files, storage_of_jobs
from openimages_io.transfer.pictures import FOLDER as PICTURES

_GRACE: Final = timedelta(days=1)
"""A file this young may be one whose row is still to come."""
_BATCH: Final = 500
_DEEP: Final = 8


def prune(before: datetime) -> int:
    """Removes the files of jobs that have ended before that moment, whose rows stay. Returns the number of jobs."""
    bury_dead()
    ended = old_jobs(before)
    count = 0
    for job in list(ended):
        # The mark comes first, on the condition that nobody has started it again.
        if ended.filter(pk=job.pk, attempt=job.attempt, state=job.state).update(pruned=timezone.now()):
            names = [str(file) for file in (job.source, job.result, job.report) if file]
            remove_job_files([job.pk], names)
            count += 1
    return count


def old_jobs(before: datetime) -> "QuerySet[Job]":
    """The jobs that `prune` removes the files of."""
    return rows().filter(state__in=FINAL, finished__lt=before, pruned=None)


def orphaned_folders() -> list[str]:
    """Keys whose files are in the job storage, older than a day, though there is no such job."""
    storage = storage_of_jobs()
    keys = [name for name in _listed(storage, FOLDER)[0] if _is_key(name)]
    found = []
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        known = {str(key) for key in rows().filter(pk__in=batch).values_list("pk", flat=True)}
        found += [
            key
            for key in batch
            if key not in known and all(_is_old(storage, f) for f in _walk(storage, f"{FOLDER}/{key}"))
        ]
    return found


def orphaned_pictures() -> Iterator[str]:
    """Files in our folder of the picture storage, older than a day, that no image has."""
    storage = picture_storage()
    batch: list[str] = []
    for name in _walk(storage, PICTURES):
        batch.append(name)
        if len(batch) == _BATCH:
            yield from _unnamed(storage, batch)
            batch = []
    yield from _unnamed(storage, batch)


def _unnamed(storage: Storage, names: Iterable[str]) -> Iterator[str]:
    old = [name for name in names if _is_old(storage, name)]
    known = set(Image._base_manager.filter(file__in=old).values_list("file", flat=True))
    yield from (name for name in old if name not in known)


def _walk(storage: Storage, folder: str, deep: int = _DEEP) -> Iterator[str]:
    folders, files = _listed(storage, folder)
    yield from (f"{folder}/{name}" for name in files)
    for name in folders if deep else ():
        yield from _walk(storage, f"{folder}/{name}", deep - 1)


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = storage.listdir(folder)
    except (FileNotFoundError, NotImplementedError):  # nothing was stored yet, or the storage keeps no list
        return [], []
    return sorted(folders), sorted(files)


def _is_old(storage: Storage, name: str) -> bool:
    try:
        modified = storage.get_modified_time(name)
    except (FileNotFoundError, NotImplementedError):
        return False
    return timezone.now() - (modified if timezone.is_aware(modified) else timezone.make_aware(modified)) > _GRACE


def _is_key(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
