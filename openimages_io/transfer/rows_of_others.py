"""Rows of a site's other apps that go with shapes: found before anything goes, and said by their model."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from django.db.models import Model, QuerySet

from openimages_io.database.bulk import plain
from openimages_io.format.issues import Issue
from openimages_io.models import Mask, Shape
from openimages_io.models.other_apps import is_pointed_to, pointing_to

OTHERS: Final = "rows-of-other-apps"
"""The code of their issue."""
_BATCH: Final = 500

Others: TypeAlias = dict[type[Model], set[Any]]
"""The keys of rows of other apps, by model."""


def find_others(found: Others, shapes: Sequence[int], using: str) -> None:
    """Adds the rows that would go with these shapes and their masks.

    Raises `Forbidden` where rows of other apps forbid that the shapes go.
    """
    rows: tuple[QuerySet[Any], ...] = (plain(Mask, using), plain(Shape, using))
    for every in rows:
        if is_pointed_to(every.model):
            for start in range(0, len(shapes), _BATCH):
                for model, theirs in pointing_to(every.filter(pk__in=shapes[start : start + _BATCH])).items():
                    found.setdefault(model, set()).update(theirs)


def issues_of_others(found: Others) -> list[Issue]:
    """What is said of them."""
    return issues_of_numbers({str(model._meta.verbose_name_plural): len(keys) for model, keys in found.items()})


def issues_of_numbers(numbers: Mapping[str, int]) -> list[Issue]:
    """The same of numbers by the models' names."""
    return [Issue(code=OTHERS, params={"count": n, "model": name}) for name, n in sorted(numbers.items())]
