"""The sizes of very many images by subset and ImageID, in some 60 bytes each; a dict takes six times as much."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, islice, repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

Place = tuple[str | None, str]
"""Subset, None if nothing says it, and ImageID."""
Size = tuple[int, int]
"""Width and height in pixels."""

_NONE: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A row that says the size of an image of which an earlier row says it, too."""

    place: Place
    file: int
    """Which of the files it stands in, from 0."""
    line: int
    size: Size
    first: Size
    """What the first row of all says."""
    first_of_file: tuple[int, Size] | None
    """Line and size of the first row of the same file, if that is an earlier one."""


class SizeTable:
    """Rows are added, then settled, and then found: by hashes of their places, whose names are compared."""

    def __init__(self) -> None:
        self._subsets: list[str | None] = []
        self._codes_of: dict[str | None, int] = {}
        self._files: list[int] = []
        """The first row of each file."""
        self._names = bytearray()
        self._ends = array("Q")
        """Where in `_names` each row's ends."""
        self._codes, self._widths, self._heights, self._lines = array("I"), array("I"), array("I"), array("I")
        self._hashes = array("q")
        self._sorted, self._order = _NONE, _NONE
        """Of the rows that count: hashes ascending, and the row of each."""
        self._repeated: NDArray[np.int64] = _NONE
        """Rows that don't count, ascending."""

    @classmethod
    def of(cls, rows: Iterable[tuple[Place, Size]]) -> "SizeTable":
        """A settled table; of rows of one place the first counts."""
        table = cls()
        table.begin_file()
        for place, size in rows:
            table.add(place, size, 0)
        table.settle()
        return table

    def begin_file(self) -> None:
        """Has the rows that follow stand in another file."""
        self._files.append(len(self._ends))

    def add(self, place: Place, size: Size, line: int) -> None:
        """Takes in a row."""
        self.extend(place[0], [place[1]], [size[0]], [size[1]], [line])

    def extend(
        self,
        subset: str | None,
        names: Sequence[str],
        widths: Sequence[int],
        heights: Sequence[int],
        lines: Sequence[int],
    ) -> None:
        """Takes in rows of one subset."""
        code = self._codes_of.setdefault(subset, len(self._subsets))
        if code == len(self._subsets):
            self._subsets.append(subset)
        self._codes.extend(repeat(code, len(names)))
        encoded = [name.encode() for name in names]
        self._ends.extend(islice(accumulate(map(len, encoded), initial=len(self._names)), 1, None))
        self._names += b"".join(encoded)
        self._widths.extend(widths)
        self._heights.extend(heights)
        self._lines.extend(lines)
        self._hashes.extend(map(hash, zip(repeat(subset), names)))

    def settle(self) -> list[Repeat]:
        """Ends the adding. Returns the rows that say something again, in their order; they don't count any more."""
        hashes = np.frombuffer(self._hashes, np.int64) if self._hashes else _NONE
        order = np.argsort(hashes, kind="stable")
        found = hashes[order]
        is_again = found[1:] == found[:-1]
        repeats: dict[int, Repeat] = {}
        if is_again.any():
            shared = np.flatnonzero(np.append(is_again, False) | np.append(False, is_again))
            for _, rows in groupby(order[shared].tolist(), self._hashes.__getitem__):
                repeats.update(self._repeats(rows))
        self._repeated = np.array(sorted(repeats), np.int64)
        counts = ~np.isin(order, self._repeated)
        self._sorted, self._order = found[counts], order[counts].astype(np.uint32)
        self._hashes = array("q")
        return [repeats[row] for row in self._repeated.tolist()]

    def _repeats(self, rows: Iterable[int]) -> Iterator[tuple[int, Repeat]]:
        first: dict[Place, int] = {}
        first_of_file: dict[tuple[Place, int], int] = {}
        for row in rows:
            place, file = self._place(row), bisect_right(self._files, row) - 1
            before, before_here = first.setdefault(place, row), first_of_file.setdefault((place, file), row)
            if before != row:
                here = None if before_here == row else (self._lines[before_here], self._size(before_here))
                yield row, Repeat(place, file, self._lines[row], self._size(row), self._size(before), here)

    def find(self, subset: str | None, names: Sequence[str]) -> list[Size | None]:
        """The size of each of these images, None if no row says it."""
        if not len(self._order) or subset not in self._codes_of:
            return [None] * len(names)
        hashes = np.fromiter(map(hash, zip(repeat(subset), names)), np.int64, len(names))
        first = np.searchsorted(self._sorted, hashes)
        end = np.searchsorted(self._sorted, hashes, "right")
        code = self._codes_of[subset]
        return [
            self._find(self._order[start:stop].tolist(), code, name.encode()) if start < stop else None
            for start, stop, name in zip(first.tolist(), end.tolist(), names, strict=True)
        ]

    def has(self, subset: str | None, name: str) -> bool:
        """Whether a row says the size of this image."""
        return self.find(subset, [name]) != [None]

    @property
    def says_subsets(self) -> bool:
        """Whether a row says its subset."""
        return any(subset is not None for subset in self._subsets)

    def _find(self, rows: Iterable[int], code: int, name: bytes) -> Size | None:
        """The size of the image, if one of these rows, whose hash it has, is its."""
        for row in rows:
            if self._codes[row] == code and self._names[self._start(row) : self._ends[row]] == name:
                return self._size(row)
        return None

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Place]:
        return map(self._place, self._rows())

    def items(self) -> Iterator[tuple[Place, Size]]:
        """Place and size of each row that counts, in the order of the rows."""
        return ((self._place(row), self._size(row)) for row in self._rows())

    def _rows(self) -> Iterator[int]:
        repeated = set(self._repeated.tolist())
        return (row for row in range(len(self._ends)) if row not in repeated)

    def _place(self, row: int) -> Place:
        return self._subsets[self._codes[row]], self._names[self._start(row) : self._ends[row]].decode()

    def _start(self, row: int) -> int:
        return self._ends[row - 1] if row else 0

    def _size(self, row: int) -> Size:
        return self._widths[row], self._heights[row]
