"""Bytes of one member, watched while they flow: headers may lie about what they announce."""

from __future__ import annotations

import io
import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from openimages_io.archives.safety import file_problem
from openimages_io.exceptions import UnreadableArchive

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PACKED_BLOCK = 256 * 1024
"""Packed bytes that are read at once."""

Pull = Callable[[int], bytes]
"""Gives the next bytes of a member, at most so many, and none at its end."""


class RandomReader:
    """Reads at any place of one open file, from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.size = file.seek(0, io.SEEK_END)

    def read_at(self, offset: int, size: int) -> bytes:
        """Returns `size` bytes, fewer only where the file ends."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def stored(file: RandomReader, offset: int, size: int) -> Pull:
    """Pulls bytes as they stand in the file."""
    end = offset + size

    def pull(wanted: int) -> bytes:
        nonlocal offset
        data = file.read_at(offset, min(wanted, end - offset))
        offset += len(data)
        return data

    return pull


def deflated(file: RandomReader, offset: int, size: int) -> Pull:
    """Pulls bytes out of a deflated stream, never more at once than wanted. Raises EOFError if it ends too early."""
    packed = stored(file, offset, size)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    def pull(wanted: int) -> bytes:
        while not inflater.eof:
            chunk = inflater.unconsumed_tail or packed(PACKED_BLOCK)
            data = inflater.decompress(chunk, wanted)
            if data:
                return data
            if not chunk:
                raise EOFError("the packed data ends too early")
        return b""

    return pull


FAILURES = (OSError, EOFError, zlib.error)
"""What reading untrusted bytes may raise."""


def failed(place: str, error: Exception) -> UnreadableArchive:
    """The error for what happened while a member was read."""
    code, params = explained(error)
    return file_problem(code, place, **params)


def explained(error: Exception) -> tuple[str, dict[str, str]]:
    """The code of a problem and the parameters of its sentence for one of the failures."""
    if isinstance(error, EOFError):
        return "truncated", {}
    if isinstance(error, OSError) and error.errno is not None:
        return "unreadable", {"detail": str(error.strerror)}
    return "damaged", {"detail": str(error)}


class MemberStream(io.RawIOBase):
    """A member's bytes. Raises UnreadableArchive where they are damaged, or are not `size` bytes with the checksum."""

    def __init__(
        self, pull: Pull, size: int, place: str, crc: int | None = None, closes: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self._pull = pull
        self._size = size
        self._left = size
        self._place = place
        self._wanted_crc = crc
        self._crc = 0
        self._ended = False
        self._closes = closes

    def readable(self) -> bool:
        """Yes: that is all it is for."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fills the buffer as far as the next bytes go."""
        view = memoryview(buffer).cast("B")
        if self._ended or not len(view):
            return 0
        try:
            data = self._pull(len(view))
            self._left -= len(data)
            if self._wanted_crc is not None:
                self._crc = zlib.crc32(data, self._crc)
            if self._left > 0 and not data:
                raise EOFError
            if self._left < 0 or (self._left == 0 and self._pull(1)):
                raise file_problem("wrong-size", self._place, size=self._size)
        except FAILURES as error:
            raise failed(self._place, error) from error
        if self._left == 0:
            if self._wanted_crc is not None and self._crc != self._wanted_crc:
                raise file_problem("damaged", self._place, "checksum")
            self._ended = True
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes what stands behind it, if that is its own."""
        if not self.closed and self._closes:
            self._closes()
        super().close()
