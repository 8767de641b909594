"""What a running job shows and is told while it runs: progress, a sign of life, the wish to cancel.

On PostgreSQL they stand in the job's row. SQLite has one writer, who may be the job itself for
minutes while it commits: there they are small files in a folder beside the database file, where whoever uses it writes
anyway.
"""

import atexit
import json
import logging
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from django.db import connections
from django.utils import timezone

from openimages_io.jobs.rows import Attempt, AttemptLost, database, rows
from openimages_io.models import Job, JobState
from openimages_io.models.timestamps import from_timestamp

logger = logging.getLogger(__name__)

_LONGEST: Final = 1000
"""Bytes of a file of ours."""
_NAME: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d+\.(?:json|new|cancel)")
_STALE: Final = 3600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a running job shows."""

    phase: str
    done: int
    total: int
    alive: datetime | None
    """When it last showed anything."""
    cancelling: bool


class Channel(Protocol):
    """The line between a running job and those who watch it."""

    def publish(self, phase: str, done: int, total: int) -> None:
        """Shows progress, and that the worker lives."""

    def is_cancel_requested(self) -> bool:
        """Whether somebody wants it cancelled. Raises `AttemptLost` if the job is not this run's any more."""

    def close(self) -> None:
        """Tidies up after the run."""


def open_channel(attempt: Attempt) -> Channel | None:
    """The line of a run that begins; None where nobody else can see the row, within a transaction."""
    connection = connections[database()]
    if connection.vendor == "sqlite":
        return _Files(*_paths(attempt.job))
    return None if connection.in_atomic_block else _Row(attempt)


def read_heartbeat(job: Job) -> Heartbeat:
    """What a running job shows; its row must be fresh. No query, no lock."""
    phase, done, total, alive = job.phase, job.done, job.total, job.heartbeat
    cancelling = job.cancel_requested
    if connections[database()].vendor == "sqlite":
        path, marker = _paths(job)
        cancelling = marker.exists()
        with suppress(OSError, ValueError, TypeError):
            with path.open("rb") as file:
                alive = from_timestamp(os.fstat(file.fileno()).st_mtime)
                text = file.read(_LONGEST)
            told, so_far, whole = json.loads(text)
            phase, done, total = str(told), int(so_far), int(whole)
    return Heartbeat(phase, done, total, alive, cancelling)


def request_cancel(job: Job) -> None:
    """Asks the worker of a running job to stop. Waits for no lock that a commit holds."""
    if connections[database()].vendor == "sqlite":
        marker = _paths(job)[1]
        marker.parent.mkdir(exist_ok=True)
        marker.touch()
    else:
        rows().filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt).update(cancel_requested=True)


def remove_heartbeat(job: Job) -> None:
    """Removes what a worker that died has left of this."""
    if connections[database()].vendor == "sqlite":
        _Files(*_paths(job)).close()


def remove_stale() -> None:
    """Removes what no job will look at again: a wish to cancel that came when the job had just ended, say."""
    if connections[database()].vendor != "sqlite" or not heartbeat_folder().is_dir():
        return
    running = rows().filter(state=JobState.RUNNING).values_list("pk", "attempt")
    stems = {f"{key}.{attempt}" for key, attempt in running}
    for path in heartbeat_folder().iterdir():
        with suppress(OSError):
            status = path.lstat()
            is_ours = _NAME.fullmatch(path.name) and stat.S_ISREG(status.st_mode) and status.st_size <= _LONGEST
            if is_ours and path.stem not in stems and time.time() - status.st_mtime > _STALE:
                path.unlink()


def heartbeat_folder() -> Path:
    """Where the files are on SQLite."""
    connection = connections[database()]
    name = str(connection.settings_dict["NAME"])
    if connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's connections have it
        return _folder_of_this_process()
    return Path(f"{name.removeprefix('file:').partition('?')[0] if name.startswith('file:') else name}-jobs")


@cache
def _folder_of_this_process() -> Path:
    folder = tempfile.mkdtemp(prefix="openimages-jobs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _paths(job: Job) -> tuple[Path, Path]:
    stem = heartbeat_folder() / f"{job.pk}.{job.attempt}"
    return stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.cancel")


class _Files:
    def __init__(self, path: Path, marker: Path) -> None:
        self._path, self._marker = path, marker

    def publish(self, phase: str, done: int, total: int) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(exist_ok=True)
            fresh.write_text(json.dumps([phase, done, total]), "utf-8")
            fresh.replace(self._path)  # so that nobody reads half of it
        except OSError:
            logger.warning("The progress of a job cannot be shown in %s.", self._path.parent, exc_info=True)

    def is_cancel_requested(self) -> bool:
        return self._marker.exists()

    def close(self) -> None:
        for path in (self._path, self._path.with_suffix(".new"), self._marker):
            with suppress(OSError):
                path.unlink(missing_ok=True)


class _Row:
    """Used by one thread, whose connection it is that `close` closes."""

    def __init__(self, attempt: Attempt) -> None:
        self._mine = rows().filter(pk=attempt.job.pk, state=JobState.RUNNING, attempt=attempt.number)

    def publish(self, phase: str, done: int, total: int) -> None:
        self._mine.update(phase=phase, done=done, total=total, heartbeat=timezone.now())

    def is_cancel_requested(self) -> bool:
        wish = self._mine.values_list("cancel_requested", flat=True).first()
        if wish is None:
            raise AttemptLost
        return wish

    def close(self) -> None:
        connections[database()].close()
