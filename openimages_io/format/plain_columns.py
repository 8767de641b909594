"""Columns of plain blocks to values: many cells at once, or each different cell once.

Only what can mean one thing is read here. Every other cell goes to the parser of its column, as in the reader of rows,
so the values are the same; a block with a cell that its column refuses is left to that reader.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.cells import ColumnParser, Form
from openimages_io.format.chunk import Chunk
from openimages_io.format.coded import Coded, different
from openimages_io.format.decimals import read_decimals
from openimages_io.format.plain import PlainBlock, Words, first_bytes, texts_of
from openimages_io.format.tables import Column

_SHORT: Final = 2
"""Of cells of so few bytes there are few different ones, whatever they say."""
_MOST_REMEMBERED: Final = 1000
_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)


class _Entry(NamedTuple):
    """A column that is read."""

    place: int
    column: Column
    parser: ColumnParser


class PlainColumns:
    """Reads the columns of one file."""

    def __init__(self, columns: Sequence[Column | None], parsers: Sequence[ColumnParser | None]) -> None:
        self._entries = [
            _Entry(place, column, parser)
            for place, (column, parser) in enumerate(zip(columns, parsers, strict=True))
            if column is not None and parser is not None
        ]
        # Where every cell is made a text for the sake of some, words are found more quickly among the texts.
        self._has_texts = any(column.type.form is Form.TEXT for _, column, _ in self._entries)
        self._short_cells = _ShortCells()

    def parse(self, block: PlainBlock) -> Chunk:
        """The rows. Raises `ValueError` if a cell is bad, without saying which."""
        chunk = Chunk(block.lines, {column.name: () for _, column, _ in self._entries})
        longest = block.sizes.max(axis=1).tolist()
        short, decimals, others = [], [], []
        for entry in self._entries:
            if longest[entry.place] <= _SHORT:
                short.append(entry)
            elif entry.column.type.form is Form.NUMBER:
                decimals.append(entry)
            else:
                others.append(entry)
        if decimals:
            _read_numbers(block, decimals, chunk)
        if short:
            self._short_cells.read(block, short, chunk)
        for place, column, parser in others:
            coded = None if self._has_texts else _coded(block, place, column, parser)
            if coded is not None:
                _take(chunk, column, coded)
            else:
                chunk.values[column.name] = parser(block.cells(place))
        return chunk


def _take(chunk: Chunk, column: Column, coded: Coded) -> None:
    """Takes in a column of which the different values are known."""
    chunk.coded[column.name] = coded
    chunk.values[column.name] = coded.rows()
    if column.type.form is Form.NUMBER and None not in coded.values:
        chunk.numbers[column.name] = np.array(coded.values, np.float64)[coded.codes]


def _read_numbers(block: PlainBlock, entries: Sequence[_Entry], chunk: Chunk) -> None:
    arrays, is_read = read_decimals(block, [entry.place for entry in entries])
    for (place, column, parser), array, known in zip(entries, arrays, is_read, strict=True):
        values = array.tolist()
        others: Sequence[Any] = ()
        if not known.all():
            rows = np.flatnonzero(~known)
            others = parser(block.some_cells(place, rows))
            for row, value in zip(rows.tolist(), others, strict=True):
                values[row] = value
        chunk.values[column.name] = values
        if None not in others:
            chunk.numbers[column.name] = np.array(values, np.float64) if others else array


def _coded(block: PlainBlock, place: int, column: Column, parser: ColumnParser) -> Coded | None:
    """A column of words by its values; None if that cannot be done quickly."""
    words = block.words(place)
    if words is None:
        return None
    return _runs(parser, words) if column.type.form is Form.RUN else _distinct(parser, words)


def _runs(parser: ColumnParser, words: Sequence[Words]) -> Coded:
    """A column whose neighbours are often equal."""
    begins = np.zeros(len(words[0]), np.bool_)
    for word in words:
        begins[1:] |= word[1:] != word[:-1]
    codes = np.cumsum(begins, dtype=np.intp)
    begins[0] = True
    return Coded(parser(texts_of(words, np.flatnonzero(begins))), codes)


def _distinct(parser: ColumnParser, words: Sequence[Words]) -> Coded | None:
    """A column of few different words."""
    if all((word == word[0]).all() for word in words):
        return Coded(parser(texts_of(words, np.zeros(1, np.intp))), np.zeros(len(words[0]), np.intp))
    hashes = words[0]
    for word in words[1:]:
        hashes = hashes * _MIXER ^ word
    first, codes = different(hashes)
    if len(words) > 1 and not all((word[first][codes] == word).all() for word in words):
        return None  # two words have the same hash
    return Coded(parser(texts_of(words, first)), codes)


class _ShortCells:
    """The different short cells that a file has had so far, in whatever column."""

    def __init__(self) -> None:
        self._cells: list[str] = []
        self._codes: NDArray[np.int16] = np.full(256**_SHORT, -1, np.int16)
        """By the bytes of a cell, its place in the list; -1 for one that is not there."""

    def read(self, block: PlainBlock, entries: Sequence[_Entry], chunk: Chunk) -> None:
        """Reads columns of nothing but short cells."""
        places = [entry.place for entry in entries]
        keys = first_bytes(block.words_at(block.starts[places]), block.sizes[places]).astype(np.intp)
        every = self._codes[keys]
        if every.min() < 0:
            self._learn(keys)
            every = self._codes[keys]
        for (_, column, parser), codes in zip(entries, every, strict=True):
            is_used = np.bincount(codes, minlength=len(self._cells)) > 0
            values = parser([self._cells[code] for code in np.flatnonzero(is_used).tolist()])
            _take(chunk, column, Coded(values, (np.cumsum(is_used) - 1)[codes]))

    def _learn(self, keys: NDArray[np.intp]) -> None:
        if len(self._cells) > _MOST_REMEMBERED:
            self._cells.clear()
            self._codes[:] = -1
        for key in np.unique(keys[self._codes[keys] < 0]).tolist():
            self._codes[key] = len(self._cells)
            self._cells.append(key.to_bytes(_SHORT, "little").rstrip(b"\0").decode())
