"""Shapes to the pixels that they cover."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from openimages_io import geometry
from openimages_io.format.bad_value import BadValue
from openimages_io.format.limits import Limits
from openimages_io.models import Mask, Shape, ShapeKind

Box = tuple[float, float, float, float]
Size = tuple[int, int]
"""Width and height in pixels."""


class CannotBeWritten(BadValue):
    """A shape that has no mask. The message ends a sentence whose subject is the shape."""

    def __init__(self, form: str, **params: Any) -> None:
        super().__init__("shape-unwritten", form, **params)


def box_of(shape: Shape) -> Box | None:
    """The shape's box as it is stored, which is not that of a turned rectangle."""
    if shape.x_min is None or shape.x_max is None or shape.y_min is None or shape.y_max is None:
        return None
    return shape.x_min, shape.x_max, shape.y_min, shape.y_max


def beside(shape: Shape) -> Mask | None:
    """What is kept of the mask that a shape is or was traced from."""
    found: Mask | None = getattr(shape, "mask", None)
    return found


def native_size(parts: Sequence[Shape]) -> Size | None:
    """The size of the mask that these shapes were traced from: only at that do they have its pixels."""
    for mask in map(beside, parts):
        if mask is not None and mask.width is not None and mask.height is not None:
            return mask.width, mask.height
    return None


def check_size(size: Size | None, limits: Limits) -> Size:
    """The size, if a mask may be that large. Raises `CannotBeWritten`."""
    if size is None:
        raise CannotBeWritten("no-size")
    width, height = size
    if width * height > limits.max_mask_pixels:
        raise CannotBeWritten("large", width=width, height=height, limit=limits.max_mask_pixels)
    return size


def draw(shape: Shape, size: Size) -> "geometry.Mask":
    """The pixels of a polygon, an ellipse or a turned rectangle. Raises `CannotBeWritten`."""
    points: Any = shape.points
    rotation = shape.rotation or 0.0
    try:
        if shape.kind == ShapeKind.POLYGON:
            return geometry.fill_polygon(points, *size)
        if shape.kind == ShapeKind.ELLIPSE:
            return geometry.fill_ellipse(points, rotation, *size)
        x_min, x_max, y_min, y_max = box_of(shape) or (0.0, 0.0, 0.0, 0.0)
        return geometry.fill_rectangle(x_min, x_max, y_min, y_max, rotation, *size)
    except (ValueError, TypeError) as fault:
        raise CannotBeWritten("drawing", detail=str(fault)) from None


def box_around(parts: Sequence[tuple[Shape, "geometry.Mask"]]) -> Box | None:
    """The box around shapes of one object, as it is stored of each; of turned rectangles it is that of their pixels."""
    boxes = []
    for shape, drawn in parts:
        box = _pixel_box(drawn) if shape.kind == ShapeKind.RECTANGLE else None
        boxes.append(box or box_of(shape))
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    x_min, x_max, y_min, y_max = zip(*known, strict=True)
    return min(x_min), max(x_max), min(y_min), max(y_max)


def _pixel_box(drawn: "geometry.Mask") -> Box | None:
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        return None
    height, width = drawn.shape
    return (
        float(columns[0] / width),
        float((columns[-1] + 1) / width),
        float(rows[0] / height),
        float((rows[-1] + 1) / height),
    )
