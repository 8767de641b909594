"""What a job has found: pages of JSON, and one CSV file."""

import csv
import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from openimages_io.format.issues import Issue, Severity
from openimages_io.models import Job, Task
from openimages_io.transfer.report import Report
from tests.api.job_factories import client, job, let_go, paths, task, url, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def here(owner: Any) -> Task:
    return task(owner)


def found(number: int) -> Issue:
    """The n-th issue."""
    severity = (Severity.ERROR, Severity.WARNING, Severity.NOTE)[number % 3]
    value = ("1.2", "=1+1", "a\udcffb", None)[number % 4]
    place: Any = {"file": "a.csv", "line": number, "column": "XMax", "value": value}
    return Issue(code="bad-fraction", params={"reason": "is not a fraction"}, severity=severity, **place)


def reported(of: Task, count: int, **values: Any) -> Job:
    """A job that has found so many issues."""
    report = Report()
    for number in range(count):
        report(found(number))
    counts = {f"{severity}s": report.counts[severity] for severity in Severity}
    made = job(of, "import", **counts | values)
    made.report.save("1.jsonl", ContentFile(b"".join(report.lines())))
    return made


def get(who: Any, made: Job, **query: Any) -> Any:
    return client(who).get(url("job-issues", made.pk, **query))


def test_every_issue_comes_once_page_by_page(here: Task, owner: Any) -> None:
    made = reported(here, 25)
    lines, link = [], url("job-issues", made.pk, page_size=10)
    sizes = []
    while link:
        body = client(owner).get(link).json()
        assert body["previous"] is None
        sizes.append(len(body["results"]))
        lines += [issue["line"] for issue in body["results"]]
        link = body["next"]
    assert lines == list(range(25))
    assert sizes == [10, 10, 5]


def test_options_have_the_names_of_the_apis_fields(here: Task, owner: Any) -> None:
    report = Report()
    report(Issue(code="unknown-chosen-label", column="--label", value="Cow"))
    report(Issue(code="bad-fraction", params={"form": "hair", "hair": 0.01}, file="a.csv", line=2, column="XMin"))
    report(Issue(code="unknown-image", file="a.csv", line=3, column="ImageID", value="x"))
    made = job(here, "import", errors=3, summary=[kind.as_dict() for kind in report.kinds()])
    made.report.save("1.jsonl", ContentFile(b"".join(report.lines())))
    label, fraction, _image = get(owner, made).json()["results"]
    assert label["column"] == "labels"
    assert label["text"].startswith('labels: "Cow" ')
    assert "clip: true takes such" in fraction["reason"]
    assert "clip: true takes such" in fraction["text"]
    kinds = {kind["code"]: kind for kind in client(owner).get(url("job-detail", made.pk)).json()["summary"]}
    assert 'missing_images: "create" or "skip"' in kinds["unknown-image"]["advice"]
    assert kinds["unknown-chosen-label"]["example"]["column"] == "labels"
    table = b"".join(get(owner, made, format="csv").streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert {row["column"] for row in rows} == {"labels", "XMin", "ImageID"}
    assert "--" not in table
    assert table.count("clip: true") == 2


def test_an_issue_has_its_place_and_is_a_sentence(here: Task, owner: Any) -> None:
    results = get(owner, reported(here, 4)).json()["results"]
    assert results[0] == {
        "severity": "error",
        "code": "bad-fraction",
        "params": {"reason": "is not a fraction"},
        "file": "a.csv",
        "line": 0,
        "column": "XMax",
        "value": "1.2",
        "reason": "is not a fraction",
        "text": 'a.csv:0: XMax: "1.2" is not a fraction',
    }
    assert results[2]["value"] == "a\\xffb"
    assert results[3]["value"] is None


def test_only_the_worst(here: Task, owner: Any) -> None:
    made = reported(here, 10)
    for severity, lines in (("error", [0, 3, 6, 9]), ("warning", [1, 4, 7]), ("note", [2, 5, 8])):
        assert [issue["line"] for issue in get(owner, made, severity=severity).json()["results"]] == lines


@pytest.mark.parametrize(
    ("query", "path"),
    [({"severity": "bad"}, "severity"), ({"format": "xml"}, "format"), ({"format": "CSV"}, "format"),
     ({"page_size": "0"}, "page_size"), ({"page_size": "x"}, "page_size"), ({"sevrity": "error"}, "sevrity"),
     ({"cursor": "a\0"}, "cursor")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_400(here: Task, owner: Any, query: dict[str, Any], path: str) -> None:
    response = get(owner, reported(here, 3), **query)
    assert (response.status_code, set(paths(response))) == (400, {path})


@pytest.mark.parametrize("cursor", ["x", "-1", "1", "99999999", "9" * 200, "٣", "1e3"])
def test_a_cursor_of_no_page_is_404(here: Task, owner: Any, cursor: str) -> None:
    assert get(owner, reported(here, 3), cursor=cursor).status_code == 404


def test_a_table_for_a_spreadsheet(here: Task, owner: Any) -> None:
    made = reported(here, 8)
    response = get(owner, made, format="csv")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="issues-{made.pk}.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.streaming
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert [int(row["line"]) for row in rows] == list(range(8))
    assert rows[0].keys() == {
        "row", "severity", "code", "count", "file", "line", "last_line", "column", "value", "reason", "params",
    }  # fmt: skip
    assert rows[1]["value"] == "'=1+1"


@pytest.mark.parametrize("accept", ["text/csv", "application/json", "text/html", "image/png"])
def test_the_format_is_as_asked_for_whatever_is_accepted(here: Task, owner: Any, accept: str) -> None:
    made = reported(here, 1)
    for word, kind in (("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        response = client(owner).get(url("job-issues", made.pk, format=word), headers={"Accept": accept})
        assert response["Content-Type"] == kind
        let_go(response)


def test_a_job_without_issues_has_an_empty_page(here: Task, owner: Any) -> None:
    for made in (job(here, "import"), job(here, "import", "queued")):
        assert get(owner, made).json() == {"next": None, "previous": None, "results": []}
        assert get(owner, made, format="csv").getvalue().splitlines() == [
            b"row,severity,code,count,file,line,last_line,column,value,reason,params"
        ]


def test_a_report_that_was_pruned_is_410_and_not_empty(here: Task, owner: Any) -> None:
    assert get(owner, reported(here, 3, pruned=timezone.now())).status_code == 410
    assert get(owner, job(here, "import", pruned=timezone.now())).json()["results"] == []


def test_who_reads_issues(here: Task, owner: Any) -> None:
    made = reported(here, 1)
    assert get(user("another"), made).status_code == 404
    assert client().get(url("job-issues", made.pk)).status_code == 401
    weak = user("weak", may=())
    assert get(weak, reported(task(weak, "theirs"), 1)).status_code == 200
