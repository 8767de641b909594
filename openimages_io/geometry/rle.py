"""Masks as run lengths, as COCO has them: column by column, starting with the background.

The counts are a list of whole numbers, or the text that pycocotools packs them into: each number in groups of five
bits, lowest first, as characters from 48 on, of which the sixth bit says that more groups follow; from the fourth
number on it is the difference to the number two before.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openimages_io.geometry.pixels import Mask

_MOST_GROUPS = 12
"""Of five bits in one number: what is longer does not fit into 63."""
_Counts = NDArray[np.int64]
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8).sum(axis=1)
"""How many bits of a byte are set."""


def encode_rle(mask: Mask, most: int | None = None) -> str:
    """The packed counts of a mask of shape (height, width): what pycocotools makes of it, character by character.

    Raises as `run_lengths` does.
    """
    counts = run_lengths(mask, most)
    differences = counts.copy()
    differences[3:] -= counts[1:-2]
    rest, more = differences, np.ones(len(differences), dtype=np.bool_)
    groups, used = [], []
    while more.any():
        used.append(more)
        group = rest & 31
        rest = rest >> 5
        more = more & np.where(group & 16, rest != -1, rest != 0)
        groups.append(group + 32 * more + 48)
    characters = np.stack(groups, axis=1)[np.stack(used, axis=1)]
    return characters.astype(np.uint8).tobytes().decode("ascii")


def run_lengths(mask: Mask, most: int | None = None) -> _Counts:
    """The unpacked counts of a mask. Raises ValueError for a mask without pixels, and for more than `most` counts."""
    if mask.ndim != 2 or not mask.size:
        raise ValueError("a mask without pixels has no run lengths")
    height, width = mask.shape
    # Where a pixel differs from the one before it, eight pixels at once; most masks turn in few places.
    rows = np.packbits(mask, axis=1)
    turned = rows.copy()
    turned[1:] ^= rows[:-1]
    above = np.packbits(np.concatenate(([False], mask[-1, :-1])))  # a column goes on from the end of the one before
    turned[0] ^= above
    places = np.flatnonzero(turned)
    if most is not None and int(_BITS[turned.ravel()[places]].sum()) >= most:
        raise ValueError(f"the mask has more than {most:,} run lengths")
    place, bit = np.nonzero(np.unpackbits(turned.ravel()[places]).reshape(-1, 8))
    row, column = np.divmod(places[place], rows.shape[1])
    turns = np.sort((column * 8 + bit) * height + row)
    counts: _Counts = np.diff(np.concatenate(([0], turns, [height * width]))).astype(np.int64)
    return counts


def decode_rle(counts: str | Sequence[object], width: int, height: int, max_pixels: int) -> Mask:
    """The pixels, of shape (height, width). Raises as `rows_of_rle` does."""
    rows = rows_of_rle(counts, width, height, max_pixels)
    mask: Mask = np.unpackbits(rows, axis=1, count=width).view(np.bool_)
    return mask


def rows_of_rle(counts: str | Sequence[object], width: int, height: int, max_pixels: int) -> NDArray[np.uint8]:
    """The rows of pixels, eight in a byte: what a PNG of one bit holds, for an eighth of the memory of a mask.

    Raises ValueError, with the end of a sentence whose subject is the run lengths, for a size below 1 or of more than
    `max_pixels`, and for counts that are no such numbers or don't add up to the size.
    """
    lengths = check_rle(counts, width, height, max_pixels)
    turns = np.cumsum(lengths)[:-1]
    column, row = np.divmod(turns, height)
    inside = turns < width * height  # the last counts may be 0
    column, row = column[inside], row[inside]
    # A column goes on with what the one before has ended with: where that is the object, it turns at its top, too.
    at_top = np.flatnonzero(np.cumsum(np.bincount(column, minlength=width))[:-1] & 1) + 1
    column = np.concatenate((column, at_top))
    row = np.concatenate((row, np.zeros(len(at_top), dtype=np.int64)))
    stride = (width + 7) // 8
    place, bit = row * stride + (column >> 3), (128 >> (column & 7)).astype(np.uint8)
    rows = np.zeros(height * stride, dtype=np.uint8)
    if len(place):
        order = np.argsort(place, kind="stable")
        place, bit = place[order], bit[order]
        starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
        rows[place[starts]] = np.bitwise_xor.reduceat(bit, starts)
    found: NDArray[np.uint8] = np.bitwise_xor.accumulate(rows.reshape(height, stride), axis=0)
    return found


def check_rle(counts: str | Sequence[object], width: int, height: int, max_pixels: int) -> _Counts:
    """The counts as numbers, without a pixel being made of them. Raises as `rows_of_rle` does."""
    if width < 1 or height < 1:
        raise ValueError(f"are of {width} x {height} pixels, which is not a valid size")
    if width * height > max_pixels:
        raise ValueError(f"are of {width} x {height} pixels, more than the limit of {max_pixels:,}")
    pixels = width * height
    lengths = _unpacked(counts, pixels) if isinstance(counts, str) else _listed(counts, pixels)
    total = int(lengths.sum())
    if total != pixels:
        raise ValueError(f"add up to {total:,} pixels, not to the {pixels:,} of {width} x {height}")
    return lengths


def _listed(counts: Sequence[object], most: int) -> _Counts:
    numbers: list[int] = []
    for place, count in enumerate(counts):
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= most:
            numbers.append(count)
        else:
            raise ValueError(f"have something at place {place} that is not a whole number between 0 and {most:,}")
    return np.array(numbers, dtype=np.int64)


def _unpacked(text: str, most: int) -> _Counts:
    try:
        groups = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise ValueError("have characters that are not ASCII") from None
    if not len(groups):
        return groups
    if groups.min() < 0 or groups.max() > 63:
        raise ValueError("have characters that no packed number has")
    ends = np.flatnonzero(groups < 32)
    if not len(ends) or ends[-1] != len(groups) - 1:
        raise ValueError("end within a packed number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts + 1
    if sizes.max() > _MOST_GROUPS:
        raise ValueError("have a packed number that is too long")
    place = np.arange(len(groups)) - np.repeat(starts, sizes)
    numbers = np.add.reduceat((groups & 31) << (5 * place), starts)
    numbers -= np.where(groups[ends] & 16, np.int64(1) << (5 * sizes), 0)
    if np.abs(numbers).max() > most:  # nor can a difference of two counts be
        raise ValueError("have a number that is beyond the size")
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    if numbers.min() < 0 or numbers.max() > most:
        raise ValueError("have a number that is below 0 or beyond the size")
    return numbers
