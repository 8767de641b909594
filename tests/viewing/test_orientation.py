"""Thumbnails are of the stored pixels, whatever turn a tag asks for."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from openimages_io.viewing.thumbnails import thumbnail
from tests.format.test_orientation import plain, turned
from tests.viewing.conftest import AddImage


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_thumbnail_shows_the_pixels_as_they_are_stored(add_image: AddImage, turn: int, kind: str) -> None:
    made = thumbnail(add_image("a", turned(turn, kind)), 128)
    assert made is not None
    with Pillow.open(io.BytesIO(made.read())) as picture:
        shown = np.asarray(ImageOps.exif_transpose(picture), np.int16)
    wanted = np.asarray(plain(), np.int16)
    assert shown.shape == wanted.shape
    for part in (np.s_[:12, :20], np.s_[:12, -20:], np.s_[-12:, :20], np.s_[-12:, -20:]):
        assert np.abs(shown[part] - wanted[part]).max() < 40
