"""The issues of a job, read from its stored report a page at a time, or as a table."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format.issues import Issue, Severity
from openimages_io.models import Job
from openimages_io.models.job_files import current_job_storage
from openimages_io.sentences import OptionName
from openimages_io.transfer.summary import IssueKind

CSV_COLUMNS: Final = (
    "row",
    "severity",
    "code",
    "count",
    "file",
    "line",
    "last_line",
    "column",
    "value",
    "reason",
    "params",
)

_READ_AT_MOST: Final = 8 * 2**20
"""Bytes for one page: with a filter, most lines may be others."""
_DIGITS: Final = 18
_UNPRINTABLE: Final = re.compile("[\ud800-\udfff]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ROWS_AT_ONCE: Final = 500


class BadCursor(ValueError):
    """The cursor is none that a page of this report has given."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the issues, in the order in which they were found."""

    issues: list[Issue]
    """May be fewer than asked for, even none, where a filter passes over many."""
    next: str | None
    """The cursor of what follows; None at the end."""


def read_issues(job: Job, *, cursor: str | None, limit: int, severity: Severity | None = None) -> Page:
    """A page of the issues. Texts are such that they can be sent as UTF-8. Raises `BadCursor`.

    A job without issues, or whose files were removed, has an empty page. However large the report, a page costs the
    same.
    """
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _DIGITS):
        raise BadCursor("The cursor is not one of this report.")
    offset = int(cursor or 0)
    if not _has_report(job):
        if offset:
            raise BadCursor("The report of this job is not there (any more).")
        return Page([], None)
    found: list[Issue] = []
    with current_job_storage().open(str(job.report), "rb") as file:
        size = file.size
        _go_to(file, offset, size)
        at = offset
        while at < size and len(found) < limit and at - offset < _READ_AT_MOST:
            line = file.readline()
            if not line:
                break
            at += len(line)
            issue = _issue(line)
            if severity is None or issue.severity is severity:
                found.append(issue)
    return Page(found, str(at) if at < size else None)


def issues_csv(job: Job, option_name: OptionName = str) -> Iterator[bytes]:
    """The summary by kind, then all issues, as CSV in UTF-8, piece by piece, with a header.

    The first column says what a row is: `summary` one kind with its example, `unlisted` a range of lines whose issues
    are not listed, `issue` an issue. A text that a spreadsheet would run as a formula has an apostrophe before it.
    Options are called what `option_name` calls them.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    for kind in summary(job):
        for row in _summary_rows(kind, option_name):
            writer.writerow([_defused(cell) for cell in row])
    if _has_report(job):
        with current_job_storage().open(str(job.report), "rb") as file:
            for number, line in enumerate(iter(file.readline, b""), 1):
                writer.writerow([_defused(cell) for cell in _row(_issue(line), option_name)])
                if number % _ROWS_AT_ONCE == 0:
                    yield buffer.getvalue().encode()
                    buffer.seek(0)
                    buffer.truncate()
    yield buffer.getvalue().encode()


def summary(job: Job) -> list[IssueKind]:
    """The issues by kind; empty for a job that another version has run, which kept none."""
    try:
        return [IssueKind.of_dict(found) for found in job.summary]
    except (KeyError, TypeError, ValueError):  # stored by other code
        return []


def _summary_rows(kind: IssueKind, option_name: OptionName) -> Iterator[list[Any]]:
    if kind.example:
        _, severity, code, _, *rest = _row(Issue.of_dict(kind.example), option_name)
        yield ["summary", severity, code, kind.count, *rest]
    head, tail = ["unlisted", kind.severity.value, kind.code], ["", "", "", ""]
    for lines in kind.unlisted:
        yield [*head, lines.count, lines.file, lines.first, lines.last, *tail]
    if kind.elsewhere:
        yield [*head, kind.elsewhere, "", "", "", *tail]


def _row(issue: Issue, option_name: OptionName) -> list[Any]:
    place = [issue.file, issue.line, "", issue.column_with(option_name), issue.value]
    params = json.dumps(issue.params, ensure_ascii=False) if issue.params else ""
    return ["issue", issue.severity.value, issue.code, issue.count, *place, issue.reason_with(option_name), params]


def _has_report(job: Job) -> bool:
    return bool(job.report) and job.pruned is None and current_job_storage().exists(str(job.report))


def _go_to(file: Any, offset: int, size: int) -> None:
    """Goes to the start of a line. Raises `BadCursor` if none starts there."""
    if not offset:
        return
    if offset <= size:
        file.seek(offset - 1)
        if file.read(1) == b"\n":
            return
    raise BadCursor("The cursor is not one of this report.")


def _issue(line: bytes) -> Issue:
    found: dict[str, Any] = json.loads(line)
    return Issue.of_dict(_cleaned(found))


def _cleaned(found: dict[str, Any]) -> dict[str, Any]:
    """With texts that can be sent, those of parameters, too."""
    return {name: _cleaned(value) if isinstance(value, dict) else _clean_text(value) for name, value in found.items()}


def _clean_text(value: Any) -> Any:
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    """Bytes that were no UTF-8 stand in texts as lone surrogates, which cannot be sent."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _defused(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
