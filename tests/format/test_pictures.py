"""A picture is taken if it is whole, and refused if it was cut short, in every format and mode."""

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from openimages_io.format.limits import Limits
from openimages_io.format.pictures import BadPicture, TooManyPixels, check_picture, jpeg_scans

LIMITS = Limits()


def drawn(mode: str = "RGB", size: tuple[int, int] = (21, 13)) -> Pillow.Image:
    """Noise, so that every part of the file matters."""
    noise = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    if mode == "I;16":
        return Pillow.fromarray(noise[:, :, 0].astype(np.uint16) * 257)
    if mode == "F":
        return Pillow.fromarray(noise[:, :, 0].astype(np.float32))
    if mode in {"RGBA", "CMYK"}:
        return (
            Pillow.fromarray(noise, mode="RGBA").copy()
            if mode == "RGBA"
            else Pillow.fromarray(noise[:, :, :3]).convert("CMYK")
        )
    return Pillow.fromarray(noise[:, :, :3]).convert(mode)


def saved(image: Pillow.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def rle_bmp() -> bytes:
    """What Pillow reads and does not write: a BMP packed by run lengths."""
    rows = b"".join(bytes((3, value, 0, 3, 1, 2, 3, 0, 0, 0)) for value in range(4)) + b"\0\1"
    palette = bytes(range(256)) * 4
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, 6, 4, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + palette + rows


def interlaced_png() -> bytes:
    """What Pillow does not write either."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    pixels = np.asarray(drawn("L"))
    rows = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx] if len(row))
    return png(21, 13, zlib.compress(rows), interlace=1)


def png(width: int, height: int, packed: bytes, *, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def frames(kind: str, **options: Any) -> bytes:
    first, second = drawn(), drawn(size=(21, 13)).transpose(Pillow.Transpose.ROTATE_180)
    return saved(first, kind, save_all=True, append_images=[second], **options)


MADE: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: saved(drawn(), "JPEG"),
    "JPEG grey": lambda: saved(drawn("L"), "JPEG"),
    "JPEG CMYK": lambda: saved(drawn("CMYK"), "JPEG"),
    "JPEG progressive": lambda: saved(drawn(), "JPEG", progressive=True),
    "JPEG restarts": lambda: saved(drawn(size=(64, 48)), "JPEG", restart_marker_blocks=1),
    "MPO": lambda: frames("MPO"),
    "PNG": lambda: saved(drawn(), "PNG"),
    "PNG bilevel": lambda: saved(drawn("1"), "PNG"),
    "PNG palette": lambda: saved(drawn("P"), "PNG"),
    "PNG alpha": lambda: saved(drawn("RGBA"), "PNG"),
    "PNG 16 bits": lambda: saved(drawn("I;16"), "PNG"),
    "PNG interlaced": interlaced_png,
    "PNG animated": lambda: frames("PNG"),
    "GIF": lambda: saved(drawn("P"), "GIF"),
    "GIF animated": lambda: frames("GIF", duration=10),
    "WebP": lambda: saved(drawn(), "WEBP"),
    "WebP lossless": lambda: saved(drawn("RGBA"), "WEBP", lossless=True),
    "WebP animated": lambda: frames("WEBP"),
    "BMP": lambda: saved(drawn(), "BMP"),
    "BMP bilevel": lambda: saved(drawn("1"), "BMP"),
    "BMP run lengths": rle_bmp,
    "TIFF": lambda: saved(drawn(), "TIFF"),
    "TIFF LZW": lambda: saved(drawn(), "TIFF", compression="tiff_lzw"),
    "TIFF deflate": lambda: saved(drawn("RGBA"), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF JPEG": lambda: saved(drawn(), "TIFF", compression="jpeg"),
    "TIFF fax": lambda: saved(drawn("1"), "TIFF", compression="group4"),
    "TIFF float": lambda: saved(drawn("F"), "TIFF"),
    "TIFF pages": lambda: frames("TIFF"),
    "TIFF big": lambda: saved(drawn(), "TIFF", big_tiff=True),
    "TIFF strips": lambda: saved(drawn(), "TIFF", strip_size=64, compression="tiff_lzw"),
}


def pixels(data: bytes, *, only_first: bool = False) -> list[bytes]:
    with Pillow.open(io.BytesIO(data)) as picture:
        found = []
        for frame in range(1 if only_first else getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            found.append(picture.convert("RGBA").tobytes())
        return found


@pytest.mark.parametrize("kind", MADE)
def test_a_whole_picture_is_taken_and_one_that_was_cut_anywhere_is_refused(kind: str) -> None:
    whole = MADE[kind]()
    size = (6, 4) if kind == "BMP run lengths" else (64, 48) if kind == "JPEG restarts" else (21, 13)
    assert check_picture(whole, LIMITS) == size
    is_first = kind == "MPO"  # a camera's second picture may be lost
    complete = pixels(whole, only_first=is_first)
    for end in range(len(whole)):
        try:
            check_picture(whole[:end], LIMITS)
        except BadPicture:
            continue
        assert pixels(whole[:end], only_first=is_first) == complete, f"cut at {end} of {len(whole)}"


@settings(max_examples=60)
@given(
    kind=st.sampled_from(("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")),
    mode=st.sampled_from(("RGB", "L", "1", "P")),
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    cut=st.floats(0, 1, exclude_max=True),
)
def test_any_size_and_mode(kind: str, mode: str, width: int, height: int, cut: float) -> None:
    image = drawn(mode, (width, height))
    whole = saved(image.convert("RGB") if kind in {"JPEG", "WEBP"} else image, kind)
    assert check_picture(whole, LIMITS) == (width, height)
    with pytest.raises(BadPicture):
        check_picture(whole[: int(cut * (len(whole) - 1))], LIMITS)


@settings(max_examples=200)
@given(kind=st.sampled_from(sorted(MADE)), place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_taken_and_nothing_else(kind: str, place: float, value: int) -> None:
    data = bytearray(MADE[kind]())
    data[int(place * len(data))] = value
    with suppress(BadPicture):
        check_picture(bytes(data), LIMITS)


@settings(max_examples=200)
@given(
    start=st.sampled_from(
        (b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0\x08\0\0\0", b"MM\0*", b"RIFF", b"\x89PNG\r\n\x1a\n")
    ),
    rest=st.binary(max_size=200),
)
def test_bytes_that_begin_as_a_picture_are_refused_or_taken_and_nothing_else(start: bytes, rest: bytes) -> None:
    with suppress(BadPicture):
        check_picture(start + rest, LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG progressive", "MPO", "PNG", "GIF", "WebP", "BMP", "TIFF"])
def test_what_follows_the_end_does_no_harm(kind: str) -> None:
    assert check_picture(MADE[kind]() + b"\0\xff\xd8 from a camera", LIMITS) == (21, 13)


def test_a_jpeg_with_a_preview_in_its_exif_is_whole_only_by_itself() -> None:
    preview = saved(drawn(size=(8, 8)), "JPEG")
    picture = saved(drawn(), "JPEG")
    body = b"Exif\0\0" + preview
    data = picture[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + picture[2:]
    assert check_picture(data, LIMITS) == (21, 13)
    with pytest.raises(BadPicture, match=r"truncated: it has no end \(EOI\)"):
        check_picture(data[:-2], LIMITS)


def test_a_jpeg_with_bytes_between_its_segments_and_fill_bytes_is_taken_as_decoders_take_it() -> None:
    picture = saved(drawn(), "JPEG")
    at = picture.index(b"\xff\xdb")
    data = picture[:at] + b"\xff\xff\xff" + picture[at:]
    assert check_picture(data, LIMITS) == (21, 13)
    assert pixels(data) == pixels(picture)


def test_the_checksums_of_a_png_are_looked_at() -> None:
    data = bytearray(MADE["PNG"]())
    data[data.index(b"IDAT") + 10] ^= 1
    with pytest.raises(BadPicture, match="the checksum of its IDAT chunk is wrong"):
        check_picture(bytes(data), LIMITS)


def test_a_png_that_has_far_too_little_for_its_size_is_refused() -> None:
    with pytest.raises(BadPicture, match="its 20 bytes of pixel data cannot be 9900 x 9900 pixels"):
        check_picture(png(9900, 9900, zlib.compress(bytes(100))[:12].ljust(20, b"\0")), LIMITS)


def test_real_photographs_are_taken(shared: Path) -> None:
    pictures = sorted((shared / "taxi/images").rglob("*.jpg"))
    assert pictures
    for path in pictures:
        data = path.read_bytes()
        with Pillow.open(path) as picture:
            assert check_picture(data, LIMITS) == picture.size
        with pytest.raises(BadPicture, match="truncated"):
            check_picture(data[: len(data) // 2], LIMITS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"text", "is not a picture that can be read"),
        (saved(drawn(), "PNG")[:100], "is truncated"),
        (saved(drawn(), "PPM"), "is not a picture that can be read"),
    ],
)
def test_what_is_not_a_picture_has_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadPicture, match=reason):
        check_picture(data, LIMITS)


def test_limits() -> None:
    data = saved(drawn(), "PNG")
    with pytest.raises(TooManyPixels, match="is 21 x 13 pixels, more than the limit of 272"):
        check_picture(data, Limits(max_picture_pixels=272))
    with pytest.raises(BadPicture, match="more than the limit of 100"):
        check_picture(data, Limits(max_picture_bytes=100))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "data",
    [
        saved(drawn("P"), "GIF")[:-1] + b"!\xfe" + b"\1\0" * 1_100_000,
        saved(drawn(), "JPEG")[:2] + b"\xff\xe0\0\2" * 1_100_000 + saved(drawn(), "JPEG")[2:],
        b"\x89PNG\r\n\x1a\n"
        + saved(drawn(), "PNG")[8:33]
        + (b"\0\0\0\0tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))) * 110_000,
    ],
    ids=["GIF", "JPEG", "PNG"],
)
def test_a_file_of_very_many_parts_is_refused_before_it_costs_seconds(data: bytes) -> None:
    with pytest.raises(BadPicture):
        check_picture(data, LIMITS)


@pytest.mark.thorough
def test_a_tiff_whose_pages_go_in_a_circle_ends() -> None:
    data = bytearray(MADE["TIFF"]())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    with pytest.raises(BadPicture, match="more than 1,000,000 parts"):
        check_picture(bytes(data), LIMITS)


def test_how_the_pixels_of_a_jpeg_lie() -> None:
    assert jpeg_scans(saved(drawn(), "JPEG")) == (0xC0, 3, True)
    assert jpeg_scans(saved(drawn(), "JPEG", progressive=True)) == (0xC2, 3, False)
    assert jpeg_scans(saved(drawn("L"), "JPEG")) == (0xC0, 1, True)
    with pytest.raises(BadPicture, match="truncated"):
        jpeg_scans(saved(drawn(), "JPEG")[:30])
