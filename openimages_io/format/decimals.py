"""Decimal numbers from 0 to 1, as nearly all coordinates are written, of whole columns at once.

The digits of such a number are an integer, and its value is that integer divided by a power of ten. With at most 15
digits behind the point both are exact as floats, and one division rounds correctly, as `float` does.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.plain import Places, PlainBlock, Words, first_bytes

Numbers = NDArray[np.float64]

_POINT: Final = ord(".")
_ZERO: Final = np.uint8(ord("0"))
_MOST_DIGITS: Final = 15
_POWERS: Final = 10 ** np.arange(_MOST_DIGITS + 1)
_FLOAT_POWERS: Final = _POWERS.astype(np.float64)


def _word(text: str) -> np.uint64:
    return np.uint64(int(text, 16))


_ZEROS: Final = _word("3030303030303030")
_TO_HIGH_BIT: Final = _word("7676767676767676")
"""Added to a byte it sets the high bit from 10 on."""
_HIGH_BITS: Final = _word("8080808080808080")
_EACH_FOURTH: Final = _word("000000FF000000FF")
_HUNDREDS: Final = np.uint64(100 + (1_000_000 << 32))
_ONES: Final = np.uint64(1 + (10_000 << 32))
_TEN, _8, _16, _32 = (np.uint64(number) for number in (10, 8, 16, 32))
_SHIFTS: Final = np.array([0, *(64 - 8 * count for count in range(1, 9))], np.uint64)
"""By which so many digits come to stand at the end of a word."""


def read_decimals(block: PlainBlock, columns: Sequence[int]) -> tuple[Numbers, NDArray[np.bool_]]:
    """The values of columns, by column and row, and which were read: `0`, `1` and those like `0.25` and `1.0`."""
    starts, sizes = block.starts[columns], block.sizes[columns]
    first = block.bytes_at(starts) - _ZERO
    is_read = (first < 2) & ((sizes == 1) | ((block.bytes_at(starts + 1) == _POINT) & (sizes > 1)))
    counts = sizes - 2
    is_read &= counts <= _MOST_DIGITS
    counts = counts.clip(0, _MOST_DIGITS)
    digits, are_digits = _digits(block.words_at(starts + 2), counts.clip(max=8))
    is_read &= are_digits
    if int(counts.max()) > 8:
        more = (counts - 8).clip(0)
        digits_behind, are_digits = _digits(block.words_at(starts + 10), more)
        is_read &= are_digits
        digits = digits * _POWERS[more] + digits_behind
    values = (first * _POWERS[counts] + digits) / _FLOAT_POWERS[counts]
    is_read &= values <= 1
    return values, is_read


def _digits(words: Words, counts: Places) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first digits of each word, so many, as a number, and whether they are digits: eight at once in a word."""
    digits = first_bytes(words ^ _ZEROS, counts) << _SHIFTS[counts]
    are_digits = (digits | (digits + _TO_HIGH_BIT)) & _HIGH_BITS == 0
    pairs = digits * _TEN + (digits >> _8)
    numbers = ((pairs & _EACH_FOURTH) * _HUNDREDS + ((pairs >> _16) & _EACH_FOURTH) * _ONES) >> _32
    return numbers.astype(np.int64), are_digits
