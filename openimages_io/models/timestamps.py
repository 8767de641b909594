"""Moments as the site keeps them: aware, or with `USE_TZ` off naive, in the site's time zone."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone


def time_since(moment: datetime) -> timedelta:
    """How long ago a moment was, naive or aware, whatever the clock has been put to since.

    A naive one of the hour that comes twice in autumn is taken for the nearer.
    """
    now = datetime.now(UTC)
    if timezone.is_aware(moment):
        return now - moment
    return min((now - timezone.make_aware(moment.replace(fold=fold)) for fold in (0, 1)), key=abs)


def from_timestamp(seconds: float) -> datetime:
    """A moment in seconds since 1970 as the site keeps it, to be compared with what rows have."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if settings.USE_TZ else timezone.make_naive(moment, timezone.get_default_timezone())


def for_display(moment: datetime) -> datetime:
    """A moment that rows have, in the time zone of who looks at it."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment
