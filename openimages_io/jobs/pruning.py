"""Removing what is no longer needed: files of old jobs."""

from datetime import datetime

from django.utils import timezone

from openimages_io.jobs.burying import bury_dead
from openimages_io.jobs.rows import rows
from openimages_io.models import JobState
from openimages_io.models.jobfiles import remove_job_files


def prune(before: datetime) -> int:
    """Removes the files of jobs that have ended before that moment, whose rows stay. Returns the number of jobs."""
    bury_dead()
    ended = rows().filter(
        state__in=(JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED), finished__lt=before, pruned=None
    )
    count = 0
    for job in list(ended):
        # The mark comes first, on the condition that nobody has started it again.
        if ended.filter(pk=job.pk, attempt=job.attempt, state=job.state).update(pruned=timezone.now()):
            remove_job_files([job.pk], [])
            count += 1
    return count
