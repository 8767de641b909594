"""The eight EXIF orientations: what is served shows the pixels as they are stored, with no other byte changed."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from openimages_io.format.limits import Limits
from openimages_io.format.orientation import as_stored, is_turned, orientation
from openimages_io.format.pictures import check_picture

KINDS = ("JPEG", "PNG", "WEBP")
WIDTH, HEIGHT = 48, 32


def plain() -> Pillow.Image:
    """A picture whose four quarters differ, and whose sides do."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2] = 255, 0, 0
    pixels[: HEIGHT // 2, WIDTH // 2 :] = 0, 255, 0
    pixels[HEIGHT // 2 :, : WIDTH // 2] = 0, 0, 255
    return Pillow.fromarray(pixels)


def turned(turn: int, kind: str = "JPEG", order: str = "<") -> bytes:
    """The picture, with an EXIF tag that asks for a turn."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    tags = struct.pack(f"{order}IHHHIHH", 8, 1, 0x0112, 3, 1, turn, 0) + bytes(4)
    target = io.BytesIO()
    options: dict[str, Any] = {"exif": b"Exif\0\0" + start + tags}
    if kind == "TIFF":
        options = {"tiffinfo": {0x0112: turn}}
    plain().save(target, kind, **({"quality": 95} | options if kind == "JPEG" else options))
    return target.getvalue()


def seen(data: bytes) -> NDArray[np.int16]:
    """The pixels as a browser shows them, which turns by the tag."""
    with Pillow.open(io.BytesIO(data)) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.int16)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", range(1, 9))
def test_each_orientation_shows_the_pixels_as_they_are_stored(turn: int, kind: str, order: str) -> None:
    data = turned(turn, kind, order)
    assert orientation(data) == turn
    assert is_turned(data) is (turn >= 5)
    assert check_picture(data, Limits()) == (WIDTH, HEIGHT)
    pixels = np.asarray(plain(), np.int16)
    if turn > 1:  # the test of the test: it is shown otherwise before
        shown = seen(data)
        assert shown.shape != pixels.shape or np.abs(shown - pixels).max() > 100

    served = as_stored(data)

    assert orientation(served) == 1
    assert len(served) == len(data)
    assert sum(a != b for a, b in zip(served, data, strict=True)) <= (0 if turn == 1 else 5)
    assert check_picture(served, Limits()) == (WIDTH, HEIGHT)
    assert seen(served).shape == pixels.shape
    assert np.abs(seen(served) - pixels)[:8, :8].max() < 30
    assert np.abs(seen(served) - pixels)[-8:, -8:].max() < 30


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_size_of_a_tiff_is_that_of_its_stored_pixels(turn: int) -> None:
    data = turned(turn, "TIFF")
    assert orientation(data) == turn
    assert check_picture(data, Limits()) == (WIDTH, HEIGHT)


def test_what_has_no_orientation_is_the_same_bytes() -> None:
    for kind in (*KINDS, "GIF", "BMP", "TIFF"):
        target = io.BytesIO()
        plain().save(target, kind)
        assert orientation(target.getvalue()) == 1
        assert as_stored(target.getvalue()) is target.getvalue() or as_stored(target.getvalue()) == target.getvalue()


def test_other_tags_stay() -> None:
    exif = Pillow.Exif()
    exif[0x010E], exif[0x0112], exif[0x0131] = "described", 6, "by a program"
    target = io.BytesIO()
    plain().save(target, "JPEG", exif=exif)
    with Pillow.open(io.BytesIO(as_stored(target.getvalue()))) as picture:
        assert dict(picture.getexif()) == {0x010E: "described", 0x0112: 1, 0x0131: "by a program"}


@given(
    data=st.binary(max_size=60),
    turn=st.integers(0, 65535),
    kind=st.sampled_from([*KINDS, "TIFF"]),
    cut=st.integers(0, 400),
)
def test_any_bytes_are_looked_at_without_a_fault(data: bytes, turn: int, kind: str, cut: int) -> None:
    for content in (
        data,
        turned(turn, kind)[:cut],
        turned(turn, kind)[:cut] + data,
        b"II*\0" + data,
        b"\xff\xd8" + data,
    ):
        assert 1 <= orientation(content) <= 8
        assert len(as_stored(content)) == len(content)
