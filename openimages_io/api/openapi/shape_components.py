"""The components of the OpenAPI document: shapes as they are taken and given, described by hand.

Their JSON is made and read without serializers.
"""

from typing import Any, ClassVar, Final

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema_serializer
from rest_framework.serializers import Serializer

from openimages_io.annotations.shapes.items import LONGEST_CLIENT_KEY
from openimages_io.geometry.rings import FARTHEST
from openimages_io.models import ShapeKind
from openimages_io.models.rules import LARGEST_GROUP

Schema = dict[str, Any]


def _nullable(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def _object(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
        **more,
    }


def _ref(described: type["Described"]) -> Schema:
    return {"$ref": f"#/components/schemas/{described.__name__}"}


_NUMBER: Final[Schema] = {"type": ["number", "null"]}
_SIDE: Final[Schema] = {"type": ["number", "null"], "description": "A fraction of the image from the left or the top."}
_PIXELS: Final[Schema] = {"type": ["integer", "null"], "minimum": 1}
_KEY: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LARGEST_GROUP}
_CLIENT_KEY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_CLIENT_KEY,
    "description": "What the client calls a new shape; the answer to the request that makes it says it again.",
}
_RLE: Final[Schema] = _object(
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
_MASK: Final[Schema] = {
    "width": {**_PIXELS, "description": "The mask's own size, as its pixels have it."},
    "height": {**_PIXELS, "description": "The mask's own size, as its pixels have it."},
    "url": {"type": ["string", "null"], "description": "Where the PNG is; null if there is none."},
    "clicks": {"type": "string", "description": "`x y t;…` in fractions, t is 1 in the object and 0 outside."},
}
_PNG: Final[Schema] = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
_RING: Final[Schema] = {"type": "array", "items": {"type": "number"}}
_FIELDS: Final[Schema] = {
    "kind": {"type": "string", "enum": list(ShapeKind.values)},
    "label": {**_KEY, "description": "The label's id."},
    **dict.fromkeys(("x_min", "x_max", "y_min", "y_max"), _SIDE),
    "points": {
        "oneOf": [
            {"type": "array", "items": {**_RING, "minItems": 6}, "minItems": 1, "title": "rings"},
            {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4, "title": "ellipse"},
            {"type": "null"},
        ],
        "description": "A polygon's rings `[[x1, y1, x2, y2, …], …]`, filled by even-odd; an ellipse's "
        f"`[cx, cy, rx, ry]`, with radii of {FARTHEST:,.0f} at most.",
    },
    "clicks": _nullable(
        {
            "type": "array",
            "items": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
            "minItems": 4,
            "maxItems": 4,
            "description": "A rectangle's extreme clicks `[x, y]`; -1 and null as the format has them.",
        }
    ),
    "rotation": {
        "type": ["number", "null"],
        "exclusiveMinimum": -360,
        "exclusiveMaximum": 360,
        "description": "Degrees clockwise, of a rectangle or an ellipse.",
    },
    "source": {"type": "string", "maxLength": 64},
    "group": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": LARGEST_GROUP,
        "description": "Shapes of one object have the same number.",
    },
    "score": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "occluded": {"type": ["boolean", "null"]},
    "attributes": {
        "type": "object",
        "additionalProperties": {"type": ["boolean", "number", "string"]},
        "description": "All others by name, as the label's attribute specs have them.",
    },
}


class Described(Serializer[Any]):
    """A component of the OpenAPI document that is written as it is."""

    described: ClassVar[Schema] = {}
    uses: ClassVar[tuple[type["Described"], ...]] = ()
    """The components that it refers to."""


def _renamed(value: Any, named: dict[str, Schema]) -> Any:
    """The same with the references that the document has: what is sent may have another name than what is taken."""
    if isinstance(value, dict):
        return named.get(value.get("$ref", "")) or {key: _renamed(inner, named) for key, inner in value.items()}
    return [_renamed(inner, named) for inner in value] if isinstance(value, list) else value


class DescribedExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's own
    """Has drf-spectacular take the component's own words."""

    target_class = Described
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        """The class's own name."""
        return str(self.target.__name__ if isinstance(self.target, type) else type(self.target).__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        """The description, after those that it refers to."""
        named = {_ref(used)["$ref"]: auto_schema.resolve_serializer(used, direction).ref for used in self.target.uses}
        described: Schema = _renamed(self.target.described, named)
        return described


class ShapeMaskInput(Described):
    """A mask as it is given."""

    described: ClassVar[Schema] = {
        "oneOf": [
            _object({**_MASK, "png": _PNG}, ("png",), title="as PNG"),
            _object({**_MASK, "rle": _RLE}, ("rle",), title="as run lengths"),
            _object(_MASK, title="as it is"),
        ],
    }


class ShapeMaskOutput(Described):
    """A mask as it is taken."""

    described: ClassVar[Schema] = _object(
        {**_MASK, "png": {**_PNG, "type": ["string", "null"]}, "rle": _nullable(_RLE)}, tuple(_MASK)
    )


class ShapeOutput(Described):
    """A shape as it is taken."""

    uses = (ShapeMaskOutput,)
    described: ClassVar[Schema] = _object(
        {"key": _CLIENT_KEY, "id": _KEY, **_FIELDS, "mask": _nullable(_ref(ShapeMaskOutput))}, ("id", *_FIELDS, "mask")
    )


class NewShape(Described):
    """A shape that is made."""

    uses = (ShapeMaskInput,)
    described: ClassVar[Schema] = _object(
        {"id": {"type": "null"}, "key": _nullable(_CLIENT_KEY), **_FIELDS, "mask": _nullable(_ref(ShapeMaskInput))},
        ("kind", "label"),
    )


class ShapeChange(Described):
    """Fields of a shape that is there."""

    uses = (ShapeMaskInput,)
    described: ClassVar[Schema] = _object({"id": _nullable(_KEY), **_FIELDS, "mask": _nullable(_ref(ShapeMaskInput))})


class KeptShape(Described):
    """A shape that is there, with the fields that change."""

    uses = (ShapeMaskInput,)
    described: ClassVar[Schema] = _object({"id": _KEY, **_FIELDS, "mask": _nullable(_ref(ShapeMaskInput))}, ("id",))


_ENVELOPE: Final[Schema] = {
    "image": {**_KEY, "description": "The picture's id."},
    "revision": {"type": "integer", "minimum": 0, "maximum": LARGEST_GROUP},
    "units": {"type": "string", "enum": ["fractions", "pixels"]},
}


@extend_schema_serializer(many=False)
class ShapeList(Described):
    """The shapes of a picture."""

    uses = (ShapeOutput,)
    described: ClassVar[Schema] = _object(
        {**_ENVELOPE, "shapes": {"type": "array", "items": _ref(ShapeOutput)}}, (*_ENVELOPE, "shapes")
    )


class ShapeListInput(Described):
    """All shapes that a picture is to have."""

    uses = (NewShape, KeptShape)
    described: ClassVar[Schema] = _object(
        {**_ENVELOPE, "shapes": {"type": "array", "items": {"oneOf": [_ref(KeptShape), _ref(NewShape)]}}}, ("shapes",)
    )


class ShapePatch(Described):
    """Shapes that are created, changed and deleted at once."""

    uses = (NewShape, KeptShape)
    described: ClassVar[Schema] = _object(
        {
            "create": {"type": "array", "items": _ref(NewShape)},
            "update": {"type": "array", "items": _ref(KeptShape)},
            "delete": {"type": "array", "items": _KEY, "description": "Ids.", "uniqueItems": True},
        }
    )


class NewShapes(Described):
    """One shape that is made, or several."""

    uses = (NewShape,)
    described: ClassVar[Schema] = {"oneOf": [_ref(NewShape), {"type": "array", "items": _ref(NewShape)}]}
