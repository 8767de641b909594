"""What a shape must be, every fault with its path: for forms, the REST API, and the check of a whole task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from openimages_io import conf
from openimages_io.error_codes import FaultCode
from openimages_io.models.attribute import AttributeSpec
from openimages_io.models.flags import FLAGS, flags_of, with_flags
from openimages_io.models.kinds import ShapeKind
from openimages_io.models.values import is_number, is_storable
from openimages_io.text import as_param, quote_param
from openimages_io.value_faults import ValueFault, value_fault

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
_KINDS: Final = frozenset(ShapeKind.values)
_BOXED: Final = (ShapeKind.RECTANGLE, ShapeKind.POLYGON, ShapeKind.ELLIPSE)
_TURNED: Final = (ShapeKind.RECTANGLE, ShapeKind.ELLIPSE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a shape, and where: `x_max`, `points[0][3]`, `attributes.pose`."""

    path: str
    message: str
    code: FaultCode = field(kw_only=True)
    params: Mapping[str, Any] = field(kw_only=True, compare=False)
    """What the message is made of, as `ValueFault` has it."""

    def as_param(self) -> dict[str, Any]:
        """What is wrong, without the place, for JSON."""
        return ValueFault(self.code, self.params).as_param()


def faults(shape: "Shape", specs: Mapping[str, AttributeSpec]) -> list[Fault]:
    """Everything that is wrong with a shape, given its label's attribute specs by name.

    What has none of these faults, the database takes. A field may hold any value that JSON can have. Nothing is
    queried: image and label are compared with the task if they are loaded. Of very many faults the first 10,000 are
    found.
    """
    checks = (_of_rows, _of_kind, _of_box, _of_points, _of_clicks, _of_values)
    found = chain(chain.from_iterable(check(shape) for check in checks), _of_attributes(shape, specs))
    return [
        Fault(path, _shortened(fault.sentence(_)), code=fault.code, params=fault.params)
        for path, fault in islice(found, MOST_FAULTS)
    ]


def attribute_faults(shape: "Shape", specs: Mapping[str, AttributeSpec]) -> list[Fault]:
    """What is wrong with a shape's attributes, score and flags, given the specs of the label that it is to have."""
    found = islice(_of_attributes(shape, specs), MOST_FAULTS)
    return [Fault(path, fault.sentence(_), code=fault.code, params=fault.params) for path, fault in found]


def quote(value: Any) -> str:
    """A value of any type as a message quotes it."""
    return quote_param(as_param(value))


_Found = Iterator[tuple[str, ValueFault]]


def _of_rows(shape: "Shape") -> _Found:
    for name in ("image", "label"):
        row = shape._state.fields_cache.get(name)
        if row is not None and row.task_id != shape.task_id:
            yield name, value_fault(FaultCode.OTHER_TASK)


def _of_kind(shape: "Shape") -> _Found:
    if not _is_kind(shape):
        params = {"value": as_param(shape.kind), "choices": list(ShapeKind.values)}
        yield "kind", ValueFault(FaultCode.INVALID_CHOICE, params)


def _is_kind(shape: "Shape") -> bool:
    return _is_text(shape.kind) and shape.kind in _KINDS


def _of_box(shape: "Shape") -> _Found:
    values = {name: getattr(shape, name) for name in BOX}
    given = {name: value for name, value in values.items() if value is not None}
    if shape.kind == ShapeKind.TAG:
        yield from ((name, value_fault(FaultCode.NOT_APPLICABLE, "tag")) for name in given)
        return
    for name, value in given.items():
        yield from _fraction(name, value)
    if given or shape.kind in _BOXED:
        missing = (name for name in BOX if name not in given)
        yield from ((name, value_fault(FaultCode.REQUIRED, "side")) for name in missing)
    for low, high in (("x_min", "x_max"), ("y_min", "y_max")):
        if is_number(values[low]) and is_number(values[high]) and values[low] > values[high]:
            sides = {"value": values[high], "name": low, "low": values[low]}
            yield high, value_fault(FaultCode.WRONG_ORDER, "sides", **sides)


def _fraction(path: str, value: Any) -> _Found:
    if not is_number(value):
        yield path, value_fault(FaultCode.WRONG_TYPE, "number", value=value)
    elif not 0 <= value <= 1:
        yield path, value_fault(FaultCode.OUT_OF_RANGE, "fraction", value=value)


def _of_points(shape: "Shape") -> _Found:
    points: Any = shape.points
    if shape.kind == ShapeKind.POLYGON:
        yield from _of_rings(points)
    elif shape.kind == ShapeKind.ELLIPSE:
        yield from _of_ellipse(points)
    elif points is not None and _is_kind(shape):
        yield "points", value_fault(FaultCode.NOT_APPLICABLE, "points")


def _of_rings(points: Any) -> _Found:
    if not isinstance(points, list) or not points:
        yield "points", value_fault(FaultCode.WRONG_TYPE, "rings")
        return
    most = conf.limits().max_shape_points
    count = sum(len(ring) // 2 for ring in points if isinstance(ring, list))
    if count > most:
        yield "points", value_fault(FaultCode.TOO_MANY_POINTS, count=count, most=most)
        return
    for index, ring in enumerate(points):
        path = f"points[{index}]"
        if not isinstance(ring, list):
            yield path, value_fault(FaultCode.WRONG_TYPE, "ring", value=ring)
            continue
        if len(ring) % 2:
            yield path, value_fault(FaultCode.NOT_PAIRS, count=len(ring))
        elif len(ring) < 6:
            yield path, value_fault(FaultCode.TOO_FEW_POINTS, count=len(ring) // 2)
        for place, value in enumerate(ring):
            yield from _fraction(f"{path}[{place}]", value)


def _of_ellipse(points: Any) -> _Found:
    if not isinstance(points, list) or len(points) != 4:
        yield "points", value_fault(FaultCode.WRONG_TYPE, "ellipse")
        return
    from openimages_io.geometry.rings import FARTHEST  # noqa: PLC0415  (loads numpy, which the models do not need)

    for place, value in enumerate(points):
        path = f"points[{place}]"
        if place < 2:
            yield from _fraction(path, value)
        elif not is_number(value):
            yield path, value_fault(FaultCode.WRONG_TYPE, "number", value=value)
        elif not 0 <= value <= FARTHEST:  # a turned ellipse may be longer than the image is wide
            yield path, value_fault(FaultCode.OUT_OF_RANGE, "radius", value=value, most=FARTHEST)


def _of_clicks(shape: "Shape") -> _Found:
    clicks: Any = shape.clicks
    if clicks is None:
        return
    if shape.kind != ShapeKind.RECTANGLE and _is_kind(shape):
        yield "clicks", value_fault(FaultCode.NOT_APPLICABLE, "clicks")
        return
    if not isinstance(clicks, list) or len(clicks) != 4:
        yield "clicks", value_fault(FaultCode.WRONG_TYPE, "clicks")
        return
    for index, click in enumerate(clicks):
        path = f"clicks[{index}]"
        if not isinstance(click, list) or len(click) != 2:
            yield path, value_fault(FaultCode.WRONG_TYPE, "click", value=click)
            continue
        for place, value in enumerate(click):
            if value is not None and not (is_number(value) and value == -1):
                yield from _fraction(f"{path}[{place}]", value)


def _of_values(shape: "Shape") -> _Found:
    rotation, source = shape.rotation, shape.source
    if rotation is not None:
        if not is_number(rotation):
            yield "rotation", value_fault(FaultCode.WRONG_TYPE, "number", value=rotation)
        elif not -360 < rotation < 360:
            yield "rotation", value_fault(FaultCode.OUT_OF_RANGE, "rotation", value=rotation)
        if shape.kind not in _TURNED and _is_kind(shape):
            yield "rotation", value_fault(FaultCode.NOT_APPLICABLE, "rotation")
    if not _is_text(source):
        yield "source", value_fault(FaultCode.WRONG_TYPE, "text", value=source)
    elif not is_storable(source):
        yield "source", value_fault(FaultCode.UNSTORABLE)
    elif len(source) > _LONGEST_SOURCE:
        yield "source", value_fault(FaultCode.TOO_LONG, count=len(source), most=_LONGEST_SOURCE)
    if shape.group is not None:
        yield from _of_group(shape.group)
    if shape.score is not None:
        yield from _fraction("score", shape.score)
    for name in ("occluded", *FLAGS):
        flag = getattr(shape, name)
        if not any(flag is value for value in (None, True, False)):
            yield name, value_fault(FaultCode.WRONG_TYPE, "flag", value=flag)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _of_group(value: Any) -> _Found:
    if not isinstance(value, int) or isinstance(value, bool):
        yield "group", value_fault(FaultCode.WRONG_TYPE, "whole", value=value)
    elif not 0 <= value <= LARGEST_GROUP:
        yield "group", value_fault(FaultCode.OUT_OF_RANGE, "group", value=value)


def _of_attributes(shape: "Shape", specs: Mapping[str, AttributeSpec]) -> _Found:
    given: Any = shape.attributes
    if not isinstance(given, dict):
        yield "attributes", value_fault(FaultCode.WRONG_TYPE, "attributes")
        given = {}
    for name, value in with_flags(given, flags_of(shape)).items():
        path = f"attributes.{name}"
        if name in COLUMN_ATTRIBUTES:
            yield path, value_fault(FaultCode.OWN_FIELD, name=name)
        elif name in specs:
            yield from _of_value(path, specs[name], value)
        elif name not in ALWAYS_KEPT:
            yield path, value_fault(FaultCode.UNKNOWN_ATTRIBUTE, name=name)
        elif not isinstance(value, str):
            yield path, value_fault(FaultCode.WRONG_TYPE, "text", value=value)
        elif not is_storable(value):
            yield path, value_fault(FaultCode.UNSTORABLE)
    for name in sorted(COLUMN_ATTRIBUTES & specs.keys()):
        value = getattr(shape, name)
        if is_number(value) or isinstance(value, bool):
            yield from _of_value(name, specs[name], specs[name].shown(value))


def _of_value(path: str, spec: AttributeSpec, value: Any) -> _Found:
    if isinstance(value, list | dict):
        yield path, value_fault(FaultCode.WRONG_TYPE, "list" if isinstance(value, list) else "object")
    elif (fault := spec.fault_of(value)) is not None:
        yield path, fault


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
