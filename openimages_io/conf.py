"""The app's settings: one dictionary, `OPENIMAGES_IO`, whose keys are the fields of `Limits` in capitals."""

from dataclasses import fields

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from openimages_io.format.limits import Limits

SETTING = "OPENIMAGES_IO"


def limits() -> Limits:
    """The limits in force. Read at each call, so that tests may override the setting.

    Raises `ImproperlyConfigured` for a key or a value that makes no sense.
    """
    given = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"{SETTING} must be a dictionary, not {type(given).__name__}.")
    known = {field.name.upper(): field.name for field in fields(Limits)}
    for key, value in given.items():
        if key not in known:
            raise ImproperlyConfigured(f"{SETTING} has an unknown key {key!r}; known are {', '.join(sorted(known))}.")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a whole number above 0, not {value!r}.")
    return Limits(**{known[key]: value for key, value in given.items()})
