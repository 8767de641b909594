"""One pass over an archive: what the steps of an import share, whether the pass checks or writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from openimages_io.archives.base import Archive
from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.chunk import Chunk
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.layouts import Layout, Source
from openimages_io.format.limits import Limits
from openimages_io.format.reading import CHUNK_ROWS, read_table
from openimages_io.format.size_table import SizeTable
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import Table
from openimages_io.transfer.groups import Groups
from openimages_io.transfer.matching import ImageIndex, LabelIndex, LenientNames, Place
from openimages_io.transfer.options import ImportOptions, Mode, OnError
from openimages_io.transfer.plan import Plan
from openimages_io.transfer.replacing import Replacing
from openimages_io.transfer.report import Report, Totals
from openimages_io.transfer.specs import SpecIndex

if TYPE_CHECKING:
    from openimages_io.transfer.masks.mask_boxes import BoxMatcher

Progress = Callable[[str, int, int], None]
"""Takes the phase, what is done of it and the whole, in bytes; may raise to stop the run."""

_MOST_NAMES: Final = 1_000_000


@dataclass(slots=True)
class Unknown:
    """What rows and pictures name and the task doesn't have."""

    names: dict[tuple[str | None, str], None] = field(default_factory=dict)
    """Subset and name, each once, of a million at most."""
    rows: int = 0
    pictures: int = 0

    def take(self, subset: str | None, name: str, *, is_picture: bool = False) -> None:
        """Takes in what a row or a picture names."""
        self.rows += not is_picture
        self.pictures += is_picture
        if len(self.names) < _MOST_NAMES:
            self.names[subset, name] = None


@dataclass(slots=True, kw_only=True)
class Run:
    """The state of one pass."""

    archive: Archive
    layout: Layout
    tables: Mapping[str, Table]
    """The columns of each kind of file that has rows of images."""
    groups: Groups
    limits: Limits
    options: ImportOptions
    """Settled: no choice is open."""
    report: Report
    using: str
    task_id: int
    """0 for a task that is not there yet."""
    only: frozenset[int] | None = None
    """The images of the task whose annotations are planned, once more, by key; None for all."""
    has_shapes: bool
    """Whether the task has shapes; else nothing needs matching."""
    images: ImageIndex
    labels: LabelIndex
    specs: SpecIndex
    chosen_labels: frozenset[int] | None = None
    """The labels that are read, by key; None for all."""
    awaited_labels: set[str] = field(default_factory=set)
    """LabelNames that were chosen and that nothing has had so far."""
    plan: Plan
    """Takes what is to be written."""
    measured: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Width and height in pixels of the archive's pictures, by path, as the check has found them."""
    pictures: dict[int, str] = field(default_factory=dict)
    """The path of each image's picture in the archive, by the image's key."""
    sizes: SizeTable = field(default_factory=SizeTable)
    """What images.meta says."""
    seen_subsets: set[str | None] = field(default_factory=set)
    """Subsets that rows of image lists name."""
    lenient: LenientNames | None = None
    """Names that are not exact; None before any was met."""
    find_place: Callable[[str], Place | None] | None = None
    """Finds the image of a row of no subset where unknown ones are created; None before there was one."""
    last_parts: frozenset[str] | None = None
    """What the paths end with that names may be matched with; None before it was asked for."""
    unknown_images: Unknown = field(default_factory=Unknown)
    unknown_labels: Unknown = field(default_factory=Unknown)
    class_list: dict[str, str] = field(default_factory=dict)
    """Display names that the archive's class lists say, by LabelName."""
    replacing: Replacing = field(default_factory=Replacing)
    """What is learnt and known for mode replace."""
    mask_boxes: "BoxMatcher | None" = None
    """Masks and their boxes, once masks or boxes are read."""
    _meta_sizes: dict[int, tuple[int, int]] | None = None
    progress: Progress | None = None
    done: int = 0
    total: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether an issue so far forbids to write what is planned."""
        aborts = self.options.on_error is OnError.ABORT
        return self.report.errors > 0 and (aborts or self.report.has_whole_file_errors)

    @property
    def merges(self) -> bool:
        """Whether rows may meet shapes that are there already."""
        may = self.options.mode is Mode.MERGE or (self.options.mode is Mode.REPLACE and self.replacing.keeps_any)
        return may and self.has_shapes

    def stays(self, group: str | None, image: int) -> bool:
        """Whether what an image of the archive has of a group of shapes is there after this import."""
        return self.options.mode is not Mode.REPLACE or self.replacing.keeps(group, image)

    def skip(self, source: Source, totals: Totals, names: Sequence[str | None]) -> None:
        """Counts rows that are left out as bad, by their ImageIDs."""
        totals.skipped[SkipReason.BAD] += len(names)
        group = self.groups.of_file(source)
        if self.options.mode is Mode.REPLACE and group is not None:
            self.replacing.skip(group, source, names)

    def sources(self, kind: str) -> list[Source]:
        """The annotation files of a kind, without those of subsets that were not chosen."""
        return [source for source in self.layout.sources if source.kind == kind and self.wants(source.subset)]

    def wants(self, subset: str | None) -> bool:
        """Whether the subset was chosen; a file that doesn't say its subset is read row by row."""
        return subset is None or not self.options.subsets or subset in self.options.subsets

    def chunks(self, source: Source, table: Table, totals: Totals, chunk_rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The file's good rows; bad ones are counted as skipped."""
        for chunk in self._read(source, table, chunk_rows):
            totals.read += len(chunk) + chunk.bad
            if chunk.bad:
                unknown: list[str | None] = [None] * (chunk.bad - len(chunk.bad_ids))
                self.skip(source, totals, [*chunk.bad_ids, *unknown])
            yield chunk
            self.tell(chunk.position)
        self.done += self.archive.paths[source.path]
        self.tell(0)

    def _read(self, source: Source, table: Table, chunk_rows: int) -> Iterator[Chunk]:
        with self.readable(), self.archive.open(source.path) as stream:
            yield from read_table(stream, table, source.path, self.report, chunk_rows, clip=self.options.clip)

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Within it a file is read; if it is damaged that is an issue, and the other files are read all the same."""
        try:
            yield
        except UnreadableArchive as fault:
            self.report.unreadable(fault)

    def tell(self, position: int) -> None:
        """Shows how far the run is: `position` bytes into the file at hand."""
        if self.progress is not None:
            self.progress("check", min(self.done + position, self.total), self.total)

    def issue(
        self,
        code: str,
        *,
        file: str = "",
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
        **params: Any,
    ) -> None:
        """Reports an issue; `params` are those of the code's sentence."""
        self.report(
            Issue(
                code=code,
                params=params,
                file=file,
                line=line,
                column=column,
                value=value,
                severity=severity,
            )
        )

    def size(self, subset: str | None, name: str) -> tuple[int, int] | None:
        """Width and height in pixels that images.meta gives an image."""
        return self.sizes_of(subset, [name])[0]

    def sizes_of(self, subset: str | None, names: Sequence[str]) -> list[tuple[int, int] | None]:
        """Width and height in pixels that images.meta gives each of these images: in its subset, else in none."""
        found = self.sizes.find(subset, names)
        if None in found and subset is not None:
            of_none = self.sizes.find(None, names)
            found = [size or other for size, other in zip(found, of_none, strict=True)]
        return found

    def meta_size(self, key: int) -> tuple[int, int] | None:
        """Width and height in pixels that images.meta gives an image of the task."""
        if self._meta_sizes is None:
            self._meta_sizes = {}
            for (subset, name), size in self.sizes.items():
                for image in self.images.keys_of(subset, name):
                    if subset is not None or image not in self._meta_sizes:
                        self._meta_sizes[image] = size
        return self._meta_sizes.get(key)
