"""A column of which many rows have the same value: the values, and for each row which of them it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The values of a column, so that what is made of a value is made once and not for every row that has it."""

    values: Sequence[Any]
    """Each is some row's, and may be there again."""
    codes: NDArray[np.intp] | None = None
    """For each row the index of its value; None if these are the rows' values themselves."""

    def spread(self, results: Sequence[Result]) -> list[Result]:
        """For each row the one of these results that belongs to its value."""
        if self.codes is None:
            return list(results)
        found: list[Result] = np.fromiter(results, np.object_, len(results))[self.codes].tolist()
        return found

    def rows(self) -> list[Any]:
        """For each row its value."""
        return self.spread(self.values)

    def where(self, rows: Iterable[int]) -> "Coded":
        """The column of these rows."""
        if self.codes is None:
            return Coded([self.values[row] for row in rows])
        used, codes = np.unique(self.codes[np.fromiter(rows, np.intp)], return_inverse=True)
        return Coded([self.values[code] for code in used], codes)
