"""The turn that a picture's EXIF tag asks browsers for. Coordinates are of the stored pixels, whatever it says.

A file is made to show its pixels as they are stored by writing “normal” over the tag, in place: no pixel is unpacked
and no other byte changes but a PNG's checksum. Browsers heed the tag in JPEG, PNG (`eXIf`) and WebP (`EXIF`); GIF and
BMP have none, and no browser but one shows TIFF.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from openimages_io.format.pictures import BadPicture, jpeg_markers

NORMAL: Final = 1
TURNED: Final = frozenset((5, 6, 7, 8))
"""Those that make width of height."""
_TAG: Final = 0x0112
_SHORT: Final = 3
_MOST_TAGS: Final = 10_000
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class _Block(NamedTuple):
    """Where a file has a TIFF header with tags."""

    start: int
    end: int
    crc: int = 0
    """The place of the checksum over these bytes and the four before them; 0 where there is none."""


def orientation(data: bytes) -> int:
    """The EXIF orientation of a picture, 1 to 8: 1, normal, where the file doesn't say or makes no sense."""
    for block in _blocks(data):
        for place in _places(data, block):
            found = int.from_bytes(data[place + 8 : place + 10], _order(data, block))
            if 1 <= found <= 8:
                return found
    return NORMAL


def is_turned(data: bytes) -> bool:
    """Whether width and height change places where the EXIF orientation is heeded."""
    return orientation(data) in TURNED


def as_stored(data: bytes) -> bytes:
    """The same picture with the EXIF orientation “normal”: every viewer shows its pixels as they are stored."""
    changed: bytearray | None = None
    for block in _blocks(data):
        for place in _places(data, block):
            order = "<" if _order(data, block) == "little" else ">"
            entry = struct.pack(f"{order}HHIHH", _TAG, _SHORT, 1, NORMAL, 0)
            if data[place : place + 12] != entry:
                changed = changed or bytearray(data)
                changed[place : place + 12] = entry
        if changed is not None and block.crc and block.crc + 4 <= len(data):
            checksum = zlib.crc32(changed[block.start - 4 : block.end])
            changed[block.crc : block.crc + 4] = checksum.to_bytes(4)
    return data if changed is None else bytes(changed)


def _order(data: bytes, block: _Block) -> Literal["little", "big"]:
    return "little" if data[block.start : block.start + 2] == b"II" else "big"


def _blocks(data: bytes) -> Iterator[_Block]:
    if data.startswith(b"\xff\xd8"):
        yield from _in_jpeg(data)
    elif data.startswith(_PNG):
        yield from _in_chunks(data, 8, "big")
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _in_chunks(data, 12, "little")
    elif data[:4] in {b"II*\0", b"MM\0*"}:
        yield _Block(0, len(data))


def _in_jpeg(data: bytes) -> Iterator[_Block]:
    try:
        for marker, at in jpeg_markers(data):
            if marker == _START_OF_SCAN:
                return
            if marker == _APP1 and data[at + 4 : at + 10] == b"Exif\0\0":
                yield _Block(at + 10, min(at + 2 + int.from_bytes(data[at + 2 : at + 4]), len(data)))
    except (BadPicture, IndexError):
        return


def _in_chunks(data: bytes, at: int, order: Literal["little", "big"]) -> Iterator[_Block]:
    """The EXIF chunks of a PNG, whose length comes first, or of a WebP, whose name does."""
    is_png = order == "big"
    while at + 8 <= len(data):
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        name, length = (second, int.from_bytes(first, "big")) if is_png else (first, int.from_bytes(second, "little"))
        start = at + 8
        if name in {b"eXIf", b"EXIF"}:
            skipped = 6 if data[start : start + 6] == b"Exif\0\0" and not is_png else 0
            yield _Block(start + skipped, min(start + length, len(data)), start + length if is_png else 0)
        at = start + length + (4 if is_png else length % 2)


def _places(data: bytes, block: _Block) -> Iterator[int]:
    """Where the tag stands in the first directory of a TIFF header."""
    start, end = block.start, block.end
    if data[start : start + 4] not in {b"II*\0", b"MM\0*"}:
        return
    order = "<" if data[start : start + 2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", data, start + 4) if start + 8 <= end else (end,)
    at = start + first
    if at + 2 > end:
        return
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for number in range(min(count, _MOST_TAGS)):
        place = at + 2 + 12 * number
        if place + 12 > end:
            return
        if struct.unpack_from(f"{order}H", data, place) == (_TAG,):
            yield place
