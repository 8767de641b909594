"""Which bytes of a file a request asks for: the `Range` and `If-Range` headers of RFC 9110, single ranges only."""

import re
from dataclasses import dataclass
from typing import Final

from openimages_io.exceptions import OpenImagesError

_SINGLE: Final = re.compile(r"bytes[ \t]*=[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+))[ \t]*", re.ASCII | re.IGNORECASE)
_DIGITS: Final = 18
"""A number with more digits is beyond the end of any file."""


class RangeNotSatisfiable(ValueError):
    """The range begins after the end of the file."""


class RangeBeyondEnd(OpenImagesError):
    """The range that is asked for begins after the end of the file; the answer is 416."""

    def __init__(self, size: int, etag: str) -> None:
        super().__init__(f"The range begins after the end of the file, which has {size:,} bytes.")
        self.headers = {"Content-Range": f"bytes */{size}", "ETag": etag}
        """Of the answer."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of a file, from `start` up to and without `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """The `Content-Range` header."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The span of a file of `size` bytes that a `Range` header asks for; None for the whole file.

    What is not a single range of bytes is passed over, as the RFC allows. Raises `RangeNotSatisfiable`.
    """
    found = _SINGLE.fullmatch(header or "")
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        length = min(_number(suffix), size)
        if not length:
            raise RangeNotSatisfiable
        return ByteRange(size - length, size)
    start, end = _number(first), _number(last) if last else size - 1
    if last and end < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return ByteRange(start, min(end + 1, size))


def if_range_matches(if_range: str | None, etag: str) -> bool:
    """Whether a range may be answered with a part: the client's other parts are of the file with this strong ETag."""
    return if_range is None or if_range.strip() == etag


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
