"""Rows of segmentation files and masks, and the shapes that are written as masks."""

from typing import Final

from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.groups import Group

MASKS: Final = Group(
    name="masks",
    file=FileKind.SEGMENTATIONS,
    shapes=(ShapeKind.MASK, ShapeKind.POLYGON, ShapeKind.ELLIPSE),
    parts={ShapeKind.POLYGON: "polygons", ShapeKind.ELLIPSE: "ellipses"},
)
