"""The images of names that are not exact: all names are gathered first, then each is matched once.

Where unknown images are errors or skipped, rows and pictures are matched with the images of the task
(`names_of_task.py`); where they are created, with each other (`names_of_new_images.py`).
"""

from collections.abc import Collection, Iterable

from openimages_io.format.names import split_ending
from openimages_io.transfer.matching import LenientNames
from openimages_io.transfer.name_search import file_name
from openimages_io.transfer.names_of_new_images import NamesOfNewImages
from openimages_io.transfer.names_of_task import NamesOfFiles, NamesOfTask
from openimages_io.transfer.options import Match, Missing
from openimages_io.transfer.row_names import last_part
from openimages_io.transfer.run import Run


def may_match(run: Run, subset: str | None, missing: Iterable[str]) -> bool:
    """Whether one of these names, which nothing equals, ends as one does that it may be matched with."""
    creates = run.options.missing_images is Missing.CREATE
    pictures = run.layout.pictures
    if creates and not len(pictures):
        return False
    for name in missing:
        if run.last_parts is None:
            run.last_parts = _last_parts(run)
        if last_part(split_ending(name)[0]) in run.last_parts and not (creates and pictures.has(subset, name)):
            return True
    return False


def pictures_may_match(run: Run, missing: Collection[str]) -> bool:
    """Whether one of these pictures, whose names no image has, may be matched with an image that is there."""
    if not missing:
        return False
    ends = {last_part(split_ending(name)[0]) for _, name in run.images.places()}
    return any(last_part(name) in ends for name in missing)


def file_names_matter(run: Run) -> bool:
    """Whether a picture's file is called as an image is, extension and all: it may be `a.jpg`'s rather than `a`'s."""
    images = run.images
    full = ((subset, file_name(name, path)) for subset, name, path in run.layout.pictures)
    return any(
        (images.peek(None, name) if place is None else images.at(place, name)) is not None for place, name in full
    )


def search(run: Run) -> LenientNames:
    """Match the names of the archive."""
    if run.last_parts is None:
        run.last_parts = _last_parts(run)
    if run.options.match is Match.EXACT:
        return NamesOfFiles(run).names
    if run.options.missing_images is Missing.CREATE:
        return NamesOfNewImages(run).names
    return NamesOfTask(run).names


def _last_parts(run: Run) -> frozenset[str]:
    """What the paths end with that rows may be matched with, without extensions."""
    if run.options.missing_images is Missing.CREATE:
        return frozenset(last_part(name) for _, name, _ in run.layout.pictures)
    return frozenset(last_part(split_ending(name)[0]) for _, name in run.images.places())
