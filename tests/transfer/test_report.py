"""A report: the kinds of issues, which of them are listed, and what is said of the others."""

import io
import json
from typing import Any

import pytest
from django.test import override_settings

from openimages_io.format.issues import Issue, Severity
from openimages_io.transfer.report import Report
from openimages_io.transfer.summary import IssueKind


def bad(line: int | None, file: str = "a.csv", code: str = "bad-flag", **values: Any) -> Issue:
    return Issue(code=code, params={"reason": "is bad"}, file=file, line=line, **values)


def report_of(*issues: Issue) -> Report:
    report = Report()
    for issue in issues:
        report(issue)
    return report


def test_many_of_a_kind_hide_no_other() -> None:
    report = report_of(*[bad(n) for n in range(1, 5000)], bad(6000, code="bad-click"), bad(None, code="empty-box"))
    shown = report.first_issues()
    assert len(shown) == 100
    assert {issue.code for issue in shown} == {"bad-flag", "bad-click", "empty-box"}
    kinds = report.kinds()
    assert [(kind.severity, kind.code, kind.count) for kind in kinds] == [
        (Severity.ERROR, "bad-flag", 4999),
        (Severity.ERROR, "bad-click", 1),
        (Severity.WARNING, "empty-box", 1),
    ]
    assert (kinds[0].where, kinds[0].text) == ("a.csv:1, a.csv:2, a.csv:3, …", "a.csv:1: is bad")


@override_settings(OPENIMAGES_IO={"MAX_ISSUES_PER_CODE": 3})
def test_beyond_the_limit_there_are_ranges_of_lines() -> None:
    lines = [*range(2, 20), 30, 31, 40]
    report = report_of(*map(bad, lines), bad(7, "b.csv"), bad(None, "c.png"), bad(1, code="bad-click"))
    assert [issue.line for issue in report.issues()] == [2, 3, 4, 1]
    kind = report.kinds()[0]
    assert (kind.count, kind.listed, kind.elsewhere) == (23, 3, 0)
    assert [(str(each), each.count) for each in kind.unlisted] == [
        ("a.csv:5-19", 15), ("a.csv:30-31", 2), ("a.csv:40", 1), ("b.csv:7", 1), ("c.png", 1),
    ]  # fmt: skip
    assert kind.rest.startswith("20 more are not listed: a.csv:5-19 (15), a.csv:30-31 (2)")
    assert report.errors == 24


@override_settings(OPENIMAGES_IO={"MAX_ISSUES_PER_CODE": 1})
def test_what_a_summary_weighs_is_bounded() -> None:
    report = report_of(*[bad(2 * n) for n in range(1000)], *[bad(1, f"{n}.csv") for n in range(1000)])
    (kind,) = report.kinds()
    assert len(kind.unlisted) == 50
    assert sum(lines.count for lines in kind.unlisted) == 999
    assert (kind.unlisted[-1].first, kind.unlisted[-1].last) == (100, 1998)
    assert kind.elsewhere == 1000
    assert kind.rest.endswith("a.csv:6 (1), 1,996 in other lines")


def test_texts_of_a_summary_fit_into_any_database() -> None:
    report = report_of(bad(1, "a\udce9\0.csv", value="\0\ud800" + "x" * 10_000))
    stored = json.dumps([kind.as_dict() for kind in report.kinds()], ensure_ascii=False).encode()
    assert b"\\u0000" not in stored
    assert len(stored) < 1500


def test_a_kind_survives_json() -> None:
    report = report_of(bad(1), bad(2), Issue(code="no-png", params={"count": 3}))
    kinds = report.kinds()
    assert [IssueKind.of_dict(json.loads(json.dumps(kind.as_dict()))) for kind in kinds] == kinds
    assert kinds[1].text == "Masks without a stored PNG, whose rows name no file: 3"


def test_the_summary_comes_before_the_issues_in_json() -> None:
    target = io.StringIO()
    report_of(bad(1), bad(2)).write_json(target, task="t")
    text = target.getvalue()
    found = json.loads(text)
    assert text.index('"summary"') < text.index('"issues"')
    (kind,) = found["summary"]
    assert (kind["code"], kind["count"], kind["places"]) == ("bad-flag", 2, ["a.csv:1", "a.csv:2"])
    assert kind["advice"] == "Correct the cell: 1 yes, 0 no, -1 unknown."
    assert [issue["params"] for issue in found["issues"]] == [{"reason": "is bad"}] * 2


@pytest.mark.parametrize("number", [0, 1, 100, 101])
def test_the_first_issues_are_no_more_than_fit(number: int) -> None:
    assert len(report_of(*map(bad, range(number))).first_issues()) == min(number, 100)


@override_settings(OPENIMAGES_IO={"MAX_ISSUES_PER_CODE": 2})
def test_an_issue_that_sums_several_up_counts_for_each_of_them() -> None:
    short = [Issue(code="short-rows", params={"count": 5}, file=f"{name}.csv", line=2) for name in "abc"]
    report = report_of(Issue(code="pictures-elsewhere", params={"count": 107, "first": "x/a.jpg"}), *short)
    assert [(kind.code, kind.count, kind.listed) for kind in report.kinds()] == [
        ("pictures-elsewhere", 107, 107),
        ("short-rows", 15, 10),
    ]
    assert report.kinds()[1].rest == "5 more are not listed: c.csv:2 (5)"
    assert (report.counts[Severity.WARNING], len(list(report.issues())), report.summary.listed) == (4, 3, 3)


def test_whoever_stops_reading_issues_leaves_them_to_others() -> None:
    report = report_of(*map(bad, range(3)))
    assert any(issue.line == 0 for issue in report.issues())
    report(bad(3))
    assert [issue.line for issue in report.issues()] == [0, 1, 2, 3]
