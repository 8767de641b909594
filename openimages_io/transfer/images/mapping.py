"""The columns of image lists and the fields of images."""

from collections.abc import Sequence
from typing import Any, Final

from openimages_io.format import cells
from openimages_io.format.writing import rotation
from openimages_io.models.image import PROVENANCE
from openimages_io.transfer.cell_values import text_cells
from openimages_io.transfer.export_state import ExportState

FIELDS: Final = {**PROVENANCE, "Rotation": "rotation"}
"""The field of each column but ImageID and Subset, which say which image it is."""
NULLABLE: Final = frozenset({"original_size", "rotation"})
"""Fields of numbers: None where nothing is known. Of the others that is an empty text."""


def field_values(column: str, values: Sequence[Any] | None, number: int) -> Sequence[Any]:
    """The field's values of `number` new images from the column's, if the list has it."""
    if values is not None:
        return values
    return [None if FIELDS[column] in NULLABLE else ""] * number


def cells_of(out: ExportState, column: str, values: Sequence[Any]) -> Sequence[str]:
    """The column's cells from the field's values."""
    if column == "Rotation":
        return list(map(rotation, values))
    if FIELDS[column] in NULLABLE:
        return ["" if value is None else str(value) for value in values]
    return text_cells(out, "images", column, cells.TEXT, values)
