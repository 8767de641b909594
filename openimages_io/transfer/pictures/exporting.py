"""Picture files from the storage to the archive, as they are."""

import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import SuspiciousFileOperation

from openimages_io.archives.safety import is_junk, unsafe_form
from openimages_io.format.bad_value import BadValue
from openimages_io.format.known_files import PICTURE_SUFFIXES
from openimages_io.format.names import image_id_of, split_ending, unsafe_image_id
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.models import Image
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.images.exporting import LONGEST_STEP, pages
from openimages_io.transfer.options import LayoutName


def write_pictures(out: ExportState) -> None:
    """Writes the picture files; one that the storage has lost, or that has no name to be read by again, is an issue."""
    if not out.options.pictures or not out.images.images().exclude(file="").exists():
        return
    twice: list[str] = []
    for subset in out.subsets:
        names = _PictureNames(_image_names(out, subset))
        for rows in pages(out, subset, ["file", "file_suffix"]):
            for key, file, suffix in rows:
                if file:
                    _write(out, subset, key, file, suffix, names)
                    out.tell(0)
        twice += names.twice
    if twice:
        out.issue("extension-twice", count=len(twice), path=min(twice))


def _image_names(out: ExportState, subset: str) -> set[str]:
    """The ImageIDs of a subset; none if none of them has a picture's extension."""
    names = (
        name for key, name in out.image_names.items() if not out.image_subsets or out.image_subsets.get(key) == subset
    )
    found = set(names)
    return found if any(split_ending(name)[1] for name in found) else set()


def _write(out: ExportState, subset: str, key: int, file: str, suffix: str, names: "_PictureNames") -> None:
    totals = out.report.of("pictures")
    totals.read += 1
    suffix = suffix or PurePosixPath(file).suffix
    image_name = out.image_names[key]
    stem = image_id_of(image_name)
    ending = image_name[len(stem) :]
    if ending.lower() == suffix.lower() and stem not in names.images and out.options.layout is LayoutName.DOCUMENTED:
        path = out.names.picture(subset, stem, ending)  # not a.jpg.jpg
    else:
        path = out.names.picture(subset, image_name, suffix)
    fault = _fault_of_path(image_name, path, suffix) or names.fault(path)
    if fault:
        totals.skipped[SkipReason.BAD_NAME] += 1
        out.issue("bad-picture-name", value=path, **_as_params(fault))
        return
    try:
        with Image(file=file).file.open("rb") as source:
            out.output.copy(path, source.file)
    except (OSError, SuspiciousFileOperation) as error:
        totals.skipped[SkipReason.NOT_STORED] += 1
        form = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        out.issue("picture-missing", value=path, form=form, stored=file)
        return
    names.take(out, path)
    if path.lower().endswith(suffix.lower() * 2):
        names.twice.append(path)
    totals.written += 1


def _fault_of_path(image_name: str, path: str, suffix: str) -> BadValue | None:
    """Why a picture could not be read again under this path, as the end of a sentence; None if it could."""
    if fault := unsafe_image_id(image_name):
        return fault
    if form := unsafe_form(path):
        return BadValue("unsafe-path", form)
    if suffix.lower() not in PICTURE_SUFFIXES:
        return BadValue("bad-picture-name", "ending", endings=", ".join(sorted(PICTURE_SUFFIXES)))
    if is_junk(path):
        return BadValue("bad-picture-name", "passed-over")
    if any(len(step.encode()) > LONGEST_STEP for step in path.split("/")):
        return BadValue("bad-picture-name", "long")
    return None


def _as_params(fault: BadValue) -> dict[str, Any]:
    return fault.params if fault.code == "bad-picture-name" else {"fault": fault.as_param()}


class _PictureNames:
    """The paths of one subset's pictures, of which none may be another's folder."""

    def __init__(self, images: Collection[str]) -> None:
        self.images = images
        """The ImageIDs of the subset."""
        self.twice: list[str] = []
        """Paths that end with an extension twice."""
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._folded: set[int] = set()

    def fault(self, path: str) -> BadValue | None:
        """Why the path is not free, as the end of a sentence; None if it is."""
        if path in self._files or path in self._folders:
            return BadValue("bad-picture-name", "taken")
        if not self._files.isdisjoint(_folders(path)):
            return BadValue("bad-picture-name", "below")
        return None

    def take(self, out: ExportState, path: str) -> None:
        """Takes the path of a picture that was written; warns if a careless file system has it already."""
        self._files.add(path)
        self._folders.update(_folders(path))
        folded = hash(unicodedata.normalize("NFC", path).casefold())
        if folded in self._folded:
            out.issue("similar-picture-name", value=path)
        self._folded.add(folded)


def _folders(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[:count]) for count in range(3, len(steps))]
