"""Pages by place: quick however many rows there are, and steady while rows are added, changed and deleted."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import DateTimeField, Field, QuerySet
from django.utils.timezone import is_aware
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from openimages_io import conf
from openimages_io.api.strict import faults_of
from openimages_io.api.validation import fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.filtersets.counting import COUNTED, Count, count
from openimages_io.filtersets.fields import LARGEST_KEY, YEARS, IntegerField, TextField, TruthField
from openimages_io.filtersets.keyset import beyond, order_of, place_of, place_within
from openimages_io.models.values import is_storable

_LONGEST_CURSOR: Final = 2_000
_BOTH: Final = "Give a cursor or the id to start after, not both."


class PageForm(forms.Form):
    """Which page of a list it is."""

    cursor = TextField(required=False, max_length=_LONGEST_CURSOR, help_text="The page, from another's `next`.")
    page_size = IntegerField(required=False, help_text="Rows on a page, up to the site's limit.")
    count = TruthField(
        required=False,
        help_text=f"Whether to say how many rows there are on all pages; up to {COUNTED:,} are counted.",
    )

    def clean(self) -> dict[str, Any]:
        """Raises `ValidationError`."""
        if self.cleaned_data.get("cursor") and self.cleaned_data.get("after"):
            self.add_error("after", InvalidValue(_BOTH, FaultCode.MISMATCH))
        return self.cleaned_data


class PageAfterForm(PageForm):
    """The same for a list that may start after any of its rows."""

    after = IntegerField(
        required=False,
        help_text="Start after the row with this id, in the order of the list, whether the filter has it or not.",
    )


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place of a list, and in which direction the page lies from it; without a place it begins at the list's end."""

    reverse: bool
    place: tuple[Any, ...] | None


class KeyCursorPagination(CursorPagination):
    """Rows in the order that their filter gives them."""

    page_size_query_param = "page_size"
    form_class: type[PageForm] = PageForm

    def form(self, request: Request) -> PageForm:
        """What the request asks of the page."""
        return self.form_class(request.query_params)

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:  # type: ignore[override]
        """The rows of the page. Raises `ValidationError`, and `NotFound` for a cursor that no page has given out."""
        form = self.form(request)
        if not form.is_valid():
            raise ValidationError(faults_of(form))
        asked = form.cleaned_data
        options = conf.options()
        size = min(asked["page_size"] or options.page_size, options.max_page_size)
        self.base_url = remove_query_param(request.build_absolute_uri(), "after")
        self.order = order_of(queryset)
        reverse, place = False, None
        if asked["cursor"]:
            cursor = self._decoded(asked["cursor"], queryset)
            reverse, place = cursor.reverse, cursor.place
        elif asked.get("after"):
            place = self._place(view.get_queryset(), queryset, asked["after"])
        found = list(beyond(queryset, place, backwards=reverse)[: size + 1])
        has_more, page = len(found) > size, found[:size]
        if reverse:
            page.reverse()
        self.page = page
        self.has_next = place is not None if reverse else has_more
        self.has_previous = has_more if reverse else place is not None
        self.total: Count | None = None
        if asked["count"]:
            is_all = not self.has_next and not self.has_previous
            self.total = Count(len(page)) if is_all else count(queryset, COUNTED)
        self.display_page_controls = self.has_next or self.has_previous
        return page

    def get_next_link(self) -> str | None:
        """The address of the page after this one; of an empty one on the way back, of the first page."""
        if not self.has_next:
            return None
        return self._link(Cursor(False, place_of(self.page[-1], self.order) if self.page else None))

    def get_previous_link(self) -> str | None:
        """The address of the page before this one."""
        if not self.has_previous:
            return None
        return self._link(Cursor(True, place_of(self.page[0], self.order) if self.page else None))

    def get_paginated_response(self, data: Any) -> Response:
        """The page."""
        counted = {}
        if self.total is not None:
            counted = {"count": self.total.number, "count_capped": self.total.is_capped}
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({**links, **counted, "results": data})

    def _place(self, every: QuerySet[Any], rows: QuerySet[Any], key: int) -> tuple[Any, ...]:
        """Where the row with a key, one of all, stands in the order of these. Raises `ValidationError`."""
        place = place_within(rows, key) if every.filter(pk=key).exists() else None
        if place is None:
            said = fault_detail("There is no row with this id in the list.", FaultCode.DOES_NOT_EXIST)
            raise ValidationError({"after": said})
        return place

    def _link(self, cursor: Cursor) -> str:
        values = None if cursor.place is None else [v if isinstance(v, int) else str(v) for v in cursor.place]
        said = json.dumps([int(cursor.reverse), self.order[0], values], ensure_ascii=False, separators=(",", ":"))
        return replace_query_param(str(self.base_url), "cursor", urlsafe_b64encode(said.encode()).decode().rstrip("="))

    def _decoded(self, text: str, rows: QuerySet[Any]) -> Cursor:
        try:
            said = json.loads(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
            reverse, order, values = said
            if order != self.order[0] or reverse not in (0, 1):
                raise ValueError(order)
            if values is None:
                return Cursor(bool(reverse), None)
            fields = [_field_of(rows, name.removeprefix("-")) for name in self.order]
            place = [_value(field, value) for field, value in zip(fields, values, strict=True)]
        except (ValueError, TypeError, RecursionError, InvalidValue):
            raise NotFound(self.invalid_cursor_message) from None
        return Cursor(bool(reverse), tuple(place))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The query parameters, as the OpenAPI document has them."""
        return parameters_of(self.form_class().fields)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A page, as the OpenAPI document has it."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": COUNTED,
                    "description": "How many rows there are on all pages; there only if asked for.",
                },
                "count_capped": {
                    "type": "boolean",
                    "description": "Whether there are more than `count`; there with it.",
                },
                "results": schema,
            },
        }


class ImagePagination(KeyCursorPagination):
    """Pages that may start after any image."""

    form_class = PageAfterForm


def parameters_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fields of a query as parameters of the OpenAPI document."""
    return [
        {"name": name, "in": "query", "schema": field.schema, "description": str(field.help_text)}
        for name, field in fields.items()
    ]


def _field_of(rows: QuerySet[Any], name: str) -> "Field[Any, Any]":
    number = rows.query.annotations.get(name)
    return rows.model._meta.get_field(name) if number is None else number.output_field


def _value(field: "Field[Any, Any]", value: Any) -> Any:
    """A value of a cursor as the column's. Raises `ValueError`, `TypeError` and Django's `ValidationError`."""
    if type(value) not in (int, str) or (isinstance(value, str) and not is_storable(value)):
        raise TypeError(value)
    found = field.to_python(value)
    if isinstance(found, int) != isinstance(value, int) or (isinstance(found, int) and not 0 <= found <= LARGEST_KEY):
        raise ValueError(value)
    if isinstance(found, float) and not isfinite(found):
        raise ValueError(value)
    if isinstance(field, DateTimeField) and (is_aware(found) != settings.USE_TZ or found.year not in YEARS):
        raise ValueError(value)
    return found
