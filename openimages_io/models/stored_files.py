"""What a storage says of its files; some storages cannot list them, or do not know how old they are."""

from datetime import timedelta
from typing import Final

from django.core.files.storage import Storage

from openimages_io.models.timestamps import time_since

GRACE: Final = timedelta(days=1)
"""A file this young may be one whose row is still to come."""


def listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """The names of folders and files in a folder, sorted; none where there is nothing, or the storage keeps no list."""
    try:
        folders, files = storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError, NotImplementedError):
        return [], []
    return sorted(folders), sorted(files)


def age_of(storage: Storage, name: str) -> timedelta | None:
    """How long ago a file was changed; None if it is gone or the storage does not know."""
    try:
        modified = storage.get_modified_time(name)
    except (FileNotFoundError, NotImplementedError):
        return None
    return time_since(modified)
