"""Blocks of CSV text that need no care, cut into cells by numpy: no quote, and in every row as many cells.

Anything unusual ends a block before its line. What comes there is for the reader of `csv_rows.py`, which alone knows
what is wrong with a row and on which line it stands.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST_WORDS: Final = 8
"""Cells of more than eight times as many bytes are not looked at as words."""
_PADDING: Final = bytes(8 * _MOST_WORDS + 24)
_COMMA, _LF, _CR = b",\n\r"
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_FIRST_BYTES: Final = np.array([2 ** (8 * count) - 1 for count in range(9)], np.uint64)
"""Masks for the first bytes of a word, by their number."""

Places = NDArray[np.intp]
Words = NDArray[np.uint64]


class PlainBlock:
    """Some rows of a file. Columns are numbered from 0, and a cell is where it starts and how many bytes it has."""

    __slots__ = ("_cells", "_text", "_words", "first_line", "sizes", "starts")

    def __init__(self, text: bytes, starts: Places, sizes: Places, first_line: int) -> None:
        self._text = text
        """The block's bytes, or those of the block that this is a part of, and some padding."""
        self.starts, self.sizes = starts, sizes
        """By column and row."""
        self.first_line = first_line
        self._words = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))
        """Eight bytes from each byte on."""
        self._cells: list[str] | None = None

    def __len__(self) -> int:
        return len(self.starts[0])

    @property
    def lines(self) -> range:
        """The line of each row."""
        return range(self.first_line, self.first_line + len(self))

    @property
    def text(self) -> bytes:
        """The lines as they are in the file."""
        end = self._text.index(b"\n", int(self.starts[-1, -1]))
        return self._text[self.starts[0, 0] : end + 1]

    def parts(self, most: int) -> Iterator["PlainBlock"]:
        """The block in parts of as many rows each, and of `most` at most."""
        count = -(-len(self) // most)
        edges = [len(self) * part // count for part in range(count + 1)]
        for start, stop in pairwise(edges):
            yield PlainBlock(self._text, self.starts[:, start:stop], self.sizes[:, start:stop], self.first_line + start)

    def cells(self, column: int) -> list[str]:
        """The cells of a column. The first call costs as much as a call for every column."""
        if self._cells is None:
            self._cells = self.text.decode().replace("\r\n", "\n").replace("\n", ",").split(",")
        return self._cells[column : -1 : len(self.starts)]

    def some_cells(self, column: int, rows: Places) -> list[str]:
        """The cells of a column in these rows."""
        starts = self.starts[column, rows]
        ends = starts + self.sizes[column, rows]
        return [self._text[start:end].decode() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def bytes_at(self, places: Places) -> NDArray[np.uint8]:
        """The byte at each place."""
        return np.frombuffer(self._text, np.uint8)[places]

    def words_at(self, places: Places) -> Words:
        """The eight bytes from each place on, the first one lowest."""
        return self._words[places]

    def words(self, column: int) -> list[Words] | None:
        """Each cell as words of eight bytes, zeros behind its end; None if there are cells of very many bytes."""
        starts, sizes = self.starts[column], self.sizes[column]
        least, most = int(sizes.min()), int(sizes.max())
        if most > 8 * _MOST_WORDS:
            return None
        found = []
        for offset in range(0, max(most, 1), 8):
            word = self.words_at(starts + offset)
            if least < offset + 8:
                word = first_bytes(word, (sizes - offset).clip(0, 8))
            found.append(word)
        return found


def first_bytes(words: Words, counts: Places) -> Words:
    """The first bytes of each word, so many of eight; zeros behind them."""
    return np.bitwise_and(words, _FIRST_BYTES[counts])


def texts_of(words: Sequence[Words], rows: Places) -> list[str]:
    """The cells of which these are the words, in these rows."""
    chosen = np.stack([word[rows] for word in words], axis=1).astype("<u8", copy=False)
    joined: bytes = b"\n".join(chosen.view(f"S{8 * len(words)}")[:, 0].tolist())
    return joined.decode().split("\n")


def cut(data: bytes, columns: int, first_line: int) -> PlainBlock | None:
    """The rows at the beginning of `data` that need no care; None if the first one does, or there is none.

    `data` begins with a row, and may end within one. The lines of a block are UTF-8 and end in LF or CRLF.
    """
    text = data[: _end_of_plain_text(data)] + _PADDING
    every = np.frombuffer(text, np.uint8)
    lines = every[: -len(_PADDING)]
    is_end = lines == _COMMA
    is_end |= lines == _LF
    ends = np.flatnonzero(is_end)
    by_row = ends[: len(ends) // columns * columns].reshape(-1, columns)
    by_row = by_row[: _equal_rows(lines, by_row)]
    if not len(by_row) or int(np.diff(by_row[:, -1], prepend=-1).max()) > csv.field_size_limit():
        return None
    by_column = np.ascontiguousarray(by_row.T)
    starts = np.zeros_like(by_column)
    starts[0, 1:] = by_column[-1, :-1] + 1
    starts[1:] = by_column[:-1] + 1
    sizes = by_column - starts
    if b"\r" in data:
        sizes[-1] -= every[by_column[-1] - 1] == _CR
    if columns == 1 and not sizes.all():
        blank = int(sizes[0].argmin())
        starts, sizes = starts[:, :blank], sizes[:, :blank]
    return PlainBlock(text, starts, sizes, first_line) if sizes.size else None


def _end_of_plain_text(data: bytes) -> int:
    """The place behind the last whole line before anything unusual."""
    end = len(data)
    for odd in (b'"', b"\0"):
        place = data.find(odd, 0, end)
        end = place if place >= 0 else end
    if b"\r" in data and (lone := _LONE_CR.search(data, 0, end)):
        end = lone.start()
    end = data.rfind(b"\n", 0, end) + 1
    if not data.isascii():
        try:
            data[:end].decode()
        except UnicodeDecodeError as fault:
            end = data.rfind(b"\n", 0, fault.start) + 1
    return end


def _equal_rows(text: NDArray[np.uint8], ends: Places) -> int:
    """How many rows at the beginning have as many cells as `ends` has columns."""
    is_end = text[ends[:, -1]] == _LF
    if is_end.all() and np.count_nonzero(text == _LF) == len(ends):
        return len(ends)
    is_row = ((text[ends] == _LF).sum(axis=1) == 1) & is_end
    return len(ends) if is_row.all() else int(is_row.argmin())
