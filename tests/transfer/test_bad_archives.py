"""A source that cannot be trusted or read is told so, whole, and nothing is written."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from openimages_io.transfer.options import OnError
from tests.transfer.archives import (
    BOXES,
    CAT_MASK,
    HIERARCHY,
    IMAGES,
    PICTURE_A,
    Files,
    cell,
    changed,
    errors,
    everything,
    file,
    good,
    load,
    tarred,
    warnings,
    write,
    zipped,
)

pytestmark = pytest.mark.django_db


def with_member(name: str) -> Callable[[Path], Path]:
    return lambda folder: zipped(folder / "a.zip", good() | {name: "x"})


def with_tar_member(**fields: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = tarred(folder / "a.tar", good())
        with tarfile.open(path, "a") as archive:
            member = tarfile.TarInfo()
            for name, value in fields.items():
                setattr(member, name, value)
            archive.addfile(member, io.BytesIO())
        return path

    return make


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def encrypted(folder: Path) -> Path:
    path = zipped(folder / "a.zip", {"annotations/class-descriptions.csv": "/m/1,Cat\n"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    return path


def zip_bomb(folder: Path) -> Path:
    return zipped(folder / "a.zip", good() | {BOXES: "ImageID\n" + "\n" * 8_000_000})


def linked_zip(folder: Path) -> Path:
    path = zipped(folder / "a.zip", good())
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("images/train/c.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return path


def linked_folder(folder: Path) -> Path:
    write(folder / "a", good())
    (folder / "a/images/train/c.jpg").symlink_to("/etc/passwd")
    return folder / "a"


SOURCES: list[tuple[str, Callable[[Path], Path], str]] = [
    ("not there", lambda folder: folder / "none.zip", "does not exist; a folder, a zip or a tar"),
    ("one file", lambda folder: write(folder, {"a.csv": "ImageID\n"}) / "a.csv", "is one file; a folder, a zip or"),
    ("empty file", lambda folder: write(folder, {"a.zip": ""}) / "a.zip", "is empty; a folder, a zip or a tar"),
    ("empty folder", lambda folder: folder, "has no files"),
    ("empty zip", lambda folder: zipped(folder / "a.zip", {}), "has no files"),
    ("nothing known", lambda folder: write(folder / "a", {"notes.txt": "x"}), "Looked for: class-descriptions.csv"),
    ("zip cut off", lambda folder: cut(zipped(folder / "a.zip", good()), 1500),
     "is a zip without its list of contents: it was probably cut off"),
    ("tar cut off", lambda folder: cut(tarred(folder / "a.tar", good()), 4000),
     "is a damaged tar (unexpected end of data)"),
    ("tar.gz cut off", lambda folder: cut(tarred(folder / "a.tar.gz", good()), 900), "ends too early"),
    ("encrypted", encrypted, "encrypted"),
    ("zip bomb", zip_bomb, "to 8000008 bytes; at most 200 to 1 is allowed here"),
    (".. in zip", with_member("../../etc/cron.d/x"), '../../etc/cron.d/x: the file leads out of the archive with ".."'),
    ("absolute in zip", with_member("/etc/cron.d/x"), "/etc/cron.d/x: the file is an absolute path"),
    ("backslash in zip", with_member("images\\x.jpg"),
     "has a backslash in its name, as some Windows programs write folders: pack it again with / instead"),
    ("drive in zip", with_member("C:/x.jpg"), "has a drive letter in its path"),
    ("line break in zip", with_member("images/a\nb.jpg"), "has a NUL, a line break"),
    ("link in zip", linked_zip, "images/train/c.jpg: the file is a symbolic link"),
    ("link in folder", linked_folder, "images/train/c.jpg: the file is a symbolic link that leads out of the folder"),
    (".. in tar", with_tar_member(name="../x"), '../x: the file leads out of the archive with ".."'),
    ("absolute in tar", with_tar_member(name="/x"), "/x: the file is an absolute path"),
    ("link in tar", with_tar_member(name="images/c.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
     "images/c.jpg: the file is a symbolic link"),
    ("hard link in tar", with_tar_member(name="images/c.jpg", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
     "images/c.jpg: the file is a hard link"),
    ("device in tar", with_tar_member(name="images/c.jpg", type=tarfile.CHRTYPE), "images/c.jpg: the file is"),
]  # fmt: skip


@pytest.mark.parametrize("on_error", OnError)
@pytest.mark.parametrize(("make", "expected"), [pytest.param(*case[1:], id=case[0]) for case in SOURCES])
def test_a_source_that_is_refused(
    make: Callable[[Path], Path], expected: str, on_error: OnError, tmp_path: Path
) -> None:
    source = make(tmp_path)
    before = everything()
    result = load(source, on_error=on_error)
    (error,) = errors(result)
    assert expected in error
    assert result.refused
    assert everything() == before


def damaged(path: Path, files: Files, *members: str) -> Path:
    """A zip in which a byte of these members is another: the list of contents is right, the data is not."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        places = {name: archive.getinfo(name).header_offset + 30 + len(name.encode()) for name in members}
    data = bytearray(path.read_bytes())
    for place in places.values():
        data[place + 60] ^= 1
    path.write_bytes(data)
    return path


def test_a_damaged_file_hides_no_other_issue(tmp_path: Path) -> None:
    files = changed(cell(IMAGES, 3, "Rotation", "left"), file("images/train/c.png", b"no picture"))
    source = damaged(tmp_path / "a.zip", files, BOXES, HIERARCHY, CAT_MASK, PICTURE_A)
    before = everything()
    result = load(source)
    wrong = "the file is damaged: its checksum is wrong"
    mask = f'annotations/train-annotations-object-segmentation.csv:2: MaskPath: "{CAT_MASK.rpartition("/")[2]}"'
    assert sorted(errors(result)) == sorted([
        f"{HIERARCHY}: {wrong}",
        f'{IMAGES}:3: Rotation: "left" is not a number',
        f"{mask} cannot be read: {CAT_MASK}: {wrong}",
        f"{BOXES}: {wrong}",
        f"{PICTURE_A}: {wrong}",
        'images/train/c.png: "c.png" is not a picture that can be read',
    ])  # fmt: skip
    assert everything() == before
    assert load(source, on_error=OnError.SKIP).refused  # what a damaged table holds is not known


def test_damaged_pictures_and_masks_can_be_left_out(tmp_path: Path) -> None:
    result = load(damaged(tmp_path / "a.zip", good(), CAT_MASK, PICTURE_A), on_error=OnError.SKIP)
    assert result.committed
    assert result.report.errors == 2
    assert result.report.totals["pictures"].skipped == {"bad": 1}
    assert result.report.totals["masks"].skipped == {"bad": 1}


def test_every_refused_member_is_told(tmp_path: Path) -> None:
    result = load(zipped(tmp_path / "a.zip", good() | {f"../{number}.jpg": "" for number in range(1200)}))
    assert result.report.errors == 1200
    assert len(errors(result)) == 1000


def test_the_limits_are_settings(tmp_path: Path, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_MEMBER_BYTES": 100}
    result = load(zipped(tmp_path / "a.zip", good()))
    assert f"{HIERARCHY}: the file has 169 bytes; at most 100 are allowed here" in errors(result)


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    untrusted: Files = {
        "annotations/train-annotations-vrd.csv": "ImageID\n",
        "notes.txt": "x",
        "annotations/train-point-labels.csv": "ImageID\n",
    }
    result = load(write(tmp_path / "a", good() | untrusted))
    assert result.committed
    assert sorted(warnings(result)) == [
        "annotations/train-annotations-vrd.csv: visual relationships: not read yet",
        "annotations/train-point-labels.csv: point labels: not read yet",
        "notes.txt: The file is not recognised by its name, and was not read",
    ]
