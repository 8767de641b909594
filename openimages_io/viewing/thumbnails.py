"""Pictures made small, each once: they are kept in the picture storage, named by content and size."""

import io
import logging
import warnings
from typing import Final

import numpy as np
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from PIL import Image as Pillow

from openimages_io import conf
from openimages_io.format.pictures import FORMATS, BadPicture
from openimages_io.models import Image
from openimages_io.models.thumbnails import SIZES, thumbnail_name
from openimages_io.transfer.pictures import digest_of

_MOST_PIXELS: Final = 100_000_000
"""Pixels that are unpacked for a thumbnail, which is 300 MB; of JPEG files, an eighth of each side is enough."""
_END_OF_JPEG: Final = b"\xff\xd9"
_BACKGROUND: Final = (255, 255, 255)

log = logging.getLogger(__name__)


def size_for(pixels: int) -> int:
    """The smallest of the sizes that are made that is at least as large, or the largest of them."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


def thumbnail(image: Image, size: int) -> "File[bytes] | None":
    """The picture as a JPEG whose longest side is `size_for(size)` pixels; smaller pictures are not made larger.

    It is in the frame that the annotations are in: the pixels as they are stored, whatever turn an EXIF tag asks for.
    None if there is no picture file, or the storage has lost it. Raises `BadPicture` for one that cannot be unpacked.
    """
    if not image.file or image.file.name is None:
        return None
    storage, size = image.file.storage, size_for(size)
    kept = _kept(storage, thumbnail_name(image.file_digest, size)) if image.file_digest else None
    if kept is not None:
        return kept
    limit = conf.limits().max_picture_bytes
    try:
        with storage.open(image.file.name) as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        return None
    if len(data) > limit:
        raise BadPicture(f"has more than {limit:,} bytes")
    name = thumbnail_name(image.file_digest or digest_of(data), size)
    made = ContentFile(_shrink(data, size), name=name)
    _keep(storage, name, made)
    made.seek(0)
    return made


def _kept(storage: Storage, name: str) -> "File[bytes] | None":
    try:
        with storage.open(name) as stream:
            data = stream.read()
    except FileNotFoundError:
        return None
    # A storage may show a file that is still being written, or that was left half-way.
    return ContentFile(data, name=name) if data.endswith(_END_OF_JPEG) else None


def _keep(storage: Storage, name: str, made: "File[bytes]") -> None:
    """Keeps the thumbnail for next time; a storage that fails costs that time and nothing else."""
    try:
        if storage.exists(name) and _kept(storage, name) is None:
            storage.delete(name)
        saved = storage.save(name, made)
        if saved != name:  # somebody else was quicker
            storage.delete(saved)
    except Exception:  # storages have errors of their own
        log.warning("The thumbnail %s cannot be kept.", name, exc_info=True)


def _shrink(data: bytes, size: int) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _encode(_small(picture, size))
    except BadPicture:
        raise
    except Exception as error:  # a stranger's file makes Pillow raise whatever there is
        raise BadPicture(f"cannot be unpacked: {error}") from error


def _small(picture: Pillow.Image, size: int) -> Pillow.Image:
    width, height = picture.size
    limit = conf.limits().max_picture_pixels
    if width * height > limit:
        raise BadPicture(f"is {width} x {height} pixels, more than the limit of {limit:,}")
    if not picture.info.get("progressive"):  # of which all is unpacked first
        picture.draft("RGB", (2 * size, 2 * size))
        width, height = picture.size
    if width * height > _MOST_PIXELS:
        raise BadPicture(f"is too large for a thumbnail: {width} x {height} pixels would have to be unpacked")
    picture.load()
    small = _as_rgb(picture, size)
    small.thumbnail((size, size), Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def _as_rgb(picture: Pillow.Image, size: int) -> Pillow.Image:
    if picture.mode.startswith(("I", "F")):
        return _from_deep(picture)
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        layers.thumbnail((size, size), Pillow.Resampling.LANCZOS, reducing_gap=3.0)
        below = Pillow.new("RGB", layers.size, _BACKGROUND)
        below.paste(layers, mask=layers.getchannel("A"))
        return below
    return picture.convert("RGB")


def _from_deep(picture: Pillow.Image) -> Pillow.Image:
    """Grey in more than eight bits: Pillow would cut everything above 255 off."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32), nan=0, posinf=0, neginf=0)
    largest = float(values.max())
    top = 1 if picture.mode == "F" and largest <= 1 else 255 if largest <= 255 else max(largest, 65535)
    return Pillow.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8)).convert("RGB")


def _encode(picture: Pillow.Image) -> bytes:
    """Without EXIF, colour profiles and comments, so that no browser turns it."""
    picture.info.clear()
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=82, optimize=True, progressive=False)
    return target.getvalue()
