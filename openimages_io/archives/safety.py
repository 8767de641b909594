"""Which members of an untrusted archive are let in: every rule, on every member, before one byte is trusted."""

import re
from collections.abc import Collection
from typing import Any, Generic, NoReturn, TypeVar

from openimages_io.archives.export_marker import MARKER
from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.problems import Problem
from openimages_io.exceptions import UnreadableArchive

MAX_PROBLEMS = 1000
"""Problems that are kept; of the rest only the number is."""

_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile("(?:^|/)[A-Za-z]:")
_SUSPECT = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\\\\]|(?:^|/)(?:[A-Za-z]:|\\.{0,2}(?:/|$))")
_JUNK = re.compile(
    rf"(?:^|/)(?:__MACOSX(?:/|$)|\._[^/]*$|\.DS_Store$|{re.escape(MARKER)}$|(?i:thumbs\.db|desktop\.ini)$)"
)

Place = TypeVar("Place")
"""What an archive notes of a member in order to find its bytes again."""


def file_problem(code: str, path: str, form: str = "", **params: Any) -> UnreadableArchive:
    """The error for one file of the archive; the form is that of the code's sentence."""
    return UnreadableArchive.of([Problem.of_file(code, path, form, **params)])


def archive_problem(code: str, label: str, form: str = "", **params: Any) -> UnreadableArchive:
    """The error for an archive as a whole; `label` is how people know it."""
    return UnreadableArchive.of([Problem.of_archive(code, label, form, **params)])


def unsafe_form(name: str) -> str | None:
    """Says why a member may not have this name, as a form of `unsafe-path`, or None if it may."""
    if _BREAKS.search(name):
        return "control"
    if _SURROGATE.search(name):
        return "utf-8"
    if "\\" in name:
        return "backslash"
    if name.startswith("/"):
        return "absolute"
    if _DRIVE.search(name):
        return "drive"
    return "out" if ".." in name.split("/") else None


def is_junk(name: str) -> bool:
    """Whether a member of this name is passed over: what macOS and Windows leave, and the list of an export."""
    return _JUNK.search(name) is not None


class Intake(Generic[Place]):
    """Gathers the members of one archive, and all that is wrong with those it refuses."""

    def __init__(self, limits: ArchiveLimits, label: str, prefix: str, content_folders: Collection[str]) -> None:
        self.limits = limits
        self._content_folders = content_folders
        self._label = label
        self._prefix = prefix
        self._problems: list[Problem] = []
        self._total = 0
        self._seen = 0
        self._members: dict[str, tuple[int, Place]] = {}

    def refuse(self, code: str, name: str, form: str = "", **params: Any) -> None:
        """Notes what is wrong with one member."""
        self._note(Problem.of_file(code, self._prefix + name, form, **params))

    def stop(self, code: str, form: str = "", **params: Any) -> NoReturn:
        """Ends the listing, for what comes after cannot be read; raises UnreadableArchive with everything so far."""
        self._note(Problem.of_archive(code, self._label, form, **params))
        raise UnreadableArchive.of(self._problems, self._total)

    def path(self, name: str) -> str | None:
        """The member's path without `.` and empty steps; None if it is unsafe (that is noted) or junk."""
        self._seen += 1
        if self._seen > self.limits.max_members:
            self.stop("too-many-members", limit=self.limits.max_members)
        if _SUSPECT.search(name):
            if form := unsafe_form(name):
                self.refuse("unsafe-path", name, form)
                return None
            name = "/".join(step for step in name.split("/") if step not in ("", "."))
        return None if not name or is_junk(name) else name

    def add(self, path: str, size: int, place: Place) -> None:
        """Lets a file in, unless it is there already or too large. `size` is in bytes, unpacked."""
        if path in self._members:
            self.refuse("duplicate-member", path)
        elif size > self.limits.max_member_bytes:
            self.refuse("too-large", path, size=size, limit=self.limits.max_member_bytes)
        else:
            self._members[path] = (size, place)

    def _note(self, problem: Problem) -> None:
        self._total += 1
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)

    def finish(self) -> tuple[str, dict[str, int], dict[str, Place]]:
        """Returns the enclosing folder that was taken off (with its slash, or ""), the sizes and the places by path.

        Raises UnreadableArchive if anything was refused.
        """
        if self._problems:
            raise UnreadableArchive.of(self._problems, self._total)
        cut = _enclosing_folder(self._members, self._content_folders)
        sizes: dict[str, int] = {}
        places: dict[str, Place] = {}
        for path in sorted(self._members):
            short = path[len(cut) :]
            sizes[short], places[short] = self._members.pop(path)
        return cut, sizes, places


def _enclosing_folder(paths: dict[str, tuple[int, Place]], content_folders: Collection[str]) -> str:
    top = next(iter(paths), "").partition("/")[0]
    if top in content_folders or not all(path.startswith(f"{top}/") for path in paths):
        return ""
    return f"{top}/" if paths else ""
