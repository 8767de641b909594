"""Picture files: their size in pixels, and whether they are whole.

A file is whole if it goes on to where its format says that it ends. That is read from the parts that the format
consists of, without unpacking a pixel, so that it costs less than the digest of the file.
"""

import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from openimages_io.format.bad_value import BadValue
from openimages_io.format.limits import Limits
from openimages_io.format.masks import BadMask, png_chunks

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_MOST_PARTS: Final = 1_000_000
"""Segments, blocks, strips or tags of one file: a hostile one has a part in every few bytes."""
_MOST_INFLATED: Final = 1032
"""Deflate makes no more bytes than this of one (zlib's technical details)."""
_NEXT_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A JPEG's next marker that isn't one of those within pixel data: stuffing, restarts and fill bytes."""
_END_OF_IMAGE, _START_OF_SCAN, _ALONE = 0xD9, 0xDA, frozenset((0x01, 0xD8))
_MULTIPLE_SCANS: Final = frozenset((0xC2, 0xC6, 0xCA, 0xCE))


class BadPicture(BadValue):
    """A file that is not a picture we take. The message ends a sentence whose subject is the file."""

    def __init__(self, form: str, **params: Any) -> None:
        super().__init__("bad-picture", form, **params)


class TooManyPixels(BadPicture):
    """A picture that is larger than the limit."""


class JpegScans(NamedTuple):
    """How the pixels of a JPEG lie in its file."""

    frame: int
    """The marker of its frame: 0xC0 baseline, 0xC2 progressive, …"""
    components: int
    are_mixed: bool
    """Whether the first scan has all components. If not, a decoder keeps the coefficients of the whole picture."""


def check_picture(data: bytes, limits: Limits) -> tuple[int, int]:
    """Return width and height in pixels of a picture that is whole. Raises `BadPicture`."""
    if not data:
        raise BadPicture("empty")
    if len(data) > limits.max_picture_bytes:
        raise BadPicture("bytes", size=len(data), limit=limits.max_picture_bytes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as picture:
                (width, height), kind = stored_size(picture), picture.format or ""
    except Pillow.DecompressionBombError:
        raise TooManyPixels("bomb") from None
    except Exception as error:  # Pillow raises whatever there is for a hostile file
        raise BadPicture("no-picture") from error
    if width * height > limits.max_picture_pixels:
        raise TooManyPixels("pixels", width=width, height=height, limit=limits.max_picture_pixels)
    try:
        _WALKS[kind](data)
    except BadMask as fault:
        raise BadPicture(**fault.params) from None
    except (IndexError, struct.error):  # a part was to be read behind the end
        raise _truncated() from None
    return width, height


def stored_size(picture: ImageFile) -> tuple[int, int]:
    """Return width and height of the pixels as they are stored: Pillow gives those of a TIFF as its tag turns them."""
    if isinstance(picture, TiffImageFile):
        return picture.tag_v2[_TIFF_WIDTH], picture.tag_v2[_TIFF_HEIGHT]
    return picture.size


def jpeg_scans(data: bytes) -> JpegScans:
    """Return how a JPEG is to be decoded, from its header alone. Raises `BadPicture`."""
    frame = components = 0
    try:
        for marker, at in jpeg_markers(data):
            if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
                frame, components = marker, data[at + 9]
            elif marker == _START_OF_SCAN:
                return JpegScans(frame, components, data[at + 4] == components and frame not in _MULTIPLE_SCANS)
    except IndexError:
        pass
    raise _truncated()


def _truncated(what: str = "part", **params: int) -> BadPicture:
    return BadPicture(f"truncated-{what}", **params)


def _count(parts: int) -> None:
    if parts > _MOST_PARTS:
        raise BadPicture("parts", limit=_MOST_PARTS)


def _jpeg(data: bytes) -> None:
    """To the first EOI after a scan. What follows it is another picture (MPO), or what a camera adds."""
    has_scan = False
    for marker, _ in jpeg_markers(data):
        has_scan |= marker == _START_OF_SCAN
        if marker == _END_OF_IMAGE:
            if has_scan:
                return
            raise BadPicture("no-pixels")
    raise _truncated("end")


def jpeg_markers(data: bytes) -> Iterator[tuple[int, int]]:
    """Every marker with its place; decoders pass over whatever stands between two segments, and so does this."""
    at = 0
    for parts in range(_MOST_PARTS + 2):
        _count(parts)
        found = _NEXT_MARKER.search(data, at)
        if found is None:
            return
        at = found.start()
        marker = data[at + 1]
        yield marker, at
        at += 2 if marker in _ALONE else 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))


def _png(data: bytes) -> None:
    """To IEND, with the checksum of every chunk, and enough pixel data for the size."""
    width = height = bits = packed = 0
    for name, body in png_chunks(data):
        if name == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            bits = depth * {2: 3, 4: 2, 6: 4}.get(colour, 1)
        packed += len(body) if name == b"IDAT" else 0
    if (width * bits // 8) * height > _MOST_INFLATED * packed:
        raise _truncated("data", packed=packed, width=width, height=height)


def _gif(data: bytes) -> None:
    """To the trailer, with one image at least."""
    at, images = 13 + _gif_colours(data[10]), 0
    parts = 0
    while data[at] != 0x3B:
        block = data[at]
        if block == 0x2C:
            at += 11 + _gif_colours(data[at + 9])
            images += 1
        elif block == 0x21:
            at += 2
        elif block == 0:  # some programs write an end too many
            at += 1
            continue
        else:
            raise BadPicture("gif-block", byte=f"{block:02x}")
        while length := data[at]:
            at += 1 + length
            parts += 1
            _count(parts)
        at += 1
        parts += 1
        _count(parts)
    if not images:
        raise BadPicture("no-pixels")


def _gif_colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _bmp(data: bytes) -> None:
    """To the last row by the header's numbers; packed by run lengths, to the mark at their end."""
    start, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = size = 0
    else:
        width, height, _, bits, compression, size = struct.unpack_from("<iiHHII", data, 18)
    if compression in {1, 2}:
        end = start + size if size else len(data)
        is_whole = end <= len(data) and data[start:end].rstrip(b"\0").endswith(b"\0\1")
    else:
        is_whole = start + (width * bits + 31) // 32 * 4 * abs(height) <= len(data)
    if not is_whole:
        raise _truncated("rows")


def _webp(data: bytes) -> None:
    """To the end that the RIFF header names; what is in there was looked at by libwebp when it was opened."""
    (size,) = struct.unpack_from("<I", data, 4)
    if 8 + size > len(data):
        raise _truncated("webp", announced=8 + size, size=len(data))


_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_Tag = tuple[int, int, bytes]
"""Type, number of values, and the values or their place."""
_TIFF_WIDTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 11: 4, 12: 8, 16: 8}
"""Bytes of one value by the type of a tag."""
_TIFF_PIXEL_TAGS: Final = frozenset((258, 273, 279, 320, 324, 325, 338, 339, 347))
"""Tags without which the pixels cannot be read: bits, places and lengths, palette, alpha, JPEG tables."""


class _TiffKind(NamedTuple):
    first: int
    """Where the place of the first page stands."""
    number: str
    """How the count of its tags is written."""
    entry: str
    place: str


def _tiff(data: bytes) -> None:
    """To the last strip or tile of every page."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = struct.unpack_from(f"{order}H", data, 2) == (43,)
    kind = _TiffKind(8, "Q", "HHQ8s", "Q") if is_big else _TiffKind(4, "H", "HHI4s", "I")
    (at,) = struct.unpack_from(order + kind.place, data, kind.first)
    pages, parts = 0, 0
    while at:
        (count,) = struct.unpack_from(order + kind.number, data, at)
        parts += 1 + count
        _count(parts)
        at += struct.calcsize(order + kind.number)
        entry = struct.Struct(order + kind.entry)
        tags: dict[int, _Tag] = {}
        for tag, *rest in (entry.unpack_from(data, at + n * entry.size) for n in range(count)):
            tags[tag] = (rest[0], rest[1], rest[2])
        at += count * entry.size
        for tag in _TIFF_PIXEL_TAGS & tags.keys():
            _tiff_value(data, order, *tags[tag])
        for offsets, lengths in ((273, 279), (324, 325)):
            if offsets in tags:
                parts += _check_tiff_data(data, order, tags, offsets, lengths)
                _count(parts)
                pages += 1
        (at,) = struct.unpack_from(order + kind.place, data, at)
    if not pages:
        raise BadPicture("no-pixels")


def _check_tiff_data(data: bytes, order: str, tags: Mapping[int, _Tag], offsets: int, lengths: int) -> int:
    if lengths not in tags:
        raise BadPicture("tiff-lengths")
    starts, sizes = (_tiff_numbers(data, order, *tags[tag]) for tag in (offsets, lengths))
    size = np.uint64(len(data))
    if len(starts) != len(sizes) or (sizes > size).any() or (starts > size - sizes).any():
        raise _truncated("strips")
    return len(starts)


def _tiff_numbers(data: bytes, order: str, kind: int, count: int, value: bytes) -> NDArray[np.uint64]:
    """The values of a tag that holds places or lengths."""
    if kind not in {3, 4, 16}:
        raise BadPicture("tiff-number")
    _count(count)
    value, at = _tiff_value(data, order, kind, count, value)
    return np.frombuffer(value, f"{order}u{_TIFF_WIDTHS[kind]}", count, at).astype(np.uint64)


def _tiff_value(data: bytes, order: str, kind: int, count: int, value: bytes) -> tuple[bytes, int]:
    """Where the values of a tag are: in it if they fit, and elsewhere in the file otherwise."""
    at, size = 0, count * _TIFF_WIDTHS.get(kind, 1)
    if size > len(value):
        (at,) = struct.unpack(order + ("Q" if len(value) == 8 else "I"), value)
        value = data
    if at + size > len(value):
        raise _truncated()
    return value, at


_WALKS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "BMP": _bmp,
    "WEBP": _webp,
    "TIFF": _tiff,
}
