"""Columns of cells as arrays of bytes, and whole lines made of them, many rows at a time.

`writing.py` says what the text of a value is; here it is made of each different value once, or by numpy. A cell that is
shorter than its column's longest is padded with NUL, which no cell of the format may hold.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.writing import number

Value = TypeVar("Value", bound=Hashable)
Cells = NDArray[np.bytes_]
"""(rows,), each cell finished: quoted where it must be, in UTF-8."""

_COMMA, _POINT, _NEWLINE, _ZERO = b",.\n0"
_GROUP: Final = 3
_FEW_PLACES: Final = 6
"""Decimal places that most files have."""
_MOST_PLACES: Final = 15
"""Decimal places up to which a float64 says the decimal exactly."""
_MOST_SPAN: Final = 1 << 16
_SMALLEST: Final = 1e-4
"""Below it the shortest text has an exponent."""


def _thousand() -> NDArray[np.uint8]:
    """The digits of 0 to 999: (2000, 3), first without the zeros at their end, then with them."""
    full = [f"{value:03}".encode() for value in range(10**_GROUP)]
    short = [digits.rstrip(b"0").ljust(_GROUP, b"\0") for digits in full]
    return np.frombuffer(b"".join([*short, *full]), np.uint8).reshape(-1, _GROUP)


_DIGITS: Final = _thousand()


def encoded(texts: Sequence[str]) -> Cells:
    """Finished cells, each its own text."""
    width, data = len(texts[0]) if texts else 0, "".join(texts).encode()
    if width and len(data) == width * len(texts) and set(map(len, texts)) == {width}:  # a byte a letter, as ids are
        return np.frombuffer(data, f"S{width}")
    return np.array([text.encode() for text in texts], np.bytes_)


def distinct(values: Sequence[Value], cell: Callable[[Value], str]) -> Cells:
    """The cells of a column with few different values, of each of which the text is made once."""
    first = values[0]
    if values.count(first) == len(values):
        return np.full(len(values), cell(first).encode())
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return _spread(list(map(cell, places)), np.fromiter(map(places.__getitem__, values), np.intp, len(values)))


def of_keys(keys: Sequence[int], cells: Callable[[Sequence[int]], Sequence[str]]) -> Cells:
    """The same for keys of rows, which lie close together; `cells` takes several, each once."""
    array = np.array(keys, np.int64)
    low = int(array.min())
    array -= low
    span = int(array.max()) + 1
    if span > _MOST_SPAN:
        used, places = np.unique(array, return_inverse=True)
        return _spread(cells((used + low).tolist()), places)
    is_used = np.zeros(span, np.bool_)
    is_used[array] = True
    places = np.cumsum(is_used) - 1
    return _spread(cells((np.flatnonzero(is_used) + low).tolist()), places[array])


class KeyCells:
    """The cells of not very many keys, made once for however many columns of them."""

    def __init__(self, cells: Mapping[int, str]) -> None:
        self._keys = np.array(sorted(cells), np.int64)
        self._cells = encoded([cells[key] for key in self._keys.tolist()])

    def of(self, keys: Sequence[int]) -> Cells:
        """The cells of these keys, each of which is there."""
        found: Cells = self._cells[np.searchsorted(self._keys, np.array(keys, np.int64))]
        return found


def _spread(texts: Sequence[str], places: NDArray[np.intp]) -> Cells:
    found: Cells = encoded(texts)[places]
    return found


def fractions(values: Sequence[float]) -> Cells:
    """Numbers, each as `writing.number` writes it; those from 0 to 1 with at most 15 decimal places are quick.

    A decimal of at most 15 digits is the text of the float64 that is nearest to it, and no shorter one is: two such
    decimals are never the same float64. So digits that give the number back, divided once, are its shortest text.
    """
    numbers = np.asarray(values, np.float64)
    cells, is_exact = _quick_fractions(numbers, _FEW_PLACES)
    if not is_exact.all():
        cells, is_exact = _quick_fractions(numbers, _MOST_PLACES)
    if not is_exact.all():
        rows = np.flatnonzero(~is_exact)
        others = encoded([number(value) for value in numbers[rows].tolist()])
        cells = cells.astype(np.promote_types(cells.dtype, others.dtype))
        cells[rows] = others
    return cells


def _quick_fractions(numbers: NDArray[np.float64], places: int) -> tuple[Cells, NDArray[np.bool_]]:
    """The texts with so many decimal places at most, and for which numbers they are right."""
    is_plain = (numbers == 0) | ((numbers >= _SMALLEST) & (numbers <= 1))
    digits = np.rint(np.where(is_plain, numbers, 0) * 10.0**places)
    return _decimals(digits.astype(np.int64), places), is_plain & (digits / 10.0**places == numbers)


def _decimals(digits: NDArray[np.int64], places: int) -> Cells:
    """Numbers from 0 to 1 as decimals: `digits` of them behind the point, without the zeros at their end."""
    width = 2 + places
    cells = np.zeros((len(digits), width), np.uint8)
    goes_on = np.zeros(len(digits), np.bool_)
    for end in range(width, 2, -_GROUP):
        above = digits // 10**_GROUP
        group = digits - above * 10**_GROUP
        cells[:, end - _GROUP : end] = _DIGITS[group + goes_on * 10**_GROUP]
        goes_on |= group != 0
        digits = above
    cells[:, 0] = digits + _ZERO
    cells[:, 1] = goes_on * np.uint8(_POINT)
    return cells.view(f"S{width}")[:, 0]


def lines(columns: Sequence[Cells]) -> bytes:
    """Whole lines of these columns, all of one length."""
    widths = [cells.itemsize + 1 for cells in columns]
    block = np.empty((len(columns[0]), sum(widths)), np.uint8)
    at = 0
    for cells, width in zip(columns, widths, strict=True):
        block[:, at : at + width - 1] = np.ascontiguousarray(cells).view(np.uint8).reshape(len(block), -1)
        at += width
        block[:, at - 1] = _COMMA
    block[:, -1] = _NEWLINE
    return block.tobytes().translate(None, b"\0")
