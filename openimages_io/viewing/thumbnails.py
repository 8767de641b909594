"""Pictures made small, each once: they are kept in the picture storage, named by content and size."""

import io
import logging
import warnings
from typing import IO, Any, Final

import numpy as np
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import router
from numpy.typing import NDArray
from PIL import ExifTags, ImageDraw
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from openimages_io import conf
from openimages_io.format.pictures import FORMATS, BadPicture
from openimages_io.models import Image
from openimages_io.models.installation import Proof, folder_of, newest
from openimages_io.models.thumbnails import SIZES, thumbnail_name
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.viewing.decoding_memory import prepare

_GAP: Final = 1.5
"""How much larger the copy is at least that is then made exactly as small as it is to be."""
_TILE: Final = 1024
_TILES: Final = 16 * _TILE**2
"""Memory in bytes for the copies of one tile."""
_REDUCED_BYTES: Final = 6
"""Memory for one pixel of the smaller copy, and of what is made of it."""
_END_OF_JPEG: Final = b"\xff\xd9"
_BACKGROUND: Final = (255, 255, 255)
_UNTURN: Final = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}
"""The other way round of each EXIF orientation."""
_PLACEHOLDER: Final = (200, 200, 200)

log = logging.getLogger(__name__)


class TooLargeToShow(BadPicture):
    """A picture whose thumbnail would take more memory than a site gives."""


def size_for(pixels: int) -> int:
    """The smallest of the sizes that are made that is at least as large, or the largest of them."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


def thumbnail(image: Image, size: int) -> "File[bytes] | None":
    """The picture as a JPEG whose longest side is `size_for(size)` pixels; smaller pictures are not made larger.

    It is in the frame that the annotations are in: the pixels as they are stored, whatever turn an EXIF tag asks for.
    None if there is no picture file, or the storage has lost it. Raises `BadPicture` for one that cannot be unpacked,
    and `TooLargeToShow` for one that would take too much memory.
    """
    if not image.file or image.file.name is None:
        return None
    storage, size = image.file.storage, size_for(size)
    folder = _folder(image)
    kept = _kept(storage, thumbnail_name(folder, image.file_digest, size)) if image.file_digest else None
    if kept is not None:
        return kept
    limit = conf.limits().max_picture_bytes
    try:
        with storage.open(image.file.name) as stream:
            if stream.size > limit:
                raise BadPicture("many-bytes", limit=limit)
            name = thumbnail_name(folder, image.file_digest or digest_of(stream.read()), size)
            stream.seek(0)
            made = ContentFile(_shrink(stream, size), name=name)
    except FileNotFoundError:
        return None
    _keep(storage, name, made, image)
    made.seek(0)
    return made


def placeholder(image: Image, size: int) -> bytes:
    """Draw a JPEG in the place of a thumbnail of a picture that is too large to show, of the same proportions."""
    width, height = image.width or 1, image.height or 1
    scale = min(1, size_for(size) / max(width, height))
    drawn = Pillow.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))), _PLACEHOLDER)
    pen = ImageDraw.Draw(drawn)
    right, bottom = drawn.width - 1, drawn.height - 1
    pen.line((0, 0, right, bottom), "white")
    pen.line((0, bottom, right, 0), "white")
    pen.text((4, 4), f"{width} x {height}: too large to show", "black")
    return _encode(drawn)


def _folder(image: Image) -> str:
    """Where its thumbnails lie: with the picture, or where pictures are stored now if it is from elsewhere."""
    folder = folder_of(str(image.file))
    if folder.rpartition("/")[0] == conf.options().picture_prefix:
        return folder
    return f"{conf.options().picture_prefix}/{newest(router.db_for_write(Image, instance=image))}"


def _kept(storage: Storage, name: str) -> "File[bytes] | None":
    try:
        with storage.open(name) as stream:
            data = stream.read()
    except FileNotFoundError:
        return None
    # A storage may show a file that is still being written, or that was left half-way.
    return ContentFile(data, name=name) if data.endswith(_END_OF_JPEG) else None


def _keep(storage: Storage, name: str, made: "File[bytes]", image: Image) -> None:
    """Keeps the thumbnail for next time; a storage that fails costs that time and nothing else."""
    try:
        if storage.exists(name) and _kept(storage, name) is None:
            if not Proof(storage, router.db_for_write(Image, instance=image)).holds(name):
                return
            storage.delete(name)
        saved = storage.save(name, made)
        if saved != name:  # somebody else was quicker
            storage.delete(saved)
    except Exception:  # storages have errors of their own
        log.warning("The thumbnail %s cannot be kept.", name, exc_info=True)


def _shrink(stream: IO[bytes], size: int) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(stream, formats=FORMATS) as picture:
                return _encode(_small(picture, stream, size))
    except BadPicture:
        raise
    except Exception as error:  # an untrusted file makes Pillow raise whatever there is
        raise BadPicture("unpacking", detail=str(error)) from error


def _small(picture: ImageFile, stream: IO[bytes], size: int) -> Pillow.Image:
    width, height = picture.size
    limits = conf.limits()
    if width * height > limits.max_picture_pixels:
        raise BadPicture("pixels", width=width, height=height, limit=limits.max_picture_pixels)
    unturn = _unturn(picture)
    unpacking, kept = prepare(picture, stream, size)
    unpacking += kept if unturn is not None else 0
    factor = max(1, round(max(picture.size) / _GAP) // size)
    reduced = _TILES + _REDUCED_BYTES * picture.size[0] * picture.size[1] // factor**2
    needed = max(unpacking, kept + reduced)
    if needed > limits.max_thumbnail_bytes:
        raise TooLargeToShow("thumbnail", width=width, height=height, size=needed, limit=limits.max_thumbnail_bytes)
    picture.load()
    small = _reduced(picture, factor)
    small.thumbnail((size, size), Pillow.Resampling.LANCZOS)
    return small if unturn is None else small.transpose(unturn)


def _unturn(picture: ImageFile) -> Pillow.Transpose | None:
    """What gives a TIFF the pixels back that it stores: Pillow turns it, as it does no other picture, by its tag."""
    turn: Any = picture.getexif().get(ExifTags.Base.Orientation) if picture.format == "TIFF" else None
    return _UNTURN.get(turn)


def _reduced(picture: Pillow.Image, factor: int) -> Pillow.Image:
    """A smaller copy in RGB, made tile by tile: to convert all of it would take as much memory again."""
    width, height = picture.size
    side = max(1, _TILE // factor) * factor
    tiles = [(x, y) for y in range(0, height, side) for x in range(0, width, side)]

    def tile(x: int, y: int) -> Pillow.Image:
        return picture.crop((x, y, min(x + side, width), min(y + side, height)))

    largest = max(_largest(tile(*at)) for at in tiles) if _is_deep(picture) else 0.0
    small = Pillow.new("RGB", (-(-width // factor), -(-height // factor)))
    for x, y in tiles:
        small.paste(_as_rgb(tile(x, y), largest).reduce(factor), (x // factor, y // factor))
    return small


def _as_rgb(picture: Pillow.Image, largest: float) -> Pillow.Image:
    if _is_deep(picture):
        top = 1 if picture.mode == "F" and largest <= 1 else 255 if largest <= 255 else max(largest, 65535)
        return Pillow.fromarray(np.clip(_deep(picture) * (255 / top), 0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        below = Pillow.new("RGB", layers.size, _BACKGROUND)
        below.paste(layers, mask=layers.getchannel("A"))
        return below
    return picture.convert("RGB")


def _is_deep(picture: Pillow.Image) -> bool:
    """Whether it is grey in more than eight bits: Pillow would cut everything above 255 off."""
    return picture.mode.startswith(("I", "F"))


def _deep(picture: Pillow.Image) -> NDArray[np.float32]:
    return np.nan_to_num(np.asarray(picture, dtype=np.float32), nan=0, posinf=0, neginf=0)


def _largest(picture: Pillow.Image) -> float:
    return float(_deep(picture).max())


def _encode(picture: Pillow.Image) -> bytes:
    """Without EXIF, colour profiles and comments, so that no browser turns it."""
    picture.info.clear()
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=82, optimize=True, progressive=False)
    return target.getvalue()
