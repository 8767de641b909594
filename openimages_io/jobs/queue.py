"""Putting a job into the queue, once its row is there for others to see."""

import logging
from contextlib import suppress

from django.db import DatabaseError, transaction
from django.utils import timezone

from openimages_io import conf
from openimages_io.jobs.rows import database, rows
from openimages_io.models import Job, JobState
from openimages_io.models.outcomes import Outcome

logger = logging.getLogger(__name__)


def enqueue(job: Job) -> None:
    """Puts a job that waits into the queue when the transaction commits. A queue that refuses makes the job failed."""
    key, attempt = job.pk, job.attempt
    transaction.on_commit(lambda: _put(str(key), attempt), using=database())


def _put(key: str, attempt: int) -> None:
    try:
        # Not before it is needed: where settings name a backend that is none, the rest of the site must go on.
        from openimages_io.jobs.running import run_job  # noqa: PLC0415

        options = conf.options()
        run_job.using(backend=options.job_backend, queue_name=options.job_queue).enqueue(key)
    except Exception:
        logger.exception("Job %s could not be put into the queue.", key)
        with suppress(DatabaseError):  # it is logged, and the job can be cancelled and started again
            rows().filter(pk=key, state=JobState.QUEUED, attempt=attempt).update(
                state=JobState.FAILED, finished=timezone.now(), outcome=Outcome.NOT_QUEUED.stored()
            )
