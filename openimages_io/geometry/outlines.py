"""The outline of a mask along the edges of its pixels."""

import numpy as np

from openimages_io.geometry.pixels import Mask
from openimages_io.geometry.rings import Indices

MAX_CORNERS = 2_000_000
"""How many corners `trace` gives before it refuses: a mask of noise must not fill the memory."""
_BAND_PIXELS = 2**20


def trace(mask: Mask, max_corners: int = MAX_CORNERS) -> list[list[float]]:
    """The outline of a mask along the edges of its pixels, such that `fill_polygon` gives the very same pixels back.

    Every vertex is a corner of a pixel and a turn of the line. Pixels that touch only diagonally are parts of their
    own. Parts run clockwise on the screen, holes counter-clockwise; rings stand in the order of their topmost, then
    leftmost corner. An empty mask has no rings. Raises ValueError if there are more than `max_corners` corners.
    """
    if mask.ndim != 2:
        raise ValueError(f"a mask has two dimensions, not {mask.ndim}")
    height, width = mask.shape
    padded = np.zeros((height + 2, width + 2), dtype=np.bool_)
    padded[1:-1, 1:-1] = mask
    stride = width + 2
    tops, bottoms, upward = _upright_lines(padded, max_corners)
    count = len(tops)
    if not count:
        return []

    # Along every row of the grid, two neighbouring corners are the ends of one level line. Where two pixels touch
    # diagonally the corner occurs twice, and the order of the two keeps the pixels apart.
    corners = np.concatenate((tops, bottoms))
    order = np.argsort(corners * 2 + np.concatenate((upward, upward)))
    lines = order % count
    beyond = np.empty(2 * count, dtype=np.intp)
    beyond[order[0::2]] = lines[1::2]
    beyond[order[1::2]] = lines[0::2]
    following = np.where(upward, beyond[:count], beyond[count:])

    sequence, ends = _cycles(following.tolist())
    columns = (tops % stride - 1) / width
    top_rows, bottom_rows = tops // stride / height, bottoms // stride / height
    points = np.empty((count, 4))
    points[:, 0] = points[:, 2] = columns[sequence]
    points[:, 1] = np.where(upward, bottom_rows, top_rows)[sequence]
    points[:, 3] = np.where(upward, top_rows, bottom_rows)[sequence]
    flat: list[float] = points.ravel().tolist()
    return [flat[4 * start : 4 * end] for start, end in zip([0, *ends], ends, strict=False)]


def _upright_lines(padded: Mask, max_corners: int) -> tuple[Indices, Indices, Mask]:
    """The upright lines of the outline: their top corners, bottom corners, and whether the object is right of them.

    A corner is a flat index into the padded mask: of the pixel to its upper right.
    """
    stride = padded.shape[1]
    pixels = padded.ravel()
    edges = np.empty_like(pixels)
    edges[0] = False
    np.not_equal(pixels[1:], pixels[:-1], out=edges[1:])
    band = max(1, _BAND_PIXELS // stride) * stride
    tops, bottoms, found = [], [], 0
    for start in range(stride, len(pixels) - stride, band):
        at = np.flatnonzero(edges[start : min(start + band, len(pixels) - stride)]) + start
        right = pixels[at]
        above, below = at - stride, at + stride
        first = at[~edges[above] | (pixels[above] != right)]
        last = at[~edges[below] | (pixels[below] != right)]
        tops.append(first - stride)
        bottoms.append(last)
        found += len(first)
        if 2 * found > max_corners:
            raise ValueError(f"the outline has more than {max_corners:,} corners")
    none = np.empty(0, dtype=np.intp)
    top, bottom = np.concatenate([none, *tops]), np.concatenate([none, *bottoms])
    upward = pixels[top + stride]
    # Down a column the tops and bottoms take turns, so the n-th of one belongs to the n-th of the other.
    rows = len(pixels) // stride
    nth_top = np.argsort(top % stride * rows + top // stride)
    nth_bottom = np.argsort(bottom % stride * rows + bottom // stride)
    paired = np.empty_like(bottom)
    paired[nth_top] = bottom[nth_bottom]
    return top, paired, upward


def _cycles(following: list[int]) -> tuple[list[int], list[int]]:
    """The cycles of a permutation one after the other, and where each ends."""
    sequence: list[int] = []
    ends: list[int] = []
    seen = bytearray(len(following))
    for first in range(len(following)):
        if seen[first]:
            continue
        at = first
        while not seen[at]:
            seen[at] = 1
            sequence.append(at)
            at = following[at]
        ends.append(len(sequence))
    return sequence, ends
