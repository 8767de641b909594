"""Columns of values to CSV lines. The text of a value depends on the value alone, so equal rows make equal bytes.

Lines end in LF, cells are quoted only where they must be, a number is the shortest text that reads back as the same
float64.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openimages_io.format.tables import Table


def header(names: Iterable[str]) -> str:
    """The first line of a table with these columns."""
    return ",".join(names) + "\n"


def names_of(table: "Table") -> tuple[str, ...]:
    """The columns of the documented archive, in their order."""
    return tuple(column.name for column in table.columns)


def number(value: float) -> str:
    """The shortest text that reads back as the same float64: `0.0125`, `1`, `2e-06`; `0` for both zeros."""
    return repr(float(value) + 0.0).removesuffix(".0")


def numbers_or_empty(values: Sequence[float | None]) -> list[str]:
    """Each value as `number` writes it, an empty cell for None."""
    return ["" if value is None else number(value) for value in values]


def confidence(value: float | None) -> str:
    """A Confidence cell; a shape without a score is written with 1."""
    return "1" if value is None else number(value)


def rotation(value: float | None) -> str:
    """A rotation as the official lists write it, `90.0`, or an empty cell."""
    return "" if value is None else repr(float(value) + 0.0)


def texts(values: Sequence[str]) -> Sequence[str]:
    """Text cells, quoted where they must be."""
    return list(map(text, values)) if _must_be_quoted("".join(values)) else values


def text(value: str) -> str:
    """One text cell, quoted where it must be."""
    return '"' + value.replace('"', '""') + '"' if _must_be_quoted(value) else value


def _must_be_quoted(value: str) -> bool:
    # A byte order mark is lost where it begins a file, as the first name of a class list without header does.
    return '"' in value or "," in value or "\n" in value or "\r" in value or "\ufeff" in value


def lines(columns: Sequence[Sequence[str]]) -> str:
    """Whole lines from columns of finished cells, one list a column, all of one length."""
    if not columns or not columns[0]:
        return ""
    return "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"
