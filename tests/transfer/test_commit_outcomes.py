"""The end of an import, whatever happens around its COMMIT: what is said is true, and no picture of a row is gone."""

import io
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from openimages_io.database.bulk import Loader
from openimages_io.exceptions import CommitUnknown, OpenImagesError
from openimages_io.models import Image, Mask, Shape, Task
from openimages_io.models.installation import MARK
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, Missing, Mode
from openimages_io.transfer.plan import Plan
from tests.transaction_faults import (
    DONE,
    EVERY,
    MAYBE,
    NOT,
    STOPPED,
    Ending,
    arm_at_the_first_import,
    is_written,
    lost_files,
    outcome_of,
    pictures,
)
from tests.transfer.archives import PICTURE_A, PICTURE_B, TASK, changed, everything, file, good, load, picture, zipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

OPTIONS = ImportOptions(missing_images=Missing.CREATE, missing_labels=Missing.CREATE)


def in_rows() -> set[str]:
    return set(Image.objects.exclude(file="").values_list("file", flat=True))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The good archive with two other pictures in place of those that `load` has stored, and a third."""
    new = file("images/train/new.png", picture(7, 7))
    return zipped(
        tmp_path / "a.zip", changed(file(PICTURE_A, picture(8, 6, "BMP")), file(PICTURE_B, picture(9, 9)), new)
    )


@pytest.fixture
def before(tmp_path: Path, media: Path) -> dict[str, Any]:
    """A task with two pictures, both of which the import replaces."""
    load(zipped(tmp_path / "before.zip", good()))
    return everything()


@pytest.fixture
def end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, before: dict[str, Any]) -> Ending:
    """The way in which the import's COMMIT ends: the test's first parameter."""
    made = Ending(monkeypatch, request.getfixturevalue("how"))
    arm_at_the_first_import(made, monkeypatch)
    return made


def check_files(how: str, before: dict[str, Any], media: Path) -> None:
    """Old and new pictures, seen afresh."""
    assert not lost_files()
    assert in_rows() <= pictures(media)
    old = {name for name in before["files"] if name.startswith("openimages/") and not name.endswith(MARK)}
    assert len(old) == 2
    if is_written(how):
        assert len(in_rows()) == 3
        assert not in_rows() & old
        assert (how in {"as usual", "another's hook fails"}) == (not pictures(media) & old)
    else:
        assert in_rows() == old
        assert everything()["Image"] == before["Image"]
        assert everything()["Shape"] == before["Shape"]
        assert (how in NOT) == (pictures(media) == old)


@pytest.mark.parametrize("how", EVERY)
def test_the_importer(how: str, end: Ending, source: Path, before: dict[str, Any], media: Path) -> None:
    importer = Importer(source, TASK, OPTIONS)
    if how in DONE - STOPPED:
        result = importer.run()
        assert (result.committed, result.changed, result.report.of("pictures").added) == (True, True, 1)
    else:
        kind = KeyboardInterrupt if how in STOPPED else CommitUnknown if how in MAYBE else OpenImagesError
        with pytest.raises(kind) as caught:
            importer.run()
        if how in NOT:
            advice = (
                f". Look at the free space and the permissions of {connection.settings_dict['NAME']} and its folder."
            )
            said = "The database failed, so nothing was written: the disk is full"
            assert str(caught.value) == said + (advice if connection.vendor == "sqlite" else ".")
        elif how not in STOPPED:
            assert str(caught.value) == (
                "The connection to the database broke while committing, so the import may have been written: look "
                "whether the task “street” has it, or run the same import again, which changes nothing if it has. "
                "(the link is cut)"
            )
    assert end.is_done
    assert importer.outcome is outcome_of(how)
    check_files(how, before, media)
    again = Importer(source, TASK, OPTIONS).run()
    assert (again.committed, again.changed) == (True, not is_written(how))
    assert not lost_files()
    assert len(in_rows()) == 3


SAID = {
    "refused": (1, "The database failed, so nothing was written: the disk is full"),
    "commit lost": (1, "The connection to the database broke while committing, so the import may have been written: "),
    "answer lost": (1, "The connection to the database broke while committing, so the import may have been written: "),
    "stopped before": (130, "Stopped while committing, so the import may have been written: look whether the task “"),
    "stopped after": (130, "Stopped while committing, so the import may have been written: look whether the task “"),
    "stopped in deletion": (
        130,
        "Stopped after the import was written: the task “street” has what the archive says.",
    ),
}


@pytest.mark.parametrize("how", EVERY)
def test_the_command(how: str, end: Ending, source: Path, before: dict[str, Any], media: Path, tmp_path: Path) -> None:
    out, report = io.StringIO(), tmp_path / "report.json"
    arguments = "import_openimages", str(source), "--task", TASK, "--missing-images", "create", "--report", str(report)
    if how in SAID:
        with pytest.raises(CommandError) as caught:
            call_command(*arguments, stdout=out)
        assert caught.value.returncode == SAID[how][0]
        assert str(caught.value).startswith(SAID[how][1])
    else:
        call_command(*arguments, stdout=out)
    assert ("Imported into the task “street”" in out.getvalue()) == (how in DONE)
    assert report.exists() == (how in DONE)
    check_files(how, before, media)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.REPLACE, "has it, or run the same import again, which replaces it by the same if it has."),
        (
            Mode.APPEND,
            "has it before you run the same import again: in mode append that would add every annotation",
        ),
    ],
)
@pytest.mark.parametrize("how", ["answer lost"])
def test_each_mode_has_its_advice(how: str, mode: Mode, said: str, end: Ending, source: Path) -> None:
    with pytest.raises(CommitUnknown) as caught:
        Importer(source, TASK, ImportOptions(mode=mode, missing_images=Missing.CREATE)).run()
    assert said in str(caught.value)


def test_ctrl_c_after_each_deletion(source: Path, before: dict[str, Any], media: Path, monkeypatch: Any) -> None:
    """A real signal, while the storage takes its time: after the first picture that was replaced, and so on."""
    delete = FileSystemStorage.delete
    old = pictures(media)
    deleted: list[str] = []

    def slow(storage: FileSystemStorage, name: str) -> None:
        delete(storage, name)
        deleted.append(name)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FileSystemStorage, "delete", slow)
    with pytest.raises(CommandError, match=r"^Stopped after the import was written") as caught:
        call_command("import_openimages", str(source), "--task", TASK, "--missing-images", "create")
    assert caught.value.returncode == 130
    assert len(deleted) == 1
    assert pictures(media) == in_rows() | (old - set(deleted))
    assert not lost_files()


def test_ctrl_c_before_the_transaction_ends_leaves_nothing(
    source: Path, before: dict[str, Any], media: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Loader, "finish", lambda loader: signal.raise_signal(signal.SIGINT))
    with pytest.raises(CommandError, match=r"^Stopped: nothing was written\.$") as caught:
        call_command("import_openimages", str(source), "--task", TASK, "--missing-images", "create")
    assert caught.value.returncode == 130
    assert everything() == before


def test_ctrl_c_while_the_report_is_written(source: Path, before: dict[str, Any], media: Path, tmp_path: Path) -> None:
    class Stops(io.StringIO):
        def write(self, text: str) -> int:
            if "Imported" in text:
                signal.raise_signal(signal.SIGINT)
            return super().write(text)

    with pytest.raises(CommandError, match=r"^Stopped after the import was written"):
        call_command("import_openimages", str(source), "--task", TASK, "--missing-images", "create", stdout=Stops())
    assert len(in_rows()) == 3


def test_what_fails_after_the_commit_is_no_failure(
    source: Path, before: dict[str, Any], media: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """The folder of temporary files has gone, say."""

    def full(plan: Plan, *error: object) -> None:
        plan.close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Plan, "__exit__", full)
    result = Importer(source, TASK, OPTIONS).run()
    assert (result.committed, result.report.of("pictures").added) == (True, 1)
    assert "what was to follow failed" in caplog.text
    check_files("as usual", before, media)


def test_a_transaction_around_the_import_decides(source: Path, before: dict[str, Any], media: Path) -> None:
    with transaction.atomic():
        assert Importer(source, TASK, OPTIONS).run().committed
        assert len(in_rows()) == 3
        transaction.set_rollback(True)
    check_files("commit lost", before, media)
    with transaction.atomic():
        assert Importer(source, TASK, OPTIONS).run().committed
        assert len(pictures(media)) == 2 + 3 + 3
    assert in_rows() < pictures(media)
    assert not lost_files()


def test_a_failing_import_within_a_transaction_removes_its_pictures(
    source: Path, before: dict[str, Any], media: Path
) -> None:
    def fail(task: Task, *_: object) -> None:
        raise OpenImagesError("no")

    with transaction.atomic():
        with pytest.raises(OpenImagesError):
            Importer(source, TASK, OPTIONS, before_commit=fail).run()
        Task.objects.create(name="y")
    assert in_rows() == pictures(media)
    assert (Image.objects.count(), Shape.objects.count(), Mask.objects.count()) == (2, 7, 2)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of temporary files of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
