"""Folders for temporary files, storages and databases that are full, missing or read-only."""

import io
import tempfile
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from openimages_io.exceptions import NoTemporarySpace, OpenImagesError
from openimages_io.jobs.heartbeat import heartbeat_folder
from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.models import Image, Shape, Task
from openimages_io.models.job_files import current_job_storage
from openimages_io.transfer import report
from openimages_io.transfer.disk_notes import DiskNotes
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, ImportOptions, OnError
from openimages_io.transfer.plan import Plan
from tests.jobs.archives import small
from tests.transaction_faults import job_files, pictures
from tests.transfer.archives import (
    BOXES,
    HUMAN,
    TASK,
    changed,
    errors,
    everything,
    file,
    good,
    more,
    picture,
    tarred,
    zipped,
)

pytestmark = pytest.mark.django_db(transaction=True)

PART = HUMAN.replace(".csv", "-boxable.csv")
FULL = Path("/dev/full")


def full_file(mode: str = "w+b", buffering: int = -1, encoding: str | None = None, **_: Any) -> IO[Any]:
    """A file on a full disk: what is written stays in a buffer, and then there is no room for it."""
    return FULL.open("r+b" if "b" in mode else "r+", buffering=buffering, encoding=encoding)


@pytest.fixture(params=["full", "missing"])
def no_room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The folder for temporary files has no room, or is not there any more."""
    if request.param == "missing":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    elif not FULL.exists():
        pytest.skip("this machine has no /dev/full")
    else:
        monkeypatch.setattr(tempfile, "TemporaryFile", full_file)
    return str(request.param)


REASON = {"full": "No space left on device", "missing": "No such file or directory"}


def assert_sentence(error: BaseException, no_room: str) -> None:
    assert type(error) is NoTemporarySpace
    assert str(error) == (
        f"The folder for temporary files ({tempfile.gettempdir()}) cannot be used: {REASON[no_room]}. "
        "Nothing was written. Free space there, or set TMPDIR to another folder."
    )


def test_without_room_for_the_plan_nothing_is_written(no_room: str, tmp_path: Path) -> None:
    with pytest.raises(NoTemporarySpace) as caught:
        Importer(zipped(tmp_path / "a.zip", good()), TASK).run()
    assert_sentence(caught.value, no_room)
    assert not Task.objects.exists()
    assert not pictures(tmp_path / "media")


def test_a_dry_run_needs_no_room_for_the_plan(no_room: str, tmp_path: Path) -> None:
    result = Importer(zipped(tmp_path / "a.zip", good()), TASK).run(dry_run=True)
    assert (result.changed, errors(result)) == (True, [])


def test_a_plan_that_fills_the_disk_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last bytes are in a buffer when the archive has been read to its end."""
    monkeypatch.setattr(tempfile, "TemporaryFile", full_file)
    with Plan() as plan:
        plan.delete_shapes([1], [1])
        with pytest.raises(NoTemporarySpace):
            plan.settle()


def test_a_report_of_many_issues(no_room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_IN_MEMORY", 1000)
    source = zipped(tmp_path / "a.zip", changed(more(BOXES, "a,,/m/01yrx,1\n" * 250)))
    before = everything()
    for options in (ImportOptions(), ImportOptions(on_error=OnError.SKIP)):
        with pytest.raises(NoTemporarySpace) as caught:
            Importer(source, TASK, options).run()
        assert_sentence(caught.value, no_room)
        assert everything()["Task"] == before["Task"] == []
        assert not pictures(tmp_path / "media")


def test_a_report_that_fits_in_no_buffer_is_told_before_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last lines are still in a buffer when everything else is done."""
    made: list[Any] = []

    class Full(io.StringIO):
        def flush(self) -> None:
            if made:
                raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda *_, **__: Full())
    with pytest.raises(NoTemporarySpace):
        Importer(zipped(tmp_path / "a.zip", good()), TASK, progress=lambda *_: made.append(1)).run()
    assert not Task.objects.exists()
    assert not pictures(tmp_path / "media")
    made.clear()


def test_an_archive_that_is_unpacked(no_room: str, tmp_path: Path) -> None:
    with pytest.raises(NoTemporarySpace) as caught:
        Importer(tarred(tmp_path / "a.tar.gz", good()), TASK).run()
    assert_sentence(caught.value, no_room)
    assert not Task.objects.exists()


def test_notes_on_rows_that_may_stand_in_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = zipped(tmp_path / "a.zip", changed(file(PART, str(good()[HUMAN]))))
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
        with pytest.raises(NoTemporarySpace) as caught:
            Importer(source, TASK).run()
        assert_sentence(caught.value, "missing")
    assert not Task.objects.exists()
    scratch = DiskNotes()
    scratch._connection.execute("COMMIT")
    scratch._connection.execute("PRAGMA max_page_count = 10")
    scratch._connection.execute("BEGIN")
    with pytest.raises(NoTemporarySpace, match="database or disk is full"):
        scratch.note((number, "x" * 500) for number in range(1000))
    scratch.close()


@pytest.mark.parametrize("pragma", ["query_only = ON", "max_page_count = 1"])
def test_sqlite_cannot_be_written(pragma: str, tmp_path: Path, media: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("it is SQLite's file")
    source = zipped(tmp_path / "a.zip", good() | {f"images/train/{n}.png": picture(9, n) for n in range(1, 400)})
    name = pragma.partition(" ")[0]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages that tests before have left would be taken first
        cursor.execute(f"PRAGMA {name}")
        usual = cursor.fetchone()[0]
        try:
            cursor.execute(f"PRAGMA {pragma}")
            with pytest.raises(OpenImagesError) as caught:
                Importer(source, TASK).run()
        finally:
            cursor.execute(f"PRAGMA {name} = {usual}")
    reason = "attempt to write a readonly database" if name == "query_only" else "database or disk is full"
    place = connection.settings_dict["NAME"]
    look = f"Look at the free space and the permissions of {place} and its folder."
    assert str(caught.value) in {
        f"The database failed, so nothing was written: {reason}. {look}",
        "The picture images/train/1.png cannot be stored: attempt to write a readonly database. Nothing was written.",
    }
    assert not Task.objects.exists()
    assert not pictures(media)


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")
def test_a_report_for_which_there_is_no_room_is_no_failure(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    arguments = str(zipped(tmp_path / "a.zip", good())), "--task", TASK, "--report", str(FULL)
    call_command("import_openimages", *arguments, stdout=out, stderr=err)
    assert "Imported into the new task" in out.getvalue()
    said = "The report cannot be written to /dev/full: No space left on device. The import itself is complete.\n"
    assert err.getvalue() == said
    assert Shape.objects.count() == 7


@pytest.fixture
def task(tmp_path: Path) -> Task:
    Importer(zipped(tmp_path / "a.zip", good()), TASK).run()
    return Task.objects.get()


def test_an_export(task: Task, no_room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Shape.objects.update(attributes={"colour": "red"})
    monkeypatch.setattr(report, "_IN_MEMORY", 1)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OpenImagesError, match=REASON[no_room]):
        Exporter(task, tmp_path / "out.zip").run()
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def full_storage(monkeypatch: pytest.MonkeyPatch) -> str:
    """A storage that takes nothing whose name has this text in it."""
    save: Any = FileSystemStorage._save  # type: ignore[attr-defined]  # not in the stubs

    def refuse(storage: FileSystemStorage, name: str, content: Any) -> str:
        if "/report/" in name or "/source/" in name or name.startswith("openimages/"):
            raise OSError(28, "No space left on device")
        return str(save(storage, name, content))

    monkeypatch.setattr(FileSystemStorage, "_save", refuse)
    return "No space left on device"


def test_a_job_whose_export_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Importer(zipped(tmp_path / "a.zip", good()), TASK).run()
    if connection.vendor == "sqlite":
        heartbeat_folder()  # of a database in memory it is a temporary folder, too
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
        job = submit_export(Task.objects.get(), ExportOptions(), user=None)
        assert job.state == "failed"
        assert job.message.startswith("The folder for temporary files (")
        assert "cannot be used: No such file or directory. Nothing was written." in job.message


def test_a_job_whose_report_has_no_room(no_room: str, media: Path) -> None:
    upload = small(boxes="a,xclick,/m/01yrx,1,0.5,0.1,0.2,0.6,0,0,0,0,0\n", pictures=1)
    options = ImportOptions(on_error=OnError.SKIP)
    job = submit_import(upload, task=None, task_name="x", options=options, dry_run=False, user=None)
    assert (job.state, job.committed) == ("failed", False)
    assert f"cannot be used: {REASON[no_room]}. Nothing was written." in job.message
    assert not Task.objects.exists()
    assert not pictures(media)
    assert job_files(media, job, "report") == []
    assert current_job_storage().exists(str(job.source))


def test_storages_that_are_full(admin_user: Any, full_storage: str, media: Path) -> None:
    task = Task.objects.create(name="x", owner=admin_user)
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    for url, files in (
        (f"/api/v1/tasks/{task.pk}/images/upload/", {"files": SimpleUploadedFile("a.png", picture(3, 3))}),
        ("/api/v1/imports/", {"archive": SimpleUploadedFile("a.zip", small().read()), "task_name": "y"}),
    ):
        response = client.post(url, files)
        assert (response.status_code, response.json()["code"]) == (507, "no_room"), response.content
    assert not Image.objects.exists()
    assert not pictures(media)


def test_uploads_that_are_put_into_a_folder_that_is_gone(
    admin_user: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task.objects.create(name="x", owner=admin_user)
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    files = {"files": SimpleUploadedFile("a.png", picture(3, 3))}
    response = client.post(f"/api/v1/tasks/{task.pk}/images/upload/", files)
    assert (response.status_code, response.json()["code"]) == (507, "no_room"), response.content
