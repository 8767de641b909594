"""What an import or an export did: totals by kind of rows, a summary by kind of issue, and the issues themselves.

Issues may be as many as rows: of each code so many are listed, on disk; of more, the number and the lines are kept.
"""

import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Final

from openimages_io import conf
from openimages_io.archives.temporary import discard, no_space
from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issue_codes import UNLISTED
from openimages_io.format.issues import Issue, Severity
from openimages_io.models.kinds import ROW_KINDS
from openimages_io.transfer.summary import IssueKind, Summary

WHOLE_FILE: Final = frozenset(
    {
        "ambiguous-chosen-label",
        "bad-header",
        "column-missing",
        "column-twice",
        "empty-file",
        "not-commas",
        "not-utf-8",
        "nothing-known",
        "unclosed-quote",
        "unknown-chosen-label",
        "unknown-chosen-subset",
    }
)
"""Codes of errors that are not of a row but of a whole file, or of the options."""
SHOWN: Final = 100
_IN_MEMORY: Final = 1 << 20


@dataclass(slots=True)
class Totals:
    """The rows of one kind."""

    read: int = 0
    """Rows, and what has no row of its own but is named by others, such as an image that only boxes name."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    """Were there already, just so."""
    removed: int = 0
    written: int = 0
    """Of an export."""
    skipped: Counter[str] = field(default_factory=Counter)
    """By the code of the reason, see `SkipReason`. Of all rows read none is missing: added, updated, unchanged and
    skipped make up `read`, or written and skipped."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"skipped": dict(sorted((+self.skipped).items()))}


class Report:
    """Totals and issues of one run. An issue sink, too: call it with an issue."""

    def __init__(self, order: Iterable[str] = ROW_KINDS) -> None:
        """`order` is that of the kinds of rows; others follow."""
        self._order = tuple(order)
        self.totals: dict[str, Totals] = {}
        self.counts: Counter[Severity] = Counter()
        self.has_whole_file_errors = False
        """Whether there is an error that cannot be passed over by leaving out a row."""
        self.summary = Summary(conf.options().max_issues_per_code, SHOWN)
        self._spool: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115  (lives as long as the report)
            _IN_MEMORY, mode="w+", encoding="utf-8", errors="backslashreplace"
        )
        weakref.finalize(self, discard, self._spool)

    def __call__(self, issue: Issue) -> None:
        """Takes an issue. Raises `NoTemporarySpace` if there is no space for so many."""
        self.counts[issue.severity] += 1
        self.has_whole_file_errors |= issue.severity is Severity.ERROR and issue.code in WHOLE_FILE
        if self.summary.take(issue):
            try:
                self._spool.write(f"{json.dumps(issue.as_dict(), ensure_ascii=False)}\n")
            except OSError as error:
                raise no_space(error) from error

    def settle(self) -> None:
        """Has all of it where it is read from later, so that no want of space can break what is done with it.

        To be called before what it reports is made final. Raises `NoTemporarySpace`.
        """
        try:
            self._spool.flush()
        except OSError as error:
            raise no_space(error) from error

    def unreadable(self, fault: UnreadableArchive) -> None:
        """Takes the issues of a file, or of the whole archive, that cannot be read to its end."""
        for problem in fault.problems:
            self(Issue.of_problem(problem))
        more = fault.total - len(fault.problems)
        if more:
            self.counts[Severity.ERROR] += more
            self.summary.add_unlisted(UNLISTED, Severity.ERROR, more)
        self.has_whole_file_errors = True

    @property
    def errors(self) -> int:
        """The number of errors."""
        return self.counts[Severity.ERROR]

    def of(self, kind: str) -> Totals:
        """The totals of a kind of rows, such as `boxes`."""
        return self.totals.setdefault(kind, Totals())

    def ordered_totals(self) -> list[tuple[str, Totals]]:
        """The totals in the order of the kinds of rows."""
        return sorted(self.totals.items(), key=lambda row: (*self._order, row[0]).index(row[0]))

    def totals_as_json(self) -> dict[str, dict[str, Any]]:
        """The totals by kind of rows, for JSON."""
        return {kind: totals.as_dict() for kind, totals in self.totals.items()}

    def issues(self) -> Iterator[Issue]:
        """Every issue that is listed, in the order in which they were found."""
        return (Issue.of_dict(json.loads(line)) for line in self._lines())

    def lines(self) -> Iterator[bytes]:
        """Every issue that is listed as a line of JSON, in the order in which they were found."""
        return (line.encode() for line in self._lines())

    def _lines(self) -> Iterator[str]:
        self._spool.seek(0)
        try:
            for line in self._spool:  # noqa: UP028  (yield from would close the file with the generator)
                yield line
        finally:
            if not self._spool.closed:
                self._spool.seek(0, 2)

    def kinds(self) -> list[IssueKind]:
        """The issues by kind: errors before warnings before notes, in each the most frequent first."""
        return self.summary.kinds()

    def first_issues(self, count: int = SHOWN) -> list[Issue]:
        """Issues to put on a screen: of each kind some, errors before warnings before notes, each file's by line."""
        return self.summary.first_issues(count)

    def write_json(self, target: IO[str], **head: Any) -> None:
        """Writes the report as JSON, whatever the number of issues; `head` comes first in it, then the summary."""
        body = {
            **head,
            "totals": self.totals_as_json(),
            "errors": self.counts[Severity.ERROR],
            "warnings": self.counts[Severity.WARNING],
            "notes": self.counts[Severity.NOTE],
            "summary": [kind.as_json() for kind in self.kinds()],
        }
        target.write(json.dumps(body, ensure_ascii=False, indent=2)[:-2] + ',\n  "issues": [')
        number = 0
        for number, issue in enumerate(self.issues(), 1):
            target.write(",\n    " if number > 1 else "\n    ")
            target.write(
                json.dumps({**issue.as_dict(), "reason": issue.reason, "text": str(issue)}, ensure_ascii=False)
            )
        target.write("\n  ]\n}\n" if number else "]\n}\n")
