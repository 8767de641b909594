"""A folder as an archive."""

import io
import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from openimages_io.archives.base import Archive
from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.safety import Intake, file_problem
from openimages_io.archives.streams import MemberStream, failed

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_regular(path: str) -> io.FileIO:
    """Opens a file unbuffered and without ever waiting for it, as opening a pipe does.

    Raises OSError also for what is not a regular file.
    """
    descriptor = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a regular file")
    return io.FileIO(descriptor, closefd=True)


class FolderArchive(Archive):
    """The files below a folder."""

    def __init__(self, root: Path, limits: ArchiveLimits, content_folders: Collection[str]) -> None:
        intake: Intake[str] = Intake(limits, str(root), "", content_folders)
        _list(os.path.realpath(root), intake)
        enclosing, sizes, self._files = intake.finish()
        super().__init__(limits, "", content_folders, enclosing, sizes)

    def close(self) -> None:
        """Does nothing: every open file closes itself."""

    def extract(self, path: str) -> BinaryIO:
        """Opens the file itself."""
        return self._file(path)

    def _stream(self, path: str, size: int) -> MemberStream:
        file = self._file(path)
        return MemberStream(file.read, size, self.place(path), closes=file.close)

    def _whole(self, path: str, size: int) -> bytes:
        with self._file(path) as file:
            try:
                data = file.read(size + 1)
            except OSError as error:
                raise failed(self.place(path), error) from error
        if len(data) != size:
            raise file_problem("wrong-size", self.place(path), "changed", size=size)
        return data

    def _file(self, path: str) -> io.FileIO:
        try:
            return open_regular(self._files[path])
        except OSError as error:
            raise failed(self.place(path), error) from error


def _list(root: str, intake: Intake[str]) -> None:
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    path = intake.path(folder + entry.name)
                    if path is None:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(f"{path}/")
                    else:
                        _admit(entry, path, root, intake)
        except OSError as error:
            intake.refuse("unreadable", folder, "folder", detail=error.strerror)


def _admit(entry: os.DirEntry[str], path: str, root: str, intake: Intake[str]) -> None:
    target = entry.path
    if entry.is_symlink():
        target = os.path.realpath(entry.path)
        if not Path(target).is_relative_to(root):
            intake.refuse("unsafe-link", path, "outside")
            return
    try:
        status = Path(target).stat()
    except OSError as error:
        intake.refuse("unreadable", path, detail=error.strerror)
        return
    if entry.is_symlink() and stat.S_ISDIR(status.st_mode):
        intake.refuse("unsafe-link", path, "folder")
    elif not stat.S_ISREG(status.st_mode):
        intake.refuse("special-file", path)
    elif not os.access(target, os.R_OK):
        intake.refuse("unreadable", path, "permission")
    else:
        intake.add(path, status.st_size, target)
