"""What killed processes leave beside exports and among temporary files: it goes if it is ours, and they are dead."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openimages_io.archives import work_folder
from openimages_io.archives.output import Output, open_output
from openimages_io.archives.work_folder import NOTE, WorkFolder, left_behind, remove_left
from openimages_io.exceptions import OpenImagesError

CSV = "annotations/class-descriptions.csv"
both = pytest.mark.parametrize("name", ["out.zip", "out"])


def die(folder: WorkFolder) -> Path:
    """What the kernel does when the process is killed: the lock goes, all else stays."""
    os.close(folder._note)
    folder._note = -1
    return folder.path


def filled(parent: Path, prefix: str = "openimages-") -> WorkFolder:
    folder = WorkFolder(parent, prefix)
    for name in ("archive", "new/annotations/a.csv", "new/images/train/b.jpg"):
        path = folder.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    folder.file("never written")
    return folder


def tidied(parent: Path, prefix: str = "openimages-", suffix: str = "") -> list[bool]:
    return [remove_left(path) for path in left_behind(parent, prefix, suffix)]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_goes_on_leaving_with_what_was_named(tmp_path: Path) -> None:
    with filled(tmp_path) as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert tidied(tmp_path) == []  # its process lives
        assert (folder.path / "archive").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_by_a_killed_process_goes(tmp_path: Path) -> None:
    die(filled(tmp_path))
    die(WorkFolder(tmp_path, "openimages-"))
    assert tidied(tmp_path) == [True, True]
    assert list(tmp_path.iterdir()) == []


def test_of_two_who_tidy_up_one_does(tmp_path: Path) -> None:
    die(filled(tmp_path))
    for path in left_behind(tmp_path, "openimages-"):
        assert tidied(tmp_path) == []
        assert remove_left(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["precious.txt", "new/precious.txt", "new/mine/precious.txt"])
def test_a_file_that_a_person_has_put_there_stays(name: str, tmp_path: Path) -> None:
    dead, running = filled(tmp_path), filled(tmp_path)
    for folder in (dead, running):
        (folder.path / name).parent.mkdir(exist_ok=True)
        (folder.path / name).write_bytes(b"precious")
    path = die(dead)
    assert tidied(tmp_path) == [False]
    running.close()
    for left in (path, running.path):
        assert names(left) == sorted([NOTE, name])
    assert tidied(tmp_path) == [False, False]


def _no_note(path: Path) -> None:
    (path / NOTE).unlink()


def _head(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        head, *lines = (path / NOTE).read_text().splitlines()
        (path / NOTE).write_text("\n".join([json.dumps(json.loads(head) | changes), *lines, ""]))

    return change


def _empty(path: Path) -> None:
    (path / NOTE).write_bytes(b"")


def _no_json(path: Path) -> None:
    (path / NOTE).write_bytes(b"archive\n" * 3)


def _linked_note(path: Path) -> None:
    (path / NOTE).rename(path.parent / "note")
    (path / NOTE).symlink_to(path.parent / "note")


def _pipe(path: Path) -> None:
    (path / NOTE).unlink()
    os.mkfifo(path / NOTE)


def _linked(path: Path) -> None:
    path.rename(path.parent / "elsewhere")
    path.symlink_to(path.parent / "elsewhere")


def _named_otherwise(path: Path) -> None:
    path.rename(path.parent / "openimages-backup")


@pytest.mark.parametrize(
    "change",
    [_no_note, _head(about="mine"), _empty, _no_json, _linked_note, _pipe, _linked, _named_otherwise, _head(boot="x")],
)
def test_a_name_alone_is_no_proof(change: Callable[[Path], None], tmp_path: Path) -> None:
    path = die(filled(tmp_path))
    change(path)
    assert tidied(tmp_path) == []
    assert len(list(tmp_path.rglob("archive"))) == 1


def test_another_users_folder_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = die(filled(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert tidied(tmp_path) == []
    monkeypatch.undo()
    assert tidied(tmp_path) == [True]


def test_of_another_machine_only_what_is_a_day_old_is_left_for_good(tmp_path: Path) -> None:
    path = die(filled(tmp_path))
    _head(boot="another machine's")(path)
    old = time.time() - 90_000
    os.utime(path / NOTE, (old, old))
    assert tidied(tmp_path) == []  # it has written a file since
    for name in names(path):
        os.utime(path / name, (old, old))
    assert tidied(tmp_path) == [True]


def test_a_note_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"x")
    path = die(filled(tmp_path))
    with (path / NOTE).open("a") as note:
        note.write(f"../precious\n{tmp_path}/precious\nnew/../../precious\nlink\ncut off")
    (path / "link").symlink_to(tmp_path / "precious")
    assert tidied(tmp_path) == [False]
    assert (tmp_path / "precious").exists()
    assert (path / "link").is_symlink()


def test_where_no_lock_can_be_had_nothing_is_taken_for_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_folder, "_lock", lambda note: False)
    with filled(tmp_path) as folder:
        assert folder.path.exists()
    assert list(tmp_path.iterdir()) == []
    die(filled(tmp_path))
    monkeypatch.undo()
    assert tidied(tmp_path) == []


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert tidied(tmp_path / "none") == []
    with pytest.raises(FileNotFoundError):
        WorkFolder(tmp_path / "none", "openimages-")


@pytest.mark.programs
def test_a_process_that_was_killed_is_known_to_be_dead(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from openimages_io.archives.work_folder import WorkFolder\n"
        "folder = WorkFolder(Path(sys.argv[1]), 'openimages-'); folder.file('a').touch(); print('there', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        assert tidied(tmp_path) == []
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert tidied(tmp_path) == [True]
    assert list(tmp_path.iterdir()) == []


# Exports


def begun(dest: Path, force: bool = False) -> Output:
    """An export that has written a bit."""
    output = open_output(dest, force)
    output.__enter__()
    output.write(CSV, b"/m/1,Cat\n", compress=True)
    return output


def killed(output: Output) -> Path:
    output._discard()  # closes what the kernel would
    return die(output._work)


def export(dest: Path, force: bool = False) -> None:
    with open_output(dest, force) as output:
        output.write(CSV, b"new", compress=True)


@both
def test_the_next_export_to_the_same_place_removes_what_a_killed_one_left(name: str, tmp_path: Path) -> None:
    left = killed(begun(tmp_path / name))
    elsewhere = killed(begun(tmp_path / f"other-{name}"))
    running = begun(tmp_path / name)
    export(tmp_path / name)
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / name, elsewhere, running._work.path])
    running.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / name, elsewhere])


@both
def test_a_folder_of_that_name_that_is_a_persons_stays(name: str, tmp_path: Path) -> None:
    mine = tmp_path / f".{name}.0123abcd.partial"
    (mine / "old").mkdir(parents=True)
    (mine / "old" / "precious").write_bytes(b"x")
    export(tmp_path / name)
    assert (mine / "old" / "precious").exists()


def test_a_folder_that_a_killed_export_had_put_aside_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest = tmp_path / "out"
    export(dest)
    output = begun(dest, force=True)
    dest.rename(output._work.path / "old")
    killed(output)
    with pytest.raises(OpenImagesError, match="exists and is not empty"):
        export(dest)
    assert (dest / CSV).read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    export(dest, force=True)


@pytest.mark.parametrize("precious", [False, True])
def test_the_rest_of_a_folder_that_was_replaced_goes_but_no_file_of_a_person(precious: bool, tmp_path: Path) -> None:
    dest = tmp_path / "out"
    export(dest)
    output = begun(dest, force=True)
    old = output._work.path / "old"
    dest.rename(old)
    (output._work.path / "new").rename(dest)
    if precious:
        (old / "precious").write_bytes(b"x")
    left = killed(output)
    with pytest.raises(OpenImagesError, match="exists and is not empty"):
        export(dest)
    assert left.exists() is precious
    assert not precious or (old / "precious").exists()


@both
def test_an_export_that_cannot_be_begun_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    make = Path.mkdir

    def make_others(self: Path, **options: Any) -> None:
        (refuse if self.name == "new" else make)(self, **options)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "mkdir", make_others)
    with pytest.raises(OpenImagesError, match="cannot be written: No space left on device"):
        export(tmp_path / name)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [[], [NOTE]], ids=["before the note", "before its first line"])
def test_what_a_process_left_that_was_killed_too_soon_goes_after_a_day(tmp_path: Path, left: list[str]) -> None:
    path = tmp_path / "openimages-00c0ffee"
    path.mkdir()
    for name in left:
        (path / name).touch()
    assert tidied(tmp_path) == []  # it may be at work: the note comes after the folder
    os.utime(path, (0, 0))
    assert tidied(tmp_path) == [True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [[], [NOTE]], ids=["before the note", "before its first line"])
def test_so_does_one_within_the_folder_of_a_process_that_was_killed(tmp_path: Path, left: list[str]) -> None:
    outer = filled(tmp_path)  # a job's, in which an export begins its own
    inner = outer.path / ".archive.00c0ffee.partial"
    inner.mkdir()
    for name in left:
        (inner / name).touch()
    die(outer)
    assert tidied(tmp_path) == [False]
    assert names(tmp_path) == sorted(
        f"{outer.path.name}/{name}" for name in (NOTE, *(f"{inner.name}/{name}" for name in left))
    )
    os.utime(inner, (0, 0))
    assert tidied(tmp_path) == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_note_that_holds_anything_stays(tmp_path: Path) -> None:
    path = tmp_path / "openimages-00c0ffee"
    path.mkdir()
    (path / "somebody's").touch()
    os.utime(path, (0, 0))
    assert tidied(tmp_path) == []
    assert (path / "somebody's").exists()
