"""A column of which many rows have the same value: the values, and for each row which of them it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")
_MOST_CODES: Final = 2**62


def different(values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each different value a row that has it, and for each row which of them it has.

    `np.unique` sorts so that it can tell the first row, and takes three times as long.
    """
    order = values.argsort()
    ordered = values[order]
    begins = np.ones(len(values), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    codes = np.empty(len(values), np.intp)
    codes[order] = begins.cumsum() - 1
    return order[begins], codes


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The values of a column, so that what is made of a value is made once and not for every row that has it."""

    values: Sequence[Any]
    """Each is some row's, and may be there again."""
    codes: NDArray[np.intp] | None = None
    """For each row the index of its value; None if these are the rows' values themselves."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> "Coded":
        """A column by its different values, in the order in which they occur."""
        places = {value: place for place, value in enumerate(dict.fromkeys(values))}
        return cls(list(places), np.fromiter(map(places.__getitem__, values), np.intp, len(values)))

    @classmethod
    def together(cls, columns: Sequence["Coded"]) -> "Coded":
        """Columns as one, whose values are tuples."""
        codes, number = np.zeros(1, np.intp), 1
        for column in columns:
            coded = cls.of(column.values) if column.codes is None else column
            if coded.codes is None or number * len(coded.values) > _MOST_CODES:
                return cls.of(list(zip(*(column.rows() for column in columns), strict=True)))
            codes, number = codes * len(coded.values) + coded.codes, number * len(coded.values)
        first, codes = different(codes)
        return cls(list(zip(*(column.at(first) for column in columns), strict=True)), codes)

    def at(self, rows: NDArray[np.intp]) -> list[Any]:
        """The values of these rows."""
        places = rows if self.codes is None else self.codes[rows]
        return [self.values[place] for place in places.tolist()]

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
