"""Of which images the lines of images.meta are.

That is seen when all images are known, and depends on nothing but them, the lines, and which images the archive names:
so an import that makes images says the same as the next one, which finds them.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from openimages_io.format.name_matching import Name, Root, match_names
from openimages_io.format.names import split_ending
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.transfer.options import Match
from openimages_io.transfer.row_names import last_part
from openimages_io.transfer.run import Run

Size = tuple[int, int]
"""Width and height in pixels."""
_Lines = dict[str | None, dict[str, Size]]
"""Sizes by the subset that images.meta says, if any, and name."""


class MetaSize(NamedTuple):
    """A size in images.meta, and the images that it is of."""

    keys: list[int]
    size: Size
    is_exact: bool
    """Whether the images are called as the line says, so that new ones have been made with their size."""


def meta_sizes(run: Run) -> Iterator[MetaSize]:
    """Yield the sizes in images.meta, each with its images; those of none are counted.

    A line below `# subset: NAME` is of that subset's image alone, and goes before one of no subset; one of the very
    name goes before one that resembles it.
    """
    chosen = run.images.keys_in(run.options.subsets) if run.options.subsets else None
    others = _Others(run)
    for (subset, name), size in run.sizes.items():
        if not run.wants(subset):
            _skip(run, SkipReason.SUBSET_NOT_CHOSEN)
        elif keys := run.images.keys_of(subset, name):
            if subset is None and run.sizes.says_subsets:
                keys = [key for place, key in run.images.called(name) if not run.sizes.has(place, name)]
            yield from _sizes_of(run, keys, size, chosen, is_exact=True)
        elif not others.take(subset, name, size):
            _skip(run, SkipReason.UNKNOWN_IMAGE)
    for keys, size in others.matched():
        yield from _sizes_of(run, keys, size, chosen, is_exact=False)


def _sizes_of(
    run: Run, keys: list[int], size: Size, chosen: Collection[int] | None, *, is_exact: bool
) -> Iterator[MetaSize]:
    kept = keys if chosen is None else [key for key in keys if key in chosen]
    if kept:
        yield MetaSize(kept, size, is_exact)
    else:
        _skip(run, SkipReason.SUBSET_NOT_CHOSEN if keys else SkipReason.SAID_TWICE)


def _skip(run: Run, reason: SkipReason) -> None:
    run.report.of("image sizes").skipped[reason] += 1


class _Others:
    """Lines that no image is called by: each may be of one that the archive names, as names of rows may."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lines: _Lines = {}
        self._ends: frozenset[str] | None = None

    def take(self, subset: str | None, name: str, size: Size) -> bool:
        """Take in a line. Return whether an image may be meant."""
        if self._run.options.match is Match.EXACT:
            return False
        if self._ends is None:
            self._ends = frozenset(map(_end, (text for _, text in self._named())))
        if may_be := _end(name) in self._ends:
            self._lines.setdefault(subset, {})[name] = size
        return may_be

    def matched(self) -> Iterator[tuple[list[int], Size]]:
        """Yield the sizes with their images, which have none yet; none where an earlier line says it."""
        run = self._run
        taken: set[int] = set()
        texts = self._texts() if self._lines else {}
        for subset in sorted(self._lines, key=lambda subset: (subset is None, subset)):
            lines = self._lines[subset]
            images = texts.get(subset, set()) if subset is not None else set[str]().union(*texts.values())
            found = self._match(subset, lines, images)
            for name, size in lines.items():
                if name not in found:
                    _skip(run, SkipReason.UNKNOWN_IMAGE)
                    continue
                keys = [
                    key
                    for place, key in run.images.called(found[name])
                    if subset in {None, place} and self._is_named(key) and run.size(place, found[name]) is None
                ]
                yield [key for key in keys if key not in taken], size
                taken.update(keys)

    def _match(self, subset: str | None, lines: Collection[str], images: Collection[str]) -> dict[str, str]:
        """The image of each line that has one. Lines of the images' very names have theirs."""
        run = self._run
        exact = [text for text in images if run.sizes.has(subset, text)]
        matches = match_names(
            [Name.of_image(None, text) for text in (*lines, *exact)],
            [Name.of_image(None, text) for text in images],
            names_root=_root(name for place, name in run.sizes if place == subset),
            known_root=_root(text for place, text in self._named() if subset in {None, place}),
        )
        return {name.text: image.text for name, (image, _) in matches.found.items() if name.text in lines}

    def _texts(self) -> dict[str, set[str]]:
        """The ImageIDs that end as lines do, by subset."""
        ends = {_end(name) for lines in self._lines.values() for name in lines}
        texts: dict[str, set[str]] = {}
        for subset, text in self._named():
            if _end(text) in ends:
                texts.setdefault(subset, set()).add(text)
        return texts

    def _named(self) -> Iterator[tuple[str, str]]:
        return (place for place, key in self._run.images.items() if self._is_named(key))

    def _is_named(self, key: int) -> bool:
        """Whether the archive names this image; two archives may well call different images `0001`."""
        return key < 0 or key in self._run.plan.named


def _end(name: str) -> str:
    return last_part(split_ending(name)[0])


def _root(names: Iterable[str]) -> str:
    """The folder that all names begin with."""
    root = Root()
    for number, name in enumerate(names):
        root.take(split_ending(name)[0])
        if number and not root.text:
            break
    return root.text
