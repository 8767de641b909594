"""Picture files: their size, and their way into the storage under names that cannot collide."""

import hashlib
import io
import secrets
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from openimages_io.format.limits import Limits

FOLDER: Final = "openimages"
FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_STEPS: Final = (1 << 16, 1 << 20)


class BadPicture(ValueError):
    """A file that is no picture we take. The message ends a sentence whose subject is the file."""


class TooManyPixels(BadPicture):
    """A picture that is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture in the storage."""

    file: str
    """Its name there."""
    digest: str
    """SHA-256 of its content, in hex."""
    suffix: str
    """The extension that it came with, with the dot."""
    width: int
    height: int


def picture_size(stream: BinaryIO, limits: Limits) -> tuple[int, int]:
    """Width and height in pixels, from as little of the file as will do. Raises `BadPicture`."""
    data = b""
    for step in (*_STEPS, limits.max_picture_bytes):
        more = stream.read(step - len(data))
        data += more
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
                with Pillow.open(io.BytesIO(data), formats=FORMATS) as picture:
                    width, height = picture.size
        except Pillow.DecompressionBombError:
            raise TooManyPixels("has more pixels than any picture should have") from None
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, TypeError, OverflowError):
            if not more:
                break
            continue
        if width * height > limits.max_picture_pixels:
            raise TooManyPixels(f"is {width} x {height} pixels, more than the limit of {limits.max_picture_pixels:,}")
        return width, height
    raise BadPicture("is not a picture that can be read" if data else "is empty (0 bytes)")


def digest_of(data: bytes) -> str:
    """The name of a content: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def store(storage: Storage, data: bytes, path: str, limits: Limits) -> Stored:
    """Stores a picture under a name by content, with a random end, so that no two rows ever share a file.

    Raises `BadPicture`; nothing is stored then.
    """
    width, height = picture_size(io.BytesIO(data), limits)
    digest, suffix = digest_of(data), suffix_of(path)
    name = f"{FOLDER}/{digest[:2]}/{digest}-{secrets.token_hex(4)}{suffix.lower()}"
    try:
        name = storage.save(name, ContentFile(data))
    except BaseException:
        with suppress(Exception):  # a part of it may be there
            storage.delete(name)
        raise
    return Stored(name, digest, suffix, width, height)


def suffix_of(path: str) -> str:
    """The extension with its dot, as it came."""
    return PurePosixPath(path).suffix
