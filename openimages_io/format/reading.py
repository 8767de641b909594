"""CSV files to columns of values, chunk by chunk, with the file's own line numbers.

A chunk is parsed column by column at C speed, where it is plain text without ever being cut into rows. Only when
something in it is wrong is it looked at row by row, so the messages cost nothing until they are needed.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from typing import Any, BinaryIO, Final

from openimages_io.format import class_lists
from openimages_io.format.cells import BadCell, ColumnParser
from openimages_io.format.chunk import Chunk
from openimages_io.format.csv_rows import Broken, RowReader, Rows, height
from openimages_io.format.issue_codes import code_of
from openimages_io.format.issues import Issue, IssueSink, Params, Severity
from openimages_io.format.plain import PlainBlock
from openimages_io.format.plain_columns import PlainColumns
from openimages_io.format.repairs import Repairs, is_blank, is_split_otherwise
from openimages_io.format.tables import Column, Table

CHUNK_ROWS: Final = 2048

MAX_CHUNK_BYTES: Final = 2**25
"""A chunk of long rows is ended early, somewhat above this."""

_LISTED: Final = 30


def read_table(
    stream: BinaryIO, table: Table, file: str, sink: IssueSink, chunk_rows: int = CHUNK_ROWS, *, clip: bool = False
) -> Iterator[Chunk]:
    """Reads a table of the format as chunks of its good rows; all that is wrong goes to `sink`, with file and line.

    UTF-8 with or without a BOM; lines may end in LF, CRLF or CR. Memory is bounded by the chunk. Issues come in the
    order of lines, those of a whole file last. With `clip`, coordinates a hair outside the image are its edge. The
    stream, of any kind that can be read, is closed at the end.
    """
    return _Reading(stream, table, file, sink, clip).chunks(chunk_rows)


class _Reading:
    def __init__(self, stream: BinaryIO, table: Table, file: str, sink: IssueSink, clip: bool) -> None:
        self.table, self.file, self.sink, self.clip = table, file, sink, clip
        self.stream = stream
        self.columns: list[Column | None] = []
        self.parsers: list[ColumnParser | None] = []
        self.plain = PlainColumns((), ())
        self.unnamed = 0
        self.repairs = Repairs(())

    def issue(
        self,
        code: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
        params: Params | None = None,
    ) -> None:
        self.sink(
            Issue(
                code=code,
                params=params,
                file=self.file,
                line=line,
                column=column,
                value=value,
                severity=severity,
            )
        )

    def chunks(self, chunk_rows: int) -> Iterator[Chunk]:
        with closing(self.stream):
            reader = RowReader(self.stream)
            if reader.is_utf16():
                self.issue("not-utf-8")
                return
            for rows in self._below_the_header(reader, chunk_rows):
                chunk = self._parse(rows) if isinstance(rows, Rows) else self._parse_plain(reader, rows)
                chunk.position = reader.position
                yield chunk
            if reader.spaced:
                self.issue("spaced-quotes", line=reader.first_spaced, params={"count": reader.spaced})
            for issue in self.repairs.issues(self.file):
                self.sink(issue)

    def _below_the_header(self, reader: RowReader, count: int) -> Iterator[Rows | PlainBlock]:
        """The rows, in chunks of so many, or of fewer if they are long or where plain blocks begin and end."""
        pending, taken = Rows(), reader.position
        for block in reader.blocks():
            if isinstance(block, PlainBlock):
                if pending:
                    yield pending
                    pending = Rows()
                yield from block.parts(count)
                taken = reader.position
                continue
            pending.extend(block)
            if not self.columns:
                pending.pass_over(is_blank)
            is_enough = self.table.header or reader.ended or len(pending) > class_lists.SAMPLE
            if pending and not self.columns and is_enough and not self._begins(pending):
                return
            reader.plain_columns = len(self.columns)
            while self.columns and (len(pending) > count or (pending and reader.position - taken > MAX_CHUNK_BYTES)):
                taken = reader.position
                chunk, pending = pending.split(count)
                yield chunk
        if pending.lines and reader.ends_open:
            self.repairs.cut_line = pending.lines[-1]
        if pending:
            yield pending
        if not self.columns:
            self.issue("empty-file", params={"form": "no-header"} if reader.lines else None)

    def _begins(self, rows: Rows) -> bool:
        """Takes the header off the rows; tells whether there is anything to read behind it."""
        if rows.broken and not (rows.lines and rows.lines[0] < rows.broken[0].line):
            broken = rows.broken[0]
            params = {"form": "endless", **broken.params} if broken.code == "endless-row" else broken.params
            self.issue("bad-header", line=broken.line, params=params)
            return False
        if self._take_header(rows.rows[0], rows.lines[0], rows.rows[1 : 1 + class_lists.SAMPLE]):
            del rows.rows[0], rows.lines[0]
        self.parsers = [column.type.new_parser() if column else None for column in self.columns]
        self.plain = PlainColumns(self.columns, self.parsers)
        self.repairs = Repairs(self.columns, self.unnamed, clip=self.clip)
        return bool(self.columns)

    def _take_header(self, row: list[str], line: int, below: Sequence[Sequence[str]]) -> bool:
        """Learns the columns; tells whether the row was a header (if not, it is the first row of values)."""
        names = [cell.strip() for cell in row]
        while not names[-1] and (self.table.header or not any(map(str.strip, _column(below, len(names) - 1)))):
            names.pop()
        known = [self.table.by_name.get(name.casefold()) for name in names]
        if not self.table.header:
            try:
                if is_split_otherwise(row):
                    raise class_lists.UncertainColumns(_mark(row))
                found = class_lists.find_columns(names, below)
            except class_lists.UncertainColumns as fault:
                self.issue("bad-header", line=line, value=",".join(row), params=fault.params)
                return True
            known = self._class_columns(names, known, line, found)
            if not found.has_header:
                self.columns, self.unnamed = known, len(row) - len(known)
                return False
        twice = {column.name for column in known if column and known.count(column) > 1}
        missing = [column.name for column in self.table.columns if column.required and column not in known]
        for name in sorted(twice):
            self.issue("column-twice", line=line, column=name)
        if missing and is_split_otherwise(row):
            self.issue("not-commas", line=line, value=",".join(row), params={"form": _mark(row)})
        else:
            for name in missing:
                self.issue("column-missing", line=line, column=name, params={"columns": _listed(names)})
        if twice or missing:
            return True
        unknown = [name for name, column in zip(names, known, strict=True) if column is None]
        if unknown:
            listed = ", ".join(name or "(no name)" for name in unknown)
            self.issue("unknown-column", line=line, value=listed)
        self.columns, self.unnamed = known, len(row) - len(known)
        return True

    def _class_columns(
        self, names: list[str], known: Sequence[Column | None], line: int, found: class_lists.ClassColumns
    ) -> list[Column | None]:
        """The columns of a class list, whose header may be missing or have other words; what is not plain is said."""
        label, display = self.table.columns
        places = {found.label: label, found.name: display}
        columns = [(column if found.has_header else None) or places.get(place) for place, column in enumerate(known)]
        said: dict[str, Any] = {"first": label.name, "second": display.name}
        if found.name is None:
            said["form"] = "one"
        elif len(names) > 2:
            said |= {"form": "several", "label": found.label + 1, "name": found.name + 1}
        elif found.name < found.label:
            said = {"first": display.name, "second": label.name}
        if found.is_odd:
            self.issue("perhaps-a-header", line=line, value=",".join(names))
        elif found.has_header and columns != list(known):
            self.issue("header-guessed", line=line, value=",".join(names), params=said)
        elif not found.has_header and columns != list(self.table.columns[: len(names)]):
            self.issue("columns-guessed", line=line, params=said)
        return columns

    def _parse_plain(self, reader: RowReader, block: PlainBlock) -> Chunk:
        with suppress(ValueError):
            chunk = self.plain.parse(block)
            if self._is_sound(chunk):
                return chunk
        return self._parse(reader.rows_of(block))

    def _parse(self, batch: Rows) -> Chunk:
        chunk = self._parse_whole(batch)
        if chunk is None and (repaired := self.repairs.repair(batch)) is not batch:
            batch, chunk = repaired, self._parse_whole(repaired)
        return self._parse_each(batch) if chunk is None else chunk

    def _parse_whole(self, batch: Rows) -> Chunk | None:
        """The rows by column; None if any of them needs a look of its own."""
        rows, lines = batch.rows, batch.lines
        if batch.broken or set(map(len, rows)) != {len(self.columns)}:
            return None
        chunk = Chunk(lines)
        try:
            for column, parse, cells in zip(self.columns, self.parsers, zip(*rows, strict=True), strict=True):
                if column is not None and parse is not None:
                    chunk.values[column.name] = parse(cells)
        except ValueError:
            return None
        return chunk if self._is_sound(chunk) else None

    def _is_sound(self, chunk: Chunk) -> bool:
        """Whether no row needs a look of its own for what is in several of its cells."""
        box = self.table.box
        if box is None:
            return not any(map(str.isspace, chunk.distinct(self.table.key.name).values))  # perhaps a blank line
        if all(name in chunk.numbers for name in box.names):
            return box.holds_everywhere(chunk.numbers)
        return box.holds({name: chunk.get(name) for name in box.names})

    def _parse_each(self, batch: Rows) -> Chunk:
        good_lines: list[int] = []
        known = [column for column in self.columns if column is not None]
        good: dict[str, list[Any]] = {column.name: [] for column in known}
        broken = deque(batch.broken)
        bad_ids: list[str] = []
        for row, line in zip(batch.rows, batch.lines, strict=True):
            while broken and broken[0].line < line:
                self._report_broken(broken.popleft())
            values, is_good = self._parse_row(row, line)
            if is_good:
                good_lines.append(line)
                for name, column in good.items():
                    column.append(values[name])
            elif "ImageID" in values:
                bad_ids.append(values["ImageID"])
        for fault in broken:
            self._report_broken(fault)
        return Chunk(good_lines, dict(good), len(batch.rows) - len(good_lines) + len(batch.broken), bad_ids)

    def _report_broken(self, fault: Broken) -> None:
        goes_on = {"last": fault.last} if fault.last > fault.line else {}
        self.issue(fault.code, line=fault.line, params=fault.params | goes_on)

    def _parse_row(self, row: list[str], line: int) -> tuple[dict[str, Any], bool]:
        """The values of a row's good cells, and whether the row is good; what is wrong with it is reported."""
        if len(row) != len(self.columns):
            what = "short" if len(row) < len(self.columns) else "long"
            params: dict[str, Any] = {"cells": len(row), "columns": len(self.columns)}
            if needed := [column.name for column in self.columns[len(row) :] if column and column.required]:
                params |= {"form": "needed", "names": ", ".join(needed)}
            elif what == "long" and self._has_decimal_commas(row):
                params["form"] = "decimal-commas"
            elif what == "short" and line == self.repairs.cut_line:
                params["form"] = "cut"
            self.issue(f"{what}-row", line=line, params=params)
            return {}, False
        values: dict[str, Any] = {}
        good, is_split = True, False
        for column, cell in zip(self.columns, row, strict=True):
            if column is None:
                continue
            try:
                values[column.name] = column.type.parse(cell)
            except BadCell as fault:
                good = False
                is_split |= "\n" in cell or "\r" in cell
                self.issue(fault.code, line=line, column=column.name, value=cell, params=fault.params)
        if is_split and (tall := height(row)) > 2:
            self.issue("unclosed-quote", line=line, params={"form": "cell", "last": line + tall - 1})
        if not good:
            return values, False
        for fault_ in self._box_faults(values):
            column = self.table.by_name[fault_.column.casefold()]
            cell = row[self.columns.index(column)] if column in self.columns else ""
            self.issue(fault_.code, line=line, column=column.name, value=cell, params=fault_.params)
            good &= code_of(fault_.code).severity is not Severity.ERROR
        return values, good

    def _has_decimal_commas(self, row: list[str]) -> bool:
        """Whether a row that is too long would not be if `0,25` were one number."""
        extra = len(row) - len(self.columns)
        if self.table.box is None or extra < 2:
            return False
        pairs = sum(low in {"0", "1"} and high.isdigit() and high not in {"0", "1"} for low, high in pairwise(row))
        return pairs >= extra

    def _box_faults(self, values: dict[str, Any]) -> list[Any]:
        if self.table.box is None:
            return []
        return self.table.box.faults({name: [values.get(name)] for name in self.table.box.names}, 0)


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    """The cells of a column, of the rows that have it."""
    return [row[place] for row in rows if len(row) > place]


def _mark(row: Sequence[str]) -> str:
    """What stands in the place of commas in a row that is one cell, as the form of a sentence."""
    return "semicolons" if ";" in row[0] else "tabs"


def _listed(names: Sequence[str]) -> str:
    """The columns that a file has, for a message: the first of very many."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(name or "(no name)" for name in names[:_LISTED]) + more
