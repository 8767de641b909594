"""The list of what an export wrote into a folder: what it names and is unchanged may be replaced, all else may not."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from openimages_io.text import quote_text

MARKER: Final = ".openimages-export"
_HEAD: Final = (
    "# Files written here by openimages_io. `export_openimages --force` replaces this folder as long as every file in"
    f" it\n# is listed and unchanged; `sha256sum -c {MARKER}` checks that they are.\n"
)
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_LEFT_BY_SYSTEMS: Final = frozenset({".DS_Store", "Thumbs.db"})
"""What macOS and Windows put into a folder that somebody looks at."""
_NAMED: Final = 3

Stamp = tuple[int, int, int, int]
"""Inode, size, and the times of the last change of content and of the inode: the same as long as nobody touches it."""


@dataclass(slots=True)
class Contents:
    """What is in a folder that was exported once."""

    has_marker: bool
    files: dict[str, Stamp] = field(default_factory=dict)
    """Those that the marker lists and that are unchanged, and what systems leave."""
    folders: list[str] = field(default_factory=list)
    """Those that the listed files need; one stands before those within it."""
    foreign: int = 0
    """How many other files and folders there are; what is in such a folder is not counted."""
    first_foreign: list[str] = field(default_factory=list)
    """The first of them, quoted."""

    def objection(self) -> tuple[str, dict[str, Any]]:
        """Why a folder with such files must not be replaced: the code of a failure, and its parameters."""
        names = ", ".join(self.first_foreign)
        if self.foreign > _NAMED:
            names += f" and {self.foreign - _NAMED:,} more"
        if not self.has_marker:
            return "dest-no-marker", {"marker": MARKER, "names": names}
        return "dest-changed", {"count": self.foreign, "names": names}

    def object_to(self, name: str) -> None:
        """Notes a file or folder that is in the way."""
        self.foreign += 1
        if len(self.first_foreign) < _NAMED:
            self.first_foreign.append(name)


def write_marker(marker: Path, digests: Mapping[str, str]) -> None:
    """Lists the files of a folder by their SHA-256 in hex, in an order that depends on nothing but their names."""
    with marker.open("x", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD)
        file.writelines(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))


def survey(folder: Path, known: Mapping[str, Stamp] | None = None) -> Contents:
    """Looks which files below a folder its marker lists, and whether they are unchanged.

    Every file is read, but for those that have the same stamp as in `known`. Links are not followed: an export makes
    none. Raises OSError if a folder cannot be listed.
    """
    digests = _listed(folder)
    contents = Contents(has_marker=digests is not None)
    digests = digests or {}
    needed = {parent for path in digests for parent in _parents(path)}
    pending = [""]
    while pending:
        inside = pending.pop()
        with os.scandir(folder / inside) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if path in needed:
                        contents.folders.append(path)
                        pending.append(f"{path}/")
                    else:
                        contents.object_to(quote_text(f"{path}/"))
                    continue
                stamp = _stamp(entry.path)
                if stamp is None or not (path in digests or path == MARKER or entry.name in _LEFT_BY_SYSTEMS):
                    contents.object_to(quote_text(path))
                elif path in digests and (known or {}).get(path) != stamp and _digest(entry.path) != digests[path]:
                    contents.object_to(f"{quote_text(path)} (changed)")
                else:
                    contents.files[path] = stamp
    return contents


def remove_listed(folder: Path, contents: Contents) -> bool:
    """Removes what `survey` found to be an export's, file by file, and then the folder.

    What has come or was changed since is not touched, and then the folder stays. Returns whether it is gone. Raises
    OSError where the disk refuses.
    """
    # The list goes last, so that whoever finds a half of it knows what it was.
    for path in sorted(contents.files, key=lambda path: path == MARKER):
        target = folder / path
        with suppress(FileNotFoundError):
            if _stamp(target) == contents.files[path]:
                target.unlink()
    for path in (*reversed(contents.folders), ""):
        with suppress(OSError):  # one that is not empty
            (folder / path).rmdir()
    return not folder.exists()


def _listed(folder: Path) -> dict[str, str] | None:
    """SHA-256 in hex by path; None if there is no list."""
    if _stamp(folder / MARKER) is None:
        return None
    with (folder / MARKER).open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        found = (_LINE.fullmatch(line.removesuffix("\n")) for line in file)
        return {match[2]: match[1] for match in found if match}


def _parents(path: str) -> Iterator[str]:
    parent = path.rpartition("/")[0]
    while parent:
        yield parent
        parent = parent.rpartition("/")[0]


def _stamp(path: str | Path) -> Stamp | None:
    """None for what is not a regular file, and for a file that is not there."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _digest(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  (a path of a million is no object)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # what cannot be read is not known to be unchanged
        return ""
