"""Which stored files are this installation's: a storage may be shared, and nobody deletes what another one wrote.

What is stored goes into a folder named by an id that the database holds. In it lies a mark with the id and a digest of
where the database is: so a copy of the database, which has the same id, is known from its original.
"""

import hashlib
import json
import logging
import re
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import connections, models
from django.utils.translation import gettext_lazy as _

from openimages_io.exceptions import CannotBeStored
from openimages_io.models.stored_files import listed

log = logging.getLogger(__name__)

MARK: Final = "installation.json"
_LONGEST: Final = 10_000
"""Bytes of a mark."""
_NOTE: Final = (
    "What is in this folder belongs to one installation of openimages_io, whose prune_openimages_jobs may remove it."
)
_FOLDER: Final = re.compile(r"(.+?/([0-9a-f]{32}))/.")


class Installation(models.Model):
    """An id of this database: the name of its folders in the storages. The newest is the one in use.

    There are several if the database is a copy that has stored files of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        default_permissions = ()
        ordering = ("created", "pk")

    def __str__(self) -> str:
        return self.pk.hex


def newest(using: str) -> Installation:
    """The id in use; a database that was emptied gets one."""
    every = Installation._base_manager.using(using)
    return every.order_by("created", "pk").last() or every.create()


def claim(storage: Storage, root: str, using: str) -> str:
    """Returns the folder below `root` for what this database stores, and marks it as its own.

    A copy of a database finds the mark of its original, and gets an id of its own. Raises what the storage raises.
    """
    folder = f"{root}/{newest(using)}"
    mark = read_mark(storage, folder)
    if mark is None:
        write_mark(storage, folder, using)
        mark = read_mark(storage, folder)
    if mark != place_of(using):
        folder = f"{root}/{Installation._base_manager.using(using).create()}"
        write_mark(storage, folder, using)
        log.warning("The database seems to be a copy, so what it stores goes into a folder of its own, %s.", folder)
    return folder


def mark_if_new(storage: Storage, root: str, using: str) -> None:
    """Marks the folder in use where nothing was stored yet, before a copy of the database can do so."""
    folder = f"{root}/{newest(using)}"
    if read_mark(storage, folder) is None and not any(listed(storage, folder)):
        write_mark(storage, folder, using)


def adopt(storage: Storage, root: str, using: str, *, dry_run: bool = False) -> int:
    """Marks all folders of this database's ids as its own, whoever had them. Returns the number of those that were not.

    Raises what the storage raises.
    """
    doubtful = Proof(storage, using).doubtful(root)
    for folder in () if dry_run else doubtful:
        storage.delete(f"{folder}/{MARK}")
        write_mark(storage, folder, using)
    return len(doubtful)


def read_mark(storage: Storage, folder: str) -> str | None:
    """The digest of the database that a folder belongs to; None if it has no mark, empty if that makes no sense."""
    name = f"{folder}/{MARK}"
    if not storage.exists(name):
        return None
    with storage.open(name) as file:
        try:
            said: Any = json.loads(file.read(_LONGEST))
        except ValueError:
            return ""
    its_own = isinstance(said, dict) and said.get("installation") == folder.rpartition("/")[2]
    return str(said.get("database", "")) if its_own else ""


def write_mark(storage: Storage, folder: str, using: str) -> None:
    """Marks a folder that has no mark yet; of two databases that do so at once, the first has it.

    Raises `CannotBeStored`.
    """
    mark = {"about": _NOTE, "installation": folder.rpartition("/")[2], "database": place_of(using)}
    name = f"{folder}/{MARK}"
    try:
        saved = storage.save(name, ContentFile(json.dumps(mark, indent=2).encode() + b"\n"))
    except OSError as error:
        raise CannotBeStored.of(error) from error
    if saved != name:
        storage.delete(saved)


def place_of(using: str) -> str:
    """A digest of where a database is. Not the place itself: the media of a site are often open to everybody."""
    connection = connections[using]
    settings = connection.settings_dict
    name = str(settings["NAME"] or settings["OPTIONS"].get("service", ""))
    place = [connection.vendor, str(settings["HOST"]), str(settings["PORT"]), name]
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's have it
        path = Path(name.removeprefix("file:").partition("?")[0] if name.startswith("file:") else name).resolve()
        place[-1:] = [str(path), str(path.stat().st_ino) if path.exists() else ""]
    return hashlib.sha256(json.dumps(place).encode()).hexdigest()


def folder_of(name: str) -> str:
    """The folder of the id that a stored file's name holds; empty for a name without one."""
    match = _FOLDER.match(name)
    return match[1] if match else ""


class Proof:
    """What shows that files of one storage were stored by this database. Each mark is read once."""

    def __init__(self, storage: Storage, using: str) -> None:
        self._storage, self._using = storage, using
        self._owned: dict[str, bool] = {}

    @cached_property
    def ids(self) -> list[str]:
        """The ids of this database, the oldest first."""
        return [str(installation) for installation in Installation._base_manager.using(self._using)]

    def owns(self, folder: str) -> bool:
        """Whether this is a folder of this database, which is not a copy of the one that made it."""
        if folder not in self._owned:
            known = folder.rpartition("/")[2] in self.ids
            self._owned[folder] = known and read_mark(self._storage, folder) == place_of(self._using)
        return self._owned[folder]

    def holds(self, name: str) -> bool:
        """Whether a file lies in a folder of this database."""
        return self.owns(folder_of(name))

    def is_original(self, root: str) -> bool:
        """Whether this database is not a copy, which speaks for files that were named before there were ids."""
        return bool(self.ids) and self.owns(f"{root}/{self.ids[0]}")

    def owned(self, root: str) -> list[str]:
        """The folders below `root` that are this database's."""
        return [f"{root}/{key}" for key in self.ids if self.owns(f"{root}/{key}")]

    def doubtful(self, root: str) -> list[str]:
        """The folders below `root` that have this database's ids, and hold files, but not its mark."""
        folders = [f"{root}/{key}" for key in self.ids if not self.owns(f"{root}/{key}")]
        return [
            folder
            for folder in folders
            if read_mark(self._storage, folder) is not None or any(listed(self._storage, folder))
        ]
