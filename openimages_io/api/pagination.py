"""Pages by key: quick however many rows there are, and steady while rows are added."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from openimages_io import conf


class KeyCursorPagination(CursorPagination):
    """Rows in the order of their keys."""

    ordering = "pk"
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int | None:
        """The page size asked for, within the site's limit. Raises `ValidationError` if it is not a number."""
        chosen = conf.options()
        self.page_size, self.max_page_size = chosen.page_size, chosen.max_page_size
        asked = request.query_params.get(self.page_size_query_param)
        if asked is not None and not (asked.isascii() and asked.isdecimal() and len(asked) < 19 and int(asked) > 0):
            raise ValidationError({self.page_size_query_param: ["This must be a whole number above 0."]})
        return super().get_page_size(request)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from. Raises `NotFound` for one that none of our pages has given out."""
        cursor = super().decode_cursor(request)
        position = None if cursor is None or cursor.position is None else str(cursor.position)
        if position is not None and not (position.isascii() and position.isdecimal() and len(position) < 19):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The query parameters, as the OpenAPI document has them."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"]["minimum"] = 1
                parameter["description"] = "Rows on a page, up to the site's limit."
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A page, as the OpenAPI document has it."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "results": schema,
            },
        }
