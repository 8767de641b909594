"""The shapes of a picture as JSON, from one query, without an object for each row."""

import base64
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.urls import reverse
from rest_framework.request import Request

from openimages_io import conf
from openimages_io.api.shapes.forms import Form, Size, in_pixels
from openimages_io.format.masks import BadMask, decode
from openimages_io.geometry import encode_rle
from openimages_io.models import Shape

_FIELDS: Final = (
    *("id", "kind", "label_id", "x_min", "x_max", "y_min", "y_max", "points", "clicks", "rotation", "source", "group"),
    *("score", "occluded", "attributes"),
)
_NAMES: Final = tuple(name.removesuffix("_id") for name in _FIELDS)
_MASK: Final = ("mask", "mask__width", "mask__height", "mask__clicks", "png_bytes")


class MaskAddresses:
    """The addresses of masks' PNGs: one look-up among the site's addresses for all of them."""

    def __init__(self, request: Request) -> None:
        match = request.resolver_match
        path = reverse("openimages_io:shape-mask", args=[0], current_app=match.namespace if match else None)
        self._before, _, self._after = request.build_absolute_uri(path).rpartition("/0/")

    def of(self, key: int) -> str:
        """The address of the mask of the shape with this key."""
        return f"{self._before}/{key}/{self._after}"


def as_json(shapes: QuerySet[Shape], form: Form, size: Size | None, addresses: MaskAddresses) -> list[dict[str, Any]]:
    """The shapes in the order of their keys; in pixels if there is a size."""
    columns = (*_FIELDS, *_MASK, *(["mask__png"] if form.masks else []))
    found = []
    for row in shapes.annotate(png_bytes=Length("mask__png")).order_by("pk").values_list(*columns):
        shape: dict[str, Any] = dict(zip(_NAMES, row, strict=False))
        key, width, height, clicks, length, *png = row[len(_FIELDS) :]
        if size is not None:
            in_pixels(shape, size)
        shape["mask"] = None
        if key is not None:
            url = addresses.of(key) if length else None
            shape["mask"] = {"width": width, "height": height, "url": url, "clicks": clicks}
            if png:
                shape["mask"][form.masks] = _pixels(form, bytes(png[0])) if length else None
        found.append(shape)
    return found


def _pixels(form: Form, png: bytes) -> str | dict[str, Any] | None:
    if form.masks == "png":
        return base64.b64encode(png).decode("ascii")
    try:
        pixels = decode(png, conf.limits())
    except BadMask:  # nothing that came in through us
        return None
    return {"size": list(pixels.shape), "counts": encode_rle(pixels)}
