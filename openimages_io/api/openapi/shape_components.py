"""Shapes as they are taken and given: a component for each kind, told apart by `kind`."""

from typing import ClassVar, Final

from drf_spectacular.utils import extend_schema_serializer

from openimages_io.annotations.shapes.items import LONGEST_CLIENT_KEY
from openimages_io.api.openapi.described import Described, Schema, nullable, object_of, ref
from openimages_io.api.openapi.mask_components import KeptMask, PngMask, RunLengthMask, ShapeMask
from openimages_io.geometry.rings import FARTHEST
from openimages_io.models import ShapeKind
from openimages_io.models.rules import LARGEST_GROUP


def _by_kind(described: dict[ShapeKind, type[Described]]) -> Schema:
    """One of these, told apart by `kind`."""
    mapping = {kind.value: ref(one)["$ref"] for kind, one in described.items()}
    return {
        "oneOf": [ref(one) for one in described.values()],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }


def _kind(kind: ShapeKind) -> Schema:
    return {"kind": {"type": "string", "const": kind.value}}


_NUMBER: Final[Schema] = {"type": ["number", "null"]}
_NULL: Final[Schema] = {"type": "null"}
_SIDES: Final = ("x_min", "x_max", "y_min", "y_max")
_ABOUT_SIDES: Final = "A fraction of the image from the left or the top, or pixels."
_SIDE: Final[Schema] = {"type": "number", "description": _ABOUT_SIDES}
_MAYBE_SIDE: Final[Schema] = {"type": ["number", "null"], "description": _ABOUT_SIDES}
_OWN_SIDE: Final[Schema] = {"type": ["number", "null"], "description": "It is that of the points, whatever is given."}
_KEY: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LARGEST_GROUP}
_CLIENT_KEY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_CLIENT_KEY,
    "description": "What the client calls a new shape; the answer to the request that makes it says it again.",
}
_RINGS: Final[Schema] = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "number"}, "minItems": 6},
    "minItems": 1,
    "description": "A polygon's rings `[[x1, y1, x2, y2, …], …]`, filled by even-odd.",
}
_ELLIPSE: Final[Schema] = {
    "type": "array",
    "items": {"type": "number"},
    "minItems": 4,
    "maxItems": 4,
    "description": f"An ellipse's `[cx, cy, rx, ry]`, with radii of {FARTHEST:,.0f} at most.",
}
_CLICKS: Final[Schema] = {
    "type": ["array", "null"],
    "items": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
    "minItems": 4,
    "maxItems": 4,
    "description": "A rectangle's extreme clicks `[x, y]`; -1 and null as the format has them.",
}
_ROTATION: Final[Schema] = {
    "type": ["number", "null"],
    "exclusiveMinimum": -360,
    "exclusiveMaximum": 360,
    "description": "Degrees clockwise, of a rectangle or an ellipse.",
}
_LABEL: Final[Schema] = {"label": {**_KEY, "description": "The label's id."}}
_COMMON: Final[Schema] = {
    "source": {"type": "string", "maxLength": 64},
    "group": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": LARGEST_GROUP,
        "description": "Shapes of one object have the same number.",
    },
    "score": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "occluded": {"type": ["boolean", "null"]},
}


class AttributeValues(Described):
    """The values of a shape's attributes."""

    described: ClassVar[Schema] = {
        "type": "object",
        "additionalProperties": {"type": ["boolean", "number", "string"]},
        "description": "By name, as the label's attribute specs have them.",
    }


_ATTRIBUTES: Final[Schema] = {"attributes": ref(AttributeValues)}
_NEW_MASK: Final[Schema] = {"oneOf": [ref(PngMask), ref(RunLengthMask)]}
_ANY_MASK: Final[Schema] = {"oneOf": [ref(PngMask), ref(RunLengthMask), ref(KeptMask), _NULL]}


def _read(kind: ShapeKind, **own: Schema) -> Schema:
    """A shape of a kind as it is read."""
    mask = {"mask": nullable(ref(ShapeMask))}  # of what was traced from a mask, too
    fields = {"id": _KEY, **_kind(kind), **_LABEL, **own, **_COMMON, **_ATTRIBUTES, **mask}
    return object_of({"key": _CLIENT_KEY, **fields}, tuple(fields))


def _new(kind: ShapeKind, required: Schema, **own: Schema) -> Schema:
    """A shape of a kind that is made."""
    return object_of(
        {"key": _CLIENT_KEY, **_kind(kind), **_LABEL, **required, **own, **_COMMON, **_ATTRIBUTES},
        ("kind", "label", *required),
    )


class TagShape(Described):
    """A label of the whole image."""

    uses = (AttributeValues, ShapeMask)
    described: ClassVar[Schema] = _read(ShapeKind.TAG)


class RectangleShape(Described):
    """A box."""

    uses = (AttributeValues, ShapeMask)
    described: ClassVar[Schema] = _read(
        ShapeKind.RECTANGLE, **dict.fromkeys(_SIDES, _SIDE), clicks=_CLICKS, rotation=_ROTATION
    )


class PolygonShape(Described):
    """A polygon, with the box around it."""

    uses = (AttributeValues, ShapeMask)
    described: ClassVar[Schema] = _read(ShapeKind.POLYGON, **dict.fromkeys(_SIDES, _SIDE), points=_RINGS)


class EllipseShape(Described):
    """An ellipse, with the box around it."""

    uses = (AttributeValues, ShapeMask)
    described: ClassVar[Schema] = _read(
        ShapeKind.ELLIPSE, **dict.fromkeys(_SIDES, _SIDE), points=_ELLIPSE, rotation=_ROTATION
    )


class MaskShape(Described):
    """A mask, with its box if that is known."""

    uses = (AttributeValues, ShapeMask)
    described: ClassVar[Schema] = _read(ShapeKind.MASK, **dict.fromkeys(_SIDES, _MAYBE_SIDE))


_READ: Final[dict[ShapeKind, type[Described]]] = {
    ShapeKind.TAG: TagShape,
    ShapeKind.RECTANGLE: RectangleShape,
    ShapeKind.POLYGON: PolygonShape,
    ShapeKind.MASK: MaskShape,
    ShapeKind.ELLIPSE: EllipseShape,
}


class AnyShape(Described):
    """A shape as it is read."""

    component_name = "Shape"
    uses = tuple(_READ.values())
    described: ClassVar[Schema] = _by_kind(_READ)


class NewTag(Described):
    """A label of the whole image."""

    uses = (AttributeValues,)
    described: ClassVar[Schema] = _new(ShapeKind.TAG, {})


class NewRectangle(Described):
    """A box."""

    uses = (AttributeValues,)
    described: ClassVar[Schema] = _new(
        ShapeKind.RECTANGLE, dict.fromkeys(_SIDES, _SIDE), clicks=_CLICKS, rotation=_ROTATION
    )


class NewPolygon(Described):
    """A polygon."""

    uses = (AttributeValues,)
    described: ClassVar[Schema] = _new(ShapeKind.POLYGON, {"points": _RINGS}, **dict.fromkeys(_SIDES, _OWN_SIDE))


class NewEllipse(Described):
    """An ellipse."""

    uses = (AttributeValues,)
    described: ClassVar[Schema] = _new(
        ShapeKind.ELLIPSE, {"points": _ELLIPSE}, **dict.fromkeys(_SIDES, _OWN_SIDE), rotation=_ROTATION
    )


class NewMask(Described):
    """A mask with its pixels."""

    uses = (AttributeValues, PngMask, RunLengthMask)
    described: ClassVar[Schema] = _new(ShapeKind.MASK, {"mask": _NEW_MASK}, **dict.fromkeys(_SIDES, _MAYBE_SIDE))


_NEW: Final[dict[ShapeKind, type[Described]]] = {
    ShapeKind.TAG: NewTag,
    ShapeKind.RECTANGLE: NewRectangle,
    ShapeKind.POLYGON: NewPolygon,
    ShapeKind.MASK: NewMask,
    ShapeKind.ELLIPSE: NewEllipse,
}


class NewShape(Described):
    """A shape that is made."""

    uses = tuple(_NEW.values())
    described: ClassVar[Schema] = _by_kind(_NEW)


_KEPT_MASK: Final[Schema] = {"mask": nullable(ref(KeptMask))}
"""Of what is no mask, but may have been traced from one."""
_CHANGES: Final[dict[ShapeKind, Schema]] = {
    ShapeKind.TAG: _KEPT_MASK,
    ShapeKind.RECTANGLE: {**dict.fromkeys(_SIDES, _SIDE), "clicks": _CLICKS, "rotation": _ROTATION, **_KEPT_MASK},
    ShapeKind.POLYGON: {**dict.fromkeys(_SIDES, _OWN_SIDE), "points": _RINGS, **_KEPT_MASK},
    ShapeKind.MASK: {**dict.fromkeys(_SIDES, _MAYBE_SIDE), "mask": _ANY_MASK},
    ShapeKind.ELLIPSE: {**dict.fromkeys(_SIDES, _OWN_SIDE), "points": _ELLIPSE, "rotation": _ROTATION, **_KEPT_MASK},
}
_ANY_CHANGES: Final[Schema] = {
    **dict.fromkeys(_SIDES, _MAYBE_SIDE),
    "points": {"oneOf": [_RINGS, _ELLIPSE, _NULL]},
    "clicks": _CLICKS,
    "rotation": _ROTATION,
    "mask": _ANY_MASK,
}


def _component(name: str, about: str, described: Schema, *uses: type[Described]) -> type[Described]:
    return type(name, (Described,), {"__doc__": about, "described": described, "uses": uses})


def _changes(suffix: str, *required: str) -> type[Described]:
    """A shape that is there, with the fields that change; what is left out stays as it is.

    One with its `kind` has the fields of that kind alone, one without it those of whichever kind it is.
    """
    masks, more = (PngMask, RunLengthMask, KeptMask), {**_LABEL, **_COMMON, **_ATTRIBUTES}
    of_kind = {
        kind: _component(
            f"{kind.value.capitalize()}{suffix}",
            f"A {kind.value} that is there, with the fields that change.",
            object_of({"id": _KEY, **_kind(kind), **own, **more}, (*required, "kind")),
            AttributeValues,
            *masks,
        )
        for kind, own in _CHANGES.items()
    }
    known = _component(f"ShapeOfKind{suffix}", "A shape whose kind is said.", _by_kind(of_kind), *of_kind.values())
    fields = _component(
        f"ShapeFields{suffix}",
        "A shape whose kind stays what it is.",
        object_of({"id": _KEY, **_ANY_CHANGES, **more}, required),
        AttributeValues,
        *masks,
    )
    either = {"oneOf": [ref(known), ref(fields)]}
    return _component(f"Shape{suffix}", "A shape that is there, with the fields that change.", either, known, fields)


ShapeChange: Final = _changes("Change")
"""Of one address, which says which shape it is."""
ShapeUpdate: Final = _changes("Update", "id")
"""Of a list."""


_ENVELOPE: Final[Schema] = {
    "image": {**_KEY, "description": "The picture's id."},
    "revision": {"type": "integer", "minimum": 0, "maximum": LARGEST_GROUP},
    "units": {"type": "string", "enum": ["fractions", "pixels"]},
}


@extend_schema_serializer(many=False)  # an object, though an action called list answers with it
class ShapeList(Described):
    """The shapes of a picture."""

    uses = (AnyShape,)
    described: ClassVar[Schema] = object_of(
        {**_ENVELOPE, "shapes": {"type": "array", "items": ref(AnyShape)}}, (*_ENVELOPE, "shapes")
    )


class ShapeListUpdate(Described):
    """All shapes that a picture is to have: those with an id that stay, and new ones."""

    uses = (NewShape, ShapeUpdate)
    described: ClassVar[Schema] = object_of(
        {**_ENVELOPE, "shapes": {"type": "array", "items": {"oneOf": [ref(ShapeUpdate), ref(NewShape)]}}},
        ("shapes",),
    )


class ShapeListChange(Described):
    """Shapes that are created, changed and deleted at once."""

    uses = (NewShape, ShapeUpdate)
    described: ClassVar[Schema] = object_of(
        {
            "create": {"type": "array", "items": ref(NewShape)},
            "update": {"type": "array", "items": ref(ShapeUpdate)},
            "delete": {"type": "array", "items": _KEY, "description": "Ids.", "uniqueItems": True},
        }
    )


class NewShapes(Described):
    """One shape that is made, or several."""

    uses = (NewShape,)
    described: ClassVar[Schema] = {"oneOf": [ref(NewShape), {"type": "array", "items": ref(NewShape)}]}
