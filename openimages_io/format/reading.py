"""CSV files to columns of values, chunk by chunk, with the file's own line numbers.

A chunk is parsed column by column at C speed. Only when something in it is wrong is it looked at row by row, so the
messages cost nothing until they are needed.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final, NamedTuple

from openimages_io.format.cells import BadCell, ColumnParser
from openimages_io.format.issues import Issue, IssueSink, Severity
from openimages_io.format.tables import Column, Table

CHUNK_ROWS: Final = 2048

MAX_ROW_BYTES: Final = 2**19
"""A row that goes on for longer ends the reading: it is held in memory whole, and no honest one comes near."""
MAX_CHUNK_BYTES: Final = 2**25
"""A chunk of long rows is ended early, somewhat above this."""

_BATCH_ROWS: Final = 512
_BLOCK_BYTES: Final = 2**15
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
        values: dict[str, Sequence[Any]] = {
            name: [column[index] for index in chosen] for name, column in self.values.items()
        }
        return Chunk([self.lines[index] for index in chosen], values)


def read_table(
    stream: BinaryIO, table: Table, file: str, sink: IssueSink, chunk_rows: int = CHUNK_ROWS
) -> Iterator[Chunk]:
    """Reads a table of the format as chunks of its good rows; all that is wrong goes to `sink`, with file and line.

    UTF-8 with or without a BOM; lines may end in LF, CRLF or CR. Memory is bounded by the chunk. Issues come in the
    order of lines. The stream, of any kind that can be read, is closed at the end.
    """
    return _Reading(stream, table, file, sink).chunks(chunk_rows)


class _EndlessRow(Exception):
    """A row is longer than `MAX_ROW_BYTES`."""


class _Source(io.BufferedIOBase):
    """The bytes of a stream, with a look at the first of them, and a watch on how many go into one row."""

    name = ""  # a text stream shows its buffer's
    closed = False  # asked for at every line, so it is no property here

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._head = b""
        self.position = 0
        """The bytes that were read so far."""
        self.watch([])

    def is_utf16(self) -> bool:
        """Whether the file starts as UTF-16 does: with its BOM, or with every other byte 0."""
        while len(self._head) < 4 and (more := self._stream.read(4 - len(self._head))):
            self._head += more
        zero = [not any(self._head[parity::2]) for parity in (0, 1)]
        return self._head[:2] in _UTF16 or (len(self._head) > 1 and zero[0] != zero[1])

    def watch(self, rows: Sequence[object]) -> None:
        """Counts afresh, while this list is filled with rows."""
        self._rows, self._complete, self._in_row = rows, len(rows), 0
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        if len(self._rows) > self._complete:
            self._complete, self._in_row = len(self._rows), 0
        if self._in_row > MAX_ROW_BYTES:
            raise _EndlessRow
        if self._head:
            data, self._head = self._head, b""
        else:
            data = self._stream.read(max(size, _BLOCK_BYTES))  # a text stream takes more than it asks for
        self._in_row += len(data)
        self.taken += len(data)
        self.position += len(data)
        return data

    def close(self) -> None:
        self.closed = True
        self._stream.close()


class _Batch(NamedTuple):
    """Rows as they are in the file, blank lines left out."""

    rows: list[list[str]]
    lines: Sequence[int]
    """The line on which each row starts."""
    broken: list[tuple[int, str, str]]
    """Where a row starts that is no CSV, why it is none, and the code of that."""
    ended: bool
    """Whether the file has."""


class _Reading:
    def __init__(self, stream: BinaryIO, table: Table, file: str, sink: IssueSink) -> None:
        self.table, self.file, self.sink = table, file, sink
        self.source = _Source(stream)
        self.columns: list[Column | None] = []
        self.parsers: list[ColumnParser | None] = []

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
        with io.TextIOWrapper(self.source, "utf-8-sig", errors="surrogateescape", newline="") as text:
            if self.source.is_utf16():
                self.issue("not-utf-8", "The file is in UTF-16; save it as UTF-8")
                return
            reader = csv.reader(text, strict=True)
            first = self._first_row(reader)
            if first is None:
                return
            line, row = first
            is_header = self._take_header(row, line)
            if not self.columns:
                return
            self.parsers = [column.type.new_parser() if column else None for column in self.columns]
            batch = _Batch([], [], [], ended=False) if is_header else _Batch([row], [line], [], ended=False)
            while not batch.ended:
                batch = self._rows(reader, chunk_rows, batch)
                if batch.rows or batch.broken:
                    chunk = self._parse(batch)
                    chunk.position = self.source.position
                    yield chunk
                batch = _Batch([], [], [], batch.ended)

    def _first_row(self, reader: Any) -> tuple[int, list[str]] | None:
        while True:
            line = reader.line_num + 1
            self.source.watch([])
            try:
                row = next(reader)
            except StopIteration:
                reason = "The file is empty" if not reader.line_num else "The file has no rows, not even a header"
                self.issue("empty-file", reason)
                return None
            except csv.Error as error:
                self.issue("bad-header", _explained(error), line=line)
                return None
            except _EndlessRow:
                self.issue("endless-row", _ENDLESS, line=line)
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

    def _rows(self, reader: Any, count: int, first: _Batch) -> _Batch:
        """Up to `count` rows after those of `first`, or fewer if they are long."""
        rows, lines = list(first.rows), list(first.lines)
        broken: list[tuple[int, str, str]] = []
        ended = False
        self.source.watch(rows)
        while not ended and len(rows) < count and self.source.taken < MAX_CHUNK_BYTES:
            start, before = reader.line_num, len(rows)
            wanted = min(_BATCH_ROWS, count - before)
            fault = ""
            try:
                rows.extend(islice(reader, wanted))
                ended = len(rows) - before < wanted
            except csv.Error as error:  # the rows before it are in the list already
                fault = _explained(error)
            except _EndlessRow:
                fault, ended = _ENDLESS, True
            if not fault and reader.line_num - start == len(rows) - before:
                lines.extend(range(start + 1, reader.line_num + 1))
            else:
                lines.extend(_starts(rows[before:], start))
            if fault:
                # Rows between two quotes far apart are lost without being counted.
                code = "endless-row" if fault == _ENDLESS else "bad-quoting"
                line = lines[-1] + _height(rows[-1]) if len(rows) > before else start + 1
                if code == "bad-quoting" and reader.line_num > line:
                    code = "unclosed-quote"
                broken.append((line, fault, code))
        if [] in rows:
            filled = [index for index, row in enumerate(rows) if row]
            rows, lines = [rows[index] for index in filled], [lines[index] for index in filled]
        return _Batch(rows, lines, broken, ended)

    def _parse(self, batch: _Batch) -> Chunk:
        rows, lines = batch.rows, batch.lines
        if batch.broken or set(map(len, rows)) != {len(self.columns)}:
            return self._parse_each(batch)
        chunk = Chunk(lines)
        try:
            for column, parse, cells in zip(self.columns, self.parsers, zip(*rows, strict=True), strict=True):
                if column is not None and parse is not None:
                    chunk.values[column.name] = parse(cells)
        except ValueError:
            return self._parse_each(batch)
        if self.table.box is None or self.table.box.holds(self._with_box(chunk)):
            return chunk
        return self._parse_each(batch)

    def _with_box(self, chunk: Chunk) -> dict[str, Sequence[Any]]:
        assert self.table.box is not None
        return {name: chunk.get(name) for name in self.table.box.names}

    def _parse_each(self, batch: _Batch) -> Chunk:
        good_lines: list[int] = []
        known = [column for column in self.columns if column is not None]
        good: dict[str, list[Any]] = {column.name: [] for column in known}
        broken = [*batch.broken]
        for row, line in zip(batch.rows, batch.lines, strict=True):
            while broken and broken[0][0] < line:
                self._report_broken(*broken.pop(0))
            values = self._parse_row(row, line)
            if values is not None:
                good_lines.append(line)
                for name, column in good.items():
                    column.append(values[name])
        for fault in broken:
            self._report_broken(*fault)
        return Chunk(good_lines, dict(good), bad=len(batch.rows) - len(good_lines) + len(batch.broken))

    def _report_broken(self, line: int, reason: str, code: str) -> None:
        self.issue(code, reason, line=line)

    def _parse_row(self, row: list[str], line: int) -> dict[str, Any] | None:
        if len(row) != len(self.columns):
            what = "short" if len(row) < len(self.columns) else "long"
            reason = f"The row has {_count(len(row), 'cell')}, but the file has {_count(len(self.columns), 'column')}"
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


_ENDLESS: Final = f"The row has no end within {MAX_ROW_BYTES} bytes; the file is not read any further"


def _explained(error: csv.Error) -> str:
    """What Python's CSV reader found, for people; by its own words where they are new to us."""
    match str(error):
        case "unexpected end of data":
            return "A quote is opened in this row and never closed"
        case "',' expected after '\"'":
            return "A quoted cell goes on after its closing quote; double the quotes inside it"
        case text if limit := re.fullmatch(r"field larger than field limit \((\d+)\)", text):
            return f"A cell of this row has more than {limit[1]} characters; perhaps a quote is left open"
        case text:
            return f"The row cannot be read as CSV: {text}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _looks_split_otherwise(row: list[str]) -> bool:
    return len(row) == 1 and (";" in row[0] or "\t" in row[0])


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
