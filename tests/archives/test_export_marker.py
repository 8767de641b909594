"""What --force replaces: what an export wrote and nobody has changed. A person's own files stay, and are named."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from openimages_io.archives import export_marker, output
from openimages_io.archives.export_marker import MARKER
from openimages_io.archives.opening import open_archive
from openimages_io.archives.output import open_output
from openimages_io.exceptions import OpenImagesError
from openimages_io.format.limits import Limits

CSV = "annotations/class-descriptions.csv"
PICTURE = "images/train/a.jpg"


def export(dest: Path, text: bytes = b"/m/1,Cat\n", force: bool = False) -> None:
    with open_output(dest, force) as out:
        out.write(CSV, text, compress=True)
        with out.stream("annotations/train-annotations-bbox.csv") as sink:
            sink.write(b"ImageID\n")
            sink.write(text)
        out.write(PICTURE, b"picture", compress=False)


def everything(folder: Path) -> dict[str, bytes | str]:
    """What is below a folder; a link is where it leads."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def put(folder: Path, name: str, data: bytes = b"precious") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.mark.parametrize("names", [[PICTURE], [CSV, PICTURE, "masks/train/x.png"], ["annotations"], ["annotations/.x"]])
def test_a_data_set_that_looks_like_an_export_is_not_replaced(names: list[str], tmp_path: Path) -> None:
    for name in names:
        put(tmp_path / "set", name)
    before = everything(tmp_path)
    with pytest.raises(OpenImagesError, match=rf"set is not overwritten: it has no {MARKER}, .*Move it away, or"):
        export(tmp_path / "set", force=True)
    assert everything(tmp_path) == before


def _link_instead(folder: Path) -> None:
    (folder / PICTURE).rename(folder.parent / "elsewhere.jpg")
    (folder / PICTURE).symlink_to(folder.parent / "elsewhere.jpg")


def _folder_link_instead(folder: Path) -> None:
    (folder / "images").rename(folder.parent / "images")
    (folder / "images").symlink_to(folder.parent / "images")


def _same_size(folder: Path) -> None:
    status = (folder / PICTURE).stat()
    (folder / PICTURE).write_bytes(b"PICTURE")
    os.utime(folder / PICTURE, ns=(status.st_atime_ns, status.st_mtime_ns))


def _list_elsewhere(folder: Path) -> None:
    (folder / MARKER).rename(folder.parent / "list")
    (folder / MARKER).symlink_to(folder.parent / "list")


def _folder_for_a_file(folder: Path) -> None:
    (folder / CSV).unlink()
    put(folder, f"{CSV}/x")


CHANGES: list[tuple[str, Callable[[Path], None], str]] = [
    ("a file beside ours", lambda folder: put(folder, "images/train/precious.jpg"), '"images/train/precious.jpg"'),
    ("a file on top", lambda folder: put(folder, "thesis.tex"), '"thesis.tex"'),
    ("a folder", lambda folder: put(folder, ".git/HEAD"), '".git/"'),
    ("an empty folder", lambda folder: (folder / "masks/mine").mkdir(parents=True), '"masks/"'),
    (
        "a changed table",
        lambda folder: put(folder, CSV, b"/m/1,Katze\n"),
        '"annotations/class-descriptions.csv" (changed)',
    ),
    ("another picture of the same size and time", _same_size, '"images/train/a.jpg" (changed)'),
    ("a link where a file was", _link_instead, '"images/train/a.jpg"'),
    ("a link where a folder was", _folder_link_instead, '"images"'),
    ("a folder where a file was", _folder_for_a_file, f'"{CSV}/"'),
    ("a pipe", lambda folder: os.mkfifo(folder / "annotations/pipe"), '"annotations/pipe"'),
    ("no list", lambda folder: (folder / MARKER).unlink(), '"annotations/", "images/"'),
    ("a list that is a link", _list_elsewhere, '".openimages-export", "annotations/"'),
]


@pytest.mark.parametrize(("change", "named"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_a_person_has_added_or_changed_is_named_and_nothing_goes(
    change: Callable[[Path], None], named: str, tmp_path: Path
) -> None:
    dest = tmp_path / "out"
    export(dest)
    change(dest)
    before = everything(tmp_path)
    with pytest.raises(OpenImagesError, match="not overwritten") as caught:
        export(dest, b"new", force=True)
    assert named in str(caught.value)
    assert everything(tmp_path) == before


def test_the_first_files_are_named_and_all_are_counted(tmp_path: Path) -> None:
    export(tmp_path / "out")
    for number in range(1204):
        put(tmp_path / "out", f"images/train/n{number:04}.jpg")
    with pytest.raises(
        OpenImagesError, match="it contains 1,204 files that are not as an export wrote them: "
    ) as caught:
        export(tmp_path / "out", force=True)
    first = ", ".join(f'"images/train/n000{number}.jpg"' for number in range(3))
    assert f"{first} and 1,201 more." in str(caught.value)


def test_an_export_that_nobody_touched_is_replaced_however_it_was_moved(tmp_path: Path) -> None:
    export(tmp_path / "first")
    shutil.copytree(tmp_path / "first", tmp_path / "out")
    put(tmp_path / "out", ".DS_Store", b"left by a file manager")
    (tmp_path / "out" / PICTURE).unlink()  # there is nothing to lose in what is gone
    export(tmp_path / "out", b"new", force=True)
    assert everything(tmp_path / "out")[CSV] == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "out"]
    assert ".DS_Store" not in everything(tmp_path / "out")


@pytest.mark.programs
def test_two_exports_of_the_same_are_the_same_bytes_and_the_list_is_what_sha256sum_reads(tmp_path: Path) -> None:
    export(tmp_path / "a")
    export(tmp_path / "b")
    assert everything(tmp_path / "a") == everything(tmp_path / "b")
    lines = (tmp_path / "a" / MARKER).read_text().splitlines()
    digest = hashlib.sha256(b"picture").hexdigest()
    assert f"{digest}  {PICTURE}" in lines
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--check", "--strict", "--quiet", MARKER]
        assert subprocess.run(command, cwd=tmp_path / "a", capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["images/train/precious.jpg", CSV])
def test_what_comes_while_the_export_runs_stays(name: str, tmp_path: Path) -> None:
    dest = tmp_path / "out"
    export(dest)

    def race() -> None:
        with open_output(dest, force=True) as out:
            out.write(CSV, b"new", compress=True)
            put(dest, name)

    with pytest.raises(OpenImagesError, match="not overwritten"):
        race()
    assert everything(dest)[name] == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_comes_at_the_last_moment_stays_and_it_is_said_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest = tmp_path / "out"
    export(dest)
    remove = export_marker.remove_listed

    def late(folder: Path, contents: export_marker.Contents) -> bool:
        put(folder, "images/train/late.jpg")
        put(folder, CSV)
        return remove(folder, contents)

    monkeypatch.setattr(output, "remove_listed", late)
    with pytest.raises(OpenImagesError, match=r"out was written, but the old one is left in .*: something in it was"):
        export(dest, b"new", force=True)
    assert everything(dest)[CSV] == b"new"
    (old,) = tmp_path.glob(".out.*.partial/old")
    assert everything(old) == {"images/train/late.jpg": b"precious", CSV: b"precious"}


def test_files_that_have_not_changed_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path / "out")
    read: list[str] = []
    digest = export_marker._digest

    def reading(path: str) -> str:
        read.append(path)
        return digest(path)

    monkeypatch.setattr(export_marker, "_digest", reading)
    export(tmp_path / "out", force=True)
    assert len(read) == 3


def _change_a_member(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("notes.txt", "precious")


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _another_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CSV, "precious")


def _joined(path: Path) -> None:
    path.write_bytes(b"precious" + path.read_bytes())


@pytest.mark.parametrize(
    "change", [_change_a_member, _cut_off, _another_zip, _joined, lambda path: path.write_text("x")]
)
def test_a_zip_that_is_not_ours_or_was_changed_is_not_replaced(change: Callable[[Path], None], tmp_path: Path) -> None:
    dest = tmp_path / "out.zip"
    export(dest)
    change(dest)
    before = dest.read_bytes()
    with pytest.raises(OpenImagesError, match=r"out\.zip is not overwritten: it is not a zip that an export wrote"):
        export(dest, force=True)
    assert dest.read_bytes() == before


def test_a_zip_of_ours_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    export(tmp_path / "out.zip")
    export(tmp_path / "out.zip", b"new", force=True)
    (tmp_path / "empty.zip").touch()
    export(tmp_path / "empty.zip", b"new", force=True)
    assert (tmp_path / "out.zip").read_bytes() == (tmp_path / "empty.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read(CSV) == b"new"


def test_the_list_is_no_member_of_an_archive(tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    export(tmp_path / "outer" / "out")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "outer"))
    for source in (tmp_path / "outer" / "out", packed):
        with open_archive(source, Limits()) as archive:
            assert sorted(archive.paths) == [CSV, "annotations/train-annotations-bbox.csv", PICTURE]
