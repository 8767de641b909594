"""Mask files: every kind of PNG is read, every kind of damage is named, and what we write Pillow reads."""

import io
import os
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from openimages_io.format import masks
from openimages_io.format.limits import Limits
from openimages_io.format.masks import BadMask, Mask, check_png, decode, encode, unpacked_bytes

SHARED = Path(os.environ.get("OPENIMAGES_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
LIMITS = Limits()
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = (
    [(0, d) for d in (1, 2, 4, 8, 16)] + [(3, d) for d in (1, 2, 4, 8)] + [(c, d) for c in (2, 4, 6) for d in (8, 16)]
)
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40))
Samples = NDArray[np.int64]


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int = 3, height: int = 2, depth: int = 8, colour: int = 0, *rest: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, *(rest or (0, 0, 0))))


def pixels(raw: bytes) -> bytes:
    return chunk(b"IDAT", zlib.compress(raw))


def file(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND")


PALETTE = chunk(b"PLTE", bytes(range(256)) * 3)
RAW = b"\0\1\0\1" * 2
"""Two rows of three grey bytes."""


def paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((abs(estimate - value), at, value) for at, value in enumerate((left, up, corner)))[2]


def filtered(rows: list[bytes], size: int) -> Iterator[bytes]:
    """The rows, filtered in each of the five ways in turn, as the PNG specification defines them."""
    above = bytes(len(rows[0]))
    for kind, row in enumerate(rows):
        out = bytearray([kind % 5])
        for i, value in enumerate(row):
            left, up, corner = (row[i - size], above[i], above[i - size]) if i >= size else (0, above[i], 0)
            out.append((value - (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind % 5]) % 256)
        above = row
        yield bytes(out)


def draw(samples: Samples, colour: int, depth: int, *, interlaced: bool) -> bytes:
    """A PNG of samples of shape (height, width, channels), by another hand than the one under test."""
    height, width, channels = samples.shape
    raw = b""
    for x, y, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            bits = (part[..., None] >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.reshape(part.shape[0], -1).astype(np.uint8), axis=1)
            raw += b"".join(filtered([row.tobytes() for row in packed], max(1, channels * depth // 8)))
    extra = [chunk(b"PLTE", bytes(3 * 2**depth))] if colour == 3 else []
    return file(header(width, height, depth, colour, 0, 0, interlaced), *extra, pixels(raw))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
@settings(max_examples=6)
@given(width=st.integers(1, 19), height=st.integers(1, 19), seed=st.integers(0, 2**32))
def test_every_kind_of_png_is_read(
    width: int, height: int, seed: int, colour: int, depth: int, interlaced: bool
) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(1, 2**depth, (height, width, CHANNELS[colour])) * (rng.random((height, width, 1)) < 0.5)
    data = draw(samples, colour, depth, interlaced=interlaced)
    assert check_png(data, LIMITS) == (width, height)
    colours = {4: 1, 6: 3}.get(colour, samples.shape[2])
    np.testing.assert_array_equal(decode(data, LIMITS), samples[:, :, :colours].any(axis=2))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**32))
def test_the_smallest_value_in_one_channel_is_object_and_alpha_is_not_asked(
    seed: int, colour: int, depth: int, interlaced: bool
) -> None:
    rng = np.random.default_rng(seed)
    samples = np.zeros((7, 9, CHANNELS[colour]), dtype=np.int64)
    expected = rng.random((7, 9)) < 0.5
    samples[:, :, rng.integers({4: 1, 6: 3}.get(colour, CHANNELS[colour]))] = expected
    if colour in (4, 6):
        samples[:, :, -1] = rng.integers(0, 2**depth, (7, 9))
    np.testing.assert_array_equal(decode(draw(samples, colour, depth, interlaced=interlaced), LIMITS), expected)


def test_a_palette_counts_by_index_not_by_colour() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.putpixel((1, 0), 1)
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=0)
    assert decode(out.getvalue(), LIMITS).tolist() == [[False, True]]


@pytest.mark.parametrize(
    "chunks",
    [
        [header(), chunk(b"tEXt", b"a\0b"), pixels(RAW), chunk(b"tIME", b"nonsense")],
        [header(), chunk(b"iCCP", b"x\0\0not deflated"), chunk(b"acTL", b""), chunk(b"gAMA", b""), pixels(RAW)],
        [header(), chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(10**7))), pixels(RAW)],
        [header(), chunk(b"eXIf", b"MM\0*\0\0"), chunk(b"tRNS", b"\0\1"), pixels(RAW)],
        [header(), *(chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(RAW))],
        [header(), chunk(b"IDAT"), pixels(RAW), chunk(b"IDAT")],
        [header(), chunk(b"IDAT", zlib.compress(RAW) + b"more")],
        [header(depth=8, colour=2, width=1), PALETTE, pixels(RAW)],
    ],
)
def test_what_has_nothing_to_do_with_pixels_is_passed_over(chunks: list[bytes]) -> None:
    data = file(*chunks) + b"data after the end"
    size = check_png(data, LIMITS)
    assert decode(data, LIMITS).shape == (size.height, size.width)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\x89PNG", "is truncated"),
        (b"GIF89a" + bytes(40), "is not a PNG"),
        (b"<html>404 Not Found</html>", "is not a PNG"),
        (SIGNATURE, "is truncated"),
        (file(pixels(RAW), header()), "does not start with the header"),
        (file(chunk(b"IHDR", bytes(12)), pixels(RAW)), "does not start with the header"),
        (file(), "does not start with the header"),
        (file(header(0, 5), pixels(RAW)), "is 0 x 5 pixels, which is not a valid size"),
        (file(header(5, 0), pixels(RAW)), "is 5 x 0 pixels, which is not a valid size"),
        (file(header(2**31, 1), pixels(RAW)), "is 2147483648 x 1 pixels, which is not a valid size"),
        (file(header(100_000, 100_000), pixels(RAW)), "is 100000 x 100000 pixels, more than the limit of 64,000,000"),
        (file(header(depth=3), pixels(RAW)), "has 3 bits in colour type 0"),
        (file(header(depth=1, colour=2), pixels(RAW)), "has 1 bits in colour type 2"),
        (file(header(depth=16, colour=3), PALETTE, pixels(RAW)), "has 16 bits in colour type 3"),
        (file(header(colour=5), pixels(RAW)), "has 8 bits in colour type 5"),
        (file(header(3, 2, 8, 0, 1, 0, 0), pixels(RAW)), "in a way that no PNG is"),
        (file(header(3, 2, 8, 0, 0, 1, 0), pixels(RAW)), "in a way that no PNG is"),
        (file(header(3, 2, 8, 0, 0, 0, 2), pixels(RAW)), "in a way that no PNG is"),
        (file(header()), "has no pixel data"),
        (file(header(), chunk(b"IDAT")), "has no pixel data"),
        (file(header(), header(), pixels(RAW)), "has a IHDR chunk, which is out of place"),
        (file(header(), chunk(b"CgBI"), pixels(RAW)), "has a CgBI chunk, which is out of place or unknown"),
        (file(header(), chunk(b"t\0Xt"), pixels(RAW)), "a chunk has no name"),
        (file(header(), pixels(RAW), chunk(b"tEXt"), pixels(RAW)), "other chunks stand between its pixel data"),
        (file(header(), PALETTE, pixels(RAW)), "its palette (PLTE)"),
        (file(header(colour=3), pixels(RAW)), "has no palette"),
        (file(header(colour=3), pixels(RAW), PALETTE), "its palette (PLTE)"),
        (file(header(colour=3), PALETTE, PALETTE, pixels(RAW)), "its palette (PLTE)"),
        (file(header(colour=3), chunk(b"PLTE", bytes(4)), pixels(RAW)), "its palette (PLTE)"),
        (file(header(colour=3), chunk(b"PLTE"), pixels(RAW)), "its palette (PLTE)"),
        (file(header(colour=3), chunk(b"PLTE", bytes(771)), pixels(RAW)), "its palette (PLTE)"),
        (SIGNATURE + header() + pixels(RAW) + chunk(b"IEND", b"x"), "its last chunk (IEND) is not empty"),
        (SIGNATURE + header() + pixels(RAW), "is truncated"),
        (SIGNATURE + header() + pixels(RAW)[:-1] + b"\0" + chunk(b"IEND"), "the checksum of its IDAT chunk is wrong"),
        (file(header(), pixels(RAW[:-1])), "its pixel data ends before its last row"),
        (file(header(), pixels(RAW + b"\0")), "holds more pixel data than its header says"),
        (file(header(3, 2, 8, 0, 0, 0, 1), pixels(RAW)), "its pixel data ends before its last row"),
        (file(header(), pixels(b"\5\1\0\1" * 2)), "a row is filtered in a way that no PNG has"),
        (file(header(), chunk(b"IDAT", b"not deflated")), "its pixel data cannot be unpacked"),
        (file(header(), chunk(b"IDAT", zlib.compress(RAW)[:-4] + b"sum!")), "its pixel data cannot be unpacked"),
        (file(header(), chunk(b"IDAT", zlib.compress(RAW)[:-1])), "its pixel data has no end"),
    ],
)
def test_damage_is_named(data: bytes, why: str) -> None:
    for read in (check_png, decode):
        with pytest.raises(BadMask) as caught:
            read(data, LIMITS)
        assert why in str(caught.value)


def test_the_limit_on_pixels_is_the_callers() -> None:
    data = encode(np.ones((10, 10), dtype=np.bool_))
    assert check_png(data, Limits(max_mask_pixels=100)) == (10, 10)
    with pytest.raises(BadMask, match=r"is 10 x 10 pixels, more than the limit of 99"):
        check_png(data, Limits(max_mask_pixels=99))


def test_the_limit_on_what_is_unpacked_is_the_callers() -> None:
    data = encode(np.ones((10, 10), dtype=np.bool_))  # ten rows of two bytes, and what says how each is filtered
    assert check_png(data, Limits(max_mask_unpacked_bytes=30)) == (10, 10)
    with pytest.raises(BadMask, match="unpacks to 30 bytes, more than the limit of 29"):
        check_png(data, Limits(max_mask_unpacked_bytes=29))


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize(
    ("side", "depth", "colour", "taken"),
    [
        ((8000, 8000), 16, 6, False),
        ((8000, 8000), 8, 2, False),
        ((8000, 8000), 16, 0, False),
        ((8000, 8000), 8, 0, True),
        ((8000, 8000), 1, 0, True),
        ((4000, 3000), 1, 0, True),
        ((4000, 3000), 8, 6, True),
        ((4000, 3000), 16, 0, True),
        ((1, 63_000_000), 8, 0, False),
    ],
)
def test_what_a_mask_unpacks_to_is_bounded_before_anything_is(
    side: tuple[int, int], depth: int, colour: int, taken: bool, interlace: int
) -> None:
    data = file(header(*side, depth, colour, 0, 0, interlace), pixels(b""))
    unpacked = side[0] * side[1] * depth * {0: 1, 2: 3, 6: 4}[colour] // 8
    if taken:
        assert 0 <= unpacked_bytes(data, LIMITS) - unpacked < 20_000
        return
    for read in (check_png, decode, unpacked_bytes):
        with pytest.raises(BadMask, match=r"unpacks to [0-9,]+ bytes, more than the limit of 67,108,864 \(MAX_MASK"):
            read(data, LIMITS)


@pytest.mark.parametrize("read", [check_png, decode])
def test_a_bomb_is_not_inflated(read: Callable[[bytes, Limits], object]) -> None:
    """200 MB of zeros behind a header that says 100 x 100 pixels."""
    deflater = zlib.compressobj(1)
    packed = b"".join(deflater.compress(bytes(10**6)) for _ in range(200)) + deflater.flush()
    data = file(header(100, 100), chunk(b"IDAT", packed))
    tracemalloc.start()
    try:
        with pytest.raises(BadMask, match="more pixel data than its header says"):
            read(data, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


def test_large_pixel_data_is_checked_in_pieces() -> None:
    """30 MB of grey pixels behind 30 KB, of which a few MB are looked at at a time."""
    height, width = 6000, 5000
    data = file(header(width, height), pixels((b"\0" + bytes(width)) * height))
    tracemalloc.start()
    try:
        assert check_png(data, LIMITS) == (width, height)
        assert tracemalloc.get_traced_memory()[1] < 6 * 2**20
    finally:
        tracemalloc.stop()


def test_a_large_mask_gives_no_warning_of_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode(encode(np.ones((10, 10), dtype=np.bool_)), LIMITS).all()


def test_what_pillow_refuses_after_all_is_a_bad_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise OSError("broken data stream")

    monkeypatch.setattr(masks, "PngImageFile", refuse)
    with pytest.raises(BadMask, match="cannot be decoded: broken data stream"):
        decode(encode(np.ones((2, 2), dtype=np.bool_)), LIMITS)


@pytest.mark.parametrize(
    "data", [encode(np.eye(9, dtype=np.bool_)), draw(np.ones((5, 5, 4), int), 6, 16, interlaced=True)]
)
def test_a_file_that_was_cut_anywhere_is_bad(data: bytes) -> None:
    for length in range(len(data)):
        for read in (check_png, decode):
            with pytest.raises(BadMask):
                read(data[:length], LIMITS)
    assert check_png(data, LIMITS)


@settings(max_examples=100)
@given(st.sampled_from(KINDS), st.booleans(), st.integers(0, 2**32), st.booleans())
def test_flipped_bytes_raise_nothing_else(kind: tuple[int, int], interlaced: bool, seed: int, repaired: bool) -> None:
    """Also when the checksums are right again, so that the damage reaches what comes after them."""
    chance = random.Random(seed)
    data = bytearray(draw(np.ones((4, 6, CHANNELS[kind[0]]), int), *kind, interlaced=interlaced))
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if repaired:
        repair(data)
    size = None
    try:
        size = check_png(bytes(data), LIMITS)
        assert decode(bytes(data), LIMITS).shape == (size.height, size.width)
    except BadMask:
        assert size is None, "the check let pass what cannot be decoded"


def repair(data: bytearray) -> None:
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        end = at + 8 + length
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))[: max(0, len(data) - end)]
        at = end + 4


@given(st.binary(max_size=60))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    for start in (b"", SIGNATURE, SIGNATURE + header()):
        with pytest.raises(BadMask):
            check_png(start + data, LIMITS)


@given(MASKS)
def test_what_is_written_is_read(mask: Mask) -> None:
    data = encode(mask)
    assert check_png(data, LIMITS) == mask.shape[::-1]
    np.testing.assert_array_equal(decode(data, LIMITS), mask)
    assert encode(decode(data, LIMITS)) == data


@given(MASKS)
def test_pillow_reads_what_is_written_as_one_bit(mask: Mask) -> None:
    with Image.open(io.BytesIO(encode(mask))) as picture:
        assert (picture.format, picture.mode, picture.info) == ("PNG", "1", {})
        np.testing.assert_array_equal(np.asarray(picture), mask)


def test_the_bytes_do_not_depend_on_how_the_mask_lies_in_memory() -> None:
    mask = np.random.default_rng(1).random((20, 30)) < 0.5
    assert encode(np.asfortranarray(mask)) == encode(mask) == encode(mask[::-1][::-1])


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_a_mask_without_pixels_is_not_written(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"a mask of {shape[1]} x {shape[0]} pixels cannot be written"):
        encode(np.zeros(shape, dtype=np.bool_))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_what_pillow_writes_is_read(mode: str) -> None:
    mask = np.random.default_rng(6).random((33, 21)) < 0.5
    picture = Image.fromarray(mask.astype(np.uint16)) if mode == "I;16" else Image.fromarray(mask).convert(mode)
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert check_png(out.getvalue(), LIMITS) == (21, 33)
    np.testing.assert_array_equal(decode(out.getvalue(), LIMITS), mask)


def test_real_masks_are_read_as_pillow_does() -> None:
    paths = sorted((SHARED / "data" / "taxi" / "masks").rglob("*.png"))
    if not paths:
        pytest.skip(f"there are no real masks below {SHARED}")
    for path in paths:
        data = path.read_bytes()
        with Image.open(path) as picture:
            assert check_png(data, LIMITS) == picture.size
            np.testing.assert_array_equal(decode(data, LIMITS), np.asarray(picture) != 0)
