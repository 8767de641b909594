"""What is wrong in a file, and where: the one shape that every reader reports in."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_SHOWN = 200


class Severity(StrEnum):
    """How bad an issue is: only an error keeps an import from being written."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


def show(value: str) -> str:
    """Quotes a stranger's text for a terminal or a page: shortened in its middle, with nothing unprintable in it."""
    half = _SHOWN // 2
    cut = value if len(value) <= _SHOWN else f"{value[:half]}…{value[1 - half :]}"
    return f'"{"".join(c if c.isprintable() else _escaped(c) for c in cut)}"'


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that was no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding with its place. Its text reads `file:line: column: "value" reason`."""

    code: str
    """A stable name for machines, such as `bad-fraction`."""
    reason: str
    """What was expected, as the end of a sentence whose subject is the value, or a whole clause without one."""
    file: str = ""
    """The path inside the archive; empty when the issue is about the whole."""
    line: int | None = None
    """The line of the file on which the record starts, from 1."""
    column: str | None = None
    """The column's name, or the path inside a JSON document."""
    value: str | None = None
    """What was there, unshortened."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        parts = [show(part)[1:-1] for part in (place, self.column) if part]
        what = f"{show(self.value)} {self.reason}" if self.value is not None else self.reason
        return ": ".join([*parts, what])


IssueSink = Callable[[Issue], None]
"""Takes an issue as it is found; reading goes on."""
