"""CSV files to columns of values, chunk by chunk, with the file's own line numbers.

A chunk is parsed column by column at C speed. Only when something in it is wrong is it looked at row by row, so the
messages cost nothing until they are needed.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final

from openimages_io.format.cells import BadCell
from openimages_io.format.issues import Issue, IssueSink, Severity
from openimages_io.format.tables import Column, Table

CHUNK_ROWS: Final = 8192

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Chunk:
    """Good rows of one file, by column."""

    lines: Sequence[int]
    """The line on which each row starts."""
    values: dict[str, Sequence[Any]] = field(default_factory=dict)
    """By column name; a column that the file doesn't have is not there."""
    bad: int = 0
    """Rows that were left out, each with an issue."""
    position: int = 0
    """The bytes of the file that were read so far, about."""

    def __len__(self) -> int:
        return len(self.lines)

    def get(self, column: str) -> Sequence[Any]:
        """The column's values; None for every row if the file doesn't have it."""
        found = self.values.get(column)
        return found if found is not None else [None] * len(self.lines)

    def get_one(self, column: str, row: int) -> Any:
        """One value; None if the file doesn't have the column."""
        found = self.values.get(column)
        return found[row] if found is not None else None

    def where(self, keep: Sequence[object]) -> "Chunk":
        """The rows whose entry in `keep` is true."""
        chosen = [index for index, kept in enumerate(keep) if kept]
        values = {name: [column[index] for index in chosen] for name, column in self.values.items()}
        return Chunk([self.lines[index] for index in chosen], values)


def read_table(
    stream: BinaryIO, table: Table, file: str, sink: IssueSink, chunk_rows: int = CHUNK_ROWS
) -> Iterator[Chunk]:
    """Reads a table of the format as chunks of its good rows; all that is wrong goes to `sink`, with file and line.

    UTF-8 with or without a BOM; lines may end in LF, CRLF or CR. Memory is bounded by the chunk.
    """
    return _Reading(stream, table, file, sink).chunks(chunk_rows)


class _Reading:
    def __init__(self, stream: BinaryIO, table: Table, file: str, sink: IssueSink) -> None:
        self.table, self.file, self.sink = table, file, sink
        self.stream = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream  # peek is needed
        self.columns: list[Column | None] = []

    def issue(
        self,
        code: str,
        reason: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.sink(
            Issue(code=code, reason=reason, file=self.file, line=line, column=column, value=value, severity=severity)
        )

    def chunks(self, chunk_rows: int) -> Iterator[Chunk]:
        start = self.stream.peek(4)[:4] if isinstance(self.stream, io.BufferedReader) else b""
        if start[:2] in _UTF16 or (len(start) == 4 and start.count(0) >= 2):
            self.issue("not-utf-8", "The file is in UTF-16; save it as UTF-8")
            return
        with io.TextIOWrapper(self.stream, "utf-8-sig", errors="surrogateescape", newline="") as text:
            reader = csv.reader(text, strict=True)
            first = self._first_row(reader)
            if first is None:
                return
            pending = [] if self._take_header(first[1], first[0]) else [first[1]]
            if not self.columns:
                return
            ended = False
            while not ended:
                rows, lines, unreadable, ended = self._rows(reader, chunk_rows)
                if pending:
                    rows, lines, pending = [*pending, *rows], [first[0], *lines], []
                if rows or unreadable:
                    chunk = self._parse(rows, lines)
                    chunk.bad += unreadable
                    chunk.position = self.stream.tell()
                    yield chunk

    def _first_row(self, reader: Any) -> tuple[int, list[str]] | None:
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                reason = "The file is empty" if not reader.line_num else "The file has no rows, not even a header"
                self.issue("empty-file", reason)
                return None
            except csv.Error as error:
                self.issue("bad-header", f"The first row cannot be read as CSV: {_explained(error)}", line=line)
                return None
            if row:
                return line, row

    def _take_header(self, row: list[str], line: int) -> bool:
        """Learns the columns; tells whether the row was a header (if not, it is the first row of values)."""
        names = [cell.strip() for cell in row]
        known = [self.table.by_name.get(name.casefold()) for name in names]
        if not self.table.header and not any(known):
            if len(row) > len(self.table.columns) or _looks_split_otherwise(row):
                self.issue(
                    "bad-header",
                    f"{_expected(self.table)} are expected, parted by commas",
                    line=line,
                    value=",".join(row),
                )
                return True
            self.columns = list(self.table.columns[: len(row)])
            return False
        twice = {column.name for column in known if column and known.count(column) > 1}
        missing = [column.name for column in self.table.columns if column.required and column not in known]
        for name in sorted(twice):
            self.issue("column-twice", "The column occurs twice", line=line, column=name)
        if missing and _looks_split_otherwise(row):
            self.issue("not-commas", "The columns must be parted by commas", line=line, value=",".join(row))
        else:
            for name in missing:
                self.issue("column-missing", "The column is missing", line=line, column=name)
        if twice or missing:
            return True
        unknown = [name for name, column in zip(names, known, strict=True) if column is None]
        if unknown:
            listed = ", ".join(name or "(no name)" for name in unknown)
            reason = "is no column of this file that is known, and is not read"
            self.issue("unknown-column", reason, line=line, value=listed, severity=Severity.WARNING)
        self.columns = known
        return True

    def _rows(self, reader: Any, count: int) -> tuple[list[list[str]], Sequence[int], int, bool]:
        """Up to `count` rows, the lines that they start on, the rows that are no CSV, and whether the file has ended.

        Blank lines are passed over.
        """
        rows: list[list[str]] = []
        lines: list[int] = []
        unreadable = 0
        while len(rows) < count:
            start, before = reader.line_num, len(rows)
            fault: csv.Error | None = None
            try:
                rows.extend(islice(reader, count - before))
            except csv.Error as error:  # the rows before it are in the list already
                fault = error
            if fault is None and reader.line_num - start == len(rows) - before:
                lines.extend(range(start + 1, reader.line_num + 1))
            else:
                lines.extend(_starts(rows[before:], start))
            if fault is None:
                break
            unreadable += 1
            line = lines[-1] + _height(rows[-1]) if len(rows) > before else start + 1
            # Rows that stand between two quotation marks far apart are lost without being counted.
            code = "unclosed-quote" if reader.line_num > line else "bad-quoting"
            self.issue(code, f"The row cannot be read as CSV: {_explained(fault)}", line=line)
        ended = len(rows) < count
        if [] in rows:
            filled = [index for index, row in enumerate(rows) if row]
            rows, lines = [rows[index] for index in filled], [lines[index] for index in filled]
        return rows, lines, unreadable, ended

    def _parse(self, rows: list[list[str]], lines: Sequence[int]) -> Chunk:
        width = len(self.columns)
        if set(map(len, rows)) == {width}:
            chunk = Chunk(lines)
            try:
                for column, cells in zip(self.columns, zip(*rows, strict=True), strict=True):
                    if column is not None:
                        chunk.values[column.name] = column.type.parse_column(cells)
            except ValueError:
                return self._parse_each(rows, lines)
            if self.table.box is None or self.table.box.holds(self._with_box(chunk)):
                return chunk
        return self._parse_each(rows, lines)

    def _with_box(self, chunk: Chunk) -> dict[str, Sequence[Any]]:
        assert self.table.box is not None
        return {name: chunk.get(name) for name in self.table.box.names}

    def _parse_each(self, rows: list[list[str]], lines: Sequence[int]) -> Chunk:
        good_lines: list[int] = []
        known = [column for column in self.columns if column is not None]
        good: dict[str, list[Any]] = {column.name: [] for column in known}
        for row, line in zip(rows, lines, strict=True):
            values = self._parse_row(row, line)
            if values is not None:
                good_lines.append(line)
                for name, column in good.items():
                    column.append(values[name])
        return Chunk(good_lines, dict(good), bad=len(rows) - len(good_lines))

    def _parse_row(self, row: list[str], line: int) -> dict[str, Any] | None:
        if len(row) != len(self.columns):
            what = "short" if len(row) < len(self.columns) else "long"
            reason = f"The row has {len(row)} cells, but the file has {len(self.columns)} columns"
            self.issue(f"{what}-row", reason, line=line)
            return None
        values: dict[str, Any] = {}
        good = True
        for column, cell in zip(self.columns, row, strict=True):
            if column is None:
                continue
            try:
                values[column.name] = column.type.parse(cell)
            except BadCell as fault:
                good = False
                self.issue(column.type.code, str(fault), line=line, column=column.name, value=cell)
        if not good:
            return None
        for fault_ in self._box_faults(values):
            column = self.table.by_name[fault_.column.casefold()]
            cell = row[self.columns.index(column)] if column in self.columns else ""
            self.issue(fault_.code, fault_.reason, line=line, column=column.name, value=cell, severity=fault_.severity)
            good &= fault_.severity is not Severity.ERROR
        return values if good else None

    def _box_faults(self, values: dict[str, Any]) -> list[Any]:
        if self.table.box is None:
            return []
        return self.table.box.faults({name: [values.get(name)] for name in self.table.box.names}, 0)


def _looks_split_otherwise(row: list[str]) -> bool:
    return len(row) == 1 and (";" in row[0] or "\t" in row[0])


def _explained(error: csv.Error) -> str:
    """The words of the csv module, in other words."""
    text = str(error)
    if "unexpected end" in text:
        return "a quotation mark opens a cell and nothing closes it"
    if "expected after" in text:
        return "after the quotation mark that closes a cell there is neither a comma nor the line's end"
    if "field limit" in text:
        most = f"{csv.field_size_limit():,}"
        return f"it has a cell of more than {most} characters; perhaps a quotation mark is not closed"
    return text


def _expected(table: Table) -> str:
    return " and ".join(column.name for column in table.columns)


def _height(row: list[str]) -> int:
    """The number of lines that a row takes: line breaks may stand inside quotes."""
    return 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row)


def _starts(rows: Sequence[list[str]], before: int) -> list[int]:
    starts = []
    for row in rows:
        starts.append(before + 1)
        before += _height(row)
    return starts
