"""Boxes to their CSV files."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format import byte_columns, cells, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.transfer.boxes.mapping import COORDINATES, FLAGS, OF_PERSON, PLAIN, WITH_CLICKS, click_cells
from openimages_io.transfer.cell_values import (
    SAID,
    Said,
    can_be,
    first_cells,
    flags_and_attributes,
    plain_cell,
    said_of,
)
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.scanning import Columns, FileKind, scan, write_files, written

_BOX: Final = ("image_id", "label_id", "source", "score", *COORDINATES.values(), *SAID)
_CLICKS: Final = "XClick1X to XClick4Y"
_CACHED: Final = 50_000
_FLAG_CELLS: Final[dict[Any, str]] = dict.fromkeys([True, "true", "yes", "1"], "1") | (
    dict.fromkeys([False, "false", "no", "0"], "0") | dict.fromkeys([None, -1, "unknown", "-1", ""], "-1")
)


def write_boxes(out: ExportState) -> None:
    """Writes the boxes of every subset; turned ones are left to the masks."""
    boxes = _Boxes(out)
    kind = FileKind(
        name="boxes",
        columns=(*_BOX, "clicks") if any(CLICK_COLUMNS[0] in extra for extra in boxes.extra.values()) else _BOX,
        condition=PLAIN,
        path=out.names.boxes,
        header=lambda subset: (*writing.names_of(BOXES), *boxes.extra[subset]),
        cells=boxes.cells,
    )
    write_files(out, kind)


@dataclass(frozen=True, slots=True)
class _AttributeCells:
    """What becomes of a box's attributes."""

    flags: str
    """IsOccluded and the other flags, with the commas between them."""
    people: tuple[str, ...]
    """MIAP's two columns."""
    no_column: tuple[str, ...]
    """Names of attributes that the format has no column for."""
    no_cell: tuple[str, ...]
    """Columns whose value cannot be a cell."""


class _Attributes:
    """The cells of attributes, of which there are few different ones."""

    def __init__(self, out: ExportState) -> None:
        self.out = out
        self._known: dict[Said, _AttributeCells] = {}

    def _learn(self, rows: Iterable[Said]) -> Mapping[Said, _AttributeCells]:
        """The cells of each of these."""
        if len(self._known) > _CACHED:
            self._known.clear()
        for said in set(rows) - self._known.keys():
            self._known[said] = _attribute_cells(said)
        return self._known

    def flags(self, columns: Mapping[str, Sequence[Any]]) -> Cells:
        """The cells of the flags of each row in one; what its attributes lose is counted."""
        if not any(columns["other_attributes"]):  # flags that are columns lose nothing
            return byte_columns.of_keys(columns["flags"], self._flags_alone)
        rows = said_of(columns)
        counts = Counter(rows)
        known = self._learn(counts)
        for said, count in counts.items():
            for name in known[said].no_column:
                self.out.lose_attribute("boxes", name, count)
            for column in known[said].no_cell:
                self.out.lose_value("boxes", column, count)
        return byte_columns.distinct(rows, lambda said: known[said].flags)

    def _flags_alone(self, numbers: Sequence[int]) -> list[str]:
        rows: list[Said] = [(number, None) for number in numbers]
        known = self._learn(rows)
        return [known[said].flags for said in rows]

    def people(self, columns: Mapping[str, Sequence[Any]], name: str) -> Cells:
        """The cells of one of MIAP's columns."""
        rows = said_of(columns)
        known, index = self._learn(rows), PERSON_ATTRIBUTES.index(name)
        return byte_columns.distinct(rows, lambda said: known[said].people[index])


class _Boxes:
    """The cells of boxes, and the columns that only some subsets have."""

    def __init__(self, out: ExportState) -> None:
        self.out = out
        self._attributes = _Attributes(out)
        self.extra: dict[str, tuple[str, ...]] = dict.fromkeys(out.subsets, ())
        if WITH_CLICKS in out.kinds:
            self._find_clicks()
        if OF_PERSON in out.kinds:
            self._find_people()

    def _find_clicks(self) -> None:
        """Gives the eight columns to the subsets of which any box has clicks."""
        for subset in self.out.subsets:
            if self._has_clicks(scan(self.out, ("image_id", "label_id", "clicks"), WITH_CLICKS, subset=subset)):
                self.extra[subset] += CLICK_COLUMNS

    def _find_people(self) -> None:
        """Gives MIAP's columns to the subsets that have anything to write in them."""
        for subset in self.out.subsets:
            found: set[str] = set()
            for page in scan(self.out, ("image_id", "label_id", *SAID), OF_PERSON, subset=subset):
                boxes = written(self.out, page)
                found.update(name for name in PERSON_ATTRIBUTES if any(self._attributes.people(boxes, name).tolist()))
                if len(found) == len(PERSON_ATTRIBUTES):
                    break
            self.extra[subset] += tuple(name for name in PERSON_ATTRIBUTES if name in found)

    def _has_clicks(self, pages: Iterator[Columns]) -> bool:
        unfit = 0
        for page in pages:
            for text in written(self.out, page)["clicks"]:
                found = click_cells(text)
                if found is not None and any(found):
                    return True
                unfit += found is None
        if unfit:
            self.out.lose_value("boxes", _CLICKS, unfit)
        return False

    def cells(self, subset: str, columns: Columns) -> list[Cells]:
        """The cells of boxes of one subset."""
        extra = self.extra[subset]
        finished = [
            *first_cells(self.out, "boxes", columns),
            *(byte_columns.fractions(columns[name]) for name in COORDINATES.values()),
            self._attributes.flags(columns),
        ]
        if CLICK_COLUMNS[0] in extra:
            finished += self._clicks(columns["clicks"])
        return finished + [self._attributes.people(columns, name) for name in PERSON_ATTRIBUTES if name in extra]

    def _clicks(self, texts: Sequence[str | None]) -> list[Cells]:
        rows = []
        for text in texts:
            found = click_cells(text)
            if found is None:
                self.out.lose_value("boxes", _CLICKS)
            rows.append(found or ("",) * len(CLICK_COLUMNS))
        return list(map(byte_columns.encoded, zip(*rows, strict=True)))


def _attribute_cells(said: Said) -> _AttributeCells:
    (occluded, *_), attributes = flags_and_attributes(said)
    flags = {column: _flag_cell(attributes.pop(name, None)) for column, name in FLAGS.items()}
    people = {name: _word_cell(attributes.pop(name, None)) for name in PERSON_ATTRIBUTES}
    lost = [column for column, cell in (flags | people).items() if cell is None]
    return _AttributeCells(
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
