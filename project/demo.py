"""`python -m project.demo`: a login for the demo site, so that `make demo` asks nothing."""

import os
import sys

import django
from django.conf import settings

NAME = "admin"
PASSWORD = "admin"  # noqa: S105  (announced on the screen, and made in development only)


def make_login() -> str:
    """Makes the superuser unless it is there; returns a sentence that says what was done."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (needs the app registry)

    users = get_user_model()._default_manager
    if users.filter(username=NAME).exists():
        return f"The login {NAME!r} is there already."
    users.create_superuser(NAME, f"{NAME}@localhost", PASSWORD)
    return f"Made the login {NAME!r} with the password {PASSWORD!r}. It is for this demo only."


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    if not settings.DEBUG:
        sys.exit("A login with a known password is made only with DEBUG on.")
    sys.stdout.write(make_login() + "\n")
