"""The names of images in the rows of an archive, gathered before any of them is matched."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Issue
from openimages_io.format.layouts import Kind
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
        tables = {kind: _names_alone(table) for kind, table in run.tables.items()}
        for source in run.layout.sources:
            table = tables.get(source.kind)
            if table is None or not run.wants(source.subset):
                continue
            try:
                with run.archive.open(source.path) as stream:
                    for chunk in read_table(stream, table, source.path, _ignore):
                        if "ImageID" not in chunk.values:
                            continue
                        places = zip(chunk.get("Subset"), chunk.values["ImageID"], strict=True)
                        rows.take(run, source.subset, set(places), is_list=source.kind == Kind.IMAGES)
            except UnreadableArchive:  # said where the file is read
                continue
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


def _ignore(_: Issue) -> None:
    """What is wrong in a file is said where it is read."""


def _names_alone(table: Table) -> Table:
    """The table with nothing but what names an image."""
    columns = tuple(column for column in table.columns if column.name in {"ImageID", "Subset"})
    return replace(table, columns=columns, extra=(), box=None)
