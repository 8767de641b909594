"""The issues of a job, page by page and as a table."""

import csv
import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings
from django.utils import timezone

from openimages_io.format.issues import Issue, Severity
from openimages_io.jobs import reports
from openimages_io.jobs.files import save_report
from openimages_io.jobs.reports import BadCursor, Page, issues_csv, read_issues
from openimages_io.models import Job
from openimages_io.transfer.report import Report

pytestmark = pytest.mark.django_db


def with_issues(*issues: Issue) -> Job:
    job = Job(kind="import", queued=timezone.now())
    report = Report()
    for issue in issues:
        report(issue)
    job.report.name = save_report(job, 1, report)
    job.save()
    return job


def numbered(number: int) -> list[Issue]:
    kinds = list(Severity)
    return [
        Issue(code="x", params={"reason": f"number {n}"}, file="a.csv", line=n + 2, severity=kinds[n % 3])
        for n in range(number)
    ]


def every(job: Job, limit: int, severity: Severity | None = None) -> list[Page]:
    pages = [read_issues(job, cursor=None, limit=limit, severity=severity)]
    while pages[-1].next is not None:
        pages.append(read_issues(job, cursor=pages[-1].next, limit=limit, severity=severity))
    return pages


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_pages_make_up_the_whole(limit: int) -> None:
    issues = numbered(10)
    pages = every(with_issues(*issues), limit)
    assert [issue for page in pages for issue in page.issues] == issues
    assert all(len(page.issues) == limit for page in pages[:-1])
    assert len(pages) == -(-10 // limit)


def test_one_severity_alone() -> None:
    issues = numbered(10)
    pages = every(with_issues(*issues), 2, Severity.WARNING)
    assert [issue for page in pages for issue in page.issues] == [i for i in issues if i.severity == Severity.WARNING]


def test_a_page_reads_no_more_than_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_READ_AT_MOST", 300)
    issues = numbered(30)
    pages = every(with_issues(*issues), 5, Severity.NOTE)
    assert [issue for page in pages for issue in page.issues] == [i for i in issues if i.severity == Severity.NOTE]
    assert len(pages) > 6


def test_a_job_without_issues_or_whose_files_are_gone_has_an_empty_page() -> None:
    job = with_issues()
    assert not job.report
    assert read_issues(job, cursor=None, limit=5) == Page([], None)
    assert b"".join(issues_csv(job)) == b"row,severity,code,count,file,line,last_line,column,value,reason,params\r\n"
    job = with_issues(*numbered(3))
    job.pruned = timezone.now()
    assert read_issues(job, cursor=None, limit=5) == Page([], None)
    with pytest.raises(BadCursor):
        read_issues(job, cursor="5", limit=5)


@pytest.mark.parametrize(
    "cursor",
    ["", "-1", "x", "1", "1.5", "١", "9" * 18, "9" * 5000, "0x10", " 0", "1e3", "\0", "\ud800", "²", "7\n"],
    ids=ascii,
)
def test_a_cursor_that_no_page_has_given(cursor: str) -> None:
    with pytest.raises(BadCursor):
        read_issues(with_issues(*numbered(3)), cursor=cursor, limit=5)


def test_texts_that_cannot_be_sent_are_escaped() -> None:
    job = with_issues(Issue(code="x", params={"reason": "r"}, file="a\udce9.csv", value="\ud800\0é 嵐"))
    (issue,) = read_issues(job, cursor=None, limit=5).issues
    assert (issue.file, issue.value) == ("a\\xe9.csv", "\\ud800\0é 嵐")
    assert "嵐".encode() in b"".join(issues_csv(job))


def test_a_spreadsheet_runs_nothing() -> None:
    values = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-0.5", "+1e3", "1", "a,b", 'say "x"', "two\nlines"]
    job = with_issues(
        *[Issue(code="x", params={"reason": "=r"}, file="=f", column="=c", value=value) for value in values]
    )
    rows = list(csv.reader(io.StringIO(b"".join(issues_csv(job)).decode(), newline="")))
    assert rows[0] == list(reports.CSV_COLUMNS)
    assert [row[8] for row in rows[1:]] == [
        *("'" + value for value in values[:6]),
        "-0.5",
        "+1e3",
        "1",
        "a,b",
        'say "x"',
        "two\nlines",
    ]
    assert {(row[4], row[7], row[9]) for row in rows[1:]} == {("'=f", "'=c", "'=r")}


def test_a_table_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_ROWS_AT_ONCE", 10)
    pieces = list(issues_csv(with_issues(*numbered(25))))
    assert [piece.count(b"\r\n") for piece in pieces] == [11, 10, 5]


def test_a_report_that_someone_has_removed(media: Path) -> None:
    job = with_issues(*numbered(3))
    job.report.storage.delete(str(job.report))
    assert read_issues(job, cursor=None, limit=5) == Page([], None)
    job.report.storage.save(str(job.report), ContentFile(b""))
    assert read_issues(job, cursor=None, limit=5) == Page([], None)


def test_a_table_says_what_each_row_is_and_pandas_reads_its_numbers_as_numbers() -> None:
    issues = [Issue(code="bad-flag", file="a.csv", line=n, severity=Severity.ERROR) for n in range(1, 5)]
    issues.append(Issue(code="pictures-elsewhere", params={"count": 107, "first": "x/a.jpg"}))
    with override_settings(OPENIMAGES_IO={"MAX_ISSUES_PER_CODE": 2}):
        report = Report()
        for issue in issues:
            report(issue)
        job = with_issues(*report.issues())
        job.summary = [kind.as_dict() for kind in report.kinds()]
    table = list(csv.DictReader(io.StringIO(b"".join(issues_csv(job)).decode(), newline="")))
    assert [(row["row"], row["code"], row["count"], row["line"], row["last_line"]) for row in table] == [
        ("summary", "bad-flag", "4", "1", ""),
        ("unlisted", "bad-flag", "2", "3", "4"),
        ("summary", "pictures-elsewhere", "107", "", ""),
        ("issue", "bad-flag", "1", "1", ""),
        ("issue", "bad-flag", "1", "2", ""),
        ("issue", "pictures-elsewhere", "107", "", ""),
    ]
