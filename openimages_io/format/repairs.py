"""Rows that are not quite what the header says and can only mean one thing: they are read, and counted.

Spreadsheets and scripts write a comma too many, leave empty cells at the end away, or begin each path with `./`. Only
blocks of rows that cannot be read as they are come here, so plain files cost nothing more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Final

from openimages_io.format import cells
from openimages_io.format.csv_rows import Rows
from openimages_io.format.issues import Issue
from openimages_io.format.tables import Column

_PATHS: Final = (cells.IMAGE_ID, cells.MASK_PATH)
"""The types of cells in which `./` means the folder at hand."""
_COORDINATES: Final = (cells.FRACTION, cells.FRACTION_OR_NONE, cells.CLICK)


@dataclass(slots=True)
class Tally:
    """How often something was repaired in a file, and where first."""

    count: int = 0
    line: int = 0
    value: str | None = None

    def add(self, line: int, value: str | None = None) -> None:
        """Counts one more."""
        if not self.count:
            self.line, self.value = line, value
        self.count += 1

    def issue(self, code: str, file: str, column: str | None = None) -> Iterator[Issue]:
        """The issue that says it, if there was anything."""
        if self.count:
            params = {"count": self.count}
            yield Issue(code=code, params=params, file=file, line=self.line, column=column, value=self.value)


class Repairs:
    """Repairs the rows of one file."""

    def __init__(self, columns: Sequence[Column | None], unnamed: int = 0, *, clip: bool = False) -> None:
        self._width = len(columns)
        self._unnamed = unnamed
        """How many columns without a name the header has behind these."""
        required = [number for number, column in enumerate(columns, 1) if column is not None and column.required]
        self._least = max(required, default=self._width)
        """The cells that a row must have: the others are of columns that may be empty."""
        self._paths = _of_types(columns, _PATHS)
        self._coordinates = _of_types(columns, _COORDINATES) if clip else []
        self._clipped = {name: Tally() for _, name in self._coordinates}
        self._short, self._behind = Tally(), Tally()
        self._dots = {name: Tally() for _, name in self._paths}
        self._broken_line = 0
        """The line on which the first row starts that is not CSV; 0 before there was one."""
        self.cut_line = 0
        """The line of a last row that has no line end, once it is read: the file may be cut off within it."""

    def repair(self, batch: Rows) -> Rows:
        """The rows, repaired where that is clear, without those of commas and spaces; `batch` itself if all is well."""
        if batch.broken and not self._broken_line:
            self._broken_line = batch.broken[0].line
        repaired = Rows(broken=batch.broken)
        for row, line in zip(batch.rows, batch.lines, strict=True):
            if is_blank(row):
                continue
            repaired.rows.append(self._row(row, line))
            repaired.lines.append(line)
        is_same = len(repaired.rows) == len(batch.rows) and all(map(is_, repaired.rows, batch.rows))
        return batch if is_same else repaired

    def _row(self, row: list[str], line: int) -> list[str]:
        width = self._width
        if len(row) > width:
            if not is_blank(row[width:]):
                if len(row) - width > self._unnamed:
                    return row
                self._behind.add(line, ",".join(row[width:]))
            row = row[:width]
        elif self._least <= len(row) < width and self._may_be_short(row, line):
            self._short.add(line)
            row = row + [""] * (width - len(row))
        if len(row) == width:
            for index, name in self._paths:
                if row[index].startswith("./") or "/./" in row[index]:
                    self._dots[name].add(line, row[index])
                    row = [*row[:index], without_dots(row[index]), *row[index + 1 :]]
            for index, name in self._coordinates:
                if edge := cells.clipped(row[index]):
                    self._clipped[name].add(line, row[index])
                    row = [*row[:index], edge, *row[index + 1 :]]
        return row

    def _may_be_short(self, row: list[str], line: int) -> bool:
        """Whether a row is whole though it has fewer cells than the header, rather than a piece of one."""
        return not (
            0 < self._broken_line < line or is_split_otherwise(row) or (line == self.cut_line and not self._short.count)
        )

    def issues(self, file: str) -> Iterator[Issue]:
        """What was repaired, one issue of each kind."""
        yield from self._short.issue("short-rows", file)
        yield from self._behind.issue("unnamed-column", file)
        for column, clipped in self._clipped.items():
            yield from clipped.issue("clipped", file, column)
        for column, dots in self._dots.items():
            yield from dots.issue("dot-folder", file, column)


def _of_types(columns: Sequence[Column | None], types: Sequence[cells.CellType]) -> list[tuple[int, str]]:
    """The places and names of the columns that are of one of these types."""
    return [(index, column.name) for index, column in enumerate(columns) if column and column.type in types]


def is_blank(row: Sequence[str]) -> bool:
    """Whether there is nothing in a row but commas and spaces."""
    return not any(row) or not any(map(str.strip, row))


def is_split_otherwise(row: Sequence[str]) -> bool:
    """Whether the cells of a row seem to be parted by semicolons or tabs."""
    return len(row) == 1 and (";" in row[0] or "\t" in row[0])


def without_dots(path: str) -> str:
    """The same path without folders `.`, which mean the folder at hand."""
    if "./" not in path:
        return path
    *folders, name = path.split("/")
    return "/".join([*(folder for folder in folders if folder != "."), name])
