"""A shape alone, with the part of the picture that it is in: what stands beside the form that edits it."""

from collections.abc import Mapping
from typing import Final

from openimages_io.models import Image, Label, Shape, ShapeKind
from openimages_io.transfer.masks.rasterize import Size
from openimages_io.viewing.drawables import drawable_shape
from openimages_io.viewing.overlay import frame_of, overlay

_MARGIN: Final = 0.25
"""Of the box's larger side, on each of its sides."""
_LEAST: Final = 0.1
"""Of the image's smaller side: a tiny box is shown with what is around it."""


def crop(image: Image, shape: Shape, label: Label, backdrop: str, colors: Mapping[int, str]) -> str:
    """An SVG document of one shape on its picture, of which `backdrop` is the address; empty for a tag.

    `colors` are those of pages, by the label's key.
    """
    if shape.kind == ShapeKind.TAG:
        return ""
    shape = drawable_shape(shape)
    size, _known = frame_of(image, [shape])
    return overlay(image, [shape], {label.pk: label}, backdrop=backdrop, colors=colors, window=_window(shape, size))


def _window(shape: Shape, size: Size) -> tuple[float, float, float, float] | None:
    """Left, top, width and height in pixels around the shape's box; None where it has none: all of the image."""
    if shape.x_min is None or shape.x_max is None or shape.y_min is None or shape.y_max is None:
        return None
    width, height = size
    box = (shape.x_min * width, shape.x_max * width, shape.y_min * height, shape.y_max * height)
    margin = max(_MARGIN * max(box[1] - box[0], box[3] - box[2]), _LEAST * min(size) / 2)
    left, top = max(0.0, box[0] - margin), max(0.0, box[2] - margin)
    right, bottom = min(float(width), box[1] + margin), min(float(height), box[3] + margin)
    return left, top, right - left, bottom - top
