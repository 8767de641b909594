"""The filters that the FilterSets are made of."""

from typing import Any

from django.db.models import QuerySet
from django_filters import Filter

from openimages_io.filtersets.fields import (
    FractionField,
    IntegerField,
    ListField,
    MomentField,
    TextField,
    TruthField,
    WordField,
)


class TextFilter(Filter):
    """By a text; an empty one is looked for, too."""

    field_class = TextField

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        """The rows with that text."""
        return qs if value is None else qs.filter(**{f"{self.field_name}__{self.lookup_expr}": value})


class IntegerFilter(Filter):
    """By a whole number, such as a key."""

    field_class = IntegerField


class FractionFilter(Filter):
    """By a number from 0 to 1."""

    field_class = FractionField


class WordFilter(Filter):
    """By one of some words."""

    field_class = WordField


class TruthFilter(Filter):
    """By true or false."""

    field_class = TruthField


class MomentFilter(Filter):
    """By a moment."""

    field_class = MomentField


class ListFilter(Filter):
    """By several values."""

    field_class = ListField


class OrderingFilter(WordFilter):
    """In the order of one of some columns and, of rows that are the same there, of their keys.

    So every row has one place, which a page can go on from. The first word is the default.
    """

    def __init__(self, *words: str, about: str = "", **kwargs: Any) -> None:
        help_text = f"The order; `-` is from the last to the first. `{words[0]}` if not given. {about}".rstrip()
        super().__init__(choices=[(word, word) for word in words], help_text=help_text, **kwargs)
        self.default = words[0]

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        """The rows in this order."""
        word = value or self.default
        key = "-id" if word.startswith("-") else "id"
        return qs.order_by(word) if word == key else qs.order_by(word, key)
