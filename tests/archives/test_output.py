"""Where an export goes: complete or not there at all, and the same bytes each time."""

import errno
import io
import os
import resource
import tempfile
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openimages_io.archives import output as output_module
from openimages_io.archives import zip_writer
from openimages_io.archives.opening import open_archive
from openimages_io.archives.output import Output, open_output
from openimages_io.archives.zip_writer import PackedStream, ZipWriter
from openimages_io.exceptions import OpenImagesError
from openimages_io.format.limits import Limits

LIMITS = Limits()
CONTENT_FOLDERS = ("annotations", "images", "masks")
ROWS = [b"%016x,xclick,/m/01yrx,0.%06d\n" % (i, i % 999_983) for i in range(30_000)]
PICTURE = bytes(range(256)) * 40
both = pytest.mark.parametrize("name", ["out.zip", "out"])


def fill(output: Output) -> dict[str, bytes]:
    """Writes a bit of everything and returns what was written, in the order of completion."""
    output.write("annotations/class-descriptions.csv", b"/m/01yrx,Cat\n", compress=True)
    with output.stream("annotations/train-annotations-bbox.csv") as boxes:
        for row in ROWS:
            boxes.write(row)
    with output.stream("annotations/empty.csv"):
        pass
    output.write("masks/train/0001_m01yrx.png", b"\x89PNG", compress=False)
    output.copy("images/train/b/Grüße 猫.jpg", io.BytesIO(PICTURE))
    return {
        "annotations/class-descriptions.csv": b"/m/01yrx,Cat\n",
        "annotations/train-annotations-bbox.csv": b"".join(ROWS),
        "annotations/empty.csv": b"",
        "masks/train/0001_m01yrx.png": b"\x89PNG",
        "images/train/b/Grüße 猫.jpg": PICTURE,
    }


def contents(source: Path) -> dict[str, bytes]:
    with open_archive(source, LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        return {path: archive.read(path, size) for path, size in archive.paths.items()}


def export(dest: Path, force: bool = False) -> dict[str, bytes]:
    with open_output(dest, force) as output:
        return fill(output)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@both
def test_what_is_written_is_read_back(name: str, tmp_path: Path) -> None:
    expected = export(tmp_path / name)
    assert contents(tmp_path / name) == expected
    assert names(tmp_path) == [name]


def test_another_reader_finds_the_same_in_the_zip_in_the_order_of_writing(tmp_path: Path) -> None:
    expected = export(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert packed.testzip() is None
        assert {info.filename: packed.read(info) for info in packed.infolist()} == expected
        assert packed.namelist() == list(expected)
        for info in packed.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr == 0o100644 << 16
            assert info.create_system == 3
            text = info.filename.endswith("csv")
            assert info.compress_type == (zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED)


def test_two_exports_are_the_same_bytes(tmp_path: Path) -> None:
    export(tmp_path / "a.zip")
    os.utime(tmp_path, (0, 0))
    export(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 5000), max_size=12))
def test_the_bytes_do_not_depend_on_the_pieces_they_come_in(
    cuts: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_writer, "PACK_BLOCK", 700)
    data = b"".join(ROWS[:100])
    packed = []
    for steps in (sorted(cuts), []):
        with PackedStream(tmp_path, compress=True) as stream:
            for start, end in zip([0, *steps], [*steps, len(data)], strict=True):
                stream.write(data[start:end])
            stream.finish()
            stream.file.seek(0)
            packed.append((stream.size, stream.crc, stream.packed, stream.file.read()))
    assert packed[0] == packed[1]


def _packing_threads() -> int:
    return sum(thread.name == "packing" for thread in threading.enumerate())


@both
def test_several_streams_are_open_at_once_and_files_written_meanwhile(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_writer, "PACK_BLOCK", 1000)
    with (
        open_output(tmp_path / name, force=False) as output,
        output.stream("annotations/a.csv") as a,
        output.stream("annotations/b.csv") as b,
    ):
        for row in ROWS[:500]:
            a.write(row)
            b.write(row[::-1])
        output.write("masks/x.png", b"mask", compress=False)
    a_rows, b_rows = b"".join(ROWS[:500]), b"".join(row[::-1] for row in ROWS[:500])
    expected = {"annotations/a.csv": a_rows, "annotations/b.csv": b_rows, "masks/x.png": b"mask"}
    assert contents(tmp_path / name) == expected
    assert _packing_threads() == 0


@both
@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000, 1234])
def test_a_picture_of_any_size_is_copied(name: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_module, "_COPY_BLOCK", 100)
    with open_output(tmp_path / name, force=False) as output:
        output.copy("images/a.jpg", io.BytesIO(PICTURE[:size]))
    assert contents(tmp_path / name) == {"images/a.jpg": PICTURE[:size]}


@pytest.mark.thorough
def test_more_members_than_16_bits_count(tmp_path: Path) -> None:
    count = 66_000
    with open_output(tmp_path / "out.zip", force=False) as output:
        for i in range(count):
            output.write(f"masks/{i:06}", b"x", compress=False)
    with open_archive(tmp_path / "out.zip", LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        assert len(archive.paths) == count
        assert archive.read(f"masks/{count - 1:06}", 1) == b"x"
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert len(packed.infolist()) == count
        assert packed.read("masks/065999") == b"x"


def test_members_and_places_beyond_4_gib(tmp_path: Path) -> None:
    five = 5 * 2**30
    path = tmp_path / "big.zip"
    with path.open("xb") as file:
        writer = ZipWriter(file, tmp_path)
        writer.write("first", b"1", compress=False)
        file.write(writer._header("huge", 0, 0, five, five))
        file.seek(five, io.SEEK_CUR)  # A hole takes no room on the disk.
        writer.write("last", b"3" * 100, compress=True)
        writer.finish()
    with open_archive(path, LIMITS, content_folders=CONTENT_FOLDERS) as archive:
        assert dict(archive.paths) == {"first": 1, "huge": five, "last": 100}
        assert archive.read("last", 100) == b"3" * 100
        with archive.open("huge") as member:
            assert member.read(10) == bytes(10)
    with zipfile.ZipFile(path) as packed:
        assert [info.file_size for info in packed.infolist()] == [1, five, 100]
        assert packed.read("first") + packed.read("last") == b"1" + b"3" * 100


def test_memory_does_not_grow_with_what_is_streamed(tmp_path: Path) -> None:
    block = bytes(64 * 1024)
    with open_output(tmp_path / "out.zip", force=False) as output:
        tracemalloc.start()
        try:
            with output.stream("annotations/a.csv") as sink:
                for _ in range(800):
                    sink.write(block)
            with (tmp_path / "big").open("w+b") as big:
                big.truncate(40 * 2**20)
                output.copy("images/a.jpg", big)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 16 * 2**20


@both
def test_nothing_is_seen_before_it_is_complete_and_nothing_stays_after_a_failure(name: str, tmp_path: Path) -> None:
    def fail_midway() -> None:
        with open_output(tmp_path / name, force=False) as output:
            fill(output)
            assert not (tmp_path / name).exists()
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    assert names(tmp_path) == []


@both
def test_a_failure_within_a_stream_leaves_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_writer, "PACK_BLOCK", 1000)

    def fail_within() -> None:
        with open_output(tmp_path / name, force=False) as output, output.stream("annotations/a.csv") as sink:
            sink.write(bytes(5000))
            raise FileNotFoundError("their own")

    with pytest.raises(FileNotFoundError, match="their own"):
        fail_within()
    assert names(tmp_path) == []
    assert _packing_threads() == 0


@both
def test_a_file_left_unfinished_is_never_published(name: str, tmp_path: Path) -> None:
    def export_and_hide_the_failure() -> None:
        with open_output(tmp_path / name, force=False) as output:
            try:
                with output.stream("annotations/a.csv") as sink:
                    sink.write(b"half a r")
                    raise RuntimeError
            except RuntimeError:
                pass

    with pytest.raises(OpenImagesError, match="was not written: a file in it is incomplete"):
        export_and_hide_the_failure()
    assert names(tmp_path) == []


@both
def test_force_replaces_and_a_failure_leaves_the_old_one(name: str, tmp_path: Path) -> None:
    dest = tmp_path / name
    with open_output(dest, force=False) as output:
        output.write("annotations/old.csv", b"old", compress=True)

    def fail_midway() -> None:
        with open_output(dest, force=True) as output:
            fill(output)
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    assert contents(dest) == {"annotations/old.csv": b"old"}
    expected = export(dest, force=True)
    assert contents(dest) == expected
    assert names(tmp_path) == [name]


@both
def test_nothing_is_overwritten_without_force(name: str, tmp_path: Path) -> None:
    dest = tmp_path / name
    expected = export(dest)
    with pytest.raises(OpenImagesError, match=r"exists.* overwritten only with --force"):
        open_output(dest, force=False)
    assert contents(dest) == expected


@both
def test_what_appears_while_the_export_runs_is_not_overwritten(name: str, tmp_path: Path) -> None:
    dest = tmp_path / name

    def race() -> None:
        with open_output(dest, force=False) as output:
            fill(output)
            with open_output(dest, force=False) as other:
                other.write("annotations/other.csv", b"other", compress=True)

    with pytest.raises(OpenImagesError, match="exists"):
        race()
    assert contents(dest) == {"annotations/other.csv": b"other"}
    assert names(tmp_path) == [name]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    expected = export(tmp_path / "out")
    assert contents(tmp_path / "out") == expected
    assert names(tmp_path) == ["out"]


def test_destinations_of_the_wrong_kind(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder.zip").mkdir()
    os.mkfifo(tmp_path / "pipe.zip")
    for name, reason in {
        "file": "it is a file",
        "folder.zip": "it exists and is not a file",
        "pipe.zip": "it exists and is not a file",
        "none/out.zip": "there is no folder",
        "file/out": "there is no folder",
    }.items():
        with pytest.raises(OpenImagesError, match=reason):
            open_output(tmp_path / name, force=True)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out.zip").symlink_to("disk/real.zip")
    expected = export(tmp_path / "out.zip")
    assert (tmp_path / "out.zip").is_symlink()
    assert contents(tmp_path / "disk" / "real.zip") == expected
    assert names(tmp_path / "disk") == ["real.zip"]


@both
@pytest.mark.parametrize(
    "path", ["../a.csv", "/a.csv", "a\\b.csv", "a//b.csv", "./a.csv", "", "a/", "C:a", "a\nb", "a\udce9", "x" * 70_000]
)
def test_an_unsafe_path_is_never_written(name: str, path: str, tmp_path: Path) -> None:
    with open_output(tmp_path / name, force=False) as output:
        with pytest.raises(OpenImagesError, match="the file "):
            output.write(path, b"x", compress=False)
        with pytest.raises(OpenImagesError, match="the file "), output.stream(path):
            pass
        output.write("annotations/a.csv", b"x", compress=True)
    assert contents(tmp_path / name) == {"annotations/a.csv": b"x"}


@both
def test_two_files_never_share_a_name(name: str, tmp_path: Path) -> None:
    with open_output(tmp_path / name, force=False) as output:
        output.write("masks/a.png", b"first", compress=False)
        with pytest.raises(OpenImagesError, match=r"“masks/a\.png” was written already"):
            output.write("masks/a.png", b"second", compress=False)
        with pytest.raises(OpenImagesError, match="was written already"):
            output.copy("masks/a.png", io.BytesIO(b"third"))
    assert contents(tmp_path / name) == {"masks/a.png": b"first"}


class FullDisk(io.BytesIO):
    """Takes nothing."""

    def write(self, data: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_writer, "PACK_BLOCK", 1000)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FullDisk())


@pytest.mark.usefixtures("full_spool")
@pytest.mark.parametrize("rows", [1, 20_000])
def test_a_disk_that_fills_up_while_streaming_is_a_sentence(rows: int, tmp_path: Path) -> None:
    def fill_up() -> None:
        with open_output(tmp_path / "out.zip", force=False) as output, output.stream("annotations/a.csv") as sink:
            for _ in range(rows):
                sink.write(os.urandom(100))

    with pytest.raises(OpenImagesError, match=r"out\.zip cannot be written: No space left on device\."):
        fill_up()
    assert names(tmp_path) == []
    assert _packing_threads() == 0


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("size", [1000, 300_000, 4_000_000])
def test_a_disk_that_refuses_the_last_bytes_again_is_the_same_sentence(name: str, size: int, tmp_path: Path) -> None:
    """What stands in a buffer is tried once more when the file is closed."""

    def fill_up() -> None:
        with open_output(tmp_path / name, force=False) as output, output.stream("annotations/a.csv") as sink:
            for _ in range(4_000_000 // size):
                sink.write(os.urandom(size))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(OpenImagesError, match=rf"{name} cannot be written: File too large\."):
            fill_up()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


def test_a_zip_that_could_not_be_written_whole_is_not_published_even_if_that_was_overlooked(tmp_path: Path) -> None:
    def export_and_overlook() -> None:
        with open_output(tmp_path / "out.zip", force=False) as output:
            output.write("annotations/a.csv", b"x", compress=True)
            output._zip._file = FullDisk()  # type: ignore[attr-defined]
            with pytest.raises(OpenImagesError, match="No space left"):
                output.write("annotations/b.csv", b"x", compress=True)

    with pytest.raises(OpenImagesError, match="incomplete"):
        export_and_overlook()
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest = tmp_path / "out"
    old = export(dest)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OpenImagesError, match="cannot be written: Permission denied"):
        export(dest, force=True)
    monkeypatch.undo()
    assert contents(dest) == old
    assert names(tmp_path) == ["out"]


def test_the_new_folder_stands_even_if_the_old_one_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest = tmp_path / "out"
    export(dest)
    remove = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if "partial/old" in str(self):
            raise OSError(errno.EACCES, "Permission denied")
        remove(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OpenImagesError, match=r"was written, but the old one is left in .*/old: Permission denied"):
        export(dest, force=True)
    monkeypatch.undo()
    assert "annotations/class-descriptions.csv" in contents(dest)
