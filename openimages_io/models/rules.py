"""What a shape must be, every fault with its path: for forms, the REST API, and the check of a whole task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from openimages_io import conf
from openimages_io.error_codes import FaultCode
from openimages_io.models.attribute import AttributeSpec
from openimages_io.models.flags import FLAGS, flags_of, with_flags
from openimages_io.models.kinds import ShapeKind
from openimages_io.models.values import is_number, is_storable

if TYPE_CHECKING:
    from openimages_io.models.shape import Shape

BOX: Final = ("x_min", "x_max", "y_min", "y_max")
COLUMN_ATTRIBUTES: Final = frozenset({"score", "occluded"})
"""Attributes of the format that are columns here."""
ALWAYS_KEPT: Final = frozenset({"box_id"})
"""Attributes that identify a shape rather than describe it, so that they need no spec."""
LARGEST_GROUP: Final = 2**63 - 1
MOST_FAULTS: Final = 10_000
"""How many faults are looked for before somebody is told of them."""
_LONGEST_SOURCE: Final = 64
_LONGEST_MESSAGE: Final = 300
_LONGEST_VALUE: Final = 60
_KINDS: Final = frozenset(ShapeKind.values)
_BOXED: Final = (ShapeKind.RECTANGLE, ShapeKind.POLYGON, ShapeKind.ELLIPSE)
_TURNED: Final = (ShapeKind.RECTANGLE, ShapeKind.ELLIPSE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a shape, and where: `x_max`, `points[0][3]`, `attributes.pose`."""

    path: str
    message: str
    code: FaultCode = field(kw_only=True)


def faults(shape: "Shape", specs: Mapping[str, AttributeSpec]) -> list[Fault]:
    """Everything that is wrong with a shape, given its label's attribute specs by name.

    What has none of these faults, the database takes. A field may hold any value that JSON can have. Nothing is
    queried: image and label are compared with the task if they are loaded. Of very many faults the first 10,000 are
    found.
    """
    checks = (_of_rows, _of_kind, _of_box, _of_points, _of_clicks, _of_values)
    found = chain(chain.from_iterable(check(shape) for check in checks), _of_attributes(shape, specs))
    return [Fault(path, _shortened(message), code=code) for path, code, message in islice(found, MOST_FAULTS)]


def quote(value: Any) -> str:
    """A value of any type as a message quotes it."""
    if isinstance(value, list):
        return _("a list")
    if isinstance(value, dict):
        return _("an object")
    if isinstance(value, str):
        return f"“{value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + '…'}”"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = f"{value:.6g}" if isinstance(value, int) and is_number(value) and abs(value) > 10**20 else str(value)
    return text if len(text) <= _LONGEST_VALUE else _("a number of %s digits") % len(text)


_Found = Iterator[tuple[str, FaultCode, str]]


def _of_rows(shape: "Shape") -> _Found:
    for name in ("image", "label"):
        row = shape._state.fields_cache.get(name)
        if row is not None and row.task_id != shape.task_id:
            yield name, FaultCode.OTHER_TASK, _("It belongs to another task.")


def _of_kind(shape: "Shape") -> _Found:
    if not _is_kind(shape):
        kinds = ", ".join(ShapeKind.values)
        said = _("%(value)s is not one of: %(kinds)s.") % {"value": quote(shape.kind), "kinds": kinds}
        yield "kind", FaultCode.INVALID_CHOICE, said


def _is_kind(shape: "Shape") -> bool:
    return _is_text(shape.kind) and shape.kind in _KINDS


def _of_box(shape: "Shape") -> _Found:
    values = {name: getattr(shape, name) for name in BOX}
    given = {name: value for name, value in values.items() if value is not None}
    if shape.kind == ShapeKind.TAG:
        yield from ((name, FaultCode.NOT_APPLICABLE, _("A tag has no box.")) for name in given)
        return
    for name, value in given.items():
        yield from _fraction(name, value)
    if given or shape.kind in _BOXED:
        missing = (name for name in BOX if name not in given)
        yield from ((name, FaultCode.REQUIRED, _("It is missing: a box has all four sides.")) for name in missing)
    for low, high in (("x_min", "x_max"), ("y_min", "y_max")):
        if is_number(values[low]) and is_number(values[high]) and values[low] > values[high]:
            sides = {"high": quote(values[high]), "name": low, "low": quote(values[low])}
            yield high, FaultCode.WRONG_ORDER, _("%(high)s is below %(name)s, %(low)s.") % sides


def _fraction(path: str, value: Any) -> _Found:
    if not is_number(value):
        yield path, FaultCode.WRONG_TYPE, _("%s is not a number.") % quote(value)
    elif not 0 <= value <= 1:
        yield path, FaultCode.OUT_OF_RANGE, _("%s is not between 0 and 1.") % quote(value)


def _of_points(shape: "Shape") -> _Found:
    points: Any = shape.points
    if shape.kind == ShapeKind.POLYGON:
        yield from _of_rings(points)
    elif shape.kind == ShapeKind.ELLIPSE:
        yield from _of_ellipse(points)
    elif points is not None and _is_kind(shape):
        yield "points", FaultCode.NOT_APPLICABLE, _("Only polygons and ellipses have points.")


def _of_rings(points: Any) -> _Found:
    if not isinstance(points, list) or not points:
        said = _("Write a polygon's rings as [[x1, y1, x2, y2, x3, y3, …], …], fractions of the image.")
        yield "points", FaultCode.WRONG_TYPE, said
        return
    most = conf.limits().max_shape_points
    count = sum(len(ring) // 2 for ring in points if isinstance(ring, list))
    if count > most:
        numbers = {"count": f"{count:,}", "most": f"{most:,}"}
        said = _("It has %(count)s points, more than %(most)s (MAX_SHAPE_POINTS).") % numbers
        yield "points", FaultCode.TOO_MANY_POINTS, said
        return
    for index, ring in enumerate(points):
        path = f"points[{index}]"
        if not isinstance(ring, list):
            said = _("%s is not a ring: write [x1, y1, x2, y2, x3, y3, …].") % quote(ring)
            yield path, FaultCode.WRONG_TYPE, said
            continue
        if len(ring) % 2:
            yield path, FaultCode.NOT_PAIRS, _("A ring of %s numbers: they are not pairs of x and y.") % len(ring)
        elif len(ring) < 6:
            yield path, FaultCode.TOO_FEW_POINTS, _("A ring of %s points: it has at least 3.") % (len(ring) // 2)
        for place, value in enumerate(ring):
            yield from _fraction(f"{path}[{place}]", value)


def _of_ellipse(points: Any) -> _Found:
    if not isinstance(points, list) or len(points) != 4:
        said = _("Write an ellipse's centre and radii as [cx, cy, rx, ry], fractions of the image.")
        yield "points", FaultCode.WRONG_TYPE, said
        return
    from openimages_io.geometry.rings import FARTHEST  # noqa: PLC0415  (loads numpy, which the models do not need)

    for place, value in enumerate(points):
        path = f"points[{place}]"
        if place < 2:
            yield from _fraction(path, value)
        elif not is_number(value):
            yield path, FaultCode.WRONG_TYPE, _("%s is not a number.") % quote(value)
        elif not 0 <= value <= FARTHEST:  # a turned ellipse may be longer than the image is wide
            numbers = {"value": quote(value), "most": f"{FARTHEST:,.0f}"}
            said = _("%(value)s is not a radius: it is between 0 and %(most)s.") % numbers
            yield path, FaultCode.OUT_OF_RANGE, said


def _of_clicks(shape: "Shape") -> _Found:
    clicks: Any = shape.clicks
    if clicks is None:
        return
    if shape.kind != ShapeKind.RECTANGLE and _is_kind(shape):
        yield "clicks", FaultCode.NOT_APPLICABLE, _("Only rectangles have extreme clicks.")
        return
    if not isinstance(clicks, list) or len(clicks) != 4:
        yield "clicks", FaultCode.WRONG_TYPE, _("Write four clicks [x, y], fractions of the image, -1 or null.")
        return
    for index, click in enumerate(clicks):
        path = f"clicks[{index}]"
        if not isinstance(click, list) or len(click) != 2:
            said = _("%s is not a click: write [x, y], fractions of the image, -1 or null.") % quote(click)
            yield path, FaultCode.WRONG_TYPE, said
            continue
        for place, value in enumerate(click):
            if value is not None and not (is_number(value) and value == -1):
                yield from _fraction(f"{path}[{place}]", value)


def _of_values(shape: "Shape") -> _Found:
    rotation, source = shape.rotation, shape.source
    if rotation is not None:
        if not is_number(rotation):
            yield "rotation", FaultCode.WRONG_TYPE, _("%s is not a number.") % quote(rotation)
        elif not -360 < rotation < 360:
            yield "rotation", FaultCode.OUT_OF_RANGE, _("%s is not between -360 and 360 degrees.") % quote(rotation)
        if shape.kind not in _TURNED and _is_kind(shape):
            yield "rotation", FaultCode.NOT_APPLICABLE, _("Only rectangles and ellipses are turned.")
    if not _is_text(source):
        yield "source", FaultCode.WRONG_TYPE, _("%s is not a text.") % quote(source)
    elif not is_storable(source):
        yield "source", FaultCode.UNSTORABLE, _("A text must not contain NUL bytes or unpaired surrogates.")
    elif len(source) > _LONGEST_SOURCE:
        length = {"length": len(source), "most": _LONGEST_SOURCE}
        yield "source", FaultCode.TOO_LONG, _("It has %(length)s characters, more than %(most)s.") % length
    if shape.group is not None:
        yield from _of_group(shape.group)
    if shape.score is not None:
        yield from _fraction("score", shape.score)
    for name in ("occluded", *FLAGS):
        flag = getattr(shape, name)
        if not any(flag is value for value in (None, True, False)):
            yield name, FaultCode.WRONG_TYPE, _("%s is not true, false or null.") % quote(flag)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _of_group(value: Any) -> _Found:
    if not isinstance(value, int) or isinstance(value, bool):
        yield "group", FaultCode.WRONG_TYPE, _("%s is not a whole number.") % quote(value)
    elif not 0 <= value <= LARGEST_GROUP:
        yield "group", FaultCode.OUT_OF_RANGE, _("%s is not between 0 and 2⁶³-1.") % quote(value)


def _of_attributes(shape: "Shape", specs: Mapping[str, AttributeSpec]) -> _Found:
    given: Any = shape.attributes
    if not isinstance(given, dict):
        yield "attributes", FaultCode.WRONG_TYPE, _("The attributes must be an object.")
        given = {}
    for name, value in with_flags(given, flags_of(shape)).items():
        path = f"attributes.{name}"
        if name in COLUMN_ATTRIBUTES:
            yield path, FaultCode.OWN_FIELD, _("“%s” has its own field.") % name
        elif name in specs:
            yield from _of_value(path, specs[name], value)
        elif name not in ALWAYS_KEPT:
            yield path, FaultCode.UNKNOWN_ATTRIBUTE, _("The label has no attribute “%s”.") % name
        elif not isinstance(value, str):
            yield path, FaultCode.WRONG_TYPE, _("%s is not a text.") % quote(value)
        elif not is_storable(value):
            yield path, FaultCode.UNSTORABLE, _("A text must not contain NUL bytes or unpaired surrogates.")
    for name in sorted(COLUMN_ATTRIBUTES & specs.keys()):
        value = getattr(shape, name)
        if is_number(value) or isinstance(value, bool):
            yield from _of_value(name, specs[name], specs[name].shown(value))


def _of_value(path: str, spec: AttributeSpec, value: Any) -> _Found:
    if isinstance(value, list | dict):  # check_value would quote it, however long and deep it is
        said = _("%s is not a valid value for an attribute.") % quote(value).capitalize()
        yield path, FaultCode.WRONG_TYPE, said
        return
    try:
        spec.check_value(value)
    except ValidationError as error:
        yield from ((path, FaultCode(str(inner.code)), " ".join(inner.messages)) for inner in error.error_list)


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
