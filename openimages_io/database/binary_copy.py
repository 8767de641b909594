"""Rows as PostgreSQL's COPY reads them in binary form, made column by column.

Whatever has the same length in every row stands in one numpy record; texts are encoded once for each different value.
The server has no text to parse.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, repeat
from struct import Struct, pack
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from django.db.utils import DataError

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Comes before the first row."""
TRAILER: Final = b"\xff\xff"
"""Comes after the last row."""

_NUMBERS: Final[Mapping[str, str]] = {"bigint": ">i8", "integer": ">i4", "smallint": ">i2", "double precision": ">f8"}
_LENGTH: Final = Struct(">i").pack
_NULL: Final = pack(">i", -1)
_JSONB: Final = b"\x01"
"""The version of the form that follows: the text."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_WHOLE: Final = frozenset({int})
_REAL: Final = frozenset({int, float})

Cells = Sequence[bytes] | np.ndarray[Any, Any] | bytes
"""A column: cells with their lengths, or numbers, or the one cell that all rows have."""


class RowEncoder:
    """Encodes rows of one table; `types` are the columns' types by name, `zone` that of times without one."""

    def __init__(self, types: Mapping[str, str], zone: str) -> None:
        self._types, self._zone = types, zone

    def order(self, names: Sequence[str]) -> list[str]:
        """The columns in the order in which `encode` writes them, whatever their values are."""
        return sorted(names, key=lambda name: self._types[name] not in _NUMBERS)

    def encode(self, columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any]) -> bytes:
        """The rows of these columns, each with the constants as well.

        Raises Django's `DataError` for numbers that the column cannot hold, and `TypeError` for values of other types.
        """
        rows = len(next(iter(columns.values())))
        cells = [
            self._cell(name, constants[name]) if name in constants else self._cells(name, columns[name])
            for name in self.order([*constants, *columns])
        ]
        parts = list(_parts(cells, rows))
        return b"".join(chain.from_iterable(zip(*parts, strict=True)))

    def _cells(self, name: str, values: Sequence[Any]) -> Cells:
        if values[0] is values[-1] and values.count(values[0]) == len(values):
            return self._cell(name, values[0])
        number = _NUMBERS.get(self._types[name])
        if number is None:
            cell = _text if self._is_text(name) and None not in values else partial(self._cell, name)
            known = {value: cell(value) for value in set(values)}
            return list(map(known.__getitem__, values))
        if None not in values:
            return _numbers(number, values)
        there = _numbers(number, [0 if value is None else value for value in values])
        cells = _records([there], len(values))
        return [_NULL if value is None else cell for value, cell in zip(values, cells, strict=True)]

    def _cell(self, name: str, value: Any) -> bytes:
        if value is None:
            return _NULL
        kind = self._types[name]
        number = _NUMBERS.get(kind)
        if number is not None:
            data = _numbers(number, [value]).tobytes()
        elif kind == "boolean":
            data = b"\x01" if value else b"\x00"
        elif kind == "bytea":
            data = bytes(value)
        elif kind == "jsonb":
            data = _JSONB + value.encode()
        elif kind == "timestamp with time zone":
            data = pack(">q", self._microseconds(value))
        elif self._is_text(name):
            return _text(value)
        else:
            raise TypeError(f"The column {name} has the type {kind}, of which no rows are loaded.")
        return _LENGTH(len(data)) + data

    def _is_text(self, name: str) -> bool:
        return self._types[name].startswith(("text", "varchar"))

    def _microseconds(self, value: datetime) -> int:
        aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(self._zone))
        return (aware - _EPOCH) // _MICROSECOND


def _text(value: str) -> bytes:
    data = value.encode()
    return _LENGTH(len(data)) + data


def _numbers(number: str, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    types = set(map(type, values))
    if number == ">f8":
        if not types <= _REAL:
            raise TypeError(f"A column of floats has values of {types}.")
        return np.array(values, ">f8")
    if not types <= _WHOLE:
        raise TypeError(f"A column of whole numbers has values of {types}.")
    try:
        found = np.array(values, np.int64)
    except OverflowError as error:
        raise DataError("bigint out of range") from error
    if number != ">i8":
        limits = np.iinfo(number)
        if found.min() < limits.min or found.max() > limits.max:
            raise DataError("integer out of range")
    return found.astype(number)


def _parts(cells: Sequence[Cells], rows: int) -> Iterator[Sequence[bytes] | Iterator[bytes]]:
    """The pieces of each row, in order: what is of one length throughout is one piece."""
    fixed: list[np.ndarray[Any, Any] | bytes] = [pack(">h", len(cells))]
    for column in cells:
        if isinstance(column, list):
            if fixed:
                yield _records(fixed, rows)
                fixed = []
            yield column
        else:
            assert isinstance(column, bytes | np.ndarray)
            fixed.append(column)
    if fixed:
        yield _records(fixed, rows)


def _records(fixed: Sequence[np.ndarray[Any, Any] | bytes], rows: int) -> Sequence[bytes] | Iterator[bytes]:
    if all(isinstance(column, bytes) for column in fixed):
        return repeat(b"".join(column for column in fixed if isinstance(column, bytes)), rows)
    kinds: list[tuple[str, Any]] = []
    for place, column in enumerate(fixed):
        if isinstance(column, bytes):
            kinds.append((f"c{place}", f"V{len(column)}"))
        else:
            kinds += [(f"n{place}", ">i4"), (f"c{place}", column.dtype)]
    made = np.empty(rows, kinds)
    for place, column in enumerate(fixed):
        if isinstance(column, bytes):
            made[f"c{place}"] = np.void(column)
        else:
            made[f"n{place}"] = column.dtype.itemsize
            made[f"c{place}"] = column
    data, size = made.tobytes(), made.dtype.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]
