"""Whose a stored file is: nobody deletes what this installation cannot prove to have stored."""

import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from openimages_io.conf import JOB_PREFIX
from openimages_io.models import Image, Installation, Job, Task, picture_storage
from openimages_io.models import installation as module
from openimages_io.models.installation import MARK, Proof, adopt, claim, folder_of, newest, place_of, read_mark
from tests.stored_files import stored_files

pytestmark = pytest.mark.django_db

DIGEST = "ab" * 32
OLD = f"openimages/ab/{DIGEST}-01234567.jpg"
Committed = Callable[[Callable[[], Any]], None]


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is somewhere else from now on, with all its rows, and so are both storages."""
    monkeypatch.setattr(module, "place_of", lambda using: "elsewhere")


@pytest.fixture
def committed(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Committed:
    def do(work: Callable[[], Any]) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            work()

    return do


def image(**values: Any) -> Image:
    task, _ = Task.objects.get_or_create(name="t")
    return Image.objects.create(task=task, name=str(task.images.count()), **values)


def stored(media: Path, name: str) -> Path:
    (media / name).parent.mkdir(parents=True, exist_ok=True)
    (media / name).write_bytes(b"x")
    return media / name


def test_the_migration_makes_an_id() -> None:
    Installation.objects.all().delete()  # a test before this one may have emptied the table
    import_module("openimages_io.migrations.0002_installation").make_id(apps, connection.schema_editor())
    assert newest("default") == Installation.objects.get()


def test_a_folder_is_claimed_once_and_its_mark_says_nothing_of_the_place(media: Path) -> None:
    folder = claim(picture_storage(), "openimages", "default")
    assert folder == f"openimages/{Installation.objects.get().pk.hex}"
    mark = (media / folder / MARK).read_text()
    assert json.loads(mark)["installation"] == Installation.objects.get().pk.hex
    assert str(connection.settings_dict["NAME"]) not in mark
    before = (media / folder / MARK).stat()
    assert claim(picture_storage(), "openimages", "default") == folder
    assert (media / folder / MARK).stat() == before
    assert [path.name for path in (media / folder).iterdir()] == [MARK]


def test_a_database_that_was_emptied_gets_another_id(media: Path) -> None:
    first = claim(picture_storage(), "openimages", "default")
    Installation.objects.all().delete()
    assert claim(picture_storage(), "openimages", "default") != first
    assert not Proof(picture_storage(), "default").owns(first)


@pytest.mark.usefixtures("copied")
def test_a_copy_stores_into_a_folder_of_its_own(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as original:
        original.setattr(module, "place_of", place_of)
        first = claim(picture_storage(), "openimages", "default")
    second = claim(picture_storage(), "openimages", "default")
    assert first != second == claim(picture_storage(), "openimages", "default")
    proof = Proof(picture_storage(), "default")
    assert proof.owned("openimages") == [second]
    assert proof.doubtful("openimages") == [first]
    assert not proof.is_original("openimages")
    assert adopt(picture_storage(), "openimages", "default", dry_run=True) == 1
    assert adopt(picture_storage(), "openimages", "default") == 1
    assert Proof(picture_storage(), "default").owned("openimages") == [first, second]
    assert adopt(picture_storage(), "openimages", "default") == 0


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", '{"installation": "other", "database": "x"}', "9" * 20_000])
def test_a_mark_that_makes_no_sense_proves_nothing(said: str, media: Path) -> None:
    folder = claim(picture_storage(), "openimages", "default")
    (media / folder / MARK).write_text(said)
    assert read_mark(picture_storage(), folder) == ""
    assert not Proof(picture_storage(), "default").owns(folder)


def test_of_two_who_mark_at_once_one_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = InMemoryStorage()
    folder = f"openimages/{newest('default')}"
    monkeypatch.setattr(module, "place_of", lambda using: "first")
    module.write_mark(storage, folder, "default")
    monkeypatch.setattr(module, "place_of", lambda using: "second")
    module.write_mark(storage, folder, "default")
    assert read_mark(storage, folder) == "first"
    assert storage.listdir(folder) == ([], [MARK])


def test_a_database_is_known_by_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {place_of("default")}
    for key, value in {"HOST": "elsewhere", "PORT": "6000", "NAME": tmp_path / "copy.sqlite3"}.items():
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, key, value)
            known.add(place_of("default"))
    assert len(known) == 4


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file")
def test_a_sqlite_file_is_known_by_its_path_and_its_inode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "db.sqlite3"
    path.touch()
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: False)
    places = []
    for name in (path, os.path.relpath(path), f"file:{path}?mode=rwc"):
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        places.append(place_of("default"))
    assert len(set(places)) == 1
    (tmp_path / "copy").write_bytes(b"")
    (tmp_path / "copy").replace(path)
    assert place_of("default") not in places


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        (f"openimages/{'a' * 32}/ab/x.jpg", f"openimages/{'a' * 32}"),
        (f"site/x/{'a' * 32}/x.jpg", f"site/x/{'a' * 32}"),
        (OLD, ""),
        (f"{'a' * 32}/x.jpg", ""),
        (f"openimages/{'a' * 32}", ""),
        ("", ""),
    ],
)
def test_the_folder_in_a_name(name: str, folder: str) -> None:
    assert folder_of(name) == folder


# What goes with a row, and what stays


def test_a_picture_that_we_stored_goes_with_its_row(media: Path, committed: Committed) -> None:
    one = image()
    one.file.save("a.jpg", ContentFile(b"x"))
    assert folder_of(str(one.file))
    committed(one.delete)
    assert stored_files(media) == []


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("photos/mine.jpg", ""),
        ("photos/mine.jpg", DIGEST),
        ("openimages/mine.jpg", DIGEST),
        (f"openimages/{'1' * 32}/ab/{DIGEST}-01234567.jpg", DIGEST),
        (OLD, "cd" * 32),
        (OLD, ""),
        (f"openimages/ab/{DIGEST}.jpg", DIGEST),
    ],
)
def test_a_file_that_somebody_else_put_there_stays(
    name: str, digest: str, media: Path, committed: Committed, caplog: pytest.LogCaptureFixture
) -> None:
    claim(picture_storage(), "openimages", "default")
    path = stored(media, name)
    committed(image(file=name, file_digest=digest).delete)
    assert path.exists()
    assert not Image.objects.exists()
    assert f"The picture {name} stays" in caplog.text


def test_a_picture_with_a_name_of_before_there_were_folders_goes_with_its_row(
    media: Path, committed: Committed
) -> None:
    path = stored(media, OLD)
    committed(image(file=OLD, file_digest=DIGEST).delete)
    assert path.exists()  # nothing says yet that the database is not a copy
    claim(picture_storage(), "openimages", "default")
    committed(image(file=OLD, file_digest=DIGEST).delete)
    assert not path.exists()


def test_a_copy_deletes_rows_and_none_of_the_originals_files(
    media: Path, committed: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = image()
    one.file.save("a.jpg", ContentFile(b"x"))
    old = image(file=OLD, file_digest=DIGEST)
    job = Job(kind="import", queued=one.updated)
    job.source.save("archive", ContentFile(b"x"))
    older = Job(kind="import", queued=one.updated)
    older.source = f"{JOB_PREFIX}/{older.pk}/source/archive"
    older.save()
    for name in (OLD, str(older.source)):
        stored(media, name)
    before = stored_files(media)
    monkeypatch.setattr(module, "place_of", lambda using: "elsewhere")
    own = image()
    own.file.save("own.jpg", ContentFile(b"x"))
    for row in (one, old, own):
        committed(row.delete)
    committed(Job.objects.all().delete)
    assert stored_files(media) == before


def test_the_files_of_jobs_go_with_their_rows_also_those_of_before_there_were_folders(
    media: Path, committed: Committed
) -> None:
    job = Job(kind="import", queued=image().updated)
    job.source.save("archive", ContentFile(b"x"))
    job.save()
    older = Job(kind="import", queued=job.queued)
    older.source = f"{JOB_PREFIX}/{older.pk}/source/archive"
    older.save()
    stored(media, str(older.source))
    foreign = stored(media, f"{JOB_PREFIX}/{Job().pk}/source/archive")
    mine = stored(media, "precious.zip")
    Job.objects.create(kind="import", queued=job.queued, source="precious.zip")
    committed(Job.objects.all().delete)
    assert stored_files(media) == [foreign, mine]


def test_where_pictures_go_is_a_setting_and_what_lies_elsewhere_stays_ours(
    media: Path, settings: Settings, committed: Committed
) -> None:
    one = image()
    one.file.save("a.jpg", ContentFile(b"x"))
    settings.OPENIMAGES_IO = {"PICTURE_PREFIX": "site/pictures"}
    two = image()
    two.file.save("a.jpg", ContentFile(b"x"))
    assert str(two.file) == f"site/pictures/{newest('default')}/a.jpg"
    for row in (one, two):
        assert (media / str(row.file)).exists()
        committed(row.delete)
    assert stored_files(media) == []


def test_a_storage_that_fails_removes_nothing_and_the_rows_are_gone(
    media: Path, committed: Committed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = image()
    one.file.save("a.jpg", ContentFile(b"x"))

    def fail(self: object, storage: object, folder: str) -> str:
        raise TimeoutError("no answer")

    monkeypatch.setattr(module, "read_mark", fail)
    committed(one.delete)
    assert not Image.objects.exists()
    assert len(stored_files(media)) == 1
