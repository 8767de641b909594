"""The demo site's settings for sites that tests start, but a password is hashed at once and not in half a second."""

from project.settings import *  # noqa: F403  (a settings module is its names)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
