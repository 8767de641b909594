"""Whatever fails, and wherever: database and storage are as before, and nothing temporary is left."""

import gc
import tempfile
from collections.abc import Callable, Iterator
from functools import partialmethod
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from openimages_io.database.bulk import Loader
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import Label, Shape
from openimages_io.transfer.gc_tuning import relaxed_gc
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions, Missing, MissingAttributes, Mode, OnError
from tests.transfer.archives import (
    BOXES,
    CAT_MASK,
    HUMAN,
    PICTURE_A,
    TASK,
    Files,
    changed,
    contents,
    errors,
    everything,
    file,
    good,
    load,
    more,
    picture,
    replaced,
    tarred,
    write,
    zipped,
)

pytestmark = pytest.mark.django_db(transaction=True)

PART = HUMAN.replace(".csv", "-boxable.csv")


def other() -> Files:
    """The good archive with something new of every kind, and with two files that overlap."""
    return changed(
        more(BOXES, "a,xclick,/m/0bt9lr,1,0,1,0,1,0,0,0,0,0\nc,xclick,/m/new,1,0,1,0,1,0,0,0,0,0\n"),
        file(PART, str(good()[HUMAN])),
        file(PICTURE_A, picture(8, 6, "GIF")),
        file("images/train/c.jpg", picture(5, 5, "JPEG")),
        replaced(HUMAN, "/m/0bt9lr,0", "/m/0k4j,0"),
    )


@pytest.fixture(params=["new", "existing"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The state before the import that will fail, into a new task and into one with annotations."""
    if request.param == "existing":
        load(write(tmp_path / "before", good()))
    return everything()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which is empty at the end of every test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def options(**more_options: Any) -> ImportOptions:
    """Whatever is not there is created, in a task that exists too."""
    create, create_specs = Missing.CREATE, MissingAttributes.CREATE
    return ImportOptions(missing_images=create, missing_labels=create, missing_attributes=create_specs, **more_options)


def assert_as_before(before: dict[str, Any], source: Path) -> None:
    """Nothing has changed, no transaction is open, and the task is not locked: the next import goes through."""
    assert everything() == before
    assert not connection.in_atomic_block
    assert Importer(source, TASK, options()).run().committed


class Fails:
    """Lets calls through up to one, which raises."""

    def __init__(self, at: int, error: BaseException, inner: Callable[..., Any]) -> None:
        self.at, self.error, self.inner, self.calls = at, error, inner, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return self.inner(*args, **kwargs)


@pytest.mark.long
@pytest.mark.parametrize("call", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("error", [IntegrityError("a key twice"), DataError("too long"), OperationalError("disk full")])
def test_the_database_refuses_rows(
    call: int, error: Exception, before: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tarred(tmp_path / "a.tar.gz", other())
    fails = Fails(call, error, Loader.insert)
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "insert", partialmethod(fails))
        if before["Task"] and call > 5:  # so many there are not
            call = 5
            fails.at = 5
        with pytest.raises(OpenImagesError, match=rf"^The database failed, so nothing was written: {error}\.$"):
            Importer(source, TASK, options()).run()
    assert fails.calls == call
    assert_as_before(before, source)


@pytest.mark.parametrize("method", ["update", "finish", "reserve"])
def test_the_database_refuses_something_else(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(write(tmp_path / "before", good()))
    before = everything()
    source = zipped(tmp_path / "a.zip", other() | {HUMAN: str(good()[HUMAN]).replace("/m/01yrx,1", "/m/01yrx,0.5")})
    with monkeypatch.context() as patch:
        patch.setattr(Loader, method, Fails(1, DataError("no"), getattr(Loader, method)))
        with pytest.raises(OpenImagesError, match="nothing was written: no"):
            Importer(source, TASK, options()).run()
    assert_as_before(before, source)


@pytest.mark.parametrize("mode", Mode)
def test_a_failure_after_everything_in_every_mode(mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(write(tmp_path / "before", good()))
    before = everything()
    source = write(tmp_path / "a", other())
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "finish", Fails(1, IntegrityError("no"), Loader.finish))
        with pytest.raises(OpenImagesError):
            Importer(source, TASK, options(mode=mode)).run()
    assert_as_before(before, source)


def full_from(number: int, error: BaseException) -> Callable[[FileSystemStorage, str, Any], str]:
    """A storage's `_save` that fails at a certain picture, of which a part is written already."""
    original: Any = FileSystemStorage._save  # type: ignore[attr-defined]  # not in the stubs
    calls = count(1)

    def save(storage: FileSystemStorage, name: str, content: Any) -> str:
        if next(calls) < number:
            return str(original(storage, name, content))
        path = Path(storage.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:10])
        raise error

    return save


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), RuntimeError("The bucket is not yours"), KeyboardInterrupt()],
    ids=["full", "refused", "stop"],
)
def test_the_storage_fails(
    number: int, error: BaseException, before: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path / "a.zip", other())
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "_save", full_from(number, error))
        expected = OpenImagesError if isinstance(error, Exception) else KeyboardInterrupt
        with pytest.raises(expected) as caught:
            Importer(source, TASK, options()).run()
    if isinstance(error, Exception):
        assert str(caught.value).endswith(f"cannot be stored: {error.args[-1]}. Nothing was written.")
    assert_as_before(before, source)


def test_imports_side_by_side_leave_the_collector_as_it_was(tmp_path: Path) -> None:
    before = gc.get_threshold()
    source = write(tmp_path / "a", good())
    seen: list[tuple[int, ...]] = []

    def other_import(*_: object) -> None:
        """Starts while the first is running and ends after it."""
        if not seen:
            seen.append(gc.get_threshold())
            second.__enter__()

    second = relaxed_gc()
    Importer(source, TASK, progress=other_import).run(dry_run=True)
    assert seen != [before]
    assert gc.get_threshold() == seen[0]
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before


@pytest.mark.long
@pytest.mark.parametrize("phase", ["check", "pictures", "commit"])
@pytest.mark.parametrize("call", [1, 3, -1], ids=["first", "third", "last"])
def test_it_is_stopped(phase: str, call: int, before: dict[str, Any], tmp_path: Path) -> None:
    source = tarred(tmp_path / "a.tar.gz", other())
    seen: list[str] = []
    if before["Task"]:
        load(write(tmp_path / "rehearsal", good()), "rehearsal")
    Importer(source, "rehearsal", options(), progress=lambda name, *_: seen.append(name)).run()
    total = seen.count(phase)
    at = min(call, total) if call > 0 else total
    before = everything()
    calls = count(1)

    def progress(name: str, done: int, whole: int) -> None:
        if name == phase and next(calls) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Importer(source, TASK, options(), progress=progress).run()
    assert_as_before(before, source)


CHANGES: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("bad mask", CAT_MASK, lambda data: b"x" * len(data)),
    ("other mask", CAT_MASK, lambda data: data[:-1] + b"x"),
    ("bad picture", PICTURE_A, lambda data: b"x" * len(data)),
    ("longer picture", PICTURE_A, lambda data: data + b"x"),
]


def changing(source: Path, path: str, change: Callable[[bytes], bytes] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a file of the archive change, or go, between check and commit."""
    original = Importer._apply

    def commit(importer: Importer, *args: Any) -> Result:
        if change is None:
            (source / path).unlink()
        else:
            (source / path).write_bytes(change((source / path).read_bytes()))
        return original(importer, *args)

    monkeypatch.setattr(Importer, "_apply", commit)


@pytest.mark.parametrize("path", [BOXES, HUMAN])
def test_what_is_written_is_what_was_checked(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(write(tmp_path / "same", other()), "same")
    source = write(tmp_path / "a", other())
    with monkeypatch.context() as patch:
        changing(source, path, lambda data: data[:-10], patch)
        result = Importer(source, TASK, options()).run()
    assert result.committed
    assert contents(TASK) == contents("same")


@pytest.mark.long
@pytest.mark.parametrize(("path", "change"), [pytest.param(*case[1:], id=case[0]) for case in CHANGES])
def test_the_archive_changes_after_the_check(
    path: str, change: Callable[[bytes], bytes], before: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a", other())
    with monkeypatch.context() as patch:
        changing(source, path, change, patch)
        result = Importer(source, TASK, options()).run()
    if path == CAT_MASK and before["Task"]:  # the task has the very mask, so nothing of it is written
        assert result.committed
        return
    assert result.refused
    assert not result.committed
    assert errors(result) == [f"{path}: is not what it was when it was checked, so nothing was written"]
    assert_as_before(before, write(tmp_path / "again", other()))


@pytest.mark.parametrize("path", [CAT_MASK, PICTURE_A])
@pytest.mark.parametrize("on_error", OnError)
def test_a_file_goes_after_the_check(
    path: str, on_error: OnError, before: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a", other())
    with monkeypatch.context() as patch:
        changing(source, path, None, patch)
        result = Importer(source, TASK, options(on_error=on_error)).run()
    if path == CAT_MASK and before["Task"]:
        assert result.committed
        return
    assert result.refused
    assert errors(result) == [f"{path}: is not what it was when it was checked, so nothing was written"]
    assert_as_before(before, write(tmp_path / "again", other()))


def test_the_task_changes_after_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(write(tmp_path / "before", good()))
    source = write(tmp_path / "a", other())
    original, commits = Importer._apply, []

    def commit(importer: Importer, *args: Any) -> Result:
        commits.append(args)
        if len(commits) == 1:
            Shape.objects.filter(task__name=TASK, kind="rectangle").delete()
        return original(importer, *args)

    monkeypatch.setattr(Importer, "_apply", commit)
    result = Importer(source, TASK, options()).run()
    assert result.committed
    assert len(commits) == 1
    assert result.report.totals["boxes"].added == 4  # their image was checked again, and its rows met none of the two
    assert len(everything()["files"]) == 3


RESTLESS: dict[str, Callable[[int], object]] = {
    "boxes": lambda tries: Shape.objects.filter(kind="rectangle").order_by("pk")[0].save(),
    "labels": lambda tries: Label.objects.filter(name="/m/0bl9f").update(display_name=f"Entity {tries}"),
}


@pytest.mark.parametrize(("what", "most"), [("boxes", 1), ("labels", 5)])
def test_a_task_that_never_stands_still(what: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations of a few images are planned again by themselves; where all is, the sixth time is under the lock."""
    load(write(tmp_path / "before", good()))
    source = write(tmp_path / "a", other())
    original, tries = Importer._apply, []

    def commit(importer: Importer, *args: Any) -> Result:
        tries.append(args)
        RESTLESS[what](len(tries))
        return original(importer, *args)

    monkeypatch.setattr(Importer, "_apply", commit)
    result = Importer(source, TASK, options()).run()
    assert (result.committed, len(tries)) == (True, most)
    monkeypatch.undo()
    again = Importer(source, TASK, options()).run()
    assert (again.committed, again.changed) == (True, False)


def test_an_old_picture_that_cannot_be_removed_does_not_take_the_new_one_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    load(write(tmp_path / "before", good()))
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", Fails(1, OSError("busy"), FileSystemStorage.delete))
        result = load(write(tmp_path / "a", changed(file(PICTURE_A, picture(8, 6, "GIF")))))
    assert result.committed
    assert contents()["images"][0][-1] == picture(8, 6, "GIF")
    assert "busy" in caplog.text


def test_within_a_transaction_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    source = write(tmp_path / "a", other())
    with transaction.atomic():
        with monkeypatch.context() as patch:
            patch.setattr(Loader, "finish", Fails(1, IntegrityError("no"), Loader.finish))
            with pytest.raises(OpenImagesError):
                Importer(source, TASK, options()).run()
        assert everything() == before
        assert Importer(source, TASK, options()).run().committed
    assert len(everything()["files"]) == 3
