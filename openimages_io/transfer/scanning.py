"""The task's shapes in the order of their keys, by the page and by column, and the files that they go to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from itertools import compress
from types import TracebackType
from typing import Any, Final, Self

from django.db import connections
from django.db.models import Case, Max, Q, TextField, When
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, IsNull

from openimages_io.archives.output import ByteSink
from openimages_io.format import byte_columns, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.report import Totals

_PAGE: Final = 2048
_OPEN_AT_ONCE: Final = 32

_FLAG_COLUMNS: Final = ("occluded", *FLAGS)
ATTRIBUTES: Final = Cast("attributes", TextField())
"""The attributes of a shape that are not columns, as JSON."""
WITH_ATTRIBUTES: Final = ~Q(Exact(ATTRIBUTES, "{}"))
WITH_A_FLAG: Final = Q(IsNull(Coalesce(*_FLAG_COLUMNS), False))
GROUPED: Final = Q(group__isnull=False)
UNUSUAL: Final = (
    Q(kind__in=(ShapeKind.MASK, ShapeKind.POLYGON, ShapeKind.ELLIPSE))
    | GROUPED
    | Q(clicks__isnull=False)
    | (Q(rotation__isnull=False) & ~Q(rotation=0))
    | Q(source=MACHINE)
    | WITH_ATTRIBUTES
    | (Q(kind=ShapeKind.TAG) & WITH_A_FLAG)
)
"""Holds for every shape of a rarer kind, and is quicker than asking for each."""

EXPRESSIONS: Final = {
    "flags": " + ".join(
        f"{3**place} * COALESCE(CAST({name} AS integer), 2)" for place, name in enumerate(_FLAG_COLUMNS)
    ),
    "other_attributes": "NULLIF(CAST(attributes AS text), '{}')",
}
"""Columns that are made of others, because one that is read costs less than many: all flags of a shape as one number
to base 3, the first last, 2 where one says nothing; the other attributes as JSON, None where there are none."""

Columns = Mapping[str, Sequence[Any]]


def scan(out: ExportState, columns: Iterable[str], condition: Q, *, subset: str | None = None) -> Iterator[Columns]:
    """Values by column of the shapes for which `condition` holds, a page at a time, in the order of their keys.

    A column is a field of Shape or a key of `EXPRESSIONS`.
    """
    connection = connections[out.using]
    quote = connection.ops.quote_name
    names = tuple(columns)
    selected = ", ".join(EXPRESSIONS.get(name) or quote(name) for name in names)
    images = out.images if subset is None else out.images.within(frozenset([subset]))
    shapes = images.shapes().filter(condition)
    where, parameters = shapes.query.get_compiler(out.using).compile(shapes.query.where)
    sql = f"SELECT {selected} FROM {quote(Shape._meta.db_table)} WHERE {where} ORDER BY id"
    # On PostgreSQL this cursor stays on the server, so that no more than a page is ever held here.
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_PAGE):
            yield dict(zip(names, zip(*rows, strict=True), strict=True))


def survey(out: ExportState, rare: Sequence[Q]) -> None:
    """Counts the shapes that are asked for, and sees which of the rarer kinds there are, of which most tasks have none.

    They are looked for only if any shape is `UNUSUAL`.
    """
    shapes = out.images.shapes()
    out.total = shapes.count()
    if not shapes.filter(UNUSUAL).exists():
        return
    numbers = {f"rare_{place}": Max(Case(When(condition, then=1), default=0)) for place, condition in enumerate(rare)}
    found = shapes.aggregate(**numbers)
    out.kinds = frozenset(condition for condition, name in zip(rare, numbers, strict=True) if found[name])


def written(out: ExportState, columns: Columns, totals: Totals | None = None) -> Columns:
    """The rows whose image and label are written; those whose names forbid it are counted in `totals`."""
    images, labels = columns["image_id"], columns["label_id"]
    if out.image_names.keys() >= set(images) and out.label_cells.keys() >= set(labels):
        return columns
    reasons = list(map(out.left_out, images, labels))
    if totals is not None:
        for reason in filter(None, reasons):
            totals.read += 1
            totals.skipped[reason] += 1
    return _where(columns, [reason is None for reason in reasons])


def by_subset(out: ExportState, columns: Columns, subsets: Sequence[str]) -> Iterator[tuple[str, Columns]]:
    """The rows of each of these subsets, parted."""
    images = columns["image_id"]
    if not images:
        return
    if not out.image_subsets:
        yield out.subsets[0], columns
        return
    places = list(map(out.image_subsets.__getitem__, images))
    for subset in sorted(set(places).intersection(subsets)):
        is_whole = places.count(subset) == len(places)
        yield subset, columns if is_whole else _where(columns, [place == subset for place in places])


def _where(columns: Columns, keep: Sequence[bool]) -> Columns:
    return {name: list(compress(values, keep)) for name, values in columns.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One kind of file, of which each subset has one: the rows that stand in it, and how."""

    name: str
    """For the report."""
    columns: Sequence[str]
    """What is read of the shapes: `image_id` and `label_id` among it."""
    condition: Q
    """Which shapes stand in it."""
    path: Callable[[str], str]
    """Takes the subset."""
    header: Callable[[str], Iterable[str]]
    """Takes the subset."""
    cells: Callable[[str, Columns], Sequence[Cells]]
    """Takes the subset and some of its rows; finished cells by column."""
    always: bool = True
    """Whether a subset without such rows has the file, too."""


def write_files(out: ExportState, kind: FileKind) -> None:
    """Writes the files of one kind, of as many subsets at a time as files may be open."""
    totals = out.report.of(kind.name)
    for start in range(0, max(len(out.subsets), 1), _OPEN_AT_ONCE):
        subsets = out.subsets[start : start + _OPEN_AT_ONCE]
        with _SubsetFiles(out, kind) as files:
            for subset in subsets if kind.always else ():
                files.of(subset)
            for page in scan(out, kind.columns, kind.condition):
                rows = written(out, page, None if start else totals)
                for subset, columns in by_subset(out, rows, subsets):
                    totals.read += len(columns["image_id"])
                    totals.written += len(columns["image_id"])
                    files.of(subset).write(byte_columns.lines(kind.cells(subset, columns)))
                out.tell(0 if start else len(page["image_id"]))


class _SubsetFiles:
    """Files of one kind, one a subset, written to in turn. They end, and so stand in a zip, in the subsets' order."""

    def __init__(self, out: ExportState, kind: FileKind) -> None:
        self.out, self.kind = out, kind
        self._open: dict[str, tuple[AbstractContextManager[ByteSink], ByteSink]] = {}

    def of(self, subset: str) -> ByteSink:
        """The subset's file; it is made, with its header, when it is first asked for."""
        if subset not in self._open:
            manager = self.out.output.stream(self.kind.path(subset))
            sink = manager.__enter__()
            self._open[subset] = manager, sink
            sink.write(writing.header(self.kind.header(subset)).encode())
        return self._open[subset][1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        stack = ExitStack()
        for subset in sorted(self._open, reverse=True):
            stack.push(self._open[subset][0])
        return stack.__exit__(kind, error, trace)
