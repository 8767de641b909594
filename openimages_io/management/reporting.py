"""A report on a terminal: a table of totals, and the first of the issues."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper
from django.core.management.color import Style

from openimages_io.format.issues import Severity
from openimages_io.format.skip_reasons import skip_words
from openimages_io.models.kinds import row_kind
from openimages_io.transfer.report import SHOWN, Report

_HEAD: Final = 32
_END: Final = b"]\n}\n"
_COLUMNS: Final = ("read", "added", "updated", "unchanged", "removed", "skipped")


def table(report: Report, columns: tuple[str, ...] = _COLUMNS) -> Iterator[str]:
    """The lines of the table: a row a kind, and under it why rows were skipped."""
    rows = [(kind, totals) for kind, totals in report.ordered_totals() if any(totals.as_dict().values())]
    if not rows:
        return
    cells = [["", *columns]]
    for kind, totals in rows:
        values = totals.as_dict() | {"skipped": sum(totals.skipped.values())}
        cells.append([row_kind(kind).many, *(f"{values[column]:,}" for column in columns)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in cells]
    yield lines[0]
    for (_, totals), line in zip(rows, lines[1:], strict=True):
        yield line
        for reason, number in (+totals.skipped).most_common():
            yield f"{'':{widths[0]}}    {number:,} skipped: {skip_words(reason)}"


def write_report(
    out: OutputWrapper, style: Style, report: Report, columns: tuple[str, ...] = _COLUMNS, *, refused: bool = False
) -> None:
    """Writes the kinds of issues, of each kind some, then the table, and says so if nothing of it holds."""
    styles = {Severity.ERROR: style.ERROR, Severity.WARNING: style.WARNING, Severity.NOTE: style.NOTICE}
    shown = report.first_issues(SHOWN)
    if len(report.kinds()) < sum(report.counts.values()):
        for kind in report.kinds():
            named = styles[kind.severity](f"{kind.count:,} x {kind.code} ({kind.severity})")
            out.write(f"{named}: {kind.about}")
            for what, text in (("first", kind.where), ("example", kind.text), ("what to do", kind.advice)):
                if text:
                    out.write(f"    {what}: {text}")
            if kind.rest:
                out.write(f"    {kind.rest}")
        out.write("")
    for issue in shown:
        out.write(f"{styles[issue.severity](issue.severity.value)}: {issue}")
    hidden = report.summary.listed - len(shown)
    if hidden:
        out.write(f"… and {hidden:,} more; --report FILE.json lists them")
    if shown:
        out.write("")
    lines = list(table(report, columns))
    if lines and refused:
        out.write("Nothing was written. Without the bad rows, this would have been written:")
    for line in lines:
        out.write(line)


def check_report_path(path: Path) -> None:
    """Raises `CommandError` where no report can be written: better before the work than after it."""
    if path.is_dir():
        raise CommandError(f"The report cannot be written to {path}: it is a folder")
    if not path.parent.is_dir():
        raise CommandError(f"The report cannot be written to {path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CommandError(f"The report cannot be written to {path}: permission denied")
    if path.is_file() and path.stat().st_size and not _is_report(path):
        raise CommandError(
            f"The report is not written to {path}: another file exists there; move it away, or choose another path"
        )


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        begins = re.match(rb'{\n  "(?:committed|task)": ', file.read(_HEAD)) is not None
        file.seek(-min(path.stat().st_size, len(_END)), os.SEEK_END)
        return begins and file.read() == _END


def save_report(path: Path, report: Report, **head: Any) -> None:
    """Writes the whole report as JSON. Raises `CommandError` where that cannot be done."""
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            report.write_json(file, **head)
    except OSError as error:
        raise CommandError(f"The report cannot be written to {path}: {error.strerror}") from error


@contextmanager
def printing() -> Iterator[None]:
    """Lets the reader of the output go away, as `| head` does, or lack a character: the work is done all the same.

    What a terminal that is not UTF-8 cannot show is shown as an escape.
    """
    with ExitStack() as after:
        if isinstance(sys.stdout, TextIOWrapper):
            after.callback(sys.stdout.reconfigure, errors=sys.stdout.errors)
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def counted(number: int, word: str) -> str:
    """A number with its noun."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
