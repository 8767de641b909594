"""Masks as they are taken and given."""

from typing import ClassVar, Final

from openimages_io.api.openapi.described import Described, Schema, nullable, object_of, ref

_PIXELS: Final[Schema] = {"type": ["integer", "null"], "minimum": 1}
_MASK: Final[Schema] = {
    "width": {**_PIXELS, "description": "The mask's own size, as its pixels have it."},
    "height": {**_PIXELS, "description": "The mask's own size, as its pixels have it."},
    "url": {
        "type": ["string", "null"],
        "description": "The URL of the PNG, signed unless the site gives no such; null if there is none.",
    },
    "clicks": {"type": "string", "description": "`x y t;…` in fractions, t is 1 in the object and 0 outside."},
}
_PNG: Final[Schema] = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}


class RunLengths(Described):
    """A mask as COCO writes it."""

    described: ClassVar[Schema] = object_of(
        {
            "size": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 2,
                "maxItems": 2,
                "description": "Height and width.",
            },
            "counts": {
                "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer", "minimum": 0}}],
                "description": "Column by column, beginning with the background; as a list, or packed as COCO does.",
            },
        },
        ("size", "counts"),
    )


class PngMask(Described):
    """A mask that is given as a PNG."""

    described: ClassVar[Schema] = object_of({**_MASK, "png": _PNG}, ("png",))


class RunLengthMask(Described):
    """A mask that is given as run lengths."""

    uses = (RunLengths,)
    described: ClassVar[Schema] = object_of({**_MASK, "rle": ref(RunLengths)}, ("rle",))


class KeptMask(Described):
    """A mask whose pixels stay as they are."""

    described: ClassVar[Schema] = object_of(_MASK)


class ShapeMask(Described):
    """A mask as it is read."""

    uses = (RunLengths,)
    described: ClassVar[Schema] = object_of(
        {**_MASK, "png": {**_PNG, "type": ["string", "null"]}, "rle": nullable(ref(RunLengths))}, tuple(_MASK)
    )
