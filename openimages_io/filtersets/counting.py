"""How many rows a filter has, and which of them one is: counted up to a bound, so that it never takes long."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model, QuerySet

from openimages_io.filtersets.keyset import beyond, place_within

COUNTED: Final = 10_000
"""Rows up to which they are counted."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""

    number: int
    is_capped: bool = False
    """Whether there are more than that."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which of how many rows one is."""

    index: int | None
    """From 1; None for a row that is not among them, and for one beyond those that are counted."""
    of: Count
    is_among: bool


def count(rows: QuerySet[Any], most: int = COUNTED) -> Count:
    """How many rows there are, counted up to so many."""
    found = rows.order_by()[: most + 1].count()
    return Count(min(found, most), found > most)


def place_among(rows: QuerySet[Any], row: Model, most: int = COUNTED, *, is_among: bool = False) -> Place:
    """Which of these rows one is, in their order, counted up to so many; if it is known to be among them, say so."""
    if not (is_among or rows.filter(pk=row.pk).exists()):
        return Place(None, count(rows, most), False)
    before = count(beyond(rows, place_within(rows, row.pk), backwards=True), most)
    return Place(None if before.is_capped else before.number + 1, count(rows, most), True)
