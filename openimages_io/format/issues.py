"""What is wrong in a file, and where: the one shape that every reader reports in."""

from collections.abc import Callable, Mapping
from typing import Any

from openimages_io.archives.problems import Problem
from openimages_io.format.issue_codes import Severity, code_of, sentence
from openimages_io.sentences import OptionName
from openimages_io.text import printable, quote_text

__all__ = ["Issue", "IssueSink", "Params", "Severity"]

Params = Mapping[str, Any]
"""The parameters of an issue's sentence: texts, numbers, None."""


_OF_RULES = frozenset({"bad-shape", "bad-attribute"})
"""Codes of issues that say which rule a value breaks."""


class Issue:
    """One finding: a code with parameters, and its place. Its text reads `file:line: column: "value" reason`.

    The sentence is made from the code's declaration (`issue_codes`) whenever it is shown.
    """

    __slots__ = ("code", "column", "file", "line", "params", "severity", "value")

    def __init__(
        self,
        *,
        code: str,
        params: Params | None = None,
        file: str = "",
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        self.code = code
        """A name from `issue_codes.CODES`, such as `bad-fraction`."""
        self.params: Params = params or {}
        self.file = file
        """The path inside the archive; empty when the issue is about the whole."""
        self.line = line
        """The line of the file on which the record starts, from 1."""
        self.column = column
        """The column's name, or the path inside a JSON document."""
        self.value = value
        """What was there, unshortened."""
        self.severity = severity or code_of(code).severity

    @property
    def reason(self) -> str:
        """What was expected, as the end of a sentence whose subject is the value, or a whole clause without one."""
        return self.reason_with(str)

    def reason_with(self, option_name: OptionName) -> str:
        """The reason, where options have other names than the command's."""
        return sentence(self.code, self.params, option_name)

    def column_with(self, option_name: OptionName) -> str | None:
        """The column; of an option, which an issue may be about, what it is called where the issue is read."""
        return self.column and option_name(self.column)

    @property
    def count(self) -> int:
        """How many findings it stands for: its parameter `count`, if it sums several up."""
        count = self.params.get("count")
        return count if isinstance(count, int) and count > 0 else 1

    @property
    def place(self) -> str:
        """`file:line`, or the file alone; empty when the issue is about the whole."""
        return printable(f"{self.file}:{self.line}" if self.line is not None else self.file)

    def __str__(self) -> str:
        return self.text_with(str)

    def text_with(self, option_name: OptionName) -> str:
        """All of it, where options have other names than the command's."""
        reason = self.reason_with(option_name)
        what = f"{quote_text(self.value)} {reason}" if self.value is not None else reason
        column = printable(self.column_with(option_name) or "")
        return ": ".join([*(part for part in (self.place, column) if part), what])

    def as_dict(self) -> dict[str, Any]:
        """For JSON and other plain stores; `Issue(**…)` takes it back."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "severity": self.severity.value,
        }

    @classmethod
    def of_dict(cls, found: Mapping[str, Any]) -> "Issue":
        """What `as_dict` has given, also as reports were stored before.

        They had `reason` in the place of `params`, and then a rule's sentence, `detail`, in the place of its `fault`.
        """
        values = {**found, "severity": Severity(found["severity"])}
        if "reason" in values:
            values["params"] = {"reason": values.pop("reason")}
        elif values["code"] in _OF_RULES and "detail" in (params := values.get("params") or {}):
            fault = {"code": values["code"], "params": {"reason": params["detail"]}}
            values["params"] = {**{name: value for name, value in params.items() if name != "detail"}, "fault": fault}
        return cls(**values)

    @classmethod
    def of_problem(cls, problem: Problem) -> "Issue":
        """What is wrong with an archive, as an issue."""
        return cls(code=problem.code, file=problem.file, value=problem.archive, params=problem.params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Issue) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.code, self.file, self.line, self.column, self.value))

    def __repr__(self) -> str:
        return f"Issue({self.as_dict()!r})"


IssueSink = Callable[[Issue], None]
"""Takes an issue as it is found; reading goes on."""
