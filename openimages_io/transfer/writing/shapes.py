"""Tags and boxes to their CSV files: one scan of the task's shapes in the order of their keys, by the page."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final

from django.db import connections

from openimages_io.format import writing
from openimages_io.format.issues import Severity
from openimages_io.format.output import ByteSink
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, FLAGS, LABELS, PERSON_ATTRIBUTES
from openimages_io.models import AttributeSpec, Shape, ShapeKind
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.outgoing import Outgoing

_PAGE: Final = 4096
_CACHED: Final = 50_000
_SHOWN_FLAGS: Final = tuple(name for name in FLAGS.values() if name != "occluded")
_COLUMNS: Final = (
    "id",
    "kind",
    "image_id",
    "label_id",
    "source",
    "score",
    "occluded",
    "x_min",
    "x_max",
    "y_min",
    "y_max",
    "rotation",
    "attributes",
    "clicks",
)
_KIND, _IMAGE, _LABEL, _SOURCE, _SCORE, _OCCLUDED, _X_MIN, _ROTATION, _ATTRIBUTES, _CLICKS = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    11,
    12,
    13,
)

Rows = Sequence[tuple[Any, ...]]
Columns = Sequence[Sequence[Any]]


def write_tags_and_boxes(out: Outgoing) -> None:
    """Writes the human labels and boxes of every subset, and the machine labels of those that have any."""
    with ExitStack() as stack:
        files = _Files(out, stack)
        for rows in _pages(out):
            kept = [row for row in rows if row[_IMAGE] in out.image_names and row[_LABEL] in out.label_names]
            for subset, part in _by_subset(out, kept if len(kept) < len(rows) else rows):
                for kind, same in _by_kind(part):
                    if kind == ShapeKind.TAG:
                        files.write_tags(subset, list(zip(*same, strict=True)))
                    elif kind == ShapeKind.RECTANGLE:
                        files.write_boxes(subset, same)
            out.tell(len(rows))
        files.report_unwritten()


def _pages(out: Outgoing) -> Iterator[Rows]:
    connection = connections[out.using]
    quote = connection.ops.quote_name
    sql = (
        f"SELECT {', '.join(map(quote, _COLUMNS))} FROM {quote(Shape._meta.db_table)}"
        f" WHERE task_id = %s AND id > %s ORDER BY id LIMIT {_PAGE}"
    )
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [out.task_id, last])
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _by_subset(out: Outgoing, rows: Rows) -> Iterator[tuple[str, Rows]]:
    if not rows:
        return
    if len(out.subsets) == 1:
        yield out.subsets[0], rows
        return
    parts: dict[str, list[tuple[Any, ...]]] = {}
    subsets = out.image_subsets
    for row in rows:
        parts.setdefault(subsets[row[_IMAGE]], []).append(row)
    yield from parts.items()


def _by_kind(rows: Rows) -> Iterator[tuple[str, Rows]]:
    if len({row[_KIND] for row in rows}) == 1:
        yield rows[0][_KIND], rows
        return
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        parts.setdefault(row[_KIND], []).append(row)
    yield from parts.items()


class _Files:
    """The open files of an export's tags and boxes."""

    def __init__(self, out: Outgoing, stack: ExitStack) -> None:
        self.out = out
        shapes = Shape.objects.using(out.using).filter(task_id=out.task_id)
        subsets = shapes.order_by().values_list("image__subset", flat=True).distinct()
        with_clicks = set(subsets.filter(kind=ShapeKind.RECTANGLE, clicks__isnull=False))
        machine = set(subsets.filter(kind=ShapeKind.TAG, source=MACHINE))
        self.clicks = {subset: subset in with_clicks for subset in out.subsets}
        self.person: dict[str, tuple[str, ...]] = dict.fromkeys(out.subsets, ())
        specs = AttributeSpec.objects.using(out.using).filter(label__task_id=out.task_id)
        for name in PERSON_ATTRIBUTES:
            if specs.filter(name=name).exists():
                for subset in subsets.filter(kind=ShapeKind.RECTANGLE, attributes__has_key=name):
                    if subset in self.person:
                        self.person[subset] += (name,)
        self.unwritten: Counter[tuple[str, str]] = Counter()
        self._attributes: dict[str, tuple[str, ...]] = {}
        self._human: dict[str, ByteSink] = {}
        self._machine: dict[str, ByteSink] = {}
        self._boxes: dict[str, ByteSink] = {}
        # They are closed, and so stand in a zip, in the reverse of this order.
        for subset in reversed(out.subsets):
            self._boxes[subset] = stack.enter_context(out.output.stream(out.names.boxes(subset)))
            extra = (*(CLICK_COLUMNS if self.clicks[subset] else ()), *self.person[subset])
            self._boxes[subset].write(writing.header((*writing.names_of(BOXES), *extra)).encode())
            if subset in machine:
                path = out.names.labels(subset, machine=True)
                self._machine[subset] = stack.enter_context(out.output.stream(path))
                self._machine[subset].write(writing.header(writing.names_of(LABELS)).encode())
            self._human[subset] = stack.enter_context(out.output.stream(out.names.labels(subset)))
            self._human[subset].write(writing.header(writing.names_of(LABELS)).encode())

    def write_tags(self, subset: str, columns: Columns) -> None:
        """Writes tags, given by column."""
        sources = columns[_SOURCE]
        for text in set(columns[_ATTRIBUTES]) - {"{}"}:
            for name in json.loads(text):
                self.unwritten["tag", name] += columns[_ATTRIBUTES].count(text)
        if MACHINE in sources:
            machine = [source == MACHINE for source in sources]
            self._write_tags("machine labels", self._machine[subset], _where(columns, machine))
            self._write_tags("human labels", self._human[subset], _where(columns, [not is_m for is_m in machine]))
        else:
            self._write_tags("human labels", self._human[subset], columns)

    def _write_tags(self, kind: str, sink: ByteSink, columns: Columns) -> None:
        count = len(columns[_IMAGE])
        totals = self.out.report.of(kind)
        totals.read += count
        totals.written += count
        cells = (
            self.out.image_cells(columns[_IMAGE]),
            writing.texts(columns[_SOURCE]),
            list(map(self.out.label_cells.__getitem__, columns[_LABEL])),
            writing.confidences(columns[_SCORE]),
        )
        sink.write(writing.lines(cells).encode())

    def write_boxes(self, subset: str, rows: Rows) -> None:
        """Writes boxes; turned ones are left to the masks."""
        rows = [row for row in rows if not row[_ROTATION]]
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        totals = self.out.report.of("boxes")
        totals.read += len(rows)
        totals.written += len(rows)
        cells = [
            self.out.image_cells(columns[_IMAGE]),
            writing.texts(columns[_SOURCE]),
            list(map(self.out.label_cells.__getitem__, columns[_LABEL])),
            writing.confidences(columns[_SCORE]),
            *(writing.numbers(columns[index]) for index in range(_X_MIN, _X_MIN + 4)),
            writing.flags(columns[_OCCLUDED]),
            *self._attribute_cells(columns[_ATTRIBUTES], len(_SHOWN_FLAGS)),
        ]
        if self.clicks[subset]:
            cells += _click_cells(columns[_CLICKS])
        if self.person[subset]:
            people = zip(*map(self._attributes_of, columns[_ATTRIBUTES]), strict=True)
            by_name = dict(zip(PERSON_ATTRIBUTES, list(people)[len(_SHOWN_FLAGS) :], strict=True))
            cells += [by_name[name] for name in self.person[subset]]
        self._boxes[subset].write(writing.lines(cells).encode())

    def _attribute_cells(self, texts: Sequence[str], count: int) -> list[Sequence[str]]:
        known = self._attributes
        if len(known) > _CACHED:
            known.clear()
        for text in set(texts) - known.keys():
            known[text] = self._attributes_of(text)
        if any(len(known[text]) > _CELLS for text in set(texts)):
            for text in texts:
                for name in known[text][_CELLS:]:
                    self.unwritten["box", name] += 1
        cells = list(zip(*(known[text][:_CELLS] for text in texts), strict=True))
        return list(cells[:count])

    def _attributes_of(self, text: str) -> tuple[str, ...]:
        """The cells of a row's attributes, then the names of those that the format has no column for."""
        attributes = json.loads(text)
        flags = [flag_cell(attributes.pop(name, None)) for name in _SHOWN_FLAGS]
        people = [writing.text(str(attributes.pop(name, ""))) for name in PERSON_ATTRIBUTES]
        return (*flags, *people, *attributes)

    def report_unwritten(self) -> None:
        """Names the attributes that the format has no column for, with the number of shapes that have them."""
        for (kind, name), count in sorted(self.unwritten.items()):
            reason = (
                f"is an attribute that the format has no column for; {count:,} {kind}{'es' * (kind == 'box')} lose it"
            )
            self.out.issue("attribute-unwritten", reason, value=name, severity=Severity.WARNING)


_CELLS: Final = len(_SHOWN_FLAGS) + len(PERSON_ATTRIBUTES)
_FLAG_CELLS: Final = {True: "1", False: "0", None: "-1", "true": "1", "false": "0", "1": "1", "0": "0", "-1": "-1"}


def flag_cell(value: Any) -> str:
    """The cell of a flag, whatever type its spec has given it; what is neither yes nor no is unknown."""
    return _FLAG_CELLS.get(value.lower() if isinstance(value, str) else value, "-1")


def _click_cells(texts: Sequence[str | None]) -> list[list[str]]:
    rows = []
    for text in texts:
        points = json.loads(text) if text else [[None, None]] * 4
        rows.append([point[axis] for axis in (0, 1) for point in points])
    return [writing.numbers_or_empty(column) for column in zip(*rows, strict=True)]


def _where(columns: Columns, keep: Sequence[bool]) -> Columns:
    return [[value for value, kept in zip(column, keep, strict=True) if kept] for column in columns]
