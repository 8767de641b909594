"""Small pictures: made once, in the frame of the annotations, whatever an untrusted file holds."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from PIL import Image as Pillow
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from openimages_io.format.pictures import BadPicture
from openimages_io.models import Image
from openimages_io.models.installation import newest
from openimages_io.models.thumbnails import SIZES, thumbnail_name, thumbnail_names
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.viewing.thumbnails import size_for, thumbnail
from tests.transfer.datasets import bring_in, picture, write
from tests.viewing.conftest import AddImage


def opened(image: Image, size: int = 128) -> Pillow.Image:
    file = thumbnail(image, size)
    assert file is not None
    return Pillow.open(io.BytesIO(file.read()))


def saved(image: Pillow.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def folder() -> str:
    return f"openimages/{newest('default')}"


def thumbnails(media: Path) -> set[str]:
    return {path.relative_to(media).as_posix() for path in media.glob("openimages/*/thumbnails/*/*")}


def test_the_longest_side_is_as_asked_and_small_pictures_stay_small(add_image: AddImage) -> None:
    assert opened(add_image("wide", picture(400, 100))).size == (128, 32)
    assert opened(add_image("tall", picture(100, 400)), 256).size == (64, 256)
    assert opened(add_image("small", picture(20, 10)), 256).size == (20, 10)


@pytest.mark.parametrize(("asked", "made"), [(1, 128), (128, 128), (129, 256), (1024, 1024), (10**9, 1024)])
def test_only_a_few_sizes_are_made(asked: int, made: int) -> None:
    assert size_for(asked) == made


def test_it_is_kept_by_content_so_that_it_is_made_once(
    add_image: AddImage, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture(400, 100)
    one, two = add_image("one", content), add_image("two", content)
    first = thumbnail(one, 100)
    assert first is not None
    assert thumbnails(media) == {thumbnail_name(folder(), digest_of(content), 128)}
    monkeypatch.setattr(Pillow, "open", None)
    again = thumbnail(two, 100)
    assert again is not None
    assert again.read() == first.read()


def test_pictures_that_came_without_their_digest_are_shown_too(image: Image, media: Path) -> None:
    content = picture(400, 100)
    image.file.save("a.jpg", ContentFile(content))
    assert opened(image).size == (128, 32)
    assert thumbnails(media) == {thumbnail_name(folder(), digest_of(content), 128)}


def test_without_a_picture_there_is_none(image: Image, add_image: AddImage) -> None:
    assert thumbnail(image, 128) is None
    lost = add_image("lost", picture())
    lost.file.storage.delete(str(lost.file.name))
    assert thumbnail(lost, 128) is None


def test_it_is_in_the_frame_of_the_annotations_whatever_exif_says(add_image: AddImage) -> None:
    turned = Pillow.Exif()
    turned[0x0112] = 6
    source = Pillow.new("RGB", (400, 100), "white")
    source.paste("black", (0, 0, 200, 100))
    made = opened(add_image("turned", saved(source, "JPEG", exif=turned)))
    assert made.size == (128, 32)
    assert not made.getexif()
    left, right = made.getpixel((10, 16)), made.getpixel((118, 16))
    assert (left, right) == ((0, 0, 0), (255, 255, 255))


def deep(kind: str) -> bytes:
    values = np.linspace(0, 65535, 40 * 20).reshape(20, 40)
    array = values.astype(np.float32) / 65535 if kind == "F" else values.astype(np.uint16)
    return saved(Pillow.fromarray(array), "TIFF" if kind == "F" else "PNG")


PICTURES: dict[str, Callable[[], bytes]] = {
    "palette": lambda: saved(Pillow.new("P", (40, 20), 3), "GIF"),
    "bilevel": lambda: saved(Pillow.new("1", (40, 20)), "PNG"),
    "grey": lambda: saved(Pillow.new("L", (40, 20)), "PNG"),
    "CMYK": lambda: saved(Pillow.new("CMYK", (40, 20)), "JPEG"),
    "WebP": lambda: saved(Pillow.new("RGBA", (40, 20)), "WEBP"),
    "BMP": lambda: saved(Pillow.new("RGB", (40, 20)), "BMP"),
    "LAB": lambda: saved(Pillow.new("LAB", (40, 20)), "TIFF"),
    "progressive": lambda: saved(Pillow.new("RGB", (40, 20)), "JPEG", progressive=True),
    "I;16": lambda: deep("I"),
    "F": lambda: deep("F"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_of_picture_that_an_import_takes_is_shown(add_image: AddImage, kind: str) -> None:
    made = opened(add_image(kind, PICTURES[kind]()))
    assert (made.size, made.mode, made.format) == ((40, 20), "RGB", "JPEG")


@pytest.mark.parametrize("kind", ["I;16", "F"])
def test_more_than_eight_bits_are_not_cut_off(add_image: AddImage, kind: str) -> None:
    pixels = np.asarray(opened(add_image(kind, PICTURES[kind]())))
    assert pixels.min() < 20
    assert pixels.max() > 235
    assert 100 < pixels.mean() < 155


def test_what_is_transparent_is_shown_on_white(add_image: AddImage) -> None:
    made = opened(add_image("clear", saved(Pillow.new("RGBA", (40, 20), (255, 0, 0, 0)), "PNG")))
    assert made.getpixel((20, 10)) == (255, 255, 255)


@pytest.mark.parametrize("content", [b"", b"no picture", picture(400, 400)[:600], b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_damaged_files_are_refused_with_a_sentence(add_image: AddImage, media: Path, content: bytes) -> None:
    with pytest.raises(BadPicture, match="cannot be unpacked"):
        thumbnail(add_image("bad", content), 128)
    assert thumbnails(media) == set()


def bomb(side: int, colour: int = 0) -> bytes:
    """A PNG of a few kilobytes that says it is `side` pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    header = side.to_bytes(4) * 2 + bytes((8, colour, 0, 0, 0))
    packed = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_bombs_are_not_unpacked(add_image: AddImage, settings: Settings) -> None:
    with pytest.raises(BadPicture, match="is too large for a thumbnail: 12000 x 12000 pixels"):
        thumbnail(add_image("large", bomb(12_000, colour=2)), 128)
    with pytest.raises(BadPicture, match="decompression bomb"):
        thumbnail(add_image("larger", bomb(20_000)), 128)
    settings.OPENIMAGES_IO = {"MAX_PICTURE_PIXELS": 100}
    with pytest.raises(BadPicture, match="more than the limit of 100"):
        thumbnail(add_image("limited", picture(20, 10)), 128)
    settings.OPENIMAGES_IO = {"MAX_PICTURE_BYTES": 100}
    with pytest.raises(BadPicture, match="more than 100 bytes"):
        thumbnail(add_image("long", picture(20, 20)), 128)


def test_a_file_that_was_left_half_way_is_made_again(add_image: AddImage, media: Path) -> None:
    image = add_image("a", picture(400, 100))
    whole = thumbnail(image, 128)
    assert whole is not None
    file = media / thumbnail_name(folder(), image.file_digest, 128)
    file.write_bytes(file.read_bytes()[:100])
    assert opened(image).size == (128, 32)
    assert file.read_bytes() == whole.read()
    assert len(thumbnails(media)) == 1


def test_who_comes_second_leaves_nothing_behind(
    add_image: AddImage, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image("a", picture(400, 100))
    monkeypatch.setattr("openimages_io.viewing.thumbnails._kept", lambda storage, name: None)
    monkeypatch.setattr(FileSystemStorage, "exists", lambda self, name: False)
    monkeypatch.setattr(
        FileSystemStorage,
        "get_available_name",
        lambda self, name, max_length=None: name.replace(".jpg", "-2.jpg") if Path(self.path(name)).exists() else name,
    )
    for _ in range(2):
        assert opened(image).size == (128, 32)
    assert thumbnails(media) == {thumbnail_name(folder(), image.file_digest, 128)}


def test_a_storage_that_keeps_nothing_costs_only_time(
    add_image: AddImage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    image = add_image("a", picture(400, 100))

    def fail(*args: Any, **kwargs: Any) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", fail)
    assert opened(image).size == (128, 32)
    assert "cannot be kept" in caplog.text


def test_they_go_with_the_last_picture_of_that_content(
    add_image: AddImage, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    content = picture(400, 100)
    one, two = add_image("one", content), add_image("two", content)
    for size in SIZES:
        thumbnail(one, size)
    assert thumbnails(media) == set(thumbnail_names([folder()], digest_of(content)))
    with django_capture_on_commit_callbacks(execute=True):
        one.delete()
    assert len(thumbnails(media)) == len(SIZES)
    with django_capture_on_commit_callbacks(execute=True):
        two.delete()
    assert thumbnails(media) == set()


def test_they_go_when_an_import_replaces_the_picture(transactional_db: None, tmp_path: Path, media: Path) -> None:
    archive = tmp_path / "archive"
    bring_in(write(archive, {"images/train/a.jpg": picture(400, 100)}))
    thumbnail(Image.objects.get(), 128)
    assert len(thumbnails(media)) == 1
    bring_in(write(archive, {"images/train/a.jpg": picture(100, 400)}))
    assert thumbnails(media) == set()
    assert opened(Image.objects.get()).size == (32, 128)
