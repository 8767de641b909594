"""The function that the queue calls."""

import logging
import time
from contextlib import suppress

from django.db import DatabaseError

from openimages_io import conf
from openimages_io.jobs.framework import task
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import Attempt, claim, retry_while_locked, rows
from openimages_io.jobs.transitions import requeue_lost
from openimages_io.jobs.work import work
from openimages_io.models import JobKind

logger = logging.getLogger(__name__)


@task(backend=conf.options().job_backend, queue_name=conf.options().job_queue)
def run_job(job_id: str) -> None:
    """Runs a job that waits. A message that is delivered twice does nothing the second time.

    The message is nothing but the key: what is to be done, and whether it still is, stands in the row.
    """
    try:
        retry_while_locked(fail_lost_jobs)
    except DatabaseError:
        logger.warning("Jobs whose workers died cannot be marked.", exc_info=True)
    attempt = claim(job_id)
    try:
        retry_while_locked(requeue_lost)
    except DatabaseError:
        logger.warning("Jobs whose messages are lost cannot be queued again.", exc_info=True)
    if attempt is None:
        return
    begun = time.monotonic()
    logger.info("Job %s (%s) begins.", job_id, attempt.job.kind, extra={"job": job_id, "kind": attempt.job.kind})
    try:
        work(attempt)
    finally:
        _log(attempt, round(time.monotonic() - begun, 3))


def _log(attempt: Attempt, seconds: float) -> None:
    """Says what came of a run, for people and, as attributes of the record, for programs."""
    with suppress(DatabaseError):  # which has been logged
        row = rows().filter(pk=attempt.job.pk, attempt=attempt.number).only("state", "totals", "done").first()
        if row is None:
            return
        kind = attempt.job.kind
        read = sum(totals.get("read", 0) for totals in row.totals.values())
        count = row.done if kind == JobKind.CHECK else read
        facts = {"job": str(row.pk), "kind": kind, "state": row.state, "seconds": seconds, "rows": count}
        logger.info("Job %s (%s): %s after %.1f s, %d rows.", row.pk, kind, row.state, seconds, count, extra=facts)
