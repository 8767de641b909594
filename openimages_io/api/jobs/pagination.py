"""Pages of jobs, newest first."""

from typing import Final

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from openimages_io.api.pagination import KeyCursorPagination

_YEARS: Final = range(1970, 9000)


class NewestFirstPagination(KeyCursorPagination):
    """Jobs in the order in which they were made, the last first; of one moment, by key."""

    ordering = ("-created", "-id")  # type: ignore[assignment]  # CursorPagination takes several

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from. Raises `NotFound` for one that none of our pages has given out."""
        cursor = CursorPagination.decode_cursor(self, request)
        if cursor is not None and cursor.position is not None and not _is_timestamp(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def _is_timestamp(text: str) -> bool:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return False
    return moment is not None and is_aware(moment) == settings.USE_TZ and moment.year in _YEARS
