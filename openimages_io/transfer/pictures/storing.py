"""Picture files on their way into the storage, under names that cannot collide."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile

from openimages_io.database.new_files import NewFiles
from openimages_io.format.limits import Limits
from openimages_io.format.pictures import check_picture


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


def digest_of(data: bytes) -> str:
    """The name of a content: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def store(files: NewFiles, folder: str, data: bytes, path: str, limits: Limits) -> Stored:
    """Stores a picture under a name by content, with a random end, so that no two rows ever share a file.

    `folder` is what `picture_folder` returned.

    Raises `BadPicture`; nothing is stored then.
    """
    width, height = check_picture(data, limits)
    digest, suffix = digest_of(data), suffix_of(path)
    name = f"{folder}/{digest[:2]}/{digest}-{secrets.token_hex(4)}{suffix.lower()}"
    name = files.save(name, ContentFile(data))
    return Stored(name, digest, suffix, width, height)


def suffix_of(path: str) -> str:
    """The extension with its dot, as it came."""
    return PurePosixPath(path).suffix
