"""A zip as an archive: members are read by their place, in any order."""

import stat
import struct
import zlib
from array import array
from collections.abc import Collection
from operator import le
from typing import NamedTuple

from openimages_io.archives.base import Archive
from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.safety import Intake, file_problem
from openimages_io.archives.streams import (
    FAILURES,
    MemberStream,
    Pull,
    RandomReader,
    deflated,
    explained,
    failed,
    stored,
)
from openimages_io.archives.zip_directory import DirectoryError, Entry, find_directory, read_entries

_LOCAL = struct.Struct("<4s5H3L2H")
_GUESSED_HEAD = 512
"""Bytes that a member's own header with its name mostly fits into."""
_ENCRYPTED = 0x2041
"""Flag bits 0, 6 and 13: encryption, the strong one, and hidden headers."""
_STORED, _DEFLATED = 0, 8
_METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd"}
_SPECIAL = {stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK}


class _Place(NamedTuple):
    offset: int
    packed: int
    method: int
    crc: int


class ZipArchive(Archive):
    """A zip whose members are stored or deflated."""

    def __init__(
        self, file: RandomReader, limits: ArchiveLimits, label: str, prefix: str, content_folders: Collection[str]
    ) -> None:
        intake: Intake[_Place] = Intake(limits, label, prefix, content_folders)
        _list(file, intake)
        enclosing, sizes, self._places = intake.finish()
        super().__init__(limits, prefix, content_folders, enclosing, sizes)
        self._file = file

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _stream(self, path: str, size: int) -> MemberStream:
        place = self._places[path]
        try:
            offset, _ = self._data_at(path, place.offset, b"")
        except FAILURES as error:
            raise failed(self.place(path), error) from error
        pull: Pull = (deflated if place.method == _DEFLATED else stored)(self._file, offset, place.packed)
        return MemberStream(pull, size, self.place(path), place.crc)

    def _whole(self, path: str, size: int) -> bytes:
        offset, packed, method, crc = self._places[path]
        if packed > size + size // 8 + _GUESSED_HEAD:  # Padded: no honest packer makes a file larger than this.
            raise file_problem("damaged", self.place(path), "packed", size=size, packed=packed)
        try:
            block = self._file.read_at(offset, _GUESSED_HEAD + packed)
            start, head_size = self._data_at(path, offset, block)
            if head_size + packed > len(block):
                block, head_size = self._file.read_at(start, packed), 0
            data = block[head_size : head_size + packed]
            if len(data) < packed:
                raise EOFError
            if method == _DEFLATED:
                inflater = zlib.decompressobj(-zlib.MAX_WBITS)
                data = inflater.decompress(data, size + 1)
                if len(data) < size or (len(data) == size and not inflater.eof):
                    raise EOFError
        except FAILURES as error:
            raise failed(self.place(path), error) from error
        if len(data) > size:
            raise file_problem("wrong-size", self.place(path), size=size)
        if zlib.crc32(data) != crc:
            raise file_problem("damaged", self.place(path), "checksum")
        return data

    def _data_at(self, path: str, offset: int, block: bytes) -> tuple[int, int]:
        """The offset of the member's data in the file, and the size of the header before it."""
        head = block[: _LOCAL.size] or self._file.read_at(offset, _LOCAL.size)
        if len(head) < _LOCAL.size:
            raise EOFError
        signature, _, flags, _, _, _, _, _, _, name_size, extra_size = _LOCAL.unpack(head)
        if signature != b"PK\x03\x04":
            raise file_problem("damaged", self.place(path), "misplaced")
        if flags & _ENCRYPTED:
            raise file_problem("encrypted", self.place(path))
        size = _LOCAL.size + name_size + extra_size
        return offset + size, size


def _list(file: RandomReader, intake: Intake[_Place]) -> None:
    starts, ends = array("Q"), array("Q")
    try:
        directory = find_directory(file)
        for entry in read_entries(file, directory):
            path = intake.path(entry.name)
            if entry.least_end > directory.start:
                intake.refuse("truncated", entry.name, "zip-member")
                continue
            starts.append(entry.offset)
            ends.append(entry.least_end)
            if path is not None and not (entry.name.endswith("/") and stat.S_IFMT(entry.mode) != stat.S_IFLNK):
                _admit(entry, path, intake)
    except DirectoryError as error:
        intake.stop(error.code, error.form, **error.params)
    except FAILURES as error:
        code, params = explained(error)
        intake.stop(code, **params)
    if _overlap(starts, ends):
        intake.stop("zip-bomb", "overlap")


def _admit(entry: Entry, path: str, intake: Intake[_Place]) -> None:
    limits = intake.limits
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        intake.refuse("unsafe-link", path)
    elif kind in _SPECIAL:
        intake.refuse("special-file", path)
    elif entry.flags & _ENCRYPTED:
        intake.refuse("encrypted", path)
    elif entry.method not in (_STORED, _DEFLATED):
        form = "" if entry.method in _METHODS else "number"
        intake.refuse("unsupported", path, form, method=_METHODS.get(entry.method, entry.method))
    elif entry.method == _STORED and entry.packed != entry.size:
        intake.refuse("damaged", path, "stored", size=entry.size, packed=entry.packed)
    elif entry.size > limits.ratio_free_bytes and entry.size > limits.max_ratio * entry.packed:
        intake.refuse("zip-bomb", path, packed=entry.packed, size=entry.size, ratio=limits.max_ratio)
    else:
        intake.add(path, entry.size, _Place(entry.offset, entry.packed, entry.method, entry.crc))


def _overlap(starts: "array[int]", ends: "array[int]") -> bool:
    """Members that share bytes make a small file unpack to any size, though each of them looks honest."""
    if all(map(le, ends, starts[1:])):
        return False
    last = 0
    for start, end in sorted(zip(starts, ends, strict=True)):
        if start < last:
            return True
        last = end
    return False
