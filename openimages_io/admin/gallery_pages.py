"""The pages of a gallery: by place, which is quick anywhere, or by number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from openimages_io.filtersets.addresses import PLACES, query_without
from openimages_io.filtersets.counting import Count
from openimages_io.filtersets.keyset import beyond, order_of, place_within
from openimages_io.models import Image
from openimages_io.models.numbers import grouped

if TYPE_CHECKING:
    from openimages_io.models.image import ImageQuerySet

PAGE: Final = 30
"""Images on a page."""
_DIGITS: Final = 7
"""Of a page's number."""


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """Images of one page, and the ways to the pages beside it."""

    images: list[Image]
    number: int | None
    """From 1, or None if it was not reached by numbers."""
    previous_url: str
    next_url: str


def page_of(images: "ImageQuerySet", query: QueryDict) -> GalleryPage:
    """The page that a query asks for, by the image `after` or `before` which it lies, or by its number.

    With `at` it is that page if it has this image, else the one that begins with it.
    """
    after, before, at = (_place(images, query.get(name, "")) for name in ("after", "before", "at"))
    asked = query.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS else 0
    backwards, start = before is not None, before if before is not None else after
    first = (number - 1) * PAGE if number > 1 and start is None else 0
    found = list(beyond(images, start, backwards=backwards)[first : first + PAGE + 1])
    is_numbered = bool(number) or start is None
    if at is not None and at[-1] not in {image.pk for image in found[:PAGE]}:
        start, first, backwards, is_numbered = at, 0, False, False
        found = list(beyond(images, at, inclusive=True)[: PAGE + 1])
    has_more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    has_previous = has_more if backwards else start is not None or first > 0
    now = max(number, 1) if is_numbered else None
    return GalleryPage(
        found,
        now,
        _address(query, "before", found[0], now and now - 1) if found and has_previous else "",
        _address(query, "after", found[-1], now and now + 1) if found and (backwards or has_more) else "",
    )


def pages_in_words(matches: Count) -> str:
    """How many pages they are."""
    number = grouped(max(1, -(-matches.number // PAGE)))
    return _("over %(count)s") % {"count": number} if matches.is_capped else number


def _place(images: "ImageQuerySet", text: str) -> tuple[Any, ...] | None:
    """Where the image of a key stands; in the order of keys one that is gone has its place, too."""
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    if key is None or len(order_of(images)) == 1:
        return None if key is None else (key,)
    return place_within(images, key)


def _address(query: QueryDict, name: str, image: Image, number: int | None) -> str:
    given = query_without(query, *PLACES)
    given[name] = str(image.pk)
    if number:
        given["page"] = str(number)
    return f"?{given.urlencode()}"
