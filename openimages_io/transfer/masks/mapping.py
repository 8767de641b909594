"""Rows of segmentation files and masks, and the shapes that are written as masks."""

from typing import Any, Final

from django.db.models import Q

from openimages_io.format import cells, writing
from openimages_io.format.chunk import Chunk
from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.cell_values import can_be, plain_cell
from openimages_io.transfer.groups import Group

MASKS: Final = Group(
    name="masks",
    file=FileKind.SEGMENTATIONS,
    shapes=(ShapeKind.MASK, ShapeKind.POLYGON, ShapeKind.ELLIPSE),
    parts={ShapeKind.POLYGON: "polygons", ShapeKind.ELLIPSE: "ellipses"},
)
WRITTEN: Final = {kind: MASKS.parts.get(kind, MASKS.name) for kind in MASKS.shapes} | {
    ShapeKind.RECTANGLE: "turned boxes"
}
"""The shapes that are written as masks, and how they are called."""
DRAWN: Final = Q(kind__in=MASKS.parts) | (Q(kind=ShapeKind.RECTANGLE, rotation__isnull=False) & ~Q(rotation=0))
"""Those that are no masks."""
WITH_PIXELS: Final = Q(kind=ShapeKind.MASK) | DRAWN

BOX: Final = {"BoxXMin": "x_min", "BoxXMax": "x_max", "BoxYMin": "y_min", "BoxYMax": "y_max"}
"""The columns of the box, and the shape's fields."""
ATTRIBUTES: Final = {"BoxID": "box_id", "PredictedIoU": "predicted_iou"}
"""Columns that become attributes, and their names."""


def attributes_of(chunk: Chunk, row: int) -> dict[str, Any]:
    """The attributes that a row says."""
    return {"box_id": chunk.get_one("BoxID", row) or "", "predicted_iou": chunk.get_one("PredictedIoU", row)}


def box_id_cell(attributes: dict[str, Any]) -> str | None:
    """A mask's BoxID, not quoted; None if what is stored can be none."""
    value = attributes.get(ATTRIBUTES["BoxID"], "")
    if not isinstance(value, str):
        value = plain_cell(value)
    return value if value is not None and can_be(cells.BOX_ID, value) else None


def iou_cell(attributes: dict[str, Any]) -> str | None:
    """A mask's PredictedIoU; None if what is stored can be none."""
    value = attributes.get(ATTRIBUTES["PredictedIoU"])
    if value is None or isinstance(value, bool):
        return "" if value is None else None
    if isinstance(value, str):
        return writing.text(value) if can_be(cells.NUMBER, value) else None
    return plain_cell(value)
