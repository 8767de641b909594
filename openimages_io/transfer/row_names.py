"""The names of images in the rows of an archive, gathered before any of them is matched."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Issue
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.name_matching import Name, Root
from openimages_io.format.names import split_ending
from openimages_io.format.reading import read_table
from openimages_io.format.tables import Table
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.run import Run


def last_part(stem: str) -> str:
    """Return a name without its folders."""
    return stem.rpartition("/")[2]


@dataclass(slots=True)
class RowNames:
    """The names in rows that may be matched."""

    names: set[Name] = field(default_factory=set)
    listed: set[Name] = field(default_factory=set)
    """Those of image lists."""
    root: Root = field(default_factory=Root)

    @classmethod
    def of(cls, run: Run) -> "RowNames":
        """Read the ImageIDs of every file, once more."""
        rows = cls()
        for source in run.layout.sources:
            for places in _places_in(run, source):
                rows.take(run, source.subset, places, is_list=source.kind == Kind.IMAGES)
        return rows

    def take(self, run: Run, told: str | None, places: Collection[tuple[str | None, str]], *, is_list: bool) -> None:
        """Take in names, of whose subset the row says something or the file does."""
        assert run.last_parts is not None
        for said, text in places:
            stem, ending = split_ending(text)
            self.root.take(stem)
            if last_part(stem) in run.last_parts:
                subset = said or told or (DEFAULT_SUBSET if is_list else None)
                name = Name(subset, text, stem, ending)
                self.names.add(name)
                if is_list:
                    self.listed.add(name)


def said_subsets(run: Run) -> dict[str, set[str]]:
    """Return for ImageIDs in files of no subset those subsets in which other rows have them."""
    said: dict[str, set[str]] = {}
    for source in run.layout.sources:
        if source.subset is None and source.kind != Kind.IMAGES:
            for places in _places_in(run, source):
                said.update((text, set()) for _, text in places)
    others = [source for source in run.layout.sources if source.subset is not None or source.kind == Kind.IMAGES]
    for source in others if said else ():
        for places in _places_in(run, source):
            for subset, text in places:
                if text in said:
                    said[text].add(subset or source.subset or DEFAULT_SUBSET)
    return said


def _places_in(run: Run, source: Source) -> Iterator[set[tuple[str | None, str]]]:
    """The ImageIDs of a file, if it has any, with the subset that their rows say; some at a time."""
    table = run.tables.get(source.kind)
    if table is None or not run.wants(source.subset):
        return
    try:
        with run.archive.open(source.path) as stream:
            for chunk in read_table(stream, _names_alone(table), source.path, _ignore):
                if "ImageID" in chunk.values:
                    yield set(zip(chunk.get("Subset"), chunk.values["ImageID"], strict=True))
    except UnreadableArchive:  # said where the file is read
        return


def _ignore(_: Issue) -> None:
    """What is wrong in a file is said where it is read."""


def _names_alone(table: Table) -> Table:
    """The table with nothing but what names an image."""
    columns = tuple(column for column in table.columns if column.name in {"ImageID", "Subset"})
    return replace(table, columns=columns, extra=(), box=None)
