"""Picture files on their way into the storage, under names that cannot collide."""

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from types import TracebackType
from typing import Final, Self

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.db import connections

from openimages_io.archives.base import Archive
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import CannotBeStored, Failure, UnreadableArchive
from openimages_io.format.limits import Limits
from openimages_io.format.pictures import BadPicture, check_picture
from openimages_io.models.deletion import picture_folder
from openimages_io.transfer.plan import ArchiveChanged, Plan

AT_ONCE: Final = 8
"""Pictures that are saved at a time on a storage that is not on this machine."""
_BYTES_AT_ONCE: Final = 64 * 2**20
"""What they have together at most, unless it is one."""


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
    return _save(files, _named(folder, data, path, limits), data)


def _named(folder: str, data: bytes, path: str, limits: Limits) -> Stored:
    """The picture as it is to be stored. Raises `BadPicture`."""
    width, height = check_picture(data, limits)
    digest, suffix = digest_of(data), suffix_of(path)
    name = f"{folder}/{digest[:2]}/{digest}-{secrets.token_hex(4)}{suffix.lower()}"
    return Stored(name, digest, suffix, width, height)


def _save(files: NewFiles, picture: Stored, data: bytes) -> Stored:
    return replace(picture, file=files.save(picture.file, ContentFile(data)))


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
    with _Savers(files) as savers:

        def keep(finished: Iterable[tuple[str, Future[Stored]]]) -> None:
            nonlocal done
            for path, saved in finished:
                try:
                    stored[path] = saved.result()
                except Exception as error:
                    raise _failure(path, error) from error
                done += archive.paths[path]
                progress(done, total)

        for path in plan.pictures.values():
            try:
                folder = folder or picture_folder(files.storage, using)
                data = archive.read(path, limits.max_picture_bytes)
                if digest_of(data) != plan.digests[path]:
                    raise ArchiveChanged(path)
                picture = _named(folder, data, path, limits)
            except (UnreadableArchive, BadPicture) as fault:
                raise ArchiveChanged(path) from fault
            except ArchiveChanged:
                raise
            except Exception as error:  # storages have errors of their own
                raise _failure(path, error) from error
            keep(savers.add(path, picture, data))
        keep(savers.rest())
    return stored


def _failure(path: str, error: Exception) -> Failure:
    cause = error.__cause__ if isinstance(error, CannotBeStored) else error
    return Failure("picture-storage", picture=path, detail=str(getattr(cause, "strerror", None) or cause))


class _Savers:
    """Saves pictures, several at a time where the storage is not on this machine; what is begun is also ended.

    They are handed back in their order, so that the first one that fails is the one that is told.
    """

    def __init__(self, files: NewFiles) -> None:
        self._files = files
        is_local = isinstance(files.storage, FileSystemStorage | InMemoryStorage)
        self._pool = None if is_local else ThreadPoolExecutor(AT_ONCE, "openimages-pictures")
        self._begun: deque[tuple[str, int, Future[Stored]]] = deque()

    def add(self, path: str, picture: Stored, data: bytes) -> Iterator[tuple[str, Future[Stored]]]:
        """Begins to save one, after as many others have ended as there must; yields those."""
        while self._begun and not self._has_room(len(data)):
            yield self._oldest()
        if self._pool is None:
            saved: Future[Stored] = Future()
            try:
                saved.set_result(_save(self._files, picture, data))
            except Exception as error:  # noqa: BLE001  (it is raised for who asks for the result)
                saved.set_exception(error)
            yield path, saved
        else:
            self._begun.append((path, len(data), self._pool.submit(self._save_apart, picture, data)))

    def rest(self) -> Iterator[tuple[str, Future[Stored]]]:
        """Yields all that have not been yet."""
        while self._begun:
            yield self._oldest()

    def _oldest(self) -> tuple[str, Future[Stored]]:
        path, _, saved = self._begun.popleft()
        wait([saved])
        return path, saved

    def _has_room(self, size: int) -> bool:
        return len(self._begun) < AT_ONCE and sum(begun for _, begun, _ in self._begun) + size <= _BYTES_AT_ONCE

    def _save_apart(self, picture: Stored, data: bytes) -> Stored:
        try:
            return _save(self._files, picture, data)
        finally:
            connections.close_all()  # a storage may keep files in a database: these are the thread's own

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
