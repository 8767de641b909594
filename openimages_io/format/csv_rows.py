"""CSV text to rows of cells, block by block, with the line on which each row starts.

What is badly quoted is named, and reading goes on behind it. No text is looked at more than a few times and no more
than a row is held, so neither a quote that is never closed nor a line without end costs more than its length.
"""

import csv
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, BinaryIO, Final, NamedTuple

from openimages_io.format import plain
from openimages_io.format.lines import BLOCK_BYTES, MAX_ROW_BYTES, LineSource, decoded_lines
from openimages_io.format.plain import PlainBlock

PLAIN_BYTES: Final = 2**18
"""What is looked at at once for a plain block."""
LEAST_PLAIN_BYTES: Final = 2**14
"""A shorter plain block is not worth its while, unless everything at hand is plain."""
LONGEST_WAIT: Final = 2**20

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_END_OF_DATA: Final = "unexpected end of data"
_BEHIND_A_QUOTE: Final = "',' expected after '\"'"
"""What Python's CSV reader says."""
_CELL: Final = re.compile(r'[ \t]+(?P<quoted>"(?:[^"]|"")*+")[ \t]*(?=,|\Z)|(?:"(?:[^"]|"")*+")?[^,]*')
"""A cell of a line; `quoted` is one in quotes with a space before it."""
_SPACED: Final = re.compile(r'(?:^|,)[ \t]+"')
"""What a line has that has such a cell."""


class Broken(NamedTuple):
    """A row that is not CSV."""

    line: int
    """Where it starts."""
    code: str
    last: int
    """Where it ends, it seems. The lines after its first are read as rows of their own where they can be."""
    params: dict[str, Any]
    """Those of the issue's sentence."""


@dataclass(slots=True)
class Rows:
    """Rows as they are in the file, without blank lines, and those that are not CSV."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """The line on which each row starts."""
    broken: list[Broken] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.broken)

    def extend(self, other: "Rows") -> None:
        """Adds the rows of the lines that follow."""
        self.rows += other.rows
        self.lines += other.lines
        self.broken += other.broken

    def pass_over(self, is_blank: Callable[[list[str]], bool]) -> None:
        """Leaves blank rows at the beginning out."""
        first = next((index for index, row in enumerate(self.rows) if not is_blank(row)), len(self.rows))
        del self.rows[:first], self.lines[:first]

    def split(self, count: int) -> tuple["Rows", "Rows"]:
        """The first `count` rows with what is broken before the next one, and the rest."""
        if len(self.rows) <= count:
            return self, Rows()
        following = self.lines[count]
        before = bisect_left(self.broken, following, key=attrgetter("line"))
        return (
            Rows(self.rows[:count], self.lines[:count], self.broken[:before]),
            Rows(self.rows[count:], self.lines[count:], self.broken[before:]),
        )


class RowReader:
    """Reads a CSV file; the stream, of any kind that can be read, is not closed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._source = LineSource(stream)
        self._width = 0
        """The cells of the first row, which all others are to have; 0 before it."""
        self.lines = 0
        """The lines that were read so far."""
        self.plain_columns = 0
        """The columns of the file, once blocks of rows with as many cells may be handed out as they are."""
        self.spaced = self.first_spaced = 0
        """How many rows have a quoted cell with spaces around it, which were left out, and the line of the first."""
        self._wait = self._next_wait = 0
        """How many bytes are read by rows before a plain block is looked for, now and after the next failure."""

    @property
    def position(self) -> int:
        """The bytes of the file that were read so far, about."""
        return self._source.position

    @property
    def ended(self) -> bool:
        """Whether the file was read to its end."""
        return self._source.ended

    @property
    def ends_open(self) -> bool:
        """Whether the file was read to its end, and its last line has no line end."""
        return self._source.ends_open

    def is_utf16(self) -> bool:
        """Whether the file starts as UTF-16 does: with its BOM, or with every other byte 0."""
        head = self._source.head()
        zero = [not any(head[parity::2]) for parity in (0, 1)]
        return head[:2] in _UTF16 or (len(head) > 1 and zero[0] != zero[1])

    def blocks(self) -> Iterator[Rows | PlainBlock]:
        """The rows of the file, some at a time."""
        lines = list[str]()
        source = self._source
        while True:
            if self.plain_columns and not lines and (plain_block := self._plain_block()):
                yield plain_block
                continue
            lines += source.take(max(BLOCK_BYTES, sum(map(len, lines))))
            block = _Block(lines, self.lines, self._width)
            done = block.parse(is_last=source.ended or source.is_cut)
            self.lines += done
            self._wait -= sum(map(len, lines[:done]))
            self.first_spaced = self.first_spaced or next(iter(block.spaced), 0)
            self.spaced += len(block.spaced)
            lines = lines[done:]
            if source.is_cut:
                self.lines += 1
                block.found.broken.append(Broken(self.lines, "endless-row", self.lines, {"limit": MAX_ROW_BYTES}))
            self._width = block.width
            yield block.found
            if source.ended:
                return

    def rows_of(self, block: PlainBlock) -> Rows:
        """The rows of a block that turned out to need care."""
        lines = decoded_lines(block.text)
        rows = _Block(lines, block.first_line - 1, self._width)
        rows.parse(is_last=True)
        return rows.found

    def _plain_block(self) -> PlainBlock | None:
        """The next rows, if they are plain.

        After a failure rows are read one by one for a while, the longer the more often that happens.
        """
        if self._wait > 0:
            return None
        data = self._source.peek(PLAIN_BYTES)
        block = plain.cut(data, self.plain_columns, self.lines + 1)
        size = len(block.text) if block else 0
        if block is None or (size < LEAST_PLAIN_BYTES and size < len(data)):
            self._wait = self._next_wait
            self._next_wait = min(2 * self._next_wait + BLOCK_BYTES, LONGEST_WAIT)
            return None
        self._wait = self._next_wait = 0
        self._source.skip(size)
        self.lines += len(block)
        return block


class _Block:
    """Some lines of a file, and the rows that are found in them."""

    def __init__(self, lines: Sequence[str], before: int, width: int) -> None:
        self.lines, self.before, self.width = lines, before, width
        self.found = Rows()
        self.spaced: list[int] = []
        """The lines of rows in which a quoted cell has spaces around it, which were left out."""
        self._may_be_spaced = any(_has_spaced_quote(line) and _SPACED.search(line) for line in lines)

    def parse(self, *, is_last: bool) -> int:
        """Finds the rows; returns how many lines are done with. The others are to be given again, with more."""
        feed = iter(self.lines)
        reader = csv.reader(feed, strict=True)
        skipped = 0  # lines that this reader has not seen
        while True:
            start, fault, rows = skipped + reader.line_num, "", list[list[str]]()
            try:
                rows.extend(reader)
            except csv.Error as error:  # the rows before it are in the list
                fault = str(error)
            done = skipped + reader.line_num
            place = self._take(rows, start, done if not fault else None)
            if not fault:
                return done
            if fault == _END_OF_DATA:
                return self._open_at_the_end(place, is_last=is_last)
            last = done - 1
            self._break(place, last, _explained(fault))
            self._apart(place + 1, last)
            if last > place and (fault != _BEHIND_A_QUOTE or self._may_begin_a_row(self.lines[last])):
                # So no line is read more than twice within longer rows, and once on its own.
                reader = csv.reader(chain((self.lines[last],), feed), strict=True)
                skipped = last

    def _open_at_the_end(self, place: int, *, is_last: bool) -> int:
        count = len(self.lines)
        if is_last:
            self._break(place, count - 1, _explained(_END_OF_DATA))
            self._apart(place + 1, count)
            return count
        if sum(map(len, self.lines[place:])) <= MAX_ROW_BYTES:
            return place
        self._break(place, count - 1, {"form": "no-end", "limit": MAX_ROW_BYTES})
        self._apart(place + 1, count - 1)
        return max(place + 1, count - 1)

    def _take(self, rows: list[list[str]], start: int, end: int | None) -> int:
        """Takes rows that start on this line; returns the line behind them."""
        if self._may_be_spaced:
            rows = self._without_spaces(rows, start, end)
        self.width = self.width or next((len(row) for row in rows if any(row)), 0)
        found = self.found
        if end is not None and end - start == len(rows):
            numbers: Sequence[int] = range(self.before + start + 1, self.before + end + 1)
            if [] in rows:
                found.lines += [number for number, row in zip(numbers, rows, strict=True) if row]
                found.rows += [row for row in rows if row]
            else:
                found.lines += numbers
                found.rows += rows
            return end
        for row in rows:
            tall = height(row)
            if tall > 1 and (why := self._refuses(row, start, tall)):
                self._break(start, start + tall - 1, why)
                self._apart(start + 1, start + tall)
            elif row:
                found.rows.append(row)
                found.lines.append(self.before + start + 1)
            start += tall
        return start

    def _without_spaces(self, rows: list[list[str]], start: int, end: int | None) -> list[list[str]]:
        """The rows, without spaces around quoted cells: Python's reader takes the quotes for a part of such a cell."""
        read = []
        is_line_each = end is not None and end - start == len(rows)
        for row in rows:
            tall, found = 1 if is_line_each else height(row), row
            if tall == 1 and _has_spaced_quote(self.lines[start]) and any(map(_is_spaced, row)):
                with suppress(csv.Error):
                    found = next(csv.reader((_without_spaces(self.lines[start]),), strict=True))
            if found != row:
                self.spaced.append(self.before + start + 1)
            read.append(found)
            start += tall
        return read

    def _refuses(self, row: list[str], start: int, tall: int) -> dict[str, Any]:
        """Why a row of several lines is none; empty if it is one. One quote too many anywhere is found so."""
        if len(row) < self.width or any(row[self.width :]):
            return {"form": "cells", "cells": len(row), "columns": self.width}
        if sum(line.count('"') for line in self.lines[start : start + tall]) % 2:
            return {"form": "odd"}
        return {}

    def _break(self, first: int, last: int, params: dict[str, Any]) -> None:
        code = "bad-quoting" if last == first else "unclosed-quote"
        self.found.broken.append(Broken(self.before + first + 1, code, self.before + last + 1, params))

    def _may_begin_a_row(self, line: str) -> bool:
        """Whether a line on which a quoted cell was ended wrongly is a row, rather than the end of one."""
        return len(next(csv.reader((line,)), ())) == self.width

    def _apart(self, start: int, end: int) -> None:
        """Reads lines each on its own."""
        for index in range(start, end):
            line = self.before + index + 1
            try:
                row = next(csv.reader((self.lines[index],), strict=True))
            except csv.Error as error:
                self.found.broken.append(Broken(line, "bad-quoting", line, _explained(str(error))))
                continue
            if self._may_be_spaced:
                (row,) = self._without_spaces([row], index, index + 1)
            if row:
                self.found.rows.append(row)
                self.found.lines.append(line)


def _explained(error: str) -> dict[str, Any]:
    """What Python's CSV reader found, as parameters of the issue; by its own words where they are new to us."""
    match error:
        case text if text == _END_OF_DATA:
            return {"form": "never-closed"}
        case text if text == _BEHIND_A_QUOTE:
            return {"form": "behind"}
        case text if limit := re.fullmatch(r"field larger than field limit \((\d+)\)", text):
            return {"form": "long-cell", "limit": int(limit[1])}
        case text:
            return {"form": "csv", "detail": text}


def _has_spaced_quote(line: str) -> bool:
    return ' "' in line or '\t"' in line


def _is_spaced(cell: str) -> bool:
    return cell[:1] in {" ", "\t"} and cell.lstrip()[:1] == '"'


def _without_spaces(line: str) -> str:
    """A line, without its end, whose quoted cells have no spaces around them."""
    text, cells, at = line.rstrip("\r\n"), list[str](), 0
    while at <= len(text):
        cell = _CELL.match(text, at)
        assert cell is not None
        cells.append(cell["quoted"] or cell[0])
        at = cell.end() + 1
    return ",".join(cells)


def height(row: list[str]) -> int:
    """The number of lines that a row takes: line breaks may stand inside quotes."""
    text = "\0".join(row)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
