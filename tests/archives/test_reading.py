"""Honest sources: the same files in every kind of container are the same archive."""

import io
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from openimages_io.archives import streams as streams_module
from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_archive, open_nested
from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.limits import Limits

CONTENT = {
    "annotations/class-descriptions.csv": b"/m/01yrx,Cat\n",
    "annotations/train-annotations-bbox.csv": b"ImageID,Source,LabelName\n" + b"0001,xclick,/m/01yrx\n" * 40_000,
    "annotations/val-images-with-rotation.csv": b"",
    "images/train/b/c/Grüße 猫.jpg": bytes(range(256)) * 9,
    "masks/train/0001_m01yrx_ab.png": os.urandom(700),
}
LIMITS = Limits()
CONTENT_FOLDERS = ("annotations", "images", "masks")
Packer = Callable[[Path, dict[str, bytes]], Path]


def write_folder(root: Path, files: dict[str, bytes]) -> Path:
    folder = root / "folder"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def write_zip(root: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(root / "source.bin", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data, zipfile.ZIP_STORED if name.endswith("png") else None)
    return root / "source.bin"


def write_streamed_zip(root: Path, files: dict[str, bytes]) -> Path:
    """A zip as a pipe gets it: sizes behind the data, 64-bit fields everywhere."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError("a pipe")

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            with packed.open(name, "w", force_zip64=True) as member:
                member.write(data)
    (root / "source.bin").write_bytes(pipe.getvalue())
    return root / "source.bin"


def tar_writer(kind: str, form: int = tarfile.PAX_FORMAT) -> Packer:
    def write_tar(root: Path, files: dict[str, bytes]) -> Path:
        with tarfile.open(root / "source.bin", f"w:{kind}", format=form) as packed:  # type: ignore[call-overload]
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                packed.addfile(member, io.BytesIO(data))
        return root / "source.bin"

    return write_tar


PACKERS: dict[str, Packer] = {
    "folder": write_folder,
    "zip": write_zip,
    "streamed-zip": write_streamed_zip,
    "tar": tar_writer(""),
    "gnu-tar": tar_writer("", tarfile.GNU_FORMAT),
    "tar.gz": tar_writer("gz"),
    "tar.bz2": tar_writer("bz2"),
    "tar.xz": tar_writer("xz"),
}
every_kind = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())


def contents(archive: Archive) -> dict[str, bytes]:
    return {path: archive.read(path, size) for path, size in archive.paths.items()}


@every_kind
def test_every_container_gives_the_same_paths_sizes_and_bytes(pack: Packer, tmp_path: Path) -> None:
    shuffled = dict(reversed(CONTENT.items()))
    with open_archive(pack(tmp_path, shuffled), LIMITS) as archive:
        assert list(archive.paths.items()) == [(name, len(CONTENT[name])) for name in sorted(CONTENT)]
        assert contents(archive) == CONTENT
        for path in archive.paths:
            with archive.open(path) as member:
                assert member.read() == CONTENT[path]


@every_kind
def test_one_enclosing_folder_and_junk_are_left_out(pack: Packer, tmp_path: Path) -> None:
    junk = [
        "__MACOSX/my set/._x",
        "my set/.DS_Store",
        "my set/images/Thumbs.db",
        "my set/desktop.ini",
        "my set/._a.csv",
    ]
    files = {f"my set/{name}": data for name, data in CONTENT.items()} | dict.fromkeys(junk, b"junk")
    with open_archive(pack(tmp_path, files), LIMITS) as archive:
        assert archive.enclosing == "my set/"
        assert contents(archive) == CONTENT


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["masks/train/a.png"], ["masks/train/a.png"]),
        (["images/a.jpg", "images/b.jpg"], ["images/a.jpg", "images/b.jpg"]),
        (["annotations/x.csv"], ["annotations/x.csv"]),
        (["set/masks/a.png"], ["masks/a.png"]),
        (["outer/set/masks/a.png"], ["set/masks/a.png"]),
        (["set/a.csv", "b.csv"], ["b.csv", "set/a.csv"]),
        (["set/a.csv", "setb/b.csv"], ["set/a.csv", "setb/b.csv"]),
        (["./set/a.csv", "set//b.csv"], ["a.csv", "b.csv"]),
    ],
)
def test_only_an_enclosing_folder_that_is_not_a_content_folder_is_taken_off(
    names: list[str], expected: list[str], tmp_path: Path
) -> None:
    source = write_zip(tmp_path, dict.fromkeys(names, b"x"))
    with open_archive(source, LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        assert list(archive.paths) == expected
        assert set(contents(archive).values()) == {b"x"}


@every_kind
def test_open_gives_a_buffered_file_that_can_be_read_in_pieces(pack: Packer, tmp_path: Path) -> None:
    path = "annotations/train-annotations-bbox.csv"
    with open_archive(pack(tmp_path, CONTENT), LIMITS) as archive, archive.open(path) as member:
        assert isinstance(member, io.BufferedReader)
        pieces = [
            member.read(7),
            member.read1(100),
            member.read(300_000),
            member.readline(),
            member.read(),
            member.read(),
        ]
    assert b"".join(pieces) == CONTENT[path]
    assert pieces[-1] == b""


@every_kind
def test_a_file_that_is_not_there_or_too_large_to_be_read_whole_is_an_issue(pack: Packer, tmp_path: Path) -> None:
    with open_archive(pack(tmp_path, CONTENT), LIMITS) as archive:
        with pytest.raises(UnreadableArchive, match=r"masks/no\.png: the file is not in the archive") as missing:
            archive.open("masks/no.png")
        with pytest.raises(UnreadableArchive, match="has 700 bytes; at most 699") as large:
            archive.read("masks/train/0001_m01yrx_ab.png", 699)
    assert [error.value.problems[0].code for error in (missing, large)] == ["not-found", "too-large"]


@pytest.mark.parametrize("outer", ["folder", "zip", "tar", "tar.gz"])
@pytest.mark.parametrize("inner", ["zip", "tar.gz"])
def test_a_nested_archive_is_opened_by_the_same_rules(outer: str, inner: str, tmp_path: Path) -> None:
    shard = PACKERS[inner](tmp_path, {"0001.png": b"png", "sub/0002.png": b"PNG"}).read_bytes()
    source = PACKERS[outer](tmp_path, {"train-masks-0.zip": shard, "a.csv": b"x"})
    with open_archive(source, LIMITS) as archive, open_nested(archive, "train-masks-0.zip") as nested:
        assert contents(nested) == {"0001.png": b"png", "sub/0002.png": b"PNG"}
        assert nested.place("0001.png") == "train-masks-0.zip/0001.png"


def test_a_nested_archive_that_is_none_or_damaged_says_which(tmp_path: Path) -> None:
    bad = write_zip(tmp_path, {"../x": b""}).read_bytes()
    folder = write_folder(tmp_path, {"a.zip": b"no", "b.zip": bad})
    with open_archive(folder, LIMITS) as archive:
        with pytest.raises(UnreadableArchive, match=r'^"a\.zip" is one file; a folder, a zip or a tar'):
            open_nested(archive, "a.zip")
        with pytest.raises(UnreadableArchive) as caught:
            open_nested(archive, "b.zip")
    assert caught.value.problems[0].file == "b.zip/../x"


def test_a_symbolic_link_may_be_the_source_itself(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(write_folder(tmp_path, CONTENT))
    with open_archive(link, LIMITS) as archive:
        assert contents(archive) == CONTENT


def test_a_link_to_a_file_inside_the_folder_is_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"masks/a.png": b"mask"})
    (folder / "b.png").symlink_to("masks/a.png")
    with open_archive(folder, LIMITS) as archive:
        assert contents(archive) == {"b.png": b"mask", "masks/a.png": b"mask"}


def test_members_of_a_zip_are_read_by_several_threads_at_once(tmp_path: Path) -> None:
    files = {f"masks/{i:04}.png": os.urandom(300) + bytes([i % 256]) * 300 for i in range(400)}
    found: list[dict[str, bytes]] = []
    with open_archive(write_zip(tmp_path, files), LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        threads = [threading.Thread(target=lambda: found.append(contents(archive))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [files] * 3


def test_names_without_the_utf8_flag_are_read_as_utf8_or_else_as_code_page_437(tmp_path: Path) -> None:
    source = tmp_path / "a.zip"
    with zipfile.ZipFile(source, "w") as packed:
        packed.writestr("K\xe4se.png", b"1")
        packed.writestr("na\xefve.png", b"2")
    data = source.read_bytes()
    for local, central in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(local, at + 1)) >= 0:
            data = data[: at + central] + b"\0\0" + data[at + central + 2 :]
    data = data.replace("na\xefve".encode(), b"na\x8bve ")  # As DOS wrote it, padded to the same length.
    source.write_bytes(data)
    with open_archive(source, LIMITS) as archive:
        assert sorted(archive.paths) == ["K\xe4se.png", "na\xefve .png"]


def test_a_long_header_in_a_zip_is_skipped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        member = zipfile.ZipInfo("a.png")
        member.extra = b"\x99\x99" + (2000).to_bytes(2, "little") + bytes(2000)
        packed.writestr(member, b"data")
    with open_archive(tmp_path / "a.zip", LIMITS) as archive:
        assert archive.read("a.png", 10) == b"data"


def test_a_packed_tar_is_unpacked_into_a_file_that_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    source = PACKERS["tar.gz"](tmp_path, CONTENT)
    with open_archive(source, LIMITS) as archive:
        source.unlink()
        assert contents(archive) == CONTENT
    assert list(spool.iterdir()) == []


def test_large_members_are_inflated_in_bounded_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    plain = streams_module.stored

    def watched(*args: object) -> streams_module.Pull:
        pull = plain(*args)  # type: ignore[arg-type]

        def pull_and_note(wanted: int) -> bytes:
            taken.append(wanted)
            return pull(wanted)

        return pull_and_note

    monkeypatch.setattr(streams_module, "stored", watched)
    data = os.urandom(2_000_000)
    with open_archive(write_zip(tmp_path, {"a.csv": data}), LIMITS) as archive, archive.open("a.csv") as member:
        assert member.read() == data
    assert len(taken) >= 8
    assert max(taken) == streams_module.PACKED_BLOCK


def test_a_folder_may_be_deep_and_hold_empty_folders(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 60) + "/x.jpg"
    folder = write_folder(tmp_path, {f"images/{deep}": b"x"})
    (folder / "annotations").mkdir()
    with open_archive(folder, LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        assert contents(archive) == {f"images/{deep}": b"x"}
    shutil.rmtree(folder)
