"""Values of rows to cells that can be read again; what cannot be a cell is left empty and counted."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from openimages_io.format import byte_columns, cells, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.format.cells import CellType
from openimages_io.models.flags import FLAGS, as_attributes, with_flags
from openimages_io.transfer.export_state import ExportState

_LONGEST: Final = csv.field_size_limit()
"""Characters of a cell that a reader takes: ours, and any other that uses Python's module."""
_FLAG_VALUES: Final = (False, True, None)


def can_be(cell_type: CellType, value: str) -> bool:
    """Whether a cell of this type may hold the text."""
    if len(value) > _LONGEST:
        return False
    try:
        cell_type.parse(value)
    except ValueError:
        return False
    return True


def text_cells(out: ExportState, kind: str, column: str, cell_type: CellType, values: Sequence[str]) -> Sequence[str]:
    """Text cells of one column. Only what the ORM has stored unchecked has to be left empty."""
    if not any(values):
        return values
    try:
        cell_type.new_parser()(values)
        is_fit = max(map(len, values), default=0) <= _LONGEST
    except ValueError:
        is_fit = False
    if not is_fit:
        fit = [value if can_be(cell_type, value) else None for value in values]
        out.lose_value(kind, column, fit.count(None))
        values = [value or "" for value in fit]
    return writing.texts(values)


def first_cells(out: ExportState, kind: str, columns: Mapping[str, Sequence[Any]]) -> list[Cells]:
    """The cells of the columns that tags and boxes begin with: ImageID, Source, LabelName, Confidence."""
    sources = columns["source"]

    def source_cell(source: str) -> str:
        if can_be(cells.SOURCE, source):
            return writing.text(source)
        out.lose_value(kind, "Source", sources.count(source))
        return ""

    return [
        byte_columns.of_keys(columns["image_id"], out.image_cells),
        byte_columns.distinct(sources, source_cell),
        out.label_column(columns["label_id"]),
        byte_columns.distinct(columns["score"], writing.confidence),
    ]


Said = tuple[int, str | None]
"""The attributes of a shape as they are read: the flags that are columns as one number, and the others as JSON."""
SAID: Final = ("flags", "other_attributes")
"""The columns of a scan that make it."""


def said_of(columns: Mapping[str, Sequence[Any]]) -> list[Said]:
    """What is stored of the attributes of each row."""
    return list(zip(*(columns[name] for name in SAID), strict=True))


def flags_and_attributes(said: Said) -> tuple[list[bool | None], dict[str, Any]]:
    """Whether a shape is occluded and its other flags, by their columns; and all its attributes, flags among them."""
    number, text = said
    flags = [_FLAG_VALUES[number // 3**place % 3] for place in range(1 + len(FLAGS))]
    stored = {} if text is None else json.loads(text)
    return flags, as_attributes(with_flags(stored, dict(zip(FLAGS, flags[1:], strict=True))))


def plain_cell(value: Any) -> str | None:
    """A number, or yes or no, as text; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return writing.number(value) if isinstance(value, int | float) and math.isfinite(value) else None
