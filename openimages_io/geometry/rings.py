"""Rings and ellipses as numbers: their types, their checks and the boxes around them."""

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Ring = Sequence[float]
"""One closed line, flat: `[x1, y1, x2, y2, …]` in fractions. Its last point is joined to its first."""
Box = tuple[float, float, float, float]
"""`(x_min, x_max, y_min, y_max)` in fractions, in the order of the format's columns."""
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FARTHEST = 1e6
"""No number of a shape may lie further out, so that its pixels can be counted without overflow."""


def bounds(rings: Sequence[Ring]) -> Box:
    """The box around a polygon, cut to the image. Raises ValueError as `fill_polygon` does, and without rings."""
    points, _ = ring_points(rings)
    if not len(points):
        raise ValueError("the polygon has no rings")
    (x_min, y_min), (x_max, y_max) = points.min(axis=0), points.max(axis=0)
    return _cut(float(x_min), float(x_max), float(y_min), float(y_max))


def ellipse_bounds(points: Sequence[float], rotation: float = 0.0, aspect: float | None = None) -> Box:
    """The box around an ellipse `[cx, cy, rx, ry]`, cut to the image.

    `aspect` is the image's width divided by its height in pixels. A turned ellipse has no box in fractions without
    it, as a fraction of the width is not as long as one of the height; then ValueError is raised.
    """
    cx, cy, rx, ry = ellipse_numbers(points, rotation)
    cos, sin = turn(rotation)
    if sin:
        if aspect is None or not (0 < aspect < math.inf):
            raise ValueError("the box of a turned ellipse depends on the image's width and height, which are unknown")
        rx, ry = math.hypot(rx * cos, ry * sin / aspect), math.hypot(ry * cos, rx * sin * aspect)
    return _cut(cx - rx, cx + rx, cy - ry, cy + ry)


def ring_points(rings: Sequence[Ring]) -> tuple[Floats, Indices]:
    """All points of all rings, shape (n, 2), and the number of points of each ring. Raises ValueError."""
    lengths = []
    if not (_is_list(rings) and all(map(_is_list, rings))):
        raise ValueError("a polygon is a list of rings, and a ring a list of numbers")
    for ring in rings:
        if len(ring) % 2:
            raise ValueError(f"a ring has {len(ring)} numbers, which are not pairs of x and y")
        if len(ring) < 6:
            raise ValueError(f"a ring has {len(ring) // 2} points, fewer than 3")
        lengths.append(len(ring) // 2)
    return numbers(chain.from_iterable(rings), "the polygon").reshape(-1, 2), np.array(lengths, dtype=np.intp)


def ellipse_numbers(points: Sequence[float], rotation: float) -> tuple[float, float, float, float]:
    """Centre and radii `(cx, cy, rx, ry)`. Raises ValueError."""
    if not _is_list(points) or len(points) != 4:
        raise ValueError("an ellipse is a list of 4 numbers: its centre and two radii")
    cx, cy, rx, ry, _ = numbers((*points, rotation), "the ellipse").tolist()
    if rx < 0 or ry < 0:
        raise ValueError("the ellipse has a radius below 0")
    return cx, cy, rx, ry


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def numbers(values: Iterable[float], whose: str) -> Floats:
    """The values as an array. Raises ValueError unless all are finite and none is absurdly far out."""
    try:
        found: Floats = np.frombuffer(array("d", values), dtype=np.float64)
    except (TypeError, OverflowError):
        raise ValueError(f"{whose} holds something that is not a number") from None
    if not np.isfinite(found).all():
        raise ValueError(f"{whose} contains a number that is not finite")
    if len(found) and np.abs(found).max() > FARTHEST:
        raise ValueError(f"{whose} holds a number beyond {FARTHEST:,.0f}")
    return found


def turn(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact at quarter turns."""
    quarters, rest = divmod(degrees, 90.0)
    cos, sin = (1.0, 0.0) if rest == 0 else (math.cos(math.radians(rest)), math.sin(math.radians(rest)))
    for _ in range(int(quarters) % 4):
        cos, sin = -sin, cos
    return cos, sin


def _cut(x_min: float, x_max: float, y_min: float, y_max: float) -> Box:
    x_min, x_max, y_min, y_max = (min(max(value, 0.0), 1.0) for value in (x_min, x_max, y_min, y_max))
    return x_min, x_max, y_min, y_max
