"""Issues by kind: how many, where the first are, one example, and the lines of those that are too many to be listed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from openimages_io.format.issue_codes import Severity, code_of
from openimages_io.format.issues import Issue
from openimages_io.sentences import OptionName, say
from openimages_io.text import printable

_PLACES: Final = 3
_RANGES: Final = 50
"""Ranges of lines that are kept of a kind; it bounds what a summary may weigh."""
_ORDER: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(slots=True)
class Lines:
    """Issues of one file that are not listed, by line."""

    file: str
    first: int | None
    last: int | None
    count: int = 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"file": self.file, "first_line": self.first, "last_line": self.last, "count": self.count}

    def __str__(self) -> str:
        if self.first is None:
            return self.file
        return f"{self.file}:{self.first}" if self.first == self.last else f"{self.file}:{self.first}-{self.last}"


@dataclass(slots=True)
class IssueKind:
    """The issues of one code and severity."""

    code: str
    severity: Severity
    count: int = 0
    """How many findings they are: an issue that sums several up counts for each of them."""
    listed: int = 0
    """So many of these the report lists."""
    places: list[str] = field(default_factory=list)
    """Where the first are, as `file:line`."""
    example: dict[str, Any] | None = None
    """The first of them, as `Issue.as_dict` gives it, its texts shortened."""
    unlisted: list[Lines] = field(default_factory=list)
    """Where the others are. The last range of a file may have lines between that are good; its `count` says so."""
    elsewhere: int = 0
    """Those whose lines are not kept, because their ranges are too many."""

    def skip(self, issue: Issue) -> None:
        """Counts an issue that is not listed."""
        line = issue.line
        last = next((lines for lines in reversed(self.unlisted) if lines.file == issue.file), None)
        full = len(self.unlisted) >= _RANGES
        if last is None or (not full and not _follows(last.last, line)):
            if full:
                self.elsewhere += issue.count
            else:
                self.unlisted.append(Lines(issue.file, line, line, issue.count))
            return
        last.count += issue.count
        if line is not None:
            last.first = line if last.first is None else min(last.first, line)
            last.last = line if last.last is None else max(last.last, line)

    def as_dict(self) -> dict[str, Any]:
        """Codes and parameters, for JSON and the job's row."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "count": self.count,
            "listed": self.listed,
            "places": self.places,
            "example": self.example,
            "unlisted": [lines.as_dict() for lines in self.unlisted],
            "unlisted_elsewhere": self.elsewhere,
        }

    @classmethod
    def of_dict(cls, found: Mapping[str, Any]) -> "IssueKind":
        """What `as_dict` has given."""
        lines = [
            Lines(each["file"], each["first_line"], each["last_line"], each["count"]) for each in found["unlisted"]
        ]
        return cls(
            code=found["code"],
            severity=Severity(found["severity"]),
            count=found["count"],
            listed=found["listed"],
            places=list(found["places"]),
            example=found["example"],
            unlisted=lines,
            elsewhere=found["unlisted_elsewhere"],
        )

    def as_json(self) -> dict[str, Any]:
        """The same with its sentences, for whoever reads it."""
        return {**self.as_dict(), **self.words()}

    def words(self, option_name: OptionName = str) -> dict[str, str]:
        """What they mean, what to do about them, and the example, with the names that options have where it is read."""
        return {
            "about": self.about_with(option_name),
            "advice": self.advice_with(option_name),
            "text": self.text_with(option_name),
        }

    def about_with(self, option_name: OptionName) -> str:
        """What issues of this kind mean."""
        return say(code_of(self.code).about, {}, option_name)

    def advice_with(self, option_name: OptionName) -> str:
        """What to do about them."""
        return say(code_of(self.code).advice, {}, option_name)

    def text_with(self, option_name: OptionName) -> str:
        """The example as a sentence, with its place; empty where there is none."""
        return Issue.of_dict(self.example).text_with(option_name) if self.example else ""

    @property
    def about(self) -> str:
        """What issues of this kind mean."""
        return self.about_with(str)

    @property
    def advice(self) -> str:
        """What to do about them."""
        return self.advice_with(str)

    @property
    def text(self) -> str:
        """The example as a sentence, with its place; empty where there is none."""
        return self.text_with(str)

    @property
    def where(self) -> str:
        """The first places, in words."""
        return ", ".join([*self.places, *["…"] * (bool(self.places) and self.count > len(self.places))])

    @property
    def rest(self) -> str:
        """Those that are not listed, and where the first of them are, in words; empty where all are listed."""
        if self.count == self.listed:
            return ""
        first = self.unlisted[:_PLACES]
        parts = [f"{lines} ({lines.count:,})" for lines in first]
        other = self.count - self.listed - sum(lines.count for lines in first)
        parts += [f"{other:,} in other lines"] * bool(other)
        return f"{self.count - self.listed:,} more are not listed: {', '.join(parts)}"


def _follows(last: int | None, line: int | None) -> bool:
    return last == line or (last is not None and line is not None and line == last + 1)


class Summary:
    """Gathers issues by kind."""

    def __init__(self, listed: int, shown: int) -> None:
        self._most, self._shown = listed, shown
        self._kinds: dict[tuple[str, Severity], IssueKind] = {}
        self._first: dict[tuple[str, Severity], list[Issue]] = {}
        self._lines: Counter[tuple[str, Severity]] = Counter()
        """How many issues the report lists."""

    def take(self, issue: Issue) -> bool:
        """Counts an issue; tells whether it is to be listed."""
        key = issue.code, issue.severity
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = IssueKind(*key, example=_short(issue).as_dict())
            self._first[key] = []
        kind.count += issue.count
        if self._lines[key] >= self._most:
            kind.skip(issue)
            return False
        self._lines[key] += 1
        kind.listed += issue.count
        if len(self._first[key]) < self._shown:
            self._first[key].append(_short(issue))
        if len(kind.places) < _PLACES and issue.file and issue.place not in kind.places:
            kind.places.append(issue.place)
        return True

    @property
    def listed(self) -> int:
        """How many issues the report lists."""
        return self._lines.total()

    def add_unlisted(self, code: str, severity: Severity, count: int) -> None:
        """Counts issues of which nothing but their number is known."""
        kind = self._kinds.setdefault((code, severity), IssueKind(code, severity))
        kind.count += count
        kind.elsewhere += count

    def kinds(self) -> list[IssueKind]:
        """Errors before warnings before notes; of each the most frequent first."""
        return sorted(self._kinds.values(), key=lambda kind: (_ORDER[kind.severity], -kind.count, kind.code))

    def first_issues(self, count: int) -> list[Issue]:
        """So many issues at most, of each kind a fair share, so that no kind hides another."""
        left, shares = count, dict[tuple[str, Severity], int]()
        keys = sorted(self._first, key=lambda key: len(self._first[key]))
        for place, key in enumerate(keys):
            shares[key] = min(len(self._first[key]), left // (len(keys) - place))
            left -= shares[key]
        chosen = [issue for key in self._first for issue in self._first[key][: shares[key]]]
        files: dict[str, int] = {}
        for issue in chosen:
            files.setdefault(issue.file, len(files))
        return sorted(chosen, key=lambda issue: (_ORDER[issue.severity], files[issue.file], issue.line or 0))


def _short(issue: Issue) -> Issue:
    """With texts that any database and any screen can take."""
    found = issue.as_dict()
    found["params"] = {name: _cut(value) for name, value in found["params"].items()}
    return Issue.of_dict({name: _cut(value) for name, value in found.items()})


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    return printable(value) if isinstance(value, str) else value
