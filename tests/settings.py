"""The demo site's settings for tests."""

import django

from project.settings import *  # noqa: F403  (a settings module is its names)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Jobs run where they are submitted, when the transaction commits; tests of workers start their own.
FRAMEWORK = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
TASKS = {"default": {"BACKEND": f"{FRAMEWORK}.backends.immediate.ImmediateBackend"}}
SILENCED_SYSTEM_CHECKS = ["openimages_io.W001", "openimages_io.W002"]
OPENIMAGES_IO = {"JOB_STORAGE": "default"}  # which follows MEDIA_ROOT, and that is every test's own
