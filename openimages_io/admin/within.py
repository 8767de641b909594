"""A gallery's filter travels: to an image's page, the images beside it and the forms behind it, and back again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.admin.filter_words import conditions_of
from openimages_io.admin.gallery_filter import filter_within
from openimages_io.admin.pages import Url
from openimages_io.admin.returning import WITHIN, picture_url, query_within
from openimages_io.filtersets.addresses import query_without
from openimages_io.filtersets.counting import COUNTED, Place, place_among
from openimages_io.filtersets.keyset import neighbours
from openimages_io.models import Image
from openimages_io.models.counting import small_tasks
from openimages_io.models.numbers import grouped

if TYPE_CHECKING:
    from openimages_io.models.image import ImageQuerySet

_AT: Final = "at"
_ALL: Final = 2**31
_SMALL: Final = 20_000
"""Images, and shapes, of a task up to which a filter's images are counted before the page is sent."""


@dataclass(frozen=True, slots=True)
class Within:
    """The images of a task that a gallery shows, in its order."""

    query: str
    """The gallery's: its filter, and the page that it was on."""
    images: "ImageQuerySet"
    is_everything: bool
    conditions: list[str]

    @classmethod
    def of(cls, request: HttpRequest, image: Image) -> "Within":
        """What the address of an image's page says; what is not understood is everything."""
        query = query_within(request) or ""
        found = filter_within(query, image.task)
        return cls(query, cast("ImageQuerySet", found.qs), not found.asked, conditions_of(found, image.task))

    def place_of(self, image: Image) -> str:
        """Which one of how many the image is, in words."""
        if self.is_everything:  # which indexes alone answer
            return _in_words(place_among(self.images, image, _ALL, is_among=True))
        return _in_words(place_among(self.images, image, COUNTED))


def place_context(request: HttpRequest, image: Image, url: Url) -> dict[str, Any]:
    """Where an image stands within the gallery's filter, and the ways from it."""
    within = Within.of(request, image)
    before, after = neighbours(within.images, image)
    at_once = within.is_everything or bool(small_tasks([image.task_id], _SMALL, image._state.db))
    place_url = url("image_place", image.pk)
    return {
        "within": within.query,
        "conditions": within.conditions,
        "place": within.place_of(image) if at_once else "",
        "place_url": f"{place_url}?{urlencode({WITHIN: within.query})}" if place_url else "",
        "is_late": bool(place_url) and not at_once,
        "previous_url": picture_url(url, before, within.query),
        "next_url": picture_url(url, after, within.query),
        "archive_url": url("image_export", image.pk),
        "gallery_url": gallery_url(url, image, within.query),
    }


def gallery_url(url: Url, image: Image, query: str) -> str:
    """The address of the gallery's page that the image is on; empty where there is no gallery."""
    address = url("task_gallery", image.task_id)
    if not address:
        return ""
    given = query_without(QueryDict(query), _AT)
    given[_AT] = str(image.pk)
    return f"{address}?{given.urlencode()}#image-{image.pk}"


def _in_words(place: Place) -> str:
    number = grouped(place.of.number)
    total = _("over %(count)s") % {"count": number} if place.of.is_capped else number
    if not place.is_among:
        text = ngettext(
            "not the %(count)s image that matches", "not among the %(count)s images that match", place.of.number
        )
        return text % {"count": total}
    if place.index is None:
        return _("beyond the first %(count)s") % {"count": number}
    return _("%(index)s of %(count)s") % {"index": grouped(place.index), "count": total}
