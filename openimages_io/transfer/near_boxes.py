"""Boxes found by nearness in time that doesn't grow with their number: a grid of cells over their four coordinates."""

from collections.abc import Sequence
from itertools import product
from math import floor
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Box = tuple[float, float, float, float]
"""XMin, XMax, YMin, YMax as fractions of the image."""

_REACH: Final = 1.001
"""Of the tolerance: what rounding puts into the cell beside must be found."""


class NearBoxes(Generic[T]):
    """Things that have a box, found by a box whose every coordinate is within a tolerance of theirs.

    Coordinates are multiplied by `scale` first, such as the sides of the image for a tolerance in pixels.
    """

    def __init__(
        self, tolerance: float, scale: Sequence[float] = (1.0, 1.0, 1.0, 1.0), enough: int | None = None
    ) -> None:
        self.tolerance, self.scale, self.enough = tolerance, scale, enough
        self._side = 2 * tolerance
        self._cells: dict[tuple[int, ...], dict[int, tuple[list[float], T]]] = {}
        self._places: dict[int, tuple[int, ...]] = {}
        self._next = 0

    def add(self, box: Box, item: T) -> int:
        """Takes a thing in; returns a number by which it can be removed."""
        scaled = self._scaled(box)
        cell = tuple(floor(value / self._side) for value in scaled)
        self._next += 1
        self._cells.setdefault(cell, {})[self._next] = scaled, item
        self._places[self._next] = cell
        return self._next

    def remove(self, number: int) -> None:
        """Takes a thing out again."""
        cell = self._places.pop(number)
        del self._cells[cell][number]

    def near(self, box: Box, enough: int | None = None) -> list[tuple[float, int, T]]:
        """What is within the tolerance, nearest first: the greatest distance of a coordinate, the number, the thing.

        Of equally near things the one that was added first comes first. Of more than `enough`, here or else there, some
        are left out.
        """
        enough = enough or self.enough
        scaled = self._scaled(box)
        reach = self.tolerance * _REACH
        sides = [range(floor((v - reach) / self._side), floor((v + reach) / self._side) + 1) for v in scaled]
        found: list[tuple[float, int, T]] = []
        for cell in product(*sides):
            for number, (other, item) in self._cells.get(cell, {}).items():
                distance = max(abs(a - b) for a, b in zip(scaled, other, strict=True))
                if distance <= self.tolerance:
                    found.append((distance, number, item))
                    if len(found) == enough:
                        break
            if len(found) == enough:
                break
        found.sort(key=lambda each: each[:2])
        return found

    def _scaled(self, box: Box) -> list[float]:
        return [value * factor for value, factor in zip(box, self.scale, strict=True)]
