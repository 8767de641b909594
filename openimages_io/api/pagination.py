"""Pages by key: quick however many rows there are, and steady while rows are added."""

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from openimages_io import conf


class ByKey(CursorPagination):
    """Rows in the order of their keys."""

    ordering = "pk"
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int | None:
        """What the client asks for, within the site's limit."""
        chosen = conf.options()
        self.page_size, self.max_page_size = chosen.page_size, chosen.max_page_size
        return super().get_page_size(request)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from. Raises `NotFound` for one that none of our pages has given out."""
        cursor = super().decode_cursor(request)
        position = None if cursor is None or cursor.position is None else str(cursor.position)
        if position is not None and not (position.isascii() and position.isdecimal() and len(position) < 19):
            raise NotFound(self.invalid_cursor_message)
        return cursor
