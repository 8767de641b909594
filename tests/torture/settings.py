"""The demo site's settings for the hard trials: one storage for all files, whose faults a trial may choose."""

import logging.config
import os

from project.settings import *  # noqa: F403  (a settings module is its names)

DEBUG = False
SECRET_KEY = "for trials only"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "tests.torture.storage.FaultyStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
OPENIMAGES_IO = {
    "JOB_STORAGE": "default",
    "JOB_SILENCE": int(os.environ.get("JOB_SILENCE", "60")),
    "THROTTLE_RATE": "1000000/min",
    "UPLOAD_RATE": "1000000/min",
}
LOGGING_CONFIG = None
logging.config.dictConfig(
    {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "CRITICAL")},
    }
)
