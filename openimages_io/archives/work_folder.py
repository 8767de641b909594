"""Folders for what is not complete yet. A process that is killed leaves its own, and whoever comes next can tell so.

In each lies a note: who made it, and every file in it before that is written. The process holds a lock on the note,
which the kernel releases when it ends, however it ends.
"""

import errno
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

if sys.platform != "win32":
    import fcntl

TEMPORARY: Final = "openimages-"
"""How the names of our folders among a machine's temporary files begin."""
NOTE: Final = ".openimages-work"
_ABOUT: Final = "openimages_io writes here; what is listed below may be removed when nobody holds a lock on this file"
_OLD: Final = 86_400.0
"""Seconds without a change after which a folder is left for good, if a lock may be unseen: another machine's."""
_LONGEST: Final = 5000
"""Characters of one line."""


class WorkFolder:
    """A new folder that is removed on leaving, with the files that were named, and only those.

    Raises OSError where it cannot be made.
    """

    def __init__(self, parent: Path, prefix: str, suffix: str = "") -> None:
        self.path = parent / f"{prefix}{secrets.token_hex(4)}{suffix}"
        self.path.mkdir(mode=0o700)
        self._note = -1
        try:
            self._note = os.open(self.path / NOTE, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            is_locked = _lock(self._note)  # or else the note says nothing, and is never taken for one that was left
            self._write(json.dumps({"about": _ABOUT, "boot": _boot()} if is_locked else {}))
        except OSError:
            self.close()
            raise

    def file(self, name: str) -> Path:
        """Returns where to write a file of this name, which may have folders, once its name is in the note."""
        self._write(name)
        return self.path / name

    def close(self) -> None:
        """Removes the files that were named and the folder, unless there is something else in it."""
        if self._note >= 0:
            _clear(self.path, self._note)
            os.close(self._note)
            self._note = -1
        with suppress(OSError):
            self.path.rmdir()

    def _write(self, line: str) -> None:
        data = f"{line}\n".encode()
        if os.write(self._note, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def left_behind(parent: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """Yields the work folders of these names whose processes have ended; each is locked until the next is asked for.

    Those of other users are passed over, and so is whatever has no note of ours, unless it is empty and old: such a
    process was killed before it had written the note, or after it had removed it. Raises nothing.
    """
    pattern = re.compile(f"{re.escape(prefix)}[0-9a-f]{{8}}{re.escape(suffix)}")
    try:
        with os.scandir(parent) as entries:
            paths = sorted(Path(entry.path) for entry in entries if pattern.fullmatch(entry.name))
    except OSError:
        return
    for path in paths:
        with _held(path) as note:
            if note is not None or _is_bare(path):
                yield path


def remove_left(path: Path) -> bool:
    """Removes what was left in a folder that `left_behind` gave. Returns whether the folder is gone, too."""
    with suppress(OSError):
        for inner in sorted(path.iterdir()):
            with _held(inner) as held:
                if held is not None or _is_bare(inner):
                    remove_left(inner)
        with suppress(FileNotFoundError):
            note = os.open(path / NOTE, os.O_RDONLY)
            try:
                _clear(path, note)
            finally:
                os.close(note)
        path.rmdir()
    return not path.exists()


@contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """The locked note of a folder that is ours and whose process has ended, or else None."""
    note = -1
    try:
        with suppress(OSError):
            note = os.open(path / NOTE, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        yield note if note >= 0 and _is_dead(path, note) else None
    finally:
        if note >= 0:
            os.close(note)


def _is_dead(path: Path, note: int) -> bool:
    with suppress(OSError, ValueError):
        folder, file = path.lstat(), os.fstat(note)
        is_ours = stat.S_ISDIR(folder.st_mode) and stat.S_ISREG(file.st_mode)
        if not is_ours or {folder.st_uid, file.st_uid} != {os.geteuid()} or not _lock(note):
            return False
        head: Any = json.loads(next(_lines(note), ""))
        if not isinstance(head, dict) or head.get("about") != _ABOUT:
            return False
        if head.get("boot") and head["boot"] == _boot():
            return True
        newest = max([file.st_mtime, *_times(path, note)])
        return time.time() - newest > _OLD
    return False


def _is_bare(path: Path) -> bool:
    """Whether a folder of ours holds nothing, or an empty note, and has not changed for a day."""
    with suppress(OSError):
        folder, inside = path.lstat(), sorted(entry.name for entry in path.iterdir())
        is_ours = stat.S_ISDIR(folder.st_mode) and folder.st_uid == os.geteuid()
        is_empty = not inside or (inside == [NOTE] and (path / NOTE).lstat().st_size == 0)
        return is_ours and is_empty and time.time() - folder.st_mtime > _OLD
    return False


def _lock(note: int) -> bool:
    if sys.platform == "win32":  # nothing tells there whether a process lives, so nothing is removed
        return False
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _boot() -> str:
    """What names this start of this machine's kernel, whose locks all its processes see; empty if nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _clear(path: Path, note: int) -> None:
    """Removes the files that a note names, then the folders that they were in, then the note if it is alone."""
    folders: set[str] = set()
    for name in _names(note):
        parent = name.rpartition("/")[0] if _remove_file(path / name) else name
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    for folder in sorted(folders, reverse=True):  # what is within stands behind
        with suppress(OSError):
            (path / folder).rmdir()
    with suppress(OSError):
        if os.listdir(path) == [NOTE]:  # noqa: PTH208  (one list, not an iterator)
            (path / NOTE).unlink()


def _remove_file(path: Path) -> bool:
    """Returns False for a folder."""
    with suppress(OSError):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            path.unlink()
        return not stat.S_ISDIR(mode)
    return True


def _times(path: Path, note: int) -> Iterator[float]:
    for name in _names(note):
        with suppress(OSError):
            yield (path / name).lstat().st_mtime


def _names(note: int) -> Iterator[str]:
    lines = _lines(note)
    next(lines, None)
    return (name for name in lines if name and not {"", ".", ".."}.intersection(name.split("/")))


def _lines(note: int) -> Iterator[str]:
    """The complete lines of a note: one that was cut off names a file that was never written."""
    os.lseek(note, 0, os.SEEK_SET)
    with open(note, encoding="utf-8", errors="surrogateescape", newline="\n", closefd=False) as file:
        while line := file.readline(_LONGEST):
            if line.endswith("\n"):
                yield line[:-1]
