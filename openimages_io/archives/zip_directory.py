"""The central directory of a zip, entry by entry.

The standard library makes an object of 600 bytes for every entry before any limit can stop it; here an entry is a
tuple, and reading stops at the limit. The layout is that of PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.
"""

import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

from openimages_io.archives.streams import RandomReader

_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_MAX_COMMENT = 0xFFFF
_FULL_32 = 0xFFFFFFFF
_ZIP64_FIELD = 1
_UTF8_NAME = 0x800

READ_AHEAD = 256 * 1024
"""Bytes of the directory that are held at once."""


class DirectoryError(Exception):
    """The directory is missing or makes no sense. Carries a problem's code, and form and parameters of its sentence."""

    def __init__(self, code: str, form: str, **params: int) -> None:
        super().__init__(code, form, params)
        self.code, self.form, self.params = code, form, params


class Entry(NamedTuple):
    """What the directory says about one member; sizes and the header's offset in bytes."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    """The file type and permission bits of Unix, 0 where the packer knew none."""
    offset: int
    least_end: int
    """The first byte that can lie behind the member, as far as the directory can tell."""


class Directory(NamedTuple):
    """Where the directory stands, in bytes, and how many entries it announces."""

    start: int
    size: int
    entries: int


def find_directory(file: RandomReader) -> Directory:
    """Finds the directory from the end of the file. Raises DirectoryError if there is none that fits."""
    tail_start = max(0, file.size - _END.size - _MAX_COMMENT)
    tail = file.read_at(tail_start, _END.size + _MAX_COMMENT)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise DirectoryError("truncated", "zip")
    _, disk, first_disk, _, entries, size, start, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    locator = file.read_at(end - _LOCATOR_64.size, _LOCATOR_64.size) if end >= _LOCATOR_64.size else b""
    if locator.startswith(b"PK\x06\x07"):
        _, _, at_64, _ = _LOCATOR_64.unpack(locator)
        record = file.read_at(at_64, _END_64.size) if at_64 < end else b""
        if len(record) < _END_64.size or not record.startswith(b"PK\x06\x06"):
            raise DirectoryError("damaged", "zip-list-misplaced")
        _, _, _, _, disk, first_disk, _, entries, size, start = _END_64.unpack(record)
        end = at_64
    if disk or first_disk:
        raise DirectoryError("unsupported", "split")
    if start + size > end:
        raise DirectoryError("truncated", "zip-list")
    if start + size < end:  # As when two zips are joined: the first one's files would be lost without a word.
        raise DirectoryError("damaged", "zip-list-misplaced")
    return Directory(start, size, entries)


def read_entries(file: RandomReader, directory: Directory) -> Iterator[Entry]:
    """Yields every entry in the directory's order. Raises DirectoryError where one cannot be understood."""
    block, at, fetched = b"", 0, 0
    count = 0
    while True:
        if len(block) - at < _ENTRY.size + 3 * 0xFFFF and fetched < directory.size:
            more = file.read_at(directory.start + fetched, min(READ_AHEAD, directory.size - fetched))
            fetched += len(more)
            block, at = block[at:] + more, 0
        if at == len(block):
            break
        if len(block) - at < _ENTRY.size or not block.startswith(b"PK\x01\x02", at):
            raise DirectoryError("damaged", "zip-list", entries=count)
        fields = _ENTRY.unpack_from(block, at)
        flags, method = fields[3:5]
        crc, packed, size, name_size, extra_size, comment_size = fields[7:13]
        attributes, offset = fields[15:17]
        name_at = at + _ENTRY.size
        extra_at = name_at + name_size
        at = extra_at + extra_size + comment_size
        if at > len(block):
            raise DirectoryError("damaged", "zip-list", entries=count)
        raw_name = block[name_at:extra_at]
        if _FULL_32 in (size, packed, offset):
            size, packed, offset = _wide(block[extra_at : extra_at + extra_size], size, packed, offset)
        least_end = offset + 30 + name_size + packed
        yield Entry(_decoded(raw_name, flags), flags, method, crc, packed, size, attributes >> 16, offset, least_end)
        count += 1
    if count & 0xFFFF != directory.entries & 0xFFFF:  # Some packers never count further than that.
        raise DirectoryError("damaged", "zip-count", announced=directory.entries, listed=count)


def _wide(extra: bytes, *fields: int) -> tuple[int, ...]:
    """Takes what did not fit into 32 bits from the zip64 field, which holds only those, in this order."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4
        if kind == _ZIP64_FIELD:
            values = io.BytesIO(extra[at : at + length])
            return tuple(_long(values) if field == _FULL_32 else field for field in fields)
        at += length
    return fields


def _long(values: io.BytesIO) -> int:
    data = values.read(8)
    if len(data) < 8:
        raise DirectoryError("damaged", "zip-number")
    return int.from_bytes(data, "little")


def _decoded(name: bytes, flags: int) -> str:
    """Decodes a name as UTF-8 also where the flag is missing (as macOS packs), else by the old code page 437."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8", "surrogateescape") if flags & _UTF8_NAME else name.decode("cp437")
