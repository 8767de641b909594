"""How long ago a moment was, whatever the site says of time zones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from openimages_io.models import timestamps
from openimages_io.models.timestamps import for_display, from_timestamp, time_since


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.astimezone(tz)

    monkeypatch.setattr(timestamps, "datetime", Clock)


@pytest.mark.parametrize("use_tz", [True, False])
def test_what_is_kept_compares_with_what_django_keeps(settings: Settings, use_tz: bool) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "America/New_York"
    moment = from_timestamp(1_700_000_000)
    assert (moment.tzinfo is not None) == use_tz
    assert time_since(moment) - (datetime.now(UTC) - datetime.fromtimestamp(1_700_000_000, UTC)) < timedelta(seconds=5)
    assert for_display(moment).replace(tzinfo=None) == datetime(2023, 11, 14, 17, 13, 20)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (datetime(2026, 3, 8, 6, 59, 50, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, 10, tzinfo=UTC)),
        (datetime(2026, 11, 1, 5, 59, 50, tzinfo=UTC), datetime(2026, 11, 1, 6, 0, 10, tzinfo=UTC)),
        (datetime(2026, 11, 1, 6, 59, 50, tzinfo=UTC), datetime(2026, 11, 1, 7, 0, 10, tzinfo=UTC)),
    ],
)
def test_no_worker_dies_when_the_clocks_are_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, before: datetime, after: datetime
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "America/New_York"
    seen = from_timestamp(before.timestamp())
    at(monkeypatch, after)
    assert time_since(seen) == timedelta(seconds=20)
