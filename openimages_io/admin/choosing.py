"""Images that somebody has selected in a gallery, in an address: some of its cards, or all that its filter has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.admin.filter_words import conditions_of
from openimages_io.admin.gallery_filter import filter_of
from openimages_io.admin.returning import WITHIN
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Task
from openimages_io.models.chosen_images import MOST_KEYS, ChosenImages
from openimages_io.models.numbers import grouped

ALL: Final = "all"
IMAGE: Final = "image"
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address chooses."""

    images: ChosenImages | None
    """None where it chooses nothing, or a filter that is not understood: never all images by mistake."""
    filter: ImageFilterSet
    """The gallery's."""
    query: QueryDict
    """The part of the address that chooses."""


def choice_of(query: QueryDict, task: Task) -> Choice:
    """What the query of an address chooses of a task's images."""
    kept = QueryDict(mutable=True)
    for name in (WITHIN, ALL, IMAGE):
        if name in query:
            kept.setlist(name, query.getlist(name))
    wanted = filter_of(QueryDict(query.get(WITHIN, "")), task)
    if query.get(ALL):
        return Choice(ChosenImages(asked=wanted.asked) if wanted.is_valid() else None, wanted, kept)
    keys = dict.fromkeys(map(_key, query.getlist(IMAGE)))
    is_good = keys and None not in keys and len(keys) <= MOST_KEYS
    return Choice(ChosenImages(keys=tuple(key for key in keys if key)) if is_good else None, wanted, kept)


def images_in_words(images: ChosenImages, task: Task) -> tuple[str, list[str]]:
    """Which images were chosen, and of a filter what it asks for."""
    if images.keys:
        count = len(images.keys)
        return ngettext("%(count)s selected image", "%(count)s selected images", count) % {"count": grouped(count)}, []
    if images.are_all:
        return _("all images of the task"), []
    query = query_of(images.as_json()["filter"])
    return _("all images that match"), conditions_of(ImageFilterSet(query, task.images.all()), task)


def query_of(asked: Mapping[str, Any]) -> QueryDict:
    """What a job has kept of a filter, as the query of an address."""
    query = QueryDict(mutable=True)
    for name, value in asked.items():
        query.setlist(name, [_as_text(one) for one in (value if isinstance(value, list) else [value])])
    return query


def hidden(query: QueryDict) -> Sequence[tuple[str, str]]:
    """The same as fields of a form."""
    return [(name, value) for name, values in query.lists() for value in values]


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text) else None
