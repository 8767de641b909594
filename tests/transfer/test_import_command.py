"""`manage.py import_openimages`: its output, its exit status, and that every option reaches the importer."""

import gc
import io
import json
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command, get_commands, load_command_class

from openimages_io.management.commands import import_openimages
from openimages_io.management.progress import ProgressBar
from openimages_io.models import Label, Task
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions, MasksAs, Match, Missing, MissingAttributes, Mode, OnError
from openimages_io.transfer.report import Report
from tests.transfer.datasets import BOX, CLASSES, Files, documented, everything, picture, shapes, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path: Path) -> Callable[[Files], Path]:
    return lambda files: write(tmp_path / "source", files)


def run(*arguments: object, **options: Any) -> str:
    out = io.StringIO()
    call_command("import_openimages", *map(str, arguments), stdout=out, stderr=out, no_color=True, **options)
    return out.getvalue()


def refused(*arguments: object) -> tuple[str, str]:
    """What the command says, and the error that it ends with."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("import_openimages", *map(str, arguments), stdout=out, stderr=out, no_color=True)
    assert caught.value.returncode == 1
    return out.getvalue(), str(caught.value)


def test_the_table(source: Callable[[Files], Path]) -> None:
    rows = [BOX, BOX.replace("0.6", "0.7"), BOX.replace("a,", "b,", 1), BOX.replace("01yrx", "0new")]
    assert run(source(documented(classes=CLASSES, boxes=rows[:2])), "--task", "cats").splitlines() == [
        "                 read  added  updated  unchanged  removed  skipped",
        "labels              2      2        0          0        0        0",
        "attribute specs     6      6        0          0        0        0",
        "images              1      1        0          0        0        0",
        "boxes               2      2        0          0        0        0",
        "Imported into the new task “cats”: 0 errors, 0 warnings.",
    ]
    rows[1] = rows[1].replace("xclick", "freeform")
    text = run(source(documented(boxes=rows)), "--task", "cats", "--missing-images", "skip", "--missing-labels", "skip")
    assert text.splitlines() == [
        "       read  added  updated  unchanged  removed  skipped",
        "boxes     4      0        1          1        0        2",
        "         1 skipped: label not in the task",
        "         1 skipped: image not in the task",
        "Imported into the task “cats”: 0 errors, 0 warnings.",
    ]
    same = run(source(documented(boxes=rows[:2])), "--task", "cats")
    assert same.splitlines()[-1] == "The task “cats” was up to date already: nothing has changed. 0 errors, 0 warnings."


def test_a_new_task_is_made_only_if_that_may_be(source: Callable[[Files], Path]) -> None:
    archive = source(documented(boxes=[BOX]))
    for more in ([], ["--dry-run"]):
        text, error = refused(archive, "--task", "t", "--existing", *more)
        assert (text, error) == (
            "",
            "There is no task “t”, and none is to be made, so nothing was written. Check its name.",
        )
    assert not Task.objects.exists()
    assert "Imported into the new task “t”" in run(archive, "--task", "t")
    said = run(source(documented(boxes=[BOX, BOX.replace("0.6", "0.7")])), "--task", "t", "--existing").splitlines()[-1]
    assert said == "Imported into the task “t”: 0 errors, 0 warnings."
    assert "would be new" not in run(archive, "--task", "t", "--existing", "--dry-run")


def test_issues_and_status(source: Callable[[Files], Path]) -> None:
    row = BOX.replace("0.5", "1.2")
    text, error = refused(source(documented(boxes=[BOX, row]) | {"notes.md": "x"}), "--task", "t")

    assert text.splitlines()[:3] == [
        'error: annotations/train-annotations-bbox.csv:3: XMax: "1.2" is not a fraction between 0 and 1',
        "warning: notes.md: The file is not recognised by its name, and was not read",
        "",
    ]
    assert error == "Nothing was written: 1 error, 1 warning."
    assert not Task.objects.exists()

    text = run(source(documented(boxes=[BOX, row])), "--task", "t", "--on-error", "skip")
    assert (
        text.splitlines()[-1] == "Imported into the new task “t”, without the rows that are bad: 1 error, 0 warnings."
    )
    assert "1 skipped: with an error" in text
    assert len(shapes()) == 1


def test_a_hundred_issues_are_shown(source: Callable[[Files], Path], tmp_path: Path) -> None:
    rows = [BOX.replace("0.5", f"{n}") for n in range(2, 202)]
    text, error = refused(source(documented(boxes=rows)), "--task", "t", "--report", tmp_path / "r.json")

    lines = text.splitlines()
    assert sum(line.startswith("error: ") for line in lines) == 100
    assert lines[0] == "200 x bad-fraction (error): A coordinate that is not a fraction between 0 and 1."
    assert lines[1].startswith("    first: annotations/train-annotations-bbox.csv:2, ")
    assert lines[3].startswith("    what to do: Write coordinates as fractions")
    assert lines[105] == "… and 100 more; --report FILE.json lists them"
    assert error == "Nothing was written: 200 errors, 0 warnings."
    assert len(json.loads((tmp_path / "r.json").read_text("utf-8"))["issues"]) == 200


def test_the_report(source: Callable[[Files], Path], tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    archive = source(documented(boxes=[BOX]))
    run(archive, "--task", "Ä", "--report", path, "--dry-run")
    report = json.loads(path.read_text("utf-8"))
    assert report["totals"]["boxes"] == {
        "read": 1,
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "written": 0,
        "removed": 0,
        "skipped": {},
    }
    del report["totals"]
    counts = {"errors": 0, "warnings": 0, "notes": 0}
    head = {"committed": False, "source": str(archive), "task": "Ä", "dry_run": True}
    assert report == head | counts | {"summary": [], "issues": []}

    run(archive, "--task", "Ä", "--report", path)
    assert json.loads(path.read_text("utf-8"))["committed"] is True


def test_a_report_that_cannot_be_written_is_known_before(source: Callable[[Files], Path], tmp_path: Path) -> None:
    archive = source(documented(boxes=[BOX]))
    for place in (tmp_path, tmp_path / "no folder" / "r.json"):
        assert "cannot be written to" in refused(archive, "--task", "t", "--report", place)[1]
    assert not Task.objects.exists()


def test_a_report_takes_no_other_files_place(source: Callable[[Files], Path], tmp_path: Path) -> None:
    archive, place = source(documented(boxes=[BOX])), tmp_path / "mine.json"
    for mine in ('{"images": []}', '{\n  "task": "x",\n  "mine": [\n]\n', "x"):
        place.write_text(mine)
        assert "another file exists there" in refused(archive, "--task", "t", "--report", place)[1]
        assert place.read_text() == mine
    assert not Task.objects.exists()
    place.write_text("")
    for boxes in ([BOX], ["x"]):
        source(documented(boxes=boxes))
        with suppress(CommandError):
            run(archive, "--task", "t", "--report", place)
    assert json.loads(place.read_text())["errors"] == 1
    run(archive, "--task", "t", "--report", place, "--on-error", "skip")
    assert json.loads(place.read_text())["committed"] is True


def test_a_dry_run(source: Callable[[Files], Path]) -> None:
    text = run(source(documented(boxes=[BOX])), "--task", "t", "--dry-run")

    assert text.splitlines()[-1] == (
        "This was a dry run: nothing was written. 0 errors, 0 warnings. The task “t” would be new."
    )
    assert not Task.objects.exists()
    assert refused(source(documented(boxes=["x"])), "--task", "t", "--dry-run")[1].startswith("Nothing was written")


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip"])
def test_a_source_that_is_not_there(name: str, tmp_path: Path) -> None:
    text, error = refused(tmp_path / name, "--task", "t")

    assert "does not exist" in text
    assert error == "Nothing was written: 1 error, 0 warnings."


def test_the_owner(source: Callable[[Files], Path]) -> None:
    user = get_user_model().objects.create_user("ann")
    archive = source(documented(boxes=[BOX]))
    assert refused(archive, "--task", "t", "--owner", "bob")[1] == "There is no user “bob”."
    assert not Task.objects.exists()
    run(archive, "--task", "t", "--owner", "ann")
    assert Task.objects.get().owner == user
    run(archive, "--task", "other")
    assert Task.objects.get(name="other").owner is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_names_that_no_task_may_have(name: str, source: Callable[[Files], Path]) -> None:
    assert "1 to 255 characters" in refused(source(documented(boxes=[BOX])), "--task", name)[1]


OPTIONS: dict[tuple[str, ...], ImportOptions] = {
    (): ImportOptions(),
    ("--mode", "merge"): ImportOptions(),
    ("--mode", "replace"): ImportOptions(mode=Mode.REPLACE),
    ("--mode", "append"): ImportOptions(mode=Mode.APPEND),
    ("--mode", "replace", "--replace-all-kinds"): ImportOptions(mode=Mode.REPLACE, replace_all_kinds=True),
    ("--missing-images", "error"): ImportOptions(missing_images=Missing.ERROR),
    ("--missing-images", "skip"): ImportOptions(missing_images=Missing.SKIP),
    ("--missing-labels", "create"): ImportOptions(missing_labels=Missing.CREATE),
    ("--missing-attributes", "drop"): ImportOptions(missing_attributes=MissingAttributes.DROP),
    ("--missing-attributes", "error"): ImportOptions(missing_attributes=MissingAttributes.ERROR),
    ("--on-error", "abort"): ImportOptions(),
    ("--on-error", "skip"): ImportOptions(on_error=OnError.SKIP),
    ("--subset", "a", "--subset", "b c"): ImportOptions(subsets=frozenset({"a", "b c"})),
    ("--label", "/m/1", "--label", "Cat"): ImportOptions(labels=frozenset({"/m/1", "Cat"})),
    ("--match", "exact"): ImportOptions(match=Match.EXACT),
    ("--masks-as", "polygons"): ImportOptions(masks_as=MasksAs.POLYGONS),
    ("--no-images",): ImportOptions(pictures=False),
    ("--clip",): ImportOptions(clip=True),
}


@pytest.mark.parametrize("arguments", OPTIONS)
def test_options_reach_the_importer(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    class Spy(Importer):
        def run(self, *, dry_run: bool = False) -> Result:
            seen.extend([self.source, self.task_name, self.options, dry_run])
            return Result(Report(), committed=True, task=None)

    monkeypatch.setattr(import_openimages, "Importer", Spy)
    run("some.zip", "--task", "t", *arguments)
    assert seen == [Path("some.zip"), "t", OPTIONS[arguments], False]


def test_every_option_is_tested() -> None:
    command = load_command_class(get_commands()["import_openimages"], "import_openimages")
    own = {
        option
        for action in command.create_parser("manage.py", "import_openimages")._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    django = {"--help", "--version", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"}
    others = {
        "--task",
        "--existing",
        "--owner",
        "--dry-run",
        "--report",
        "--no-progress",
    }  # with tests of their own here
    others |= {"--database"}  # see below, and tests/matrix
    assert own - django - {"--verbosity", "--skip-checks"} == others | {
        o for key in OPTIONS for o in key if o[:2] == "--"
    }


def test_a_database_that_there_is_not(source: Callable[[Files], Path]) -> None:
    error = refused(source(documented(boxes=[BOX])), "--task", "t", "--database", "attic")[1]
    assert "DATABASES has no “attic”; it has: default" in error


def test_a_word_that_no_option_has(source: Callable[[Files], Path]) -> None:
    assert "--mode" in refused(source(documented(boxes=[BOX])), "--task", "t", "--mode", "overwrite")[1]


def test_the_same_from_the_command_line(source: Callable[[Files], Path]) -> None:
    archive = source(documented(boxes=[BOX], classes=CLASSES))
    run(archive, "--task", "t", "--label", "Cat", "--missing-attributes", "drop")
    before = everything()

    assert list(Label.objects.values_list("name", flat=True)) == ["/m/01yrx"]
    run(archive, "--task", "t", "--label", "Cat", "--missing-attributes", "drop")
    assert everything() == before


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_alone(
    source: Callable[[Files], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = source(documented(boxes=[BOX]))
    for stream, arguments, shown in (
        (Terminal(), (), True),
        (Terminal(), ("--no-progress",), False),
        (io.StringIO(), (), False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        call_command("import_openimages", str(archive), "--task", "t", *arguments, stdout=io.StringIO())
        text = stream.getvalue()
        assert ("check" in text, "commit" in text) == (shown, shown)


def test_without_tqdm_the_commands_work_and_show_no_bar(
    source: Callable[[Files], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)  # what makes an import fail
    archive, out = source(documented(boxes=[BOX])), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    call_command("import_openimages", str(archive), "--task", "t", stdout=out)
    call_command("export_openimages", "t", str(tmp_path / "out.zip"), stdout=out)
    assert "Imported into the new task “t”" in out.getvalue()
    assert "Exported the task “t”" in out.getvalue()
    assert terminal.getvalue() == ""


def test_the_progress_bar_goes_through_the_phases() -> None:
    stream = Terminal()
    threads = threading.active_count()
    with ProgressBar(stream, shown=True) as bar:
        bar("check", 0, 1000)
        bar("check", 1000, 1000)
        bar("commit", 500, 1000)
    assert "1.00k" in stream.getvalue()
    assert threading.active_count() == threads


def test_progress_is_told_in_bytes_and_reaches_the_whole(source: Callable[[Files], Path]) -> None:
    archive = source(documented(boxes=[BOX], labels=["a,,/m/01yrx,1"], classes=CLASSES))
    told: list[tuple[str, int, int]] = []
    Importer(archive, "t", progress=lambda *now: told.append(now)).run()

    totals = {phase: {total for now, _, total in told if now == phase} for phase in ("check", "commit")}
    assert totals["check"] == {sum(path.stat().st_size for path in archive.rglob("*.csv"))}
    for phase, (total,) in totals.items():
        done = [value for now, value, _ in told if now == phase]
        assert done == sorted(done)
        assert done[-1] == total


@pytest.mark.parametrize("name", ["\udcff", "a\0b"])
def test_a_name_that_no_row_can_have(source: Callable[[Files], Path], name: str) -> None:
    _, error = refused(source(documented(boxes=[BOX])), "--task", name)
    assert "cannot be a task's name: it is not valid UTF-8, or has a NUL byte" in error
    _, error = refused(source(documented(boxes=[BOX])), "--task", "cats", "--owner", name)
    assert error == f"There is no user “{name}”."
    assert not Task.objects.exists()


def test_an_empty_path_is_not_the_folder_at_hand(
    source: Callable[[Files], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source(documented(boxes=[BOX])))
    for arguments in (["", "--task", "cats"], [".", "--task", "cats", "--report", ""]):
        with pytest.raises(CommandError, match="the path is empty"):
            run(*arguments)
    assert not Task.objects.exists()


def test_a_terminal_that_lacks_characters(source: Callable[[Files], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    call_command("import_openimages", source(documented(boxes=[BOX])), task="Katzen für Ä", no_color=True)

    assert Task.objects.get().name == "Katzen für Ä"
    shown = terminal.buffer.getvalue().decode("ascii")
    assert "Imported into the new task \\u201cKatzen f\\xfcr \\xc4\\u201d" in shown
    assert terminal.errors == "strict"


def test_words_that_call_command_hands_on_unchecked(source: Callable[[Files], Path]) -> None:
    archive = source(documented(boxes=[BOX]))
    report = str(archive.with_name("report.json"))
    for mode in ("append", "merge", "replace"):
        call_command("import_openimages", archive, task="cats", mode=mode, report=report, stdout=io.StringIO())
        assert len(shapes(task="cats")) == 1
    more = source(documented(boxes=[BOX.replace("a,", "b,", 1)]))
    call_command("import_openimages", more, task="cats", missing_images="create", stdout=io.StringIO())
    assert len(shapes(task="cats")) == 2
    with pytest.raises(CommandError, match="“sometimes” is not one of: error, skip, create"):
        call_command("import_openimages", archive, task="cats", missing_labels="sometimes")


def test_pictures_outside_the_folder_for_them_are_one_line_with_their_number(
    source: Callable[[Files], Path], tmp_path: Path
) -> None:
    outside = {f"extra/raw/p{number:03}.jpg": picture() for number in range(107)}
    files = source(documented(classes=CLASSES, boxes=[BOX]) | {"images/train/a.jpg": picture()} | outside)
    text = run(files, "--task", "cats", "--report", tmp_path / "report.json")
    found = [line for line in text.splitlines() if "extra/" in line]
    assert found == ["warning: 107 pictures outside the folder images/ are not read, such as “extra/raw/p000.jpg”"], (
        text
    )
    kinds = {kind["code"]: kind["count"] for kind in json.loads((tmp_path / "report.json").read_text())["summary"]}
    assert kinds == {"pictures-elsewhere": 107}


@pytest.mark.parametrize("name", ["import_openimages", "export_openimages", "prune_openimages_jobs"])
def test_only_where_the_process_ends_with_the_command_is_nothing_looked_through(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: ends.append(name))
    command = load_command_class("openimages_io", name)
    with pytest.raises((CommandError, SystemExit)):
        call_command(command, "--no-such-option")
    assert ends == []
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", name, "--no-such-option"])
    assert ends == [name]
