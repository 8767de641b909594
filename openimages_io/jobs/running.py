"""The function that the queue calls."""

import logging

from django.db import DatabaseError

from openimages_io import conf
from openimages_io.jobs.burying import bury_dead
from openimages_io.jobs.framework import task
from openimages_io.jobs.rows import claim, patiently
from openimages_io.jobs.work import work

logger = logging.getLogger(__name__)


@task(backend=conf.options().job_backend, queue_name=conf.options().job_queue)
def run_job(job_id: str) -> None:
    """Runs a job that waits. A message that is delivered twice does nothing the second time.

    The message is nothing but the key: what is to be done, and whether it still is, stands in the row.
    """
    try:
        patiently(bury_dead)
    except DatabaseError:
        logger.warning("Jobs whose workers died cannot be marked.", exc_info=True)
    attempt = claim(job_id)
    if attempt is not None:
        work(attempt)
