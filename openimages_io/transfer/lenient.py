"""Rows and pictures whose names differ from their image's: they are given its name, and everything after it is exact.

What is of one image is decided once, when the first name is met that nothing equals and something resembles
(`lenient_search.py`). An archive whose names are all exact pays nothing for it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from openimages_io.format.layouts import Files, Layout
from openimages_io.format.name_matching import Way
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.lenient_search import file_names_matter, may_match, pictures_may_match, search
from openimages_io.transfer.matching import SUBSET, LenientNames, Place
from openimages_io.transfer.options import Match, Missing
from openimages_io.transfer.run import Run
from openimages_io.transfer.subset_search import SubsetSearch

AMBIGUOUS: Final = 0
_CODES: Final[Mapping[str, str]] = {
    Way.EXTENSION: "matched-extension",
    Way.SUFFIX: "matched-suffix",
    Way.ROOT: "matched-root",
    SUBSET: "matched-subset",
}


def find_images(run: Run, subset: str | None, names: Sequence[str]) -> list[int | None]:
    """Return the keys of these images: found exactly, else leniently, else by an ImageID in another subset.

    None for one that is not there, 0 for a name that fits several.
    """
    if subset is None and run.options.missing_images is Missing.CREATE:
        places = map(_subset_search(run), names)
        return [run.images.at(*place) if place else AMBIGUOUS for place in places]
    found = run.images.find(subset, names)
    if None not in found:
        return found
    missing = (name for name, key in zip(names, found, strict=True) if key is None)
    lenient = _lenient_names(run, subset, missing)
    for index, (key, name) in enumerate(zip(found, names, strict=True)):
        if key is not None:
            continue
        if lenient and (subset, name) in lenient.doubtful_rows:
            found[index] = AMBIGUOUS
        elif lenient and (place := lenient.rows.get((subset, name))):
            found[index] = run.images.at(*place)
            if found[index] and subset is not None and place[0] != subset:
                run.images.elsewhere.setdefault(subset, set()).add(found[index] or 0)
        else:
            found[index] = run.images.find_elsewhere(subset, name)
    return found


def look_for_pictures(run: Run) -> None:
    """See to it that pictures have their images' names, before the first of them is taken."""
    if run.lenient is not None:
        return
    if file_names_matter(run):
        use(run, search(run))
        return
    if run.options.match is Match.EXACT:
        return
    for subset, names in run.layout.pictures.by_subset():
        found = run.images.find(subset, names)
        # A picture in no subset's folder is exactly of no image: rows may say its subset, and give it their name.
        is_unsaid = subset is None and run.options.missing_images is Missing.CREATE
        missing = [name for name, key in zip(names, found, strict=True) if is_unsaid or not key]
        if pictures_may_match(run, missing):
            use(run, search(run))
            return


def _lenient_names(run: Run, subset: str | None, missing: Iterable[str]) -> LenientNames | None:
    """The names that are not exact, sought when one of these that nothing equals may be one."""
    if run.lenient is None and run.options.match is Match.LENIENT and may_match(run, subset, missing):
        use(run, search(run))
    return run.lenient


def _subset_search(run: Run) -> Callable[[str], Place | None]:
    """Return what finds the image of a row of no subset. Names that are not exact are sought before."""
    if run.find_place is None:
        if run.lenient is None and run.options.match is Match.LENIENT and len(run.layout.pictures):
            use(run, search(run))
        run.find_place = SubsetSearch(run).place
    return run.find_place


def place_of(run: Run, subset: str | None, name: str) -> Place:
    """Return subset and ImageID of a row's image."""
    if subset is None and run.find_place is not None:
        return run.find_place(name) or (DEFAULT_SUBSET, name)
    place = run.lenient.rows.get((subset, name)) if run.lenient else None
    return place or (subset or DEFAULT_SUBSET, name)


def by_subset(places: Iterable[Place]) -> dict[str, list[str]]:
    """Return the ImageIDs of each subset, each once."""
    grouped: dict[str, dict[str, None]] = {}
    for subset, name in places:
        grouped.setdefault(subset, {})[name] = None
    return {subset: list(names) for subset, names in grouped.items()}


def doubt(run: Run, subset: str | None, name: str) -> Mapping[str, Any] | None:
    """Return why a row has no image though some resemble it, as parameters of `ambiguous-image`."""
    return run.lenient.doubtful_rows.get((subset, name)) if run.lenient else None


def join_subsets(layout: Layout, kinds: Collection[str]) -> list[tuple[str, str, int]]:
    """Give pictures the subset of the rows where a folder says `train` and the rows' files `sub-train`.

    So only if the folder's subset has no rows, the files' has no pictures, and no other subset ends so. `kinds` are
    those of files with rows of images. Return the folders' subset, the rows', and the number of pictures.
    """
    rows = {source.subset for source in layout.sources if source.kind in kinds}
    pictures = {subset for subset, _ in layout.pictures.by_subset()}
    if None in rows or None in pictures:
        return []
    ends = [
        (folder, subset)
        for folder in sorted(pictures - rows, key=str)
        for subset in sorted(rows - pictures, key=str)
        if folder and subset and (subset.endswith(f"-{folder}") or folder.endswith(f"-{subset}"))
    ]
    return [
        (folder, subset, layout.pictures.move(folder, subset))
        for folder, subset in ends
        if sum(folder in pair or subset in pair for pair in ends) == 1
    ]


def use(run: Run, lenient: LenientNames) -> None:
    """Give pictures the names of their images."""
    run.lenient = lenient
    if lenient.pictures or lenient.same:
        run.layout.pictures = _renamed(run.layout.pictures, lenient)


def _renamed(pictures: Files, lenient: LenientNames) -> Files:
    files = Files()
    renamed: list[tuple[str | None, str, str]] = []
    for subset, name, path in pictures:
        if path in lenient.pictures:
            renamed.append((subset, name, path))
        elif path not in lenient.same:
            files.add(subset, name, path)
    for subset, name, path in renamed:
        if files.add(*lenient.pictures[path], path) != path:  # an image of two pictures is an issue later on
            files.add(subset, name, path)
    return files


def report_lenient(run: Run) -> None:
    """Say how many names were matched in each way, with an example."""
    if not run.lenient:
        return
    for way, matches in sorted(run.lenient.ways.items()):
        name, image = min(matches)
        run.issue(_CODES[way], count=len(matches), name=name, image=image)
    if run.lenient.same:
        path, first = min(run.lenient.same.items())
        run.issue("same-picture", count=len(run.lenient.same), path=path, first=first)
