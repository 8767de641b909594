"""The lines of a CSV file's bytes: as text, line by line, or as they are, for who cuts them by itself."""

import io
import re
from typing import BinaryIO, Final

MAX_ROW_BYTES: Final = 2**19
"""A longer row is left out: it is held in memory whole, and no real one comes near."""

BLOCK_BYTES: Final = 2**16
_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!\Z)")  # what comes behind a last \r is not known yet


class LineSource:
    """The lines of a stream, each with its end: LF, CRLF or CR. One that is too long is passed over."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rest = b""
        """What was read and not taken."""
        self._is_read_out = False
        self.position = 0
        """The bytes that were read so far."""
        self.ended: bool = False
        """Whether everything was taken."""
        self.ends_open = False
        """Whether everything was taken, and the last line has no line end."""
        self.is_cut: bool = False
        """Whether a line that is too long comes after the lines that were taken last."""

    def head(self) -> bytes:
        """The first bytes, which are read all the same."""
        self._fill(4)
        head = self._rest
        self._rest = head.removeprefix(_BOM)
        return head

    def take(self, size: int) -> list[str]:
        """The next lines: about so many bytes of them."""
        self.is_cut = False
        most = size
        while True:
            self._fill(most)
            block = self._rest[:most]
            self.ended = self._is_read_out and len(self._rest) <= most
            end = len(block) if self.ended else _last_line_end(block)
            if end or self.ended:
                self._rest = self._rest[end:]
                self.ends_open = self.ended and bool(block) and not block.endswith((b"\n", b"\r"))
                return self._decoded(block[:end])
            if len(block) > MAX_ROW_BYTES:
                self.is_cut = True
                self._rest = self._behind_this_line(self._rest)
                return []
            most += size

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay where they are: so many, or fewer if there are no more."""
        self._fill(size)
        return self._rest[:size]

    def skip(self, size: int) -> None:
        """Passes over bytes that were looked at."""
        self._rest = self._rest[size:]

    def _decoded(self, block: bytes) -> list[str]:
        if len(block) > MAX_ROW_BYTES:
            lines = block.splitlines(keepends=True)
            for index, line in enumerate(lines):
                if len(line) > MAX_ROW_BYTES:
                    block, self._rest = b"".join(lines[:index]), b"".join(lines[index + 1 :]) + self._rest
                    self.is_cut, self.ends_open = True, False
                    self.ended = self.ended and not self._rest
                    break
        return decoded_lines(block)

    def _behind_this_line(self, data: bytes) -> bytes:
        while not (found := _LINE_END.search(data)):
            more = self._read(BLOCK_BYTES)
            if not more:
                self.ended = self._is_read_out = True
                return b""
            data = data[-1:] + more  # a last CR may be half of a line's end
        return data[found.end() :]

    def _fill(self, size: int) -> None:
        """Reads until so many bytes are at hand, or the stream is at its end."""
        parts, count = [self._rest], len(self._rest)
        while count < size and not self._is_read_out:
            data = self._read(size - count)
            self._is_read_out = not data
            parts.append(data)
            count += len(data)
        if len(parts) > 1:
            self._rest = b"".join(parts)

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.position += len(data)
        return data


def decoded_lines(block: bytes) -> list[str]:
    """Whole lines as text, each with its end; bytes that are not UTF-8 as Python escapes them."""
    return io.StringIO(block.decode("utf-8", "surrogateescape"), newline="").readlines()


def _last_line_end(block: bytes) -> int:
    """The place behind the last line that is whole."""
    return max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
