"""Rows of a table, column by column."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.coded import Coded


@dataclass(slots=True)
class Chunk:
    """Good rows of one file, by column."""

    lines: Sequence[int]
    """The line on which each row starts."""
    values: dict[str, Sequence[Any]] = field(default_factory=dict)
    """By column name; a column that the file doesn't have is not there."""
    bad: int = 0
    """Rows that were left out, each with an issue."""
    bad_ids: list[str] = field(default_factory=list)
    """ImageIDs of those, where they could be read."""
    position: int = 0
    """The bytes of the file that were read so far, about."""
    coded: dict[str, Coded] = field(default_factory=dict)
    """Columns of which the different values are known, besides their `values`."""
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """Columns of numbers, none of which is missing, that were read as arrays, besides their `values`."""

    def __len__(self) -> int:
        return len(self.lines)

    def get(self, column: str) -> Sequence[Any]:
        """The column's values; None for every row if the file doesn't have it."""
        found = self.values.get(column)
        return found if found is not None else [None] * len(self.lines)

    def get_one(self, column: str, row: int) -> Any:
        """One value; None if the file doesn't have the column."""
        found = self.values.get(column)
        return found[row] if found is not None else None

    def distinct(self, column: str) -> Coded:
        """A column by its different values, or what comes nearest."""
        return self.coded.get(column) or Coded(self.values[column])

    def where(self, keep: Sequence[object]) -> "Chunk":
        """The rows whose entry in `keep` is true."""
        return self.at([index for index, kept in enumerate(keep) if kept])

    def split(self, by: Sequence[Hashable]) -> "Iterator[tuple[Any, Chunk]]":
        """The rows of each different entry of `by`, with that entry."""
        if by and by.count(by[0]) == len(by):
            yield by[0], self
            return
        found: dict[Any, list[int]] = {}
        for index, value in enumerate(by):
            found.setdefault(value, []).append(index)
        for value, rows in found.items():
            yield value, self.at(rows)

    def at(self, chosen: list[int]) -> "Chunk":
        """The rows at these places."""
        values: dict[str, Sequence[Any]] = {
            name: [column[index] for index in chosen] for name, column in self.values.items()
        }
        return Chunk(
            [self.lines[index] for index in chosen],
            values,
            coded={name: column.where(chosen) for name, column in self.coded.items()},
            numbers={name: column[chosen] for name, column in self.numbers.items()},
        )
