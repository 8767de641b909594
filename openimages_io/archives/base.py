"""What a folder, a zip and a tar have in common once they are open."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Self

from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.safety import file_problem
from openimages_io.archives.streams import MemberStream, failed
from openimages_io.archives.temporary import discard, temporary_file, temporary_space

BUFFER = 2**20
"""Bytes that are unpacked at once from an open member."""

Tick = Callable[[int, int], None]
"""Takes the packed bytes that were read while something is unpacked, and their number; may raise to stop it."""


class Archive(ABC):
    """The files of one source, by their path inside it. Reading is safe from several threads; closing is not."""

    paths: Mapping[str, int]
    """Path inside, with slashes, sorted; to unpacked size in bytes. Without folders, junk and one enclosing folder."""
    enclosing: str
    """The folder that everything stands in and that is left out of `paths`, with its slash; mostly empty."""
    own_bytes: int = 0
    """Size of the source as it is, packed or not; of a nested archive 0."""
    tick: Tick | None = None
    """Called while an archive within this one is unpacked."""

    def __init__(
        self,
        limits: ArchiveLimits,
        prefix: str,
        content_folders: Collection[str],
        enclosing: str,
        sizes: dict[str, int],
    ) -> None:
        self.limits = limits
        self.content_folders = content_folders
        """Names of top folders that are never taken for the enclosing one."""
        self.paths = MappingProxyType(sizes)
        self.enclosing = enclosing
        self._prefix = prefix

    def open(self, path: str) -> BinaryIO:
        """Opens a member for reading from its start.

        Raises UnreadableArchive if it is not there, and while it is read if it is damaged.
        """
        return io.BufferedReader(self._stream(path, self._size(path)), BUFFER)

    def read(self, path: str, max_bytes: int) -> bytes:
        """Returns a small member whole. Raises UnreadableArchive if it is not there, too large or damaged."""
        size = self._size(path)
        if size > max_bytes:
            raise file_problem("too-large", self.place(path), "read", size=size, limit=max_bytes)
        return self._whole(path, size)

    def extract(self, path: str) -> BinaryIO:
        """Opens a member as a file that can be read at any place: a temporary one, or the file itself."""
        spool = temporary_file()
        try:
            with self.open(path) as member:
                while block := member.read(BUFFER):
                    with temporary_space():
                        spool.write(block)
                    if self.tick is not None:
                        self.tick(spool.tell(), self._size(path))
            with temporary_space():
                spool.flush()
        except OSError as error:
            discard(spool)
            raise failed(self.place(path), error) from error
        except BaseException:
            discard(spool)
            raise
        return spool

    @abstractmethod
    def close(self) -> None:
        """Closes the source and removes what was unpacked."""

    def place(self, path: str) -> str:
        """The path as issues show it: in a nested archive it starts with that archive's own."""
        return self._prefix + path

    @abstractmethod
    def _stream(self, path: str, size: int) -> MemberStream: ...

    @abstractmethod
    def _whole(self, path: str, size: int) -> bytes: ...

    def _size(self, path: str) -> int:
        size = self.paths.get(path)
        if size is None:
            raise file_problem("not-found", self.place(path))
        return size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
