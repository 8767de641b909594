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


def encode_rle(mask: Mask) -> str:
    """The packed counts of a mask of shape (height, width): what pycocotools makes of it, character by character.

    Raises ValueError for a mask without pixels.
    """
    counts = run_lengths(mask)
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


def run_lengths(mask: Mask) -> _Counts:
    """The unpacked counts of a mask. Raises ValueError for a mask without pixels."""
    if mask.ndim != 2 or not mask.size:
        raise ValueError("a mask without pixels has no run lengths")
    pixels = mask.ravel(order="F")
    turns = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    start = [0, 0] if pixels[0] else [0]
    return np.diff(np.concatenate((start, turns, [len(pixels)]))).astype(np.int64)


def decode_rle(counts: str | Sequence[object], width: int, height: int, max_pixels: int) -> Mask:
    """The pixels, of shape (height, width).

    Raises ValueError, with the end of a sentence whose subject is the run lengths, for a size below 1 or of more than
    `max_pixels`, and for counts that are no such numbers or don't add up to the size.
    """
    if width < 1 or height < 1:
        raise ValueError(f"are of {width} x {height} pixels, which is not a valid size")
    if width * height > max_pixels:
        raise ValueError(f"are of {width} x {height} pixels, more than the limit of {max_pixels:,}")
    pixels = width * height
    lengths = _unpacked(counts, pixels) if isinstance(counts, str) else _listed(counts, pixels)
    total = int(lengths.sum())
    if total != pixels:
        raise ValueError(f"add up to {total:,} pixels, not to the {pixels:,} of {width} x {height}")
    values = np.zeros(len(lengths), dtype=np.bool_)
    values[1::2] = True
    mask: Mask = np.ascontiguousarray(np.repeat(values, lengths).reshape(width, height).T)
    return mask


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
