"""What an untrusted sender may send: every bad member is named with its reason, and nothing of it is trusted."""

import errno
import gzip
import io
import os
import random
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_archive, open_nested
from openimages_io.archives.safety import MAX_PROBLEMS
from openimages_io.archives.streams import RandomReader
from openimages_io.exceptions import NoTemporarySpace, UnreadableArchive
from openimages_io.format.limits import Limits

LIMITS = Limits()
SMALL = Limits(max_ratio=20, ratio_free_bytes=10_000, max_member_bytes=10_000_000, max_unpacked_bytes=1_000_000)
Content = dict[str, bytes]


def make_zip(path: Path, files: Content, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def make_tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:") -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for member, data in members:
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return path


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def refusal(source: Path, limits: Limits = LIMITS) -> UnreadableArchive:
    with pytest.raises(UnreadableArchive) as caught:
        open_archive(source, limits)
    return caught.value


def findings(source: Path, limits: Limits = LIMITS) -> list[tuple[str, str]]:
    return [(issue.file, issue.code) for issue in refusal(source, limits).problems]


def read_in_steps(archive: Archive, path: str) -> bytes:
    with archive.open(path) as member:
        return b"".join(iter(lambda: member.read(1000), b""))


def while_reading(source: Path, path: str, limits: Limits = LIMITS) -> list[str]:
    """The codes that the streamed and the whole reading of one member end with."""
    codes = []
    with open_archive(source, limits) as archive:
        with pytest.raises(UnreadableArchive) as caught:
            read_in_steps(archive, path)
        codes.append(caught.value.problems[0].code)
        assert caught.value.problems[0].file == path
        with pytest.raises(UnreadableArchive) as caught:
            archive.read(path, 10**9)
        codes.append(caught.value.problems[0].code)
        assert caught.value.problems[0].file == path
    return codes


UNSAFE = [
    "../up.csv",
    "a/../../up.csv",
    "a/..",
    "/etc/passwd",
    "//host/share",
    "a\\b.csv",
    "C:/x.csv",
    "a/c:x.csv",
    "line\nbreak.csv",
    "return\r.csv",
    "bell\x07.csv",
    "next\x85line.csv",
    "para\u2029graph.csv",
]


def test_every_unsafe_name_in_a_zip_is_listed(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"fine.csv": b"x", **dict.fromkeys(UNSAFE, b"x")})
    assert findings(source) == [(name, "unsafe-path") for name in UNSAFE]


def test_every_unsafe_name_in_a_tar_is_listed(tmp_path: Path) -> None:
    names = ["fine.csv", *UNSAFE]
    source = make_tar(tmp_path / "a.tar", [(tar_member(name), b"x") for name in names])
    assert findings(source) == [(name, "unsafe-path") for name in UNSAFE]


def test_unsafe_names_of_folders_and_junk_count_too(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"../d/": b"", "__MACOSX/../../x": b"", "__MACOSX/y": b"", "z": b""})
    assert findings(source) == [("../d/", "unsafe-path"), ("__MACOSX/../../x", "unsafe-path")]


def test_a_nul_in_a_zip_name_does_not_end_it(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"goodQ/../../bad": b"x"})
    source.write_bytes(source.read_bytes().replace(b"goodQ", b"good\0"))
    assert findings(source) == [("good\0/../../bad", "unsafe-path")]


def test_names_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    tar = make_tar(tmp_path / "a.tar", [(tar_member("caf\udce9.jpg"), b"x")])
    assert findings(tar) == [("caf\udce9.jpg", "unsafe-path")]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "caf\udce9.jpg").write_bytes(b"x")
    (folder / "line\nbreak.jpg").write_bytes(b"x")
    error = refusal(folder)
    assert {issue.code for issue in error.problems} == {"unsafe-path"}
    assert error.total == 2
    assert "not UTF-8" in str(error)
    assert "break.jpg: the file has a NUL, a line break" in str(error)


def test_links_and_devices_in_a_tar(tmp_path: Path) -> None:
    kinds = {
        "sym": (tarfile.SYMTYPE, "unsafe-link"),
        "hard": (tarfile.LNKTYPE, "unsafe-link"),
        "pipe": (tarfile.FIFOTYPE, "special-file"),
        "disk": (tarfile.BLKTYPE, "special-file"),
        "tty": (tarfile.CHRTYPE, "special-file"),
        "odd": (b"Z", "special-file"),
    }
    members = [(tar_member(name, kind, "/etc/passwd"), b"") for name, (kind, _) in kinds.items()]
    source = make_tar(tmp_path / "a.tar", [(tar_member("dir", tarfile.DIRTYPE), b""), *members])
    assert findings(source) == [(name, code) for name, (_, code) in kinds.items()]


def test_links_and_pipes_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name, mode in (("link", 0o120777), ("slash/", 0o120777), ("pipe", 0o010644), ("file", 0o100644)):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            packed.writestr(member, b"" if name == "slash/" else b"/etc/passwd")
    assert findings(tmp_path / "a.zip") == [("link", "unsafe-link"), ("slash", "unsafe-link"), ("pipe", "special-file")]


def test_links_and_pipes_in_a_folder_are_named_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(b"secret")
    folder = tmp_path / "folder"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "x.csv").write_bytes(b"x")
    (folder / "out").symlink_to(tmp_path / "secret.csv")
    (folder / "out-dir").symlink_to(tmp_path)
    (folder / "in-dir").symlink_to("real")
    (folder / "loop").symlink_to("loop")
    (folder / "nothing").symlink_to("real/none.csv")
    os.mkfifo(folder / "pipe")
    assert sorted(findings(folder)) == [
        ("in-dir", "unsafe-link"),
        ("loop", "unreadable"),
        ("nothing", "unreadable"),
        ("out", "unsafe-link"),
        ("out-dir", "unsafe-link"),
        ("pipe", "special-file"),
    ]


def test_a_folder_whose_name_another_one_starts_with_is_not_inside(tmp_path: Path) -> None:
    folder, sibling = tmp_path / "set", tmp_path / "set-secret"
    folder.mkdir()
    sibling.mkdir()
    (sibling / "x.csv").write_bytes(b"x")
    (folder / "x.csv").symlink_to(sibling / "x.csv")
    assert findings(folder) == [("x.csv", "unsafe-link")]


def test_a_file_that_becomes_a_pipe_after_the_listing_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")
    with open_archive(tmp_path, LIMITS) as archive:
        (tmp_path / "a.csv").unlink()
        os.mkfifo(tmp_path / "a.csv")
        with pytest.raises(UnreadableArchive, match=r"a\.csv: the file cannot be read: it is not a regular file"):
            archive.open("a.csv")


@pytest.mark.parametrize("change", [b"", b"longer than before"])
def test_a_file_that_changes_after_the_listing_is_an_issue(change: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"before")
    with open_archive(tmp_path, LIMITS) as archive:
        (tmp_path / "a.csv").write_bytes(change)
        with pytest.raises(UnreadableArchive, match="no longer has the 6 bytes"):
            archive.read("a.csv", 100)
        with archive.open("a.csv") as member, pytest.raises(UnreadableArchive, match=r"a\.csv: the file"):
            member.read()


def test_files_that_may_not_be_read_are_all_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith(("a.csv", "c.csv")))
    assert sorted(findings(tmp_path)) == [("a.csv", "unreadable"), ("c.csv", "unreadable")]


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path: str) -> "os._ScandirIterator[str]":
        if path.rstrip("/").endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    error = refusal(tmp_path)
    assert str(error) == "closed/: the file cannot be listed: Permission denied"


def test_a_disk_that_fails_is_a_sentence_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")
    with open_archive(tmp_path, LIMITS) as archive:

        def refuse(path: str, flags: int) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
        for attempt in (lambda: archive.open("a.csv"), lambda: archive.read("a.csv", 9)):
            with pytest.raises(UnreadableArchive, match=r"^a\.csv: the file cannot be read: Permission denied$"):
                attempt()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_path_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in ("a/x.csv", "a/./x.csv", "a//x.csv", "y.csv", "y.csv", "Y.csv"):
            packed.writestr(name, b"")
    assert findings(tmp_path / "a.zip") == [("a/x.csv", "duplicate-member")] * 2 + [("y.csv", "duplicate-member")]
    source = make_tar(tmp_path / "a.tar", [(tar_member(name), b"") for name in ("./x.csv", "x.csv")])
    assert findings(source) == [("x.csv", "duplicate-member")]


def test_encrypted_and_strangely_packed_members_of_a_zip(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"plain.csv": b"x", "secret.csv": b"y", "strong.csv": b"z"})
    with zipfile.ZipFile(source, "a", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("b.csv", b"x")
        packed.writestr("l.csv", b"x", zipfile.ZIP_LZMA)
        packed.writestr("odd.csv", b"x", zipfile.ZIP_STORED)
    set_central(source, b"secret.csv", 8, b"\x01\x00")
    set_central(source, b"strong.csv", 8, b"\x41\x00")
    set_central(source, b"odd.csv", 10, b"\x63\x00")
    error = refusal(source)
    assert [(issue.file, issue.code) for issue in error.problems] == [
        ("secret.csv", "encrypted"),
        ("strong.csv", "encrypted"),
        ("b.csv", "unsupported"),
        ("l.csv", "unsupported"),
        ("odd.csv", "unsupported"),
    ]
    assert "packed with bzip2; only stored and deflated files can be read" in str(error)
    assert "packed with method 99" in str(error)


def set_central(source: Path, name: bytes, at: int, value: bytes) -> None:
    """Overwrites a field of a member's entry in the list of contents."""
    data = bytearray(source.read_bytes())
    entry = data.rindex(name) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + at : entry + at + len(value)] = value
    source.write_bytes(data)


def test_a_member_whose_own_header_alone_says_that_it_is_encrypted(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"x"})
    data = bytearray(source.read_bytes())
    data[6] |= 1
    source.write_bytes(data)
    assert while_reading(source, "a.csv") == ["encrypted", "encrypted"]


def test_a_zip_bomb_is_seen_before_it_is_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("honest.csv", os.urandom(50_000).hex())
        with packed.open("bomb.csv", "w") as member:
            for _ in range(64):
                member.write(bytes(2**20))
    assert findings(tmp_path / "a.zip", Limits(max_member_bytes=2**40)) == [("bomb.csv", "zip-bomb")]
    assert findings(tmp_path / "a.zip", Limits(max_member_bytes=2**20, max_ratio=10**6)) == [("bomb.csv", "too-large")]


def test_a_small_file_may_be_packed_as_tightly_as_it_likes(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": bytes(9_000)})
    with open_archive(source, SMALL) as archive:
        assert archive.read("a.csv", 9_000) == bytes(9_000)


def test_a_header_that_announces_too_little_is_caught_while_it_unpacks(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"bomb.csv": bytes(5_000_000)})
    set_central(source, b"bomb.csv", 24, struct.pack("<L", 9_000))
    assert while_reading(source, "bomb.csv", SMALL) == ["wrong-size", "wrong-size"]


def test_a_header_that_announces_too_much(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": os.urandom(500)})
    set_central(source, b"a.csv", 24, struct.pack("<L", 501))
    assert while_reading(source, "a.csv") == ["truncated", "truncated"]


def test_stored_sizes_that_differ_and_padding_that_hides(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"12345"}, zipfile.ZIP_STORED)
    set_central(source, b"a.csv", 24, struct.pack("<L", 4))
    assert findings(source) == [("a.csv", "damaged")]


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": os.urandom(2000), "b.csv": os.urandom(10)})
    set_central(source, b"b.csv", 42, struct.pack("<L", 100))
    error = refusal(source)
    assert error.problems[0].code == "zip-bomb"
    assert str(error) == f'"{source}" is a zip whose files overlap'


def test_a_packed_tar_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    member = tar_member("zeros.csv")
    make_tar(tmp_path / "a.tar.gz", [(member, bytes(3_000_000))], "w:gz")
    by_ratio = refusal(tmp_path / "a.tar.gz", Limits(max_ratio=20, ratio_free_bytes=10_000))
    by_size = refusal(tmp_path / "a.tar.gz", Limits(max_ratio=10**6, max_unpacked_bytes=1_000_000))
    assert [error.problems[0].code for error in (by_ratio, by_size)] == ["zip-bomb", "zip-bomb"]
    assert "more than 20 times its size" in str(by_ratio)
    assert "more than 1000000 bytes" in str(by_size)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_too_many_members_end_the_listing(tmp_path: Path) -> None:
    few = Limits(max_members=3)
    names = ["a", "../b", "c", "d", "../e"]
    sources = [
        make_zip(tmp_path / "a.zip", dict.fromkeys(names, b"")),
        make_tar(tmp_path / "a.tar", [(tar_member(name), b"") for name in names]),
    ]
    for source in sources:
        assert findings(source, few) == [("../b", "unsafe-path"), ("", "too-many-members")]
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "abcd":
        (folder / name).write_bytes(b"")
    assert findings(folder, few) == [("", "too-many-members")]
    (folder / "a").unlink()
    open_archive(folder, few).close()


def test_a_thousand_issues_are_listed_and_the_rest_is_counted(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {f"../{i}": b"" for i in range(MAX_PROBLEMS + 234)})
    error = refusal(source)
    assert len(error.problems) == MAX_PROBLEMS
    assert error.total == MAX_PROBLEMS + 234
    lines = str(error).splitlines()
    assert lines[0] == "The archive has 1234 problems, so nothing of it was read:"
    assert lines[1] == '../0: the file leads out of the archive with ".."'
    assert len(lines) == 102
    assert lines[-1] == "… and 1134 more"


def test_members_over_the_size_limit_are_all_named(tmp_path: Path) -> None:
    tight = Limits(max_member_bytes=10)
    files = {"a": bytes(10), "b": bytes(11), "c": bytes(12)}
    expected = [("b", "too-large"), ("c", "too-large")]
    assert findings(make_zip(tmp_path / "a.zip", files), tight) == expected
    assert findings(make_tar(tmp_path / "a.tar", [(tar_member(n), d) for n, d in files.items()]), tight) == expected
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    assert sorted(findings(folder, tight)) == expected


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.97])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_that_was_cut_off_says_so(kind: str, keep: float, tmp_path: Path) -> None:
    files = {f"images/{i}.jpg": os.urandom(5000) for i in range(30)}
    source = tmp_path / "a"
    if kind == "zip":
        make_zip(source, files)
    else:
        packer = kind.partition("tar.")[2]
        make_tar(source, [(tar_member(name), data) for name, data in files.items()], f"w:{packer}")
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * keep)])
    error = refusal(source)
    assert error.problems[-1].code == "truncated"
    assert "cut off" in str(error) or "unexpected end" in str(error)


def test_a_tar_cut_between_two_members_is_not_taken_for_whole(tmp_path: Path) -> None:
    source = make_tar(tmp_path / "a.tar", [(tar_member(name), bytes(512)) for name in "abc"])
    source.write_bytes(source.read_bytes()[: 2 * 1024])
    assert findings(source) == [("", "truncated")]


def test_a_tar_with_a_broken_header_in_the_middle_is_not_taken_for_its_end(tmp_path: Path) -> None:
    source = make_tar(tmp_path / "a.tar", [(tar_member(name), bytes(512)) for name in "abc"])
    data = bytearray(source.read_bytes())
    data[1024 + 150] ^= 1
    source.write_bytes(data)
    error = refusal(source)
    assert str(error) == f'"{source}" is a tar with no valid header at byte 1024'


def test_a_tar_header_may_not_fill_the_memory(tmp_path: Path) -> None:
    long_name = tar_member("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    source = make_tar(tmp_path / "a.tar", [(long_name, b"a" * 3_000_000), (tar_member("a"), b"")])
    error = refusal(source)
    assert error.problems[0].code == "damaged"
    assert "a header of more than" in str(error)


def test_a_tar_of_nested_headers_ends(tmp_path: Path) -> None:
    long_name = [(tar_member("././@LongLink", tarfile.GNUTYPE_LONGNAME), b"a\0") for _ in range(900)]
    source = make_tar(tmp_path / "a.tar", [*long_name, (tar_member("a"), b"")])
    assert refusal(source).problems[0].code == "damaged"


def test_a_sparse_member_of_a_tar_is_refused(tmp_path: Path) -> None:
    member = tar_member("a.csv")
    member.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,1"}
    assert findings(make_tar(tmp_path / "a.tar", [(member, b"x")])) == [("a.csv", "unsupported")]


def test_a_tar_member_of_a_size_below_zero(tmp_path: Path) -> None:
    member = tar_member("a.csv")
    member.pax_headers = {"size": "-1024"}
    source = make_tar(tmp_path / "a.tar", [(member, b"x"), (tar_member("b.csv"), b"y")])
    assert {code for _, code in findings(source)} <= {"damaged", "truncated", "unsafe-path", "duplicate-member"}


def flip(source: Path, at: int) -> None:
    data = bytearray(source.read_bytes())
    data[at] ^= 0xFF
    source.write_bytes(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_data_in_a_zip_is_found_by_its_checksum(method: int, tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": os.urandom(3000)}, method)
    flip(source, 30 + 5 + 1500)
    assert while_reading(source, "a.csv") == ["damaged", "damaged"]


def test_deflated_data_that_is_none(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"1,2,3\n" * 100})
    data = bytearray(source.read_bytes())
    data[35:41] = b"\xff" * 6
    source.write_bytes(data)
    assert while_reading(source, "a.csv") == ["damaged", "damaged"]


def test_a_damaged_gzip_says_so(tmp_path: Path) -> None:
    source = make_tar(tmp_path / "a.tgz", [(tar_member("a.csv"), os.urandom(9000))], "w:gz")
    flip(source, source.stat().st_size - 6)
    assert str(refusal(source)).startswith(f'"{source}" is damaged (')


def test_a_source_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    data = os.urandom(400_000)
    tar = make_tar(tmp_path / "a.tar", [(tar_member("a.csv"), data)])
    packed = make_zip(tmp_path / "a.zip", {"a.csv": data}, zipfile.ZIP_STORED)
    for source in (tar, packed):
        with open_archive(source, LIMITS) as archive:
            os.truncate(source, 200_000)
            with archive.open("a.csv") as member, pytest.raises(UnreadableArchive, match=r"a\.csv: .* ends too early"):
                member.read()
            with pytest.raises(UnreadableArchive, match=r"a\.csv: .* ends too early"):
                archive.read("a.csv", 10**6)


def lies(source: Path, at: int, value: bytes) -> str:
    """Overwrites the end record of a zip and returns what is said about it."""
    data = bytearray(source.read_bytes())
    end = len(data) - 22 + at
    data[end : end + len(value)] = value
    source.write_bytes(data)
    return str(refusal(source))


def test_a_zip_whose_end_lies(tmp_path: Path) -> None:
    def fresh() -> Path:
        return make_zip(tmp_path / "a.zip", {"a.csv": b"x", "b.csv": b"y"})

    assert "announces 3 entries and lists 2" in lies(fresh(), 10, b"\x03")
    assert "is one part of a zip that was split" in lies(fresh(), 4, b"\x01")
    assert "is incomplete" in lies(fresh(), 12, b"\xff\xff")
    assert "damaged after 0 entries" in lies(fresh(), 12, struct.pack("<2L", 101, 77))
    half = fresh()
    set_central(half, b"b.csv", 0, b"no")
    assert "damaged after 1 entries" in str(refusal(half))
    assert "not where its end says" in lies(fresh(), 12, struct.pack("<L", 60))
    twice = fresh()
    twice.write_bytes(twice.read_bytes() * 2)
    assert "not where its end says" in str(refusal(twice))


def test_a_member_that_points_elsewhere_or_behind_the_end(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"x" * 50, "b.csv": b"y"}, zipfile.ZIP_STORED)
    set_central(source, b"b.csv", 42, struct.pack("<L", 10**8))
    assert findings(source) == [("b.csv", "truncated")]
    source = make_zip(tmp_path / "b.zip", {"a.csv": b"x" * 50}, zipfile.ZIP_STORED)
    data = source.read_bytes()
    source.write_bytes(data[:4].replace(b"PK\x03\x04", b"PK\x07\x08") + data[4:])
    assert while_reading(source, "a.csv") == ["damaged", "damaged"]


def test_a_member_padded_with_what_it_does_not_unpack_to(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"x" * 10, "b.csv": os.urandom(3000)})
    data = source.read_bytes()
    start = data.index(b"PK\x01\x02")
    alone = data[start : data.index(b"PK\x01\x02", start + 1)]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(alone), start, 0)
    source.write_bytes(data[:start] + alone + end)
    set_central(source, b"a.csv", 20, struct.pack("<L", 2500))
    with open_archive(source, LIMITS) as archive:
        assert read_in_steps(archive, "a.csv") == b"x" * 10
        with pytest.raises(UnreadableArchive, match="has 10 bytes, but 2500 when packed"):
            archive.read("a.csv", 10)


def test_a_zip_that_is_cut_off_before_a_member_after_the_listing(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": os.urandom(3000), "b.csv": b"x"})
    with open_archive(source, LIMITS) as archive:
        os.truncate(source, 100)
        for attempt in (lambda: archive.open("b.csv"), lambda: archive.read("b.csv", 9)):
            with pytest.raises(UnreadableArchive, match=r"b\.csv: the file ends too early"):
                attempt()


def test_a_deflated_stream_without_its_end_is_not_whole(tmp_path: Path) -> None:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    cut = deflater.compress(b"a,b\n" * 9) + deflater.flush(zlib.Z_SYNC_FLUSH)
    source = make_zip(tmp_path / "a.zip", {"a.csv": cut}, zipfile.ZIP_STORED)
    set_central(source, b"a.csv", 10, b"\x08")
    set_central(source, b"a.csv", 16, struct.pack("<L", zlib.crc32(b"a,b\n" * 9)))
    set_central(source, b"a.csv", 24, struct.pack("<L", 36))
    assert while_reading(source, "a.csv") == ["truncated", "truncated"]


def test_a_zip64_end_that_is_not_where_its_locator_says(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"x"})
    data = source.read_bytes()
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 10, 1)
    source.write_bytes(data[:-22] + locator + data[-22:])
    assert "not where its end says" in str(refusal(source))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_disk_that_fails_while_the_list_is_read(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a"
    source.write_bytes(ORIGINALS[kind]())

    def refuse(self: RandomReader, offset: int, size: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(RandomReader, "read_at", refuse)
    error = refusal(source)
    assert (error.problems[0].code, error.total) == ("unreadable", 1)
    assert "cannot be read: Input/output error" in str(error)


class FullDisk(io.BytesIO):
    """Takes nothing."""

    def write(self, data: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_too_full_to_unpack_to_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = make_tar(tmp_path / "a.tar.gz", [(tar_member("a.csv"), b"x")], "w:gz")
    outer = make_zip(tmp_path / "a.zip", {"b.zip": build_zip()})
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FullDisk())
    said = r"^The folder for temporary files \(.*\) cannot be used: No space left on device\. Nothing was written\."
    with pytest.raises(NoTemporarySpace, match=said), open_archive(packed, LIMITS):
        pass
    with open_archive(outer, LIMITS) as archive, pytest.raises(NoTemporarySpace, match=said):
        open_nested(archive, "b.zip")


def test_a_nested_archive_that_is_damaged_where_it_stands(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"b.zip": build_zip()}, zipfile.ZIP_STORED)
    flip(source, 30 + 5 + 100)
    with (
        open_archive(source, LIMITS) as archive,
        pytest.raises(UnreadableArchive, match=r"b\.zip: the file is damaged: its checksum is wrong"),
    ):
        open_nested(archive, "b.zip")


def test_a_zip64_field_that_is_not_all_there(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", {"a.csv": b"x"})
    set_central(source, b"a.csv", 42, b"\xff\xff\xff\xff")
    assert findings(source) == [("a.csv", "truncated")]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        member = zipfile.ZipInfo("a.csv")
        member.extra = struct.pack("<2H4s", 0x4242, 4, b"none") + struct.pack("<2H4s", 0x0043, 4, b"abcd")
        packed.writestr(member, b"x")
    data = (tmp_path / "b.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(data.replace(b"\x43\x00\x04\x00abcd", b"\x01\x00\x04\x00abcd"))
    set_central(tmp_path / "b.zip", b"a.csv", 24, b"\xff\xff\xff\xff")
    assert "with an incomplete size or offset" in str(refusal(tmp_path / "b.zip"))


def test_a_source_that_is_no_archive_is_told_in_one_sentence(tmp_path: Path) -> None:
    made: dict[str, bytes] = {
        "lone.csv": b"ImageID,Source\n" * 100,
        "nothing.zip": b"",
        "lone.csv.gz": gzip.compress(b"ImageID\n" * 1000),
        "empty.tar": bytes(10240),
        "short.zip": b"PK\x05\x06" + bytes(18),
    }
    said = {}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
        said[name] = str(refusal(tmp_path / name)).replace(f"{tmp_path}/", "")
    expected = "a folder, a zip or a tar (also .tar.gz, .tar.bz2, .tar.xz) is expected"
    assert said == {
        "lone.csv": f'"lone.csv" is one file; {expected}',
        "nothing.zip": f'"nothing.zip" is empty; {expected}',
        "lone.csv.gz": '"lone.csv.gz" is one file packed with gzip, not a tar',
        "empty.tar": '"empty.tar" has no files',
        "short.zip": '"short.zip" has no files',
    }
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert "has no files" in str(refusal(tmp_path / "folder"))
    assert f"is neither a folder nor a file; {expected}" in str(refusal(tmp_path / "pipe"))
    for missing in (tmp_path / "none.zip", tmp_path / "lone.csv" / "x.zip"):
        error = refusal(missing)
        assert f"does not exist; {expected}" in str(error)
        assert error.problems[0].code == "not-found"
    assert "cannot be read: its name contains a NUL" in str(refusal(Path("a\0b")))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of open files")
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_a_refused_source_is_closed(kind: str, tmp_path: Path) -> None:
    if kind == "zip":
        source = make_zip(tmp_path / "a", {"../x": b""})
    else:
        source = make_tar(tmp_path / "a", [(tar_member("../x"), b"")], f"w:{kind.partition('tar.')[2]}")
    kept, counts = [], []
    for _ in range(5):
        kept.append(refusal(source))  # Their tracebacks would keep an unclosed file alive.
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert len(set(counts)) == 1


def build_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("annotations/a.csv", b"ImageID,X\n" * 50)
        packed.writestr("masks/b.png", random.Random(1).randbytes(200), zipfile.ZIP_STORED)
    return buffer.getvalue()


def build_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as packed:
        for name, data in (("annotations/a.csv", b"ImageID,X\n" * 50), ("masks/" + "b" * 120 + ".png", bytes(200))):
            member = tar_member(name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


ORIGINALS: dict[str, Callable[[], bytes]] = {"zip": build_zip, "tar": build_tar}


@pytest.mark.parametrize("kind", ORIGINALS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_overwritten_nothing_but_an_unreadable_archive_is_raised(
    kind: str, data: st.DataObject, tmp_path: Path
) -> None:
    original = bytearray(ORIGINALS[kind]())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(original) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=8) | st.just(b"\xff" * 4))
        original[at : at + len(patch)] = patch
    source = tmp_path / "source"
    source.write_bytes(original)
    found = None
    try:
        with open_archive(source, SMALL) as archive:
            for path, size in archive.paths.items():
                whole = archive.read(path, 10**7)
                assert len(whole) == size
                assert read_in_steps(archive, path) == whole
    except UnreadableArchive as error:
        found = error.problems
    assert found is None or (found and all(issue.code and issue.reason for issue in found))
