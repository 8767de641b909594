"""Picture files on their way into the storage, under names that cannot collide."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile

from openimages_io.archives.base import Archive
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import CannotBeStored, Failure, UnreadableArchive
from openimages_io.format.limits import Limits
from openimages_io.format.pictures import BadPicture, check_picture
from openimages_io.models.deletion import picture_folder
from openimages_io.transfer.plan import ArchiveChanged, Plan


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


def store_pictures(
    plan: Plan, archive: Archive, files: NewFiles, limits: Limits, using: str, progress: Callable[[int, int], None]
) -> dict[str, Stored]:
    """Stores the pictures of a plan, before its transaction. Returns them by path.

    `progress` is told the bytes that are done, and all. Raises `ArchiveChanged` if one is not what was checked, and
    `OpenImagesError` if the storage fails.
    """
    stored: dict[str, Stored] = {}
    done, total = 0, sum(archive.paths[path] for path in plan.pictures.values())
    folder = ""
    for path in plan.pictures.values():
        try:
            folder = folder or picture_folder(files.storage, using)
            data = archive.read(path, limits.max_picture_bytes)
            if digest_of(data) != plan.digests[path]:
                raise ArchiveChanged(path)
            stored[path] = store(files, folder, data, path, limits)
        except (UnreadableArchive, BadPicture) as fault:
            raise ArchiveChanged(path) from fault
        except ArchiveChanged:
            raise
        except Exception as error:  # storages have errors of their own
            cause = error.__cause__ if isinstance(error, CannotBeStored) else error
            detail = str(getattr(cause, "strerror", None) or cause)
            raise Failure("picture-storage", picture=path, detail=detail) from error
        done += archive.paths[path]
        progress(done, total)
    return stored
