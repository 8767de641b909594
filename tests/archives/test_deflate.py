"""What packs a zip is of no matter for what it unpacks to."""

import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.archives import deflate
from openimages_io.archives.output import Output, open_output

isal_zlib = pytest.importorskip("isal.isal_zlib")
PACKERS = (isal_zlib, zlib)
ROWS = b"".join(b"%016x,xclick,/m/01yrx,0.%06d\n" % (i, i * 7919 % 999_983) for i in range(120_000))


def fill(output: Output) -> None:
    output.write("annotations/class-descriptions.csv", b"/m/01yrx,Cat\n" * 50, compress=True)
    with output.stream("annotations/train-annotations-bbox.csv") as boxes:  # in more than one block
        for start in range(0, len(ROWS), 100_000):
            boxes.write(ROWS[start : start + 100_000])
    with output.stream("annotations/empty.csv"):
        pass
    output.write("masks/a.png", b"\x89PNG", compress=False)


def test_both_make_the_same_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members, sizes = [], []
    for number, packer in enumerate(PACKERS):
        monkeypatch.setattr(deflate, "packer", packer)
        dest = tmp_path / f"{number}.zip"
        with open_output(dest, force=False) as output:
            fill(output)
        with zipfile.ZipFile(dest) as archive:
            assert archive.testzip() is None
            members.append([(info.filename, info.file_size, info.CRC, archive.read(info)) for info in archive.filelist])
        sizes.append(dest.stat().st_size)
    assert members[0] == members[1]
    assert members[0][1][3] == ROWS
    assert sizes[0] != sizes[1], "only one of them packed"


@pytest.mark.parametrize("order", [PACKERS, PACKERS[::-1]])
def test_an_export_of_the_one_is_replaced_by_the_other(
    order: tuple[object, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for packer in order:
        monkeypatch.setattr(deflate, "packer", packer)
        with open_output(tmp_path / "out.zip", force=True) as output:
            fill(output)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("annotations/train-annotations-bbox.csv") == ROWS


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_whatever_is_packed_comes_back(parts: list[bytes]) -> None:
    deflater = deflate.new_deflater()
    packed = b"".join(map(deflater.compress, parts)) + deflater.flush()
    assert zlib.decompress(packed, -zlib.MAX_WBITS) == b"".join(parts)
