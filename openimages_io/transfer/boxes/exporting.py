"""Boxes to their CSV files."""

from collections.abc import Iterator, Sequence
from typing import Final

from openimages_io.format import byte_columns, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.transfer.boxes.mapping import OF_PERSON, PLAIN, WITH_CLICKS
from openimages_io.transfer.cell_values import SAID, BoxAttributes, click_cells, first_cells
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.scanning import Columns, FileKind, scan, write_files, written

_EDGES: Final = ("x_min", "x_max", "y_min", "y_max")
_BOX: Final = ("image_id", "label_id", "source", "score", *_EDGES, *SAID)
_CLICKS: Final = "XClick1X to XClick4Y"


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


class _Boxes:
    """The cells of boxes, and the columns that only some subsets have."""

    def __init__(self, out: ExportState) -> None:
        self.out = out
        self._attributes = BoxAttributes(out)
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
                found.update(name for name in PERSON_ATTRIBUTES if self._attributes.people(boxes, name).any())
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
            *(byte_columns.fractions(columns[name]) for name in _EDGES),
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
