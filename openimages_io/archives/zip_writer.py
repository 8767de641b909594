"""A zip whose bytes depend on what is put in and on what deflates it: no clock, no user, no library's zip module.

It also takes several streams at once, and adds a small member in microseconds. The layout is that of PKWARE's
APPNOTE.TXT, sections 4.3 and 4.5; its 64-bit fields are used only where a number needs them.
"""

import hashlib
import queue
import shutil
import stat
import struct
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from openimages_io.archives.deflate import new_deflater
from openimages_io.archives.streams import RandomReader
from openimages_io.archives.zip_directory import DirectoryError, find_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_UTF8_NAME = 0x800
_FIRST_DAY = 1 << 5 | 1
"""1980-01-01 as a zip writes dates."""
_MADE_BY = 3 << 8
"""Unix, so that the permissions are understood."""
_ATTRIBUTES = (stat.S_IFREG | 0o644) << 16
_STORED, _DEFLATED = 0, 8
_VERSION, _VERSION_64 = 20, 45

PACK_BLOCK = 2 * 2**20
"""Bytes that are packed at once. A thread that packs waits for the interpreter up to 5 ms a call: with smaller blocks
that wait is longer than the work, and formatting and packing hardly overlap."""


_COMMENT = "openimages_io, SHA-256 of the list of contents: {}"
"""Of the whole zip. It says who wrote it, and that no member has been added, changed or taken away since."""
_COMMENT_SIZE = len(_COMMENT.format("0" * 64))


class PackedStream:
    """Takes one member's bytes and packs them into a temporary file, in a thread of its own once there are enough."""

    def __init__(self, folder: Path, compress: bool) -> None:
        self.size = 0
        self.packed = 0
        self.crc = 0
        self.method = _DEFLATED if compress else _STORED
        self.file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- close() closes it
        self._deflater = new_deflater() if compress else None
        self._pending = bytearray()
        self._blocks: queue.Queue[bytes | None] = queue.Queue(2)
        self._worker: threading.Thread | None = None
        self._error: Exception | None = None

    def write(self, data: bytes) -> int:
        """Takes bytes of any number. Raises OSError if earlier ones could not be written."""
        if not self._deflater:
            self._pack(data)
            return len(data)
        self._pending += data
        while len(self._pending) >= PACK_BLOCK:
            block = bytes(memoryview(self._pending)[:PACK_BLOCK])
            del self._pending[:PACK_BLOCK]
            self._submit(block)
        return len(data)

    def finish(self) -> None:
        """Packs what is left; then `file`, `packed`, `size` and `crc` are those of the whole member."""
        self._join()
        if self._error:
            raise self._error
        self._pack(bytes(self._pending))
        if self._deflater:
            self._keep(self._deflater.flush())

    def close(self) -> None:
        """Drops the temporary file."""
        self._join()
        with suppress(OSError):  # A full disk refuses the last bytes once more; they are not wanted here.
            self.file.close()

    def _submit(self, block: bytes) -> None:
        if self._error:
            raise self._error
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="packing", daemon=True)
            self._worker.start()
        self._blocks.put(block)

    def _work(self) -> None:
        while (block := self._blocks.get()) is not None:
            if self._error:
                continue  # The writer must never wait for ever on a full queue.
            try:
                self._pack(block)
            except Exception as error:  # noqa: BLE001  (it is raised again where the writer waits)
                self._error = error

    def _join(self) -> None:
        if self._worker:
            self._blocks.put(None)
            self._worker.join()
            self._worker = None

    def _pack(self, block: bytes) -> None:
        self.size += len(block)
        self.crc = zlib.crc32(block, self.crc)
        self._keep(self._deflater.compress(block) if self._deflater else block)

    def _keep(self, data: bytes) -> None:
        self.packed += len(data)
        self.file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ZipWriter:
    """Writes a zip into an empty file, members in the order in which they are complete."""

    def __init__(self, file: BinaryIO, spool_folder: Path) -> None:
        self._file = file
        self._spool_folder = spool_folder
        self._at = 0
        self._directory: list[bytes] = []

    def write(self, path: str, data: bytes, compress: bool) -> None:
        """Adds one member that is whole already."""
        packed, method = data, _STORED
        if compress:
            deflater = new_deflater()
            packed, method = deflater.compress(data) + deflater.flush(), _DEFLATED
        self._file.write(self._header(path, method, zlib.crc32(data), len(packed), len(data)))
        self._file.write(packed)

    @contextmanager
    def stream(self, path: str, compress: bool) -> Iterator[PackedStream]:
        """Gives what takes the member's bytes; it is added on leaving without an error."""
        with PackedStream(self._spool_folder, compress) as stream:
            yield stream
            stream.finish()
            self._file.write(self._header(path, stream.method, stream.crc, stream.packed, stream.size))
            stream.file.seek(0)
            shutil.copyfileobj(stream.file, self._file, PACK_BLOCK)

    def finish(self) -> None:
        """Writes the list of contents, without which nothing of it can be read."""
        start = self._at
        size = 0
        digest = hashlib.sha256()
        for entry in self._directory:
            self._file.write(entry)
            digest.update(entry)
            size += len(entry)
        count = len(self._directory)
        if count >= _FULL_16 or start >= _FULL_32 or size >= _FULL_32:
            versions = (_MADE_BY | _VERSION_64, _VERSION_64)
            self._file.write(
                _END_64.pack(b"PK\x06\x06", _END_64.size - 12, *versions, 0, 0, count, count, size, start)
                + _LOCATOR_64.pack(b"PK\x06\x07", 0, start + size, 1)
            )
        count, size, start = min(count, _FULL_16), min(size, _FULL_32), min(start, _FULL_32)
        comment = _COMMENT.format(digest.hexdigest()).encode()
        self._file.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, len(comment)) + comment)

    def _header(self, path: str, method: int, crc: int, packed: int, size: int) -> bytes:
        """Enters the member in the list of contents and returns the header that must stand before its data."""
        name = path.encode()
        flags = 0 if path.isascii() else _UTF8_NAME
        offset = self._at
        wide = (size, packed) if size >= _FULL_32 or packed >= _FULL_32 else ()
        local_extra = _extra(*wide)
        central_extra = _extra(*wide, offset) if offset >= _FULL_32 else local_extra
        short_size, short_packed = (_FULL_32, _FULL_32) if wide else (size, packed)
        version = _VERSION_64 if central_extra else _VERSION
        common = (version, flags, method, 0, _FIRST_DAY, crc, short_packed, short_size, len(name))
        self._directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02",
                _MADE_BY | version,
                *common,
                len(central_extra),
                0,
                0,
                0,
                _ATTRIBUTES,
                min(offset, _FULL_32),
            )
            + name
            + central_extra
        )
        header = _LOCAL.pack(b"PK\x03\x04", *common, len(local_extra)) + name + local_extra
        self._at += len(header) + packed
        return header


def is_unchanged(path: Path) -> bool:
    """Whether a file is a zip that a `ZipWriter` wrote and nobody has changed. Raises OSError if it cannot be read."""
    with path.open("rb") as raw:
        file = RandomReader(raw)
        end = file.read_at(max(0, file.size - _COMMENT_SIZE), _COMMENT_SIZE)
        try:
            directory = find_directory(file)
        except DirectoryError:
            return False
        digest = hashlib.sha256()
        for at in range(directory.start, directory.start + directory.size, PACK_BLOCK):
            digest.update(file.read_at(at, min(PACK_BLOCK, directory.start + directory.size - at)))
        return end == _COMMENT.format(digest.hexdigest()).encode()


def _extra(*numbers: int) -> bytes:
    """The zip64 field with the numbers that do not fit into 32 bits."""
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
