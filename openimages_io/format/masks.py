"""Masks as PNG files: checked without decoding, read into pixels, written. A pixel that is not zero is the object."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from openimages_io.format.bad_value import BadValue
from openimages_io.format.limits import Limits

Mask = NDArray[np.bool_]
"""Pixels of shape (height, width), true where the object is."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""The first bytes of every PNG."""
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGB_ALPHA: (8, 16)}
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_COLOURS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 1, _RGB_ALPHA: 3}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 2**20
_MOST_CHUNKS = 100_000
"""Of one file; a hostile one has a chunk in every 12 bytes."""


class BadMask(BadValue):
    """A file is not a readable PNG. The message is the end of a sentence whose subject is the file."""

    def __init__(self, form: str, **params: Any) -> None:
        super().__init__("bad-mask", form, **params)


class MaskHeader(NamedTuple):
    """A mask's own size in pixels, which is not its image's."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Png:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    packed: bytes | bytearray
    """The pixel data of all IDAT chunks, still deflated."""

    def passes(self) -> Iterator[tuple[int, int, int]]:
        """Width and height in pixels, and bytes a row with its filter byte, of each image that the data holds."""
        bits = self.depth * _CHANNELS[self.colour]
        for x, y, dx, dy in _ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            width, height = -((x - self.width) // dx), -((y - self.height) // dy)
            if width > 0 and height > 0:
                yield width, height, 1 + (width * bits + 7) // 8

    @property
    def unpacked(self) -> int:
        """Bytes of all rows of all passes."""
        return sum(rows * stride for _, rows, stride in self.passes())


def unpacked_bytes(data: bytes, limits: Limits) -> int:
    """Return how many bytes `check_png` and `decode` will unpack, from the header alone. Raises BadMask."""
    return _Png(*_header(*next(_started(data)), limits), packed=b"").unpacked


def png_size(data: bytes, limits: Limits) -> MaskHeader:
    """The size of a PNG, from the header alone. Raises BadMask."""
    return MaskHeader(*_header(*next(_started(data)), limits)[:2])


def check_png(data: bytes, limits: Limits) -> MaskHeader:
    """The size of a PNG, after everything but its picture has been looked at.

    That is: the order, lengths and checksums of its chunks, its header, and that its pixel data inflates to what the
    header says, in pieces, and never further. Raises BadMask.
    """
    png = _parse(data, limits)
    for _ in _inflate(png):
        pass
    return MaskHeader(png.width, png.height)


def decode(data: bytes, limits: Limits) -> Mask:
    """The object of a mask in any kind of PNG: whatever is not zero. Raises BadMask, and nothing else, for bad data.

    In colour, one channel that is not zero is enough. Alpha is not asked: editors save an empty mask as opaque black.
    With a palette it is the index that counts, not the colour: palettes of class masks start with the background, in
    whatever colour.
    """
    png = _parse(data, limits)
    if png.depth == 16 and png.colour != _GREY:
        return _decode_deep(png)
    for _ in _inflate(png):
        pass
    return _pixels(png, _GREY if png.colour == _PALETTE else png.colour, png.packed)


def encode(mask: Mask) -> bytes:
    """A 1-bit greyscale PNG, white where the object is. The same pixels are the same bytes, as far as zlib is the same.

    Raises ValueError for a mask without pixels.
    """
    height, width = mask.shape
    if not mask.size:
        raise ValueError(f"a mask of {width} x {height} pixels cannot be written")
    return encode_rows(np.packbits(mask, axis=1), width)


def encode_rows(rows: NDArray[np.uint8], width: int) -> bytes:
    """The same of rows that have eight pixels in a byte."""
    height = len(rows)
    filtered = np.zeros((height, 1 + (width + 7) // 8), dtype=np.uint8)
    filtered[:, 1:] = rows
    return _write(width, height, 1, _GREY, interlaced=False, packed=zlib.compress(filtered.tobytes(), 6))


def _parse(data: bytes, limits: Limits) -> _Png:
    """Checks the chunks and the header. Data after the end is none of ours."""
    chunks = _started(data)
    header = _header(*next(chunks), limits)
    colour = header[3]
    packed, palette, ended = bytearray(), False, False
    for name, body in chunks:
        if name == b"IDAT":
            if ended:
                raise BadMask("png-order")
            packed += body
            continue
        ended = len(packed) > 0
        if name == b"PLTE":
            if palette or ended or colour in (_GREY, _GREY_ALPHA) or len(body) not in range(3, 769, 3):
                raise BadMask("png-palette")
            palette = True
        elif name[:1].isupper() and name != b"IEND":
            raise BadMask("png-chunk", chunk=name.decode())
    if not packed or (colour == _PALETTE and not palette):
        raise BadMask("png-no-palette" if packed else "png-no-data")
    return _Png(*header, packed=packed)


def _started(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    if not data:
        raise BadMask("empty")
    if not data.startswith(SIGNATURE):
        raise BadMask("truncated" if SIGNATURE.startswith(data) else "no-png")
    return png_chunks(data)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Names and contents of a PNG's chunks up to and with IEND, whose checksums are right. Raises BadMask."""
    view = memoryview(data)
    at, name, count = len(SIGNATURE), b"", 0
    while name != b"IEND":
        count += 1
        if count > _MOST_CHUNKS:
            raise BadMask("png-chunks", limit=_MOST_CHUNKS)
        if len(data) < at + 12:
            raise BadMask("truncated")
        length = int.from_bytes(view[at : at + 4])
        name = data[at + 4 : at + 8]
        end = at + 8 + length
        if not name.isalpha():
            raise BadMask("png-nameless")
        if len(data) < end + 4:
            raise BadMask("truncated")
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4]):
            raise BadMask("png-checksum", chunk=name.decode())
        if name == b"IEND" and length:
            raise BadMask("png-end")
        yield name, view[at + 8 : end]
        at = end + 4


def _header(name: bytes, body: memoryview, limits: Limits) -> tuple[int, int, int, int, bool]:
    if name != b"IHDR" or len(body) != 13:
        raise BadMask("png-header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not 0 < width < 2**31 or not 0 < height < 2**31:
        raise BadMask("size", width=width, height=height)
    if width * height > limits.max_mask_pixels:
        raise BadMask("mask-pixels", width=width, height=height, limit=limits.max_mask_pixels)
    if depth not in _DEPTHS.get(colour, ()):
        raise BadMask("png-depth", bits=depth, colour=colour)
    if compression or filtering or interlace > 1:
        raise BadMask("png-method")
    unpacked = _Png(width, height, depth, colour, bool(interlace), b"").unpacked
    most = limits.max_mask_unpacked_bytes
    if unpacked > most:
        raise BadMask("unpacked", size=unpacked, limit=most)
    return width, height, depth, colour, bool(interlace)


def _inflate(png: _Png) -> Iterator[bytes]:
    """The rows of all passes, some whole rows at a time. Raises BadMask unless they are all there and all there is."""
    inflater = zlib.decompressobj()
    pending: bytes | bytearray = png.packed
    passes = list(png.passes())
    # The deflated rest is copied at every piece, so there are at most a few dozen pieces.
    piece = max(_PIECE, sum(rows * stride for _, rows, stride in passes) // 16)
    try:
        for _, rows, stride in passes:
            at_once = max(1, piece // stride) * stride
            for left in range(rows * stride, 0, -at_once):
                wanted = min(left, at_once)
                got = inflater.decompress(pending, wanted)
                pending = inflater.unconsumed_tail
                if len(got) < wanted:
                    raise BadMask("png-rows")
                if max(got[::stride]) > 4:
                    raise BadMask("png-filter")
                yield got
        if inflater.decompress(pending, 1):
            raise BadMask("png-more")
    except zlib.error:
        raise BadMask("png-packed") from None
    if not inflater.eof:
        raise BadMask("png-no-end")


def _decode_deep(png: _Png) -> Mask:
    """16 bits in several channels, of which Pillow would drop the lower eight: a 1 would be read as 0.

    PNG filters each byte of a pixel by that byte of its neighbours alone, so one channel of the filtered rows is
    the filtered rows of a grey picture (PNG specification, 9.2).
    """
    rows = np.frombuffer(b"".join(_inflate(png)), dtype=np.uint8)
    mask = np.zeros((png.height, png.width), dtype=np.bool_)
    size = 2 * _CHANNELS[png.colour]
    for channel in range(_COLOURS[png.colour]):
        deflater, start = zlib.compressobj(1), 0
        packed = []
        for width, height, stride in png.passes():
            part = rows[start : start + height * stride].reshape(height, stride)
            start += height * stride
            values = part[:, 1:].reshape(height, width, size)[:, :, 2 * channel : 2 * channel + 2]
            grey = np.concatenate((part[:, :1], values.reshape(height, 2 * width)), axis=1)
            packed.append(deflater.compress(grey.tobytes()))
        mask |= _pixels(png, _GREY, b"".join([*packed, deflater.flush()]))
    return mask


def _pixels(png: _Png, colour: int, packed: bytes | bytearray) -> Mask:
    """What Pillow finds not zero in a PNG that was checked.

    It is handed over without the chunks that have nothing to do with pixels, so that no untrusted colour profile or
    text reaches Pillow, and not through `Image.open`, which warns of large sizes.
    """
    data = _write(png.width, png.height, png.depth, colour, interlaced=png.interlaced, packed=packed)
    try:
        with PngImageFile(io.BytesIO(data)) as picture:
            pixels = np.asarray(picture).astype(np.bool_)
    except (OSError, SyntaxError, ValueError) as error:
        raise BadMask("decoder", detail=str(error)) from None
    mask: Mask = pixels if pixels.ndim == 2 else np.asarray(pixels[:, :, : _COLOURS[colour]].any(axis=2))
    return mask


def _write(width: int, height: int, depth: int, colour: int, *, interlaced: bool, packed: bytes | bytearray) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    parts: list[bytes | bytearray] = [SIGNATURE]
    for name, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")):
        parts += (struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(name))))
    return b"".join(parts)
