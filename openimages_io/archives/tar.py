"""A tar as an archive: listed once, then read by place.

A packed one is unpacked first, into one temporary tar: so no member's name ever becomes a path on disk.
"""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Collection
from typing import BinaryIO

from openimages_io.archives.base import Archive, Tick
from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.safety import Intake, archive_problem
from openimages_io.archives.streams import FAILURES, MemberStream, RandomReader, explained, failed, stored
from openimages_io.archives.temporary import discard, temporary_file, temporary_space

_MAX_HEADER = 2**20
"""Bytes that one member's headers may take, extended attributes included. tarfile reads any announced size at once."""
_COPY_BLOCK = 2**20

MAGIC_BYTES = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
"""How a packed file starts."""


class TarArchive(Archive):
    """A tar that is not packed."""

    def __init__(
        self, file: RandomReader, limits: ArchiveLimits, label: str, prefix: str, content_folders: Collection[str]
    ) -> None:
        intake: Intake[int] = Intake(limits, label, prefix, content_folders)
        _list(file, intake)
        enclosing, sizes, self._offsets = intake.finish()
        super().__init__(limits, prefix, content_folders, enclosing, sizes)
        self._file = file

    def close(self) -> None:
        """Closes the file; what was unpacked is gone then."""
        self._file.close()

    def _stream(self, path: str, size: int) -> MemberStream:
        return MemberStream(stored(self._file, self._offsets[path], size), size, self.place(path))

    def _whole(self, path: str, size: int) -> bytes:
        try:
            data = self._file.read_at(self._offsets[path], size)
            if len(data) < size:
                raise EOFError
        except FAILURES as error:
            raise failed(self.place(path), error) from error
        return data


class _Headers(io.RawIOBase):
    """The tar as tarfile sees it while it lists: it reads no data through this, and only so many bytes a member."""

    def __init__(self, file: RandomReader) -> None:
        super().__init__()
        self._file = file
        self._at = 0
        self.allowed = _MAX_HEADER

    def read(self, size: int = -1) -> bytes:
        self.allowed -= size
        if size < 0 or self.allowed < 0:
            raise _HeaderError
        data = self._file.read_at(self._at, size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at


class _HeaderError(Exception):
    pass


def _list(file: RandomReader, intake: Intake[int]) -> None:
    headers = _Headers(file)
    at = -1
    try:
        with tarfile.open(fileobj=headers, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
            while (member := tar.next()) is not None:
                if tar.offset <= at:
                    raise tarfile.ReadError("a header leads backwards")
                at = tar.offset
                tar.members = []  # type: ignore[attr-defined]  # Else tarfile keeps a kilobyte a member.
                headers.allowed = _MAX_HEADER
                _admit(member, file.size, intake)
            tail = file.read_at(tar.offset, tarfile.BLOCKSIZE)
    except _HeaderError:
        intake.stop("damaged", "tar-header", limit=_MAX_HEADER)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        intake.stop("truncated" if "unexpected end" in str(error) else "damaged", "tar", detail=str(error))
    except FAILURES as error:
        code, params = explained(error)
        intake.stop(code, **params)
    if len(tail) < tarfile.BLOCKSIZE:
        intake.stop("truncated", "tar-end")
    if tail.strip(b"\0"):
        intake.stop("damaged", "tar-no-header", place=tar.offset)


def _admit(member: tarfile.TarInfo, end: int, intake: Intake[int]) -> None:
    path = intake.path(member.name)
    if path is None or member.isdir():
        return
    if member.issym() or member.islnk():
        intake.refuse("unsafe-link", path, "" if member.issym() else "hard")
    elif member.issparse():
        intake.refuse("unsupported", path, "sparse")
    elif not member.isreg():
        intake.refuse("special-file", path, "tar")
    elif member.size < 0:
        intake.refuse("damaged", path, "negative")
    elif member.offset_data + member.size > end:
        intake.refuse("truncated", path, "tar-member")
    else:
        intake.add(path, member.size, member.offset_data)


def is_tar(head: bytes) -> bool:
    """Whether a file that starts so (512 bytes) is a tar: the header's own checksum says it."""
    block = head[: tarfile.BLOCKSIZE]
    if len(block) < tarfile.BLOCKSIZE:
        return False
    if not block.strip(b"\0"):
        return True  # A tar of nothing starts with its end.
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def _unpacked(packed: BinaryIO, kind: str) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=packed)
    return bz2.BZ2File(packed) if kind == "bzip2" else lzma.LZMAFile(packed)


def unpack(packed: BinaryIO, kind: str, limits: ArchiveLimits, label: str, tick: Tick | None = None) -> BinaryIO:
    """Unpacks a gzip, bzip2 or xz file into a temporary file that is gone when closed.

    Raises UnreadableArchive if it is damaged, over the limits, or not a tar (which is known before it is unpacked), and
    NoTemporarySpace.
    """
    spool = temporary_file()
    size = os.fstat(packed.fileno()).st_size
    try:
        with _unpacked(packed, kind) as stream:
            total = 0
            while block := stream.read(_COPY_BLOCK):
                if not total and not is_tar(block):
                    raise archive_problem("unknown-format", label, "packed", packer=kind)
                total += len(block)
                _check_total(total, packed.tell(), limits, label)
                with temporary_space():
                    spool.write(block)
                if tick is not None:
                    tick(packed.tell(), size)
        with temporary_space():
            spool.flush()
    except (*FAILURES, lzma.LZMAError) as error:
        discard(spool)
        code, params = explained(error)
        raise archive_problem(code, label, **params) from error
    except BaseException:
        discard(spool)
        raise
    return spool


def _check_total(total: int, consumed: int, limits: ArchiveLimits, label: str) -> None:
    if total > limits.max_unpacked_bytes:
        raise archive_problem("zip-bomb", label, "bytes", limit=limits.max_unpacked_bytes)
    if total > limits.ratio_free_bytes and total > limits.max_ratio * consumed:
        raise archive_problem("zip-bomb", label, "ratio", ratio=limits.max_ratio)
