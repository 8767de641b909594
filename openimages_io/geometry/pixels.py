"""The pixels of polygons, boxes and ellipses, and of masks at another size."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openimages_io.geometry.rings import Floats, Indices, Ring, ellipse_numbers, numbers, ring_points, turn

Mask = NDArray[np.bool_]
"""Pixels of shape (height, width), true where the object is."""

MAX_CROSSINGS = 64_000_000
"""Columns of pixels that all lines of one polygon may cross together: as many as the largest mask has pixels."""
_CHUNK = 2**20


def fill_polygon(rings: Sequence[Ring], width: int, height: int) -> Mask:
    """The pixels of a polygon by the even-odd rule, so that rings within rings are holes. No rings give no pixels.

    Raises ValueError for rings that are not numbers in pairs, three points at least, and for a size below 1.
    """
    _check_size(width, height)
    points, lengths = ring_points(rings)
    return _fill(points * (width, height), lengths, width, height)


def fill_rectangle(
    x_min: float, x_max: float, y_min: float, y_max: float, rotation: float, width: int, height: int
) -> Mask:
    """The pixels of a box turned about its centre by `rotation` degrees, clockwise on the screen.

    It is turned in pixels, not in fractions, so that its corners stay right angles. Raises ValueError for numbers
    that are not finite and for a size below 1.
    """
    _check_size(width, height)
    x_min, x_max, y_min, y_max, rotation = numbers((x_min, x_max, y_min, y_max, rotation), "the rectangle").tolist()
    left, right, top, bottom = x_min * width, x_max * width, y_min * height, y_max * height
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    cos, sin = turn(rotation)
    if sin or cos != 1:
        centre = np.array([(left + right) / 2, (top + bottom) / 2])
        corners = (corners - centre) @ np.array([(cos, sin), (-sin, cos)]) + centre
    return _fill(corners, np.array([4]), width, height)


def fill_ellipse(points: Sequence[float], rotation: float, width: int, height: int) -> Mask:
    """The pixels of an ellipse `[cx, cy, rx, ry]`, turned about its centre by `rotation` degrees, clockwise.

    cx and rx are fractions of the width, cy and ry of the height; it is turned in pixels. Raises ValueError for
    anything but four finite numbers with radii of 0 or more, and for a size below 1.
    """
    _check_size(width, height)
    cx, cy, rx, ry = ellipse_numbers(points, rotation)
    cx, rx, cy, ry = cx * width, rx * width, cy * height, ry * height
    cos, sin = turn(rotation)
    # (dx, dy) is inside where across * dx² + 2 * skew * dx * dy + down * dy² <= (rx * ry)²: solved for dx, row by row.
    across = (ry * cos) ** 2 + (rx * sin) ** 2
    down = (rx * cos) ** 2 + (ry * sin) ** 2
    skew = cos * sin * (ry * ry - rx * rx)
    mask = np.zeros((height, width), dtype=np.bool_)
    if min(rx, ry, across, down) == 0:
        return mask
    tall, wide = math.sqrt(across), math.sqrt(down)
    first, last = _span(cy, tall, height)
    left, right = _span(cx, wide, width)
    dy = np.arange(first, last) + 0.5 - cy
    middle = cx - skew / across * dy
    inside = across - dy * dy
    half = np.where(inside >= 0, rx * ry / across * np.sqrt(np.abs(inside)), -1)
    centres = np.arange(left, right) + 0.5
    rows = mask[first:last, left:right]
    np.greater_equal(centres, (middle - half)[:, None], out=rows)
    rows &= centres <= (middle + half)[:, None]
    return mask


def resize_nearest(mask: Mask, width: int, height: int) -> Mask:
    """A mask at another size: each new pixel takes the pixel under its centre, x and y scaled independently.

    Raises ValueError for a size below 1 and for a mask without pixels.
    """
    _check_size(width, height)
    rows, columns = mask.shape
    _check_size(columns, rows)
    if (rows, columns) == (height, width):
        return mask.copy()
    down = (2 * np.arange(height) + 1) * rows // (2 * height)
    across = (2 * np.arange(width) + 1) * columns // (2 * width)
    resized: Mask = mask[down][:, across]
    return resized


def _fill(points: Floats, lengths: Indices, width: int, height: int) -> Mask:
    """Fills rings of points in pixels: every line toggles, in each column, all pixels below where it crosses it.

    Lines are walked from left to right whichever way they were drawn, so two rings that share one agree about it.
    """
    following = np.arange(1, len(points) + 1)
    ends = np.cumsum(lengths)
    following[ends - 1] = ends - lengths
    x, y = points[:, 0], points[:, 1]
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)
    span = column[following] - column
    line = np.flatnonzero(span)
    forward = span[line] > 0
    left = np.where(forward, line, following[line])
    right = np.where(forward, following[line], line)
    x0, y0, column0 = x[left], y[left], column[left]
    slope = (y[right] - y0) / (x[right] - x0)
    crossings = np.abs(span[line])
    until = np.cumsum(crossings)
    since = until - crossings

    padded = -(-width // 8) * 8  # whole words of eight pixels, which are xored at once
    toggles = np.zeros((height + 1, padded), dtype=np.uint8)
    flat = toggles.reshape(-1)
    total = int(until[-1]) if len(until) else 0
    if total > MAX_CROSSINGS:
        raise ValueError(f"its lines cross more than {MAX_CROSSINGS:,} columns of pixels")
    for start in range(0, total, _CHUNK):
        end = min(start + _CHUNK, total)
        a, b = np.searchsorted(until, (start, end - 1), side="right")
        part = slice(a, b + 1)
        at = np.repeat(np.arange(a, b + 1), np.minimum(until[part], end) - np.maximum(since[part], start))
        columns = column0[at] + np.arange(start, end) - since[at]
        rows = y0[at] + (columns + 0.5 - x0[at]) * slope[at]
        rows = np.clip(np.ceil(rows - 0.5), 0, height)
        np.add.at(flat, rows.astype(np.intp) * padded + columns, np.uint8(1))
    words = toggles.view(np.uint64)
    np.bitwise_xor.accumulate(words, axis=0, out=words)
    toggles &= 1
    mask: Mask = np.ascontiguousarray(toggles[:height, :width]).view(np.bool_)
    return mask


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError(f"{width} x {height} pixels is not the size of an image")


def _span(centre: float, half: float, size: int) -> tuple[int, int]:
    """The pixels whose centres may lie within `half` of `centre`, as a range with a pixel to spare."""
    first = min(max(math.floor(centre - half) - 1, 0), size)
    return first, max(first, min(math.ceil(centre + half) + 1, size))
