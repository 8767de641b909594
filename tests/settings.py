"""The demo site's settings for tests."""

from project.settings import *  # noqa: F403  (a settings module is its names)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
