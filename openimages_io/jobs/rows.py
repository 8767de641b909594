"""The job's row: it changes by conditional updates alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import OperationalError, connections, router
from django.db.models import QuerySet
from django.utils import timezone

from openimages_io.database.locking import is_locked
from openimages_io.models import Job, JobState

T = TypeVar("T")

PATIENCE: Final = 900.0
"""Seconds for which a worker waits for others who write into the same SQLite file."""
_PAUSE: Final = 0.05
_CANCELLED_BY_USER: Final = "57014"
"""PostgreSQL's code for a statement that was told to stop; one such message may come late."""


_chosen: Final = ContextVar[str | None]("_chosen", default=None)


class AttemptLost(Exception):
    """The job is no longer this run's: it was given up for dead, or deleted."""


def database() -> str:
    """The alias of the database that jobs are in, which is that of the annotations."""
    return _chosen.get() or router.db_for_write(Job)


@contextmanager
def using_database(alias: str) -> Iterator[None]:
    """Has this thread look after the jobs of another database than the site's router says."""
    token = _chosen.set(alias)
    try:
        yield
    finally:
        _chosen.reset(token)


def rows() -> QuerySet[Job]:
    """All jobs, where they are written."""
    return QuerySet(Job, using=database())


def retry_while_locked(work: Callable[[], T], patience: float = PATIENCE) -> T:
    """Does a short piece of work on the database, again and again while another writer has SQLite's lock.

    For workers only: a request should rather fail. Within a transaction, or with a patience of 0 seconds, it is tried
    once.
    """
    end = time.monotonic() + patience
    late = 3
    while True:
        try:
            return work()
        except OperationalError as error:
            late -= getattr(error.__cause__, "sqlstate", None) == _CANCELLED_BY_USER
            again = is_locked(error) or (0 < late < 3)
            if not again or connections[database()].in_atomic_block or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job by a worker, which may write the row only for as long as it is its own."""

    job: Job
    number: int

    def end(self, state: JobState, **values: Any) -> None:
        """Ends the run. Raises `AttemptLost` if the row is not its own any more; nothing is changed then.

        Within a transaction of an import it is this that makes "succeeded" and the data one.
        """
        now = timezone.now()
        mine = rows().filter(pk=self.job.pk, state=JobState.RUNNING, attempt=self.number)
        if not mine.update(state=state, finished=now, heartbeat=now, cancel_requested=False, **values):
            raise AttemptLost


def claim(job_id: str) -> Attempt | None:
    """Makes the job this worker's, or returns None: another has it, or it was cancelled, or it is gone."""
    job = rows().filter(pk=job_id).first()
    if job is None or job.state != JobState.QUEUED:
        return None
    now = timezone.now()
    number = job.attempt + 1
    waiting = rows().filter(pk=job.pk, state=JobState.QUEUED, attempt=job.attempt)
    claimed = {"state": JobState.RUNNING, "attempt": number, "started": now, "heartbeat": now}
    if not retry_while_locked(lambda: waiting.update(**claimed, cancel_requested=False)):
        return None
    mine = rows().select_related("task", "created_by").filter(pk=job.pk, attempt=number).first()
    return Attempt(mine, number) if mine is not None else None
