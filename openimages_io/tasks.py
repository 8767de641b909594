"""What workers look for in each app, as Celery does: the function that the queue calls."""

from openimages_io.jobs.running import run_job

__all__ = ["run_job"]
