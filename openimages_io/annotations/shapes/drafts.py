"""Shapes as they will be: what is stored, with what was given over it, and what is wrong with that."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final

from openimages_io import geometry
from openimages_io.annotations.shapes.items import Item
from openimages_io.annotations.shapes.stored_masks import MaskChange, mask_change
from openimages_io.annotations.shapes.units import Size, in_fractions, same
from openimages_io.error_codes import FaultCode
from openimages_io.models import Image, Label, Mask, Shape, ShapeKind
from openimages_io.models.flags import FLAGS, split_flags
from openimages_io.models.rules import BOX, Fault, faults, quote
from openimages_io.models.values import is_number

_FLOATS: Final = (*BOX, "rotation", "score")
_COORDINATES: Final = frozenset({*BOX, "points", "clicks"})
_NEW: Final = {"source": "", "attributes": {}}
_STORED_AS: Final = {"label": "label_id", "attributes": "all_attributes"}
_WITH_POINTS: Final = (ShapeKind.POLYGON, ShapeKind.ELLIPSE)


@dataclass(slots=True)
class Draft:
    """One shape to be written, if anything of it changes."""

    shape: Shape
    changed: set[str] = field(default_factory=set)
    """Fields that are not what is stored."""
    mask: MaskChange | None = None

    @property
    def is_new(self) -> bool:
        """Whether there is no such row yet."""
        return self.shape.pk is None


class Drafts:
    """Lays what was given over what is stored, on one picture."""

    def __init__(self, image: Image, labels: Mapping[int, Label], size: Size | None) -> None:
        self.image, self.labels, self.size = image, labels, size
        """The size if coordinates are given in pixels."""

    def make(self, item: Item, stored: Shape | None, png: bytes = b"") -> Draft:
        """The shape as it will be; what is wrong is told to the item. `png` is the stored mask's, if it is needed."""
        changes = self._changes(item, stored)
        kept: Mask | None = None if stored is None else getattr(stored, "mask", None)
        if stored is not None and not changes:
            draft = Draft(stored)
            if item.mask is not None or item.drops_mask:
                draft.mask = mask_change(item, stored, kept, png, was_mask=stored.kind == ShapeKind.MASK)
            return draft
        shape = Shape(task_id=self.image.task_id, **_NEW) if stored is None else copy(stored)
        shape.image = self.image
        draft = Draft(shape, {*changes, *(FLAGS if "attributes" in changes else ())})
        for name, value in changes.items():
            self._set(item, shape, name, value)
        if "label" not in draft.changed and shape.label_id in self.labels:
            shape.label = self.labels[shape.label_id]
        self._check_sides(item, shape, changes)
        boxless = self._set_box(draft)
        if stored is not None:  # the box may be another than the one given
            draft.changed -= {name for name in BOX if same(getattr(stored, name), getattr(shape, name))}
            draft.changed |= {name for name in BOX if not same(getattr(stored, name), getattr(shape, name))}
        found = self._faults(draft, stored)
        self._tell(item, draft, found, boxless)
        if not any(fault.path == "kind" for fault in found):
            was_mask = stored is not None and stored.kind == ShapeKind.MASK
            draft.mask = mask_change(item, shape, kept, png, was_mask=was_mask)
        return draft

    def _changes(self, item: Item, stored: Shape | None) -> dict[str, Any]:
        """The fields that are given and are not what is stored, in fractions."""
        changes = {}
        for name, given in item.given.items():
            before = None if stored is None else getattr(stored, _STORED_AS.get(name, name))
            value = given if self.size is None else in_fractions(name, given, before, self.size)
            if stored is None or not same(before, value):
                changes[name] = value
        return changes

    def _set(self, item: Item, shape: Shape, name: str, value: Any) -> None:
        if name == "attributes":
            rest, flags = split_flags(value) if isinstance(value, dict) else (value, dict.fromkeys(FLAGS))
            for field_name, stored in {name: rest, **flags}.items():
                setattr(shape, field_name, stored)
        elif name != "label":
            setattr(shape, name, value)
        elif isinstance(value, int) and not isinstance(value, bool) and value in self.labels:
            shape.label = self.labels[value]
        else:
            item.fault("label", "The task has no such label.", FaultCode.UNKNOWN_LABEL)

    def _check_sides(self, item: Item, shape: Shape, changes: Mapping[str, Any]) -> None:
        """Takes note of sides that are no numbers where they are found around the points, whatever is given."""
        for name in BOX if shape.kind in _WITH_POINTS else ():
            side = changes.get(name)
            if side is not None and not is_number(side):
                item.fault(name, f"{quote(side)} is not a number.", FaultCode.WRONG_TYPE)

    def _set_box(self, draft: Draft) -> str:
        """A polygon's and an ellipse's box is the one around its points, whatever is given. Says why it cannot be."""
        shape = draft.shape
        if shape.kind not in _WITH_POINTS or not (draft.is_new or draft.changed & {"kind", "points", "rotation", *BOX}):
            return ""
        points: Any = shape.points
        try:
            if shape.kind == ShapeKind.POLYGON:
                box = geometry.bounds(points)
            else:
                size = (self.image.width, self.image.height)
                aspect = size[0] / size[1] if size[0] and size[1] else None
                box = geometry.ellipse_bounds(points, shape.rotation or 0.0, aspect)
        except (ValueError, TypeError) as fault:
            return str(fault)
        shape.x_min, shape.x_max, shape.y_min, shape.y_max = box
        return ""

    def _faults(self, draft: Draft, stored: Shape | None) -> list[Fault]:
        """What is wrong, without what is wrong with the stored shape already: a spec may have changed since."""
        specs = _specs(self.labels.get(draft.shape.label_id))
        found = faults(draft.shape, specs)
        if found and stored is not None:
            before = set(faults(stored, _specs(self.labels.get(stored.label_id))))
            found = [fault for fault in found if fault not in before]
        return found

    def _tell(self, item: Item, draft: Draft, found: Iterable[Fault], boxless: str) -> None:
        told = {fault.path for fault in item.faults}
        of_points = [fault for fault in found if fault.path.startswith("points")]
        for fault in found:
            name = fault.path.partition(".")[0].partition("[")[0]
            if f"{item.path}{name}" in told or (name == "attributes" and f"{item.path}label" in told):
                continue
            message, code = fault.message, fault.code
            if boxless and name in BOX and getattr(draft.shape, name) is None:
                if of_points or name != "x_min":
                    continue
                message, code = f"It is missing, and cannot be found: {boxless}.", FaultCode.NO_BOX
            if self.size is not None and name in _COORDINATES:
                message = f"{message} That is a fraction of {self.size[0]} x {self.size[1]} pixels."
            item.fault(fault.path, message, code)
        if not item.faults:
            _settle(draft)


def _specs(label: Label | None) -> dict[str, Any]:
    return {} if label is None else {spec.name: spec for spec in label.attribute_specs.all()}


def _settle(draft: Draft) -> None:
    """Gives the numbers the type that they are stored in."""
    for name in _FLOATS:
        value = getattr(draft.shape, name)
        if value is not None:
            setattr(draft.shape, name, float(value))
