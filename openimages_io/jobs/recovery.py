"""Jobs whose workers died: nothing of theirs is written, and they may be started again; deletions simply go on."""

from datetime import datetime, timedelta

from django.utils import timezone

from openimages_io import conf
from openimages_io.jobs.heartbeat import read_heartbeat, remove_heartbeat
from openimages_io.jobs.rows import rows
from openimages_io.models import Job, JobKind, JobState
from openimages_io.models.outcomes import Outcome
from openimages_io.models.timestamps import time_since


def is_silent(job: Job, alive: datetime | None) -> bool:
    """Whether a running job has shown nothing for longer than the site allows."""
    seen = [time_since(moment) for moment in _signs(job, alive)]
    return not seen or min(seen) > timedelta(seconds=conf.options().job_silence)


def lost_at(job: Job, alive: datetime | None) -> datetime:
    """When a silent job began to count as lost."""
    return max(_signs(job, alive), default=job.queued) + timedelta(seconds=conf.options().job_silence)


def _signs(job: Job, alive: datetime | None) -> list[datetime]:
    return [moment for moment in (alive, job.heartbeat, job.started) if moment is not None]


def lost_outcome(job: Job) -> Outcome:
    """What came of a job whose worker died."""
    return Outcome.DELETION_INTERRUPTED if job.kind == JobKind.DELETE else Outcome.WORKER_LOST


def fail_lost_jobs(*, dry_run: bool = False) -> int:
    """Marks the jobs whose workers died as failed. Returns their number; where there are none, nothing is written.

    Should such a worker live after all, it finds that the row is not its own, and writes nothing.
    """
    count = 0
    for job in rows().filter(state=JobState.RUNNING):
        if is_silent(job, read_heartbeat(job).alive):
            if dry_run:
                count += 1
                continue
            same = rows().filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt, heartbeat=job.heartbeat)
            if same.update(state=JobState.FAILED, finished=timezone.now(), outcome=lost_outcome(job).stored()):
                remove_heartbeat(job)
                count += 1
    return count
