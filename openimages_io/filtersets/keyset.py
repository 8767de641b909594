"""Places in an ordered list: what comes after a row, and before it, for one indexed query and whatever else changes.

A place is the values of a row in the columns that the list is ordered by, the last of which is the key.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


def order_of(rows: QuerySet[Any]) -> tuple[str, ...]:
    """The columns that the rows are ordered by, with `-` before those from the last to the first."""
    return tuple(map(str, rows.query.order_by))


def place_of(row: Model, order: Sequence[str]) -> tuple[Any, ...]:
    """Where a row stands in lists of this order."""
    return tuple(getattr(row, name.removeprefix("-")) for name in order)


def place_within(rows: QuerySet[Any], key: Any) -> tuple[Any, ...] | None:
    """Where the row with a key stands in the order of these rows, be it among them or not; None if it is gone."""
    order = order_of(rows)
    everywhere = rows.all()
    everywhere.query.where = type(rows.query.where)()  # what they are ordered by may be numbers that they are given
    row = everywhere.filter(pk=key).first()
    return None if row is None else place_of(row, order)


def beyond(
    rows: QuerySet[Row], place: Sequence[Any] | None, *, backwards: bool = False, inclusive: bool = False
) -> QuerySet[Row]:
    """The rows after a place or, backwards, those before it, the nearest first; without a place all of them.

    Inclusive, the row that stands there is among them.
    """
    order = order_of(rows)
    if backwards:
        order = tuple(name[1:] if name.startswith("-") else f"-{name}" for name in order)
    rows = rows.order_by(*order)
    return rows if place is None else rows.filter(_after(order, place, inclusive=inclusive))


def neighbours(rows: QuerySet[Any], row: Model) -> tuple[Any, Any]:
    """The keys of the rows before and after a row, whether it is among them or not; None where there is none."""
    is_plain = not set(rows.query.annotations)
    place = place_of(row, order_of(rows)) if is_plain else place_within(rows, row.pk)
    before, after = (
        beyond(rows, place, backwards=backwards).values_list("pk", flat=True).first() for backwards in (True, False)
    )
    return before, after


def _after(order: Sequence[str], place: Sequence[Any], *, inclusive: bool) -> Q:
    (name, *names), (value, *values) = order, place
    column, sign = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
    if not names:
        return Q(**{f"{column}__{sign}{'e' if inclusive else ''}": value})
    further = Q(**{f"{column}__{sign}": value}) | _after(names, values, inclusive=inclusive)
    # `a >= 1 AND (a > 1 OR …)` rather than `a > 1 OR (a = 1 AND …)`: databases look the first up in an index.
    return Q(**{f"{column}__{sign}e": value}) & further
