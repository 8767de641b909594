"""What a poller sees of jobs, now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from openimages_io import conf
from openimages_io.jobs.heartbeat import read_heartbeat
from openimages_io.jobs.recovery import is_silent, lost_at, lost_outcome
from openimages_io.jobs.rows import rows
from openimages_io.models import Job, JobState
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.outcomes import outcome_sentence
from openimages_io.models.timestamps import time_since


@dataclass(frozen=True, slots=True)
class Status:
    """A job as it is at this moment: its row, and what its worker shows besides."""

    state: JobState
    phase: str
    done: int
    total: int
    """Bytes of an import, rows of an export or a check; 0 while nobody knows."""
    outcome: dict[str, Any]
    """A code and parameters, as the job's row has them; empty until it has ended."""
    message: str
    """The same as a sentence."""
    cancelling: bool = False
    """Whether it runs, but was asked to stop."""
    waiting: bool = False
    """Whether no worker has come for it yet."""
    finished: datetime | None = None
    """When it ended; None until then. Whoever polls need not look at anything else."""


@dataclass(frozen=True, slots=True)
class Workers:
    """What jobs say of the workers of the site. One that has nothing to do shows nothing."""

    seen: datetime | None
    """When one last showed itself: took a job up, was at work on it, or ended it. None if none ever has."""
    busy: bool
    """Whether one is at work on a job now."""
    begun: datetime | None
    """When that of the jobs which one has begun was queued that was queued last. None if none ever was."""

    def have_lost(self, job: Job) -> bool:
        """Whether none will come for a job that waits.

        That is so after JOB_SILENCE, if none is at work, or one has begun a job that was queued later. Its message is
        lost if the queue was emptied, or a process killed between commit and message or between message and claim.
        In doubt it may be queued again: a second message for a job does nothing.
        """
        if job.state != JobState.QUEUED or time_since(job.queued) <= timedelta(seconds=conf.options().job_silence):
            return False
        return not self.busy or (self.begun is not None and job.queued < self.begun)


def workers() -> Workers:
    """What is known of workers now. Two queries, no lock."""
    begun = Max("queued", filter=Q(started__isnull=False))
    times = rows().aggregate(Max("started"), Max("heartbeat"), begun=begun)
    latest = times.pop("begun")
    seen = [moment for moment in times.values() if moment is not None]
    busy = False
    for job in rows().filter(state=JobState.RUNNING):
        alive = read_heartbeat(job).alive
        busy = busy or not is_silent(job, alive)
        if alive is not None:
            seen.append(alive)
    return Workers(max(seen, default=None), busy, latest)


def job_status(job: Job) -> Status:
    """What a poller sees, of a row that was just read. Writes nothing, and never waits for a lock.

    A job whose worker is silent shows as failed. If it ended since the row was read, the row is read again.
    """
    return job_statuses([job])[0]


def job_statuses(jobs: Iterable[Job]) -> list[Status]:
    """The same for many, with one query at most."""
    listed = list(jobs)
    signs = [read_heartbeat(job) if job.state == JobState.RUNNING else None for job in listed]
    silent = {job.pk for job, sign in zip(listed, signs, strict=True) if sign and is_silent(job, sign.alive)}
    fresh = {job.pk: job for job in rows().filter(pk__in=silent)} if silent else {}
    found = []
    for job, sign in zip(listed, signs, strict=True):
        now = fresh.get(job.pk, job)
        if sign is None or now.state != JobState.RUNNING:
            found.append(_of_row(now))
        elif job.pk in silent and now.attempt == job.attempt:
            lost = lost_outcome(job).stored()
            message = outcome_sentence(job, lost)
            end = lost_at(now, sign.alive)
            found.append(Status(JobState.FAILED, sign.phase, sign.done, sign.total, lost, message, finished=end))
        else:
            found.append(Status(JobState.RUNNING, sign.phase, sign.done, sign.total, {}, "", sign.cancelling))
    return found


def _of_row(job: Job) -> Status:
    state = JobState(job.state)
    finished = None if state in UNDER_WAY else job.finished or job.queued  # a row by another hand may lack it
    waits = state == JobState.QUEUED
    return Status(state, job.phase, job.done, job.total, job.outcome, job.message, waiting=waits, finished=finished)
