"""What a person sees of a bad archive: every issue with its place, one sentence at the end, status 1, no traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DataError, connections

from openimages_io.database.bulk import Loader
from openimages_io.management.commands.import_openimages import Command
from openimages_io.models import Task
from openimages_io.transfer.importer import Importer
from tests.transfer.archives import (
    BOXES,
    HIERARCHY,
    HUMAN,
    IMAGES,
    TASK,
    Change,
    cell,
    changed,
    everything,
    file,
    good,
    load,
    more,
    replaced,
    write,
    zipped,
)
from tests.transfer.test_many_faults import EXPECTED, faulty

pytestmark = pytest.mark.django_db


class Outcome(NamedTuple):
    """What is left of a run: the exit status and what was printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command as `manage.py` does, but for closing the connection, which the test needs."""
    monkeypatch.setattr(connections, "close_all", lambda: None)

    def command(source: Path, *options: str) -> Outcome:
        argv = ["manage.py", "import_openimages", str(source), "--task", TASK, *options, "--no-color"]
        status = 0
        try:
            Command().run_from_argv(argv)
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Outcome(status, *capsys.readouterr())

    return command


CASES: list[tuple[str, tuple[Change, ...], str]] = [
    ("cell", (cell(BOXES, 3, "XMax", "1.2"),), f'error: {BOXES}:3: XMax: "1.2" is not a fraction between 0 and 1'),
    ("column", (replaced(HUMAN, "LabelName", "Label"),),
     f"error: {HUMAN}:1: LabelName: The column is missing; the file has ImageID, Source, Label, Confidence"),
    ("file", (file(IMAGES, ""),), f"error: {IMAGES}: The file is empty"),
    ("JSON", (file(HIERARCHY, "{"),),
     f"error: {HIERARCHY}:1: column 2: the text is not JSON: Expecting property name enclosed in double quotes"),
    ("escape", (cell(BOXES, 2, "LabelName", "\x1b[2J\nerror"),),
     f'error: {BOXES}:2: LabelName: "\\x1b[2J\\nerror" contains a line break, which a LabelName may not'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bad_archive(changes: tuple[Change, ...], expected: str, run: Run, tmp_path: Path) -> None:
    before = everything()
    outcome = run(write(tmp_path / "bad", changed(*changes)))
    assert outcome.out.splitlines()[0] == expected
    assert outcome.err == "CommandError: Nothing was written: 1 error, 0 warnings.\n"
    assert outcome.status == 1
    assert everything() == before


def test_the_whole_screen(run: Run, tmp_path: Path) -> None:
    bad = (cell(BOXES, 3, "XMax", "1.2"), more(BOXES, "a,,/m/01yrx,1\n"), file("notes.txt", "x"))
    outcome = run(write(tmp_path / "bad", changed(*bad)))
    assert outcome.out == (
        'error: annotations/train-annotations-bbox.csv:3: XMax: "1.2" is not a fraction between 0 and 1\n'
        "error: annotations/train-annotations-bbox.csv:4: The row has 4 cells, but the file has 13 columns; "
        "XMin, XMax, YMin, YMax must not be missing\n"
        "warning: notes.txt: The file is not recognised by its name, and was not read\n"
        "\n"
        "Nothing was written. Without the bad rows, this would have been written:\n"
        "                 read  added  updated  unchanged  removed  skipped\n"
        "labels              5      5        0          0        0        0\n"
        "hierarchy edges     4      4        0          0        0        0\n"
        "attribute specs    10     10        0          0        0        0\n"
        "images              2      2        0          0        0        0\n"
        "image sizes         2      2        0          0        0        0\n"
        "human labels        2      2        0          0        0        0\n"
        "machine labels      1      1        0          0        0        0\n"
        "boxes               3      1        0          0        0        2\n"
        "                   2 skipped: with an error\n"
        "masks               2      2        0          0        0        0\n"
        "picture files       2      2        0          0        0        0\n"
    )
    assert outcome.err == "CommandError: Nothing was written: 2 errors, 1 warning.\n"


def test_many_faults_and_the_report(run: Run, tmp_path: Path) -> None:
    load(write(tmp_path / "good", good()))
    before = everything()
    target = tmp_path / "report.json"
    policies = ("--missing-images", "error", "--missing-labels", "error")
    outcome = run(write(tmp_path / "bad", faulty()), *policies, "--report", str(target))
    lines = [line for line in outcome.out.splitlines() if line.startswith("error: ")]
    assert sorted(lines) == sorted(f"error: {text}" for text in EXPECTED)
    places = [line.split(": ")[1].rpartition(":") for line in lines]
    for path in {path for path, _, _ in places}:
        numbers = [int(number) for other, _, number in places if other == path]
        assert numbers == sorted(numbers)
    assert outcome.status == 1
    report = json.loads(target.read_text())
    assert (report["errors"], report["committed"]) == (len(EXPECTED), False)
    assert sorted(issue["text"] for issue in report["issues"]) == sorted(EXPECTED)
    assert everything() == before


def test_bad_rows_left_out_as_asked_are_status_0(run: Run, tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "bad", changed(cell(BOXES, 3, "XMax", "1.2"))), "--on-error", "skip")
    assert outcome.status == 0
    assert outcome.err == ""
    assert "boxes               2      1        0          0        0        1\n" in outcome.out
    last = "Imported into the new task “street”, without the rows that are bad: 1 error, 0 warnings."
    assert outcome.out.splitlines()[-1] == last


def test_a_dry_run_of_a_bad_archive_is_status_1(run: Run, tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "bad", changed(cell(BOXES, 3, "XMax", "1.2"))), "--dry-run")
    assert outcome.status == 1


def test_a_hundred_issues_are_shown_and_all_are_in_the_report(run: Run, tmp_path: Path) -> None:
    bad = changed(more(BOXES, "a,,/m/01yrx,1\n" * 250))
    outcome = run(write(tmp_path / "bad", bad), "--report", str(tmp_path / "report.json"))
    assert outcome.out.count("error: ") == 100
    assert "… and 150 more; --report FILE.json lists them\n" in outcome.out
    assert len(json.loads((tmp_path / "report.json").read_text())["issues"]) == 250


@pytest.mark.parametrize(
    ("name", "expected"),
    [("none.zip", "does not exist; a folder, a zip or a tar"), ("cut.zip", "is a zip without its list of contents")],
)
def test_a_source_that_cannot_be_opened(name: str, expected: str, run: Run, tmp_path: Path) -> None:
    packed = zipped(tmp_path / "a.zip", good()).read_bytes()
    (tmp_path / "cut.zip").write_bytes(packed[:1500])
    outcome = run(tmp_path / name)
    assert expected in outcome.out
    assert outcome.err == "CommandError: Nothing was written: 1 error, 0 warnings.\n"
    assert outcome.status == 1
    assert not Task.objects.exists()


def test_the_database_fails(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def insert(*_: object, **__: object) -> int:
        raise DataError("value too long for type character varying(255)")

    monkeypatch.setattr(Loader, "insert", insert)
    outcome = run(write(tmp_path / "a", good()))
    reason = "value too long for type character varying(255)"
    assert outcome.err == f"CommandError: The database failed, so nothing was written: {reason}.\n"
    assert outcome.status == 1


@pytest.mark.long
def test_it_is_stopped(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Importer, "_apply", commit)
    outcome = run(write(tmp_path / "a", good()))
    assert outcome == (130, "", "CommandError: Stopped: nothing was written.\n")


@pytest.mark.parametrize("target", ["none/report.json", "."])
def test_a_report_that_cannot_be_written_is_told_first(target: str, run: Run, tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "a", good()), "--report", str(tmp_path / target))
    assert outcome.err.startswith("CommandError: The report cannot be written to ")
    assert outcome.status == 1
    assert not Task.objects.exists()


def test_it_can_be_called_from_code(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing was written: 1 error, 0 warnings"):
        call_command("import_openimages", write(tmp_path / "a", changed(file(IMAGES, ""))), task=TASK)
