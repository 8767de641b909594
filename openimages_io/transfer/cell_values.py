"""Values of rows to cells that can be read again; what cannot be a cell is left empty and counted."""

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format import byte_columns, cells, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.format.cells import CellType
from openimages_io.format.flag_names import FLAGS as FLAGS_OF_FILES
from openimages_io.format.tables import CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.models.flags import FLAGS, as_attributes, with_flags
from openimages_io.transfer.export_state import ExportState

_CACHED: Final = 50_000
_LONGEST: Final = csv.field_size_limit()
"""Characters of a cell that a reader takes: ours, and any other that uses Python's module."""
_COLUMN_OF: Final = {name: column for column, name in FLAGS_OF_FILES.items()}
_FLAG_CELLS: Final[dict[Any, str]] = dict.fromkeys([True, "true", "yes", "1"], "1") | (
    dict.fromkeys([False, "false", "no", "0"], "0") | dict.fromkeys([None, -1, "unknown", "-1", ""], "-1")
)
_FLAG_VALUES: Final = (False, True, None)
_NO_CLICKS: Final = ("",) * len(CLICK_COLUMNS)


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
        byte_columns.of_keys(columns["image_id"], out.image_cell),
        byte_columns.distinct(sources, source_cell),
        byte_columns.of_keys(columns["label_id"], out.label_cells.__getitem__),
        byte_columns.distinct(columns["score"], writing.confidence),
    ]


@dataclass(frozen=True, slots=True)
class BoxCells:
    """What becomes of a box's attributes."""

    flags: str
    """IsOccluded and the other flags, with the commas between them."""
    people: tuple[str, ...]
    """MIAP's two columns."""
    no_column: tuple[str, ...]
    """Names of attributes that the format has no column for."""
    no_cell: tuple[str, ...]
    """Columns whose value cannot be a cell."""


Said = tuple[int, str | None]
"""The attributes of a shape as they are read: the flags that are columns as one number, and the others as JSON."""
SAID: Final = ("flags", "other_attributes")
"""The columns of a scan that make it."""


def said_of(columns: Mapping[str, Sequence[Any]]) -> list[Said]:
    """What is stored of the attributes of each row."""
    return list(zip(*(columns[name] for name in SAID), strict=True))


class BoxAttributes:
    """The cells of attributes, of which there are few different ones."""

    def __init__(self, out: ExportState) -> None:
        self.out = out
        self._known: dict[Said, BoxCells] = {}

    def learn(self, rows: Iterable[Said]) -> Mapping[Said, BoxCells]:
        """The cells of each of these."""
        if len(self._known) > _CACHED:
            self._known.clear()
        for said in set(rows) - self._known.keys():
            self._known[said] = _box_cells(said)
        return self._known

    def flags(self, columns: Mapping[str, Sequence[Any]]) -> Cells:
        """The cells of the flags of each row in one; what its attributes lose is counted."""
        if not any(columns["other_attributes"]):  # flags that are columns lose nothing
            return byte_columns.of_keys(
                columns["flags"], lambda number: self.learn([(number, None)])[number, None].flags
            )
        rows = said_of(columns)
        counts = Counter(rows)
        known = self.learn(counts)
        for said, count in counts.items():
            for name in known[said].no_column:
                self.out.lose_attribute("boxes", name, count)
            for column in known[said].no_cell:
                self.out.lose_value("boxes", column, count)
        return byte_columns.distinct(rows, lambda said: known[said].flags)

    def people(self, columns: Mapping[str, Sequence[Any]], name: str) -> Cells:
        """The cells of one of MIAP's columns."""
        rows = said_of(columns)
        known, index = self.learn(rows), PERSON_ATTRIBUTES.index(name)
        return byte_columns.distinct(rows, lambda said: known[said].people[index])


def flags_and_attributes(said: Said) -> tuple[list[bool | None], dict[str, Any]]:
    """Whether a shape is occluded and its other flags, by their columns; and all its attributes, flags among them."""
    number, text = said
    flags = [_FLAG_VALUES[number // 3**place % 3] for place in range(1 + len(FLAGS))]
    stored = {} if text is None else json.loads(text)
    return flags, as_attributes(with_flags(stored, dict(zip(FLAGS, flags[1:], strict=True))))


def _box_cells(said: Said) -> BoxCells:
    (occluded, *_), attributes = flags_and_attributes(said)
    flags = {name: _flag_cell(attributes.pop(name, None)) for name in FLAGS}
    people = {name: _word_cell(attributes.pop(name, None)) for name in PERSON_ATTRIBUTES}
    lost = [_COLUMN_OF.get(name, name) for name, cell in (flags | people).items() if cell is None]
    return BoxCells(
        ",".join([_FLAG_CELLS[occluded], *(cell or "-1" for cell in flags.values())]),
        tuple(cell or "" for cell in people.values()),
        tuple(attributes),
        tuple(lost),
    )


def _flag_cell(value: Any) -> str | None:
    """The cell of a flag, whatever type its spec has given it; None for what is neither yes, no nor unknown."""
    if isinstance(value, str):
        value = value.strip().lower()
    return _FLAG_CELLS.get(value) if value is None or isinstance(value, str | int | float) else None


def _word_cell(value: Any) -> str | None:
    if value is None:
        return ""
    if not isinstance(value, str):
        value = plain_cell(value)
    return writing.text(value) if value is not None and can_be(cells.SHORT_TEXT, value) else None


def plain_cell(value: Any) -> str | None:
    """A number, or yes or no, as text; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return writing.number(value) if isinstance(value, int | float) and math.isfinite(value) else None


def click_cells(text: str | None) -> tuple[str, ...] | None:
    """The eight cells of a box's extreme clicks, four x and then four y; None if what is stored can be none."""
    points = json.loads(text) if text else None
    if points is None:
        return _NO_CLICKS
    if not isinstance(points, list) or len(points) != len(CLICK_COLUMNS) // 2:
        return None
    if not all(isinstance(point, list) and len(point) == 2 and all(map(_is_click, point)) for point in points):
        return None
    return tuple("" if point[axis] is None else writing.number(point[axis]) for axis in (0, 1) for point in points)


def _is_click(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and (value == -1 or 0 <= value <= 1)
