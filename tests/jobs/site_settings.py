"""The demo site's settings for workers that a test starts: impatient, and on the queue that the test chose."""

import os

from project.settings import *  # noqa: F403  (a settings module is its names)

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.slow_workers.Slowly"]  # noqa: F405
OPENIMAGES_IO = {"JOB_STORAGE": "openimages_jobs", "JOB_SILENCE": int(os.environ.get("JOB_SILENCE", "60"))}
if os.environ.get("SQLITE_TIMEOUT") and "timeout" in DATABASES["default"].get("OPTIONS", {}):  # noqa: F405
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["SQLITE_TIMEOUT"])  # noqa: F405
LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

if os.environ.get("RQ_QUEUE"):
    INSTALLED_APPS += ["django_rq"]
    TASKS = {"default": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": [os.environ["RQ_QUEUE"]]}}
    RQ_QUEUES = {os.environ["RQ_QUEUE"]: {"URL": os.environ["REDIS_URL"], "DEFAULT_TIMEOUT": -1}}
    OPENIMAGES_IO["JOB_QUEUE"] = os.environ["RQ_QUEUE"]
