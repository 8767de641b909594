"""Rows of a file that meet shapes which the task had before: those in the same place, then those that are near it.

Rows and shapes are tuples of the same columns here, image and label first. A shape has its key at the end.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, Self

from django.db import connections

from openimages_io.models import Shape, ShapeKind
from openimages_io.models.flags import FLAGS, as_attributes, split_flags, with_flags
from openimages_io.transfer.agreeing_boxes import AgreeingBoxes, Sizes
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.options import Mode
from openimages_io.transfer.row_sorting import Row, RowSorter
from openimages_io.transfer.run import Run

_BATCH: Final = 900
_PAGE: Final = 10_000
"""Shapes that are fetched at once."""
SCATTERED: Final = 20_000
"""Shapes that may be fetched again before the rows of a file are sorted by image."""
_MOST: Final = 20_000
"""Rows of one image that are held until all of them are there."""
_BITS: Final = 8192
"""Keys whose bits are kept together."""
FLAG_OF_COLUMN: Final[Mapping[Any, bool | None]] = {None: None, 0: False, 1: True}
"""SQLite has numbers for them."""
_IMAGE: Final = itemgetter(0)


class KeySet:
    """A set of keys: one bit each, wherever in the table they lie."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, key: int) -> None:
        """Takes a key in."""
        page = self._pages.get(key // _BITS)
        if page is None:
            page = self._pages[key // _BITS] = bytearray(_BITS // 8)
        page[key % _BITS >> 3] |= 1 << (key & 7)

    def __contains__(self, key: int) -> bool:
        page = self._pages.get(key // _BITS)
        return page is not None and bool(page[key % _BITS >> 3] >> (key & 7) & 1)


class StoredRows:
    """The shapes of one kind that the task had before this import, each of which one row may meet.

    At hand are those of one image, and of the others on one page. Of images whose shapes were not all met, which ones
    were is kept, one bit a shape.
    """

    def __init__(
        self,
        run: Run,
        kind: ShapeKind,
        columns: Sequence[str],
        place: Callable[[Row], Hashable],
        width: int | None = None,
        box: slice | None = None,
    ) -> None:
        """`columns` begin with image, label; rows have the first `width` of them, or all.

        `place` is what a row and a shape must have in common. `box` says where the coordinates are, if what lies near
        each other may meet.
        """
        self.run, self.kind, self.columns = run, kind, tuple(columns)
        self.place, self.width, self.box = place, width or len(self.columns), box
        self.fetched_again = 0
        """Shapes that were fetched more than once, because rows of their image came in several places of a file."""
        self.sizes = Sizes(run)
        self._source = self.columns.index("source")
        self._met = KeySet()
        self._seen, self._done = KeySet(), KeySet()
        """Images whose shapes were fetched, and images whose shapes were all met."""
        self._last: tuple[int, _ImageRows] | None = None

    def meet(self, rows: Sequence[Row]) -> list[Row | None]:
        """The shape that each row meets: what an image has it has at hand for the next rows, if they begin with it."""
        if not rows:
            return []  # and what is at hand stays so
        by_image: defaultdict[int, list[int]] = defaultdict(list)
        for index, image in enumerate(map(_IMAGE, rows)):
            by_image[image].append(index)
        there = [image for image in by_image if image > 0 and image not in self._done]
        self.sizes.expect(there)
        met: list[Row | None] = [None] * len(rows)
        final = rows[-1][0]
        last = None
        for image, shapes in self._of_images(there):
            indexes = by_image[image]
            found = shapes.take([rows[index] for index in indexes])
            for index, shape in zip(indexes, found, strict=True):
                met[index] = shape
            if not len(shapes):
                self._done.add(image)
                continue
            for shape in found:
                if shape is not None:
                    self._met.add(shape[-1])
            if image == final:
                last = image, shapes
        self._last = last
        return met

    def _of_images(self, images: Sequence[int]) -> Iterator[tuple[int, "_ImageRows"]]:
        at_hand = self._last
        if at_hand is not None and at_hand[0] in images:
            yield at_hand
            images = [image for image in images if image != at_hand[0]]
        for image, found in fetch_by_image(self.run, self.kind, self.columns, images):
            shapes = found
            if image in self._seen:
                self.fetched_again += len(found)
                shapes = [shape for shape in shapes if shape[-1] not in self._met]
            if self.run.options.mode is Mode.REPLACE:
                shapes = [shape for shape in shapes if self._stays(shape)]
            yield image, _ImageRows(shapes, self)
            self._seen.add(image)

    def _stays(self, shape: Row) -> bool:
        return self.run.stays(self.run.groups.of_shape(self.kind, shape[self._source]), shape[0])


def fetch_by_image(
    run: Run, kind: ShapeKind, columns: Iterable[str], images: Iterable[int]
) -> Iterator[tuple[int, list[Row]]]:
    """The shapes of each image that has some, in the order of their keys, by column and with the key at the end.

    Memory grows with those of one image. Images come in the order of their keys.
    """
    waiting = sorted(images)
    while waiting:
        batch = waiting[:_BATCH]
        rows = _page(run, kind, columns, batch, _PAGE)
        if len(rows) == _PAGE:  # the last image may have more
            last = rows[-1][0]
            rows = [row for row in rows if row[0] != last] or _page(run, kind, columns, [last], None)
            batch = [image for image in batch if image <= rows[-1][0]]
        waiting = waiting[len(batch) :]
        for image, group in groupby(rows, key=_IMAGE):
            yield image, list(group)


def _page(run: Run, kind: ShapeKind, columns: Iterable[str], images: Sequence[int], limit: int | None) -> list[Row]:
    connection = connections[run.using]
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, (*columns, "id")))
    marks = ", ".join(["%s"] * len(images))
    sql = (
        f"SELECT {names} FROM {quote(Shape._meta.db_table)} WHERE kind = %s AND image_id IN ({marks})"
        " ORDER BY image_id, id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql if limit is None else f"{sql} LIMIT {limit}", [kind.value, *images])
        rows: list[Row] = cursor.fetchall()
    return rows


class _ImageRows:
    """The shapes of one image that no row has met yet, in the order of their keys."""

    def __init__(self, shapes: list[Row], stored: StoredRows) -> None:
        self._shapes, self._stored = shapes, stored
        self._next = 0
        self._index: _Index | None = None

    def __len__(self) -> int:
        return len(self._shapes) - self._next if self._index is None else len(self._index)

    def take(self, rows: list[Row]) -> Sequence[Row | None]:
        """The shape that each row meets. Rows that stand as they were imported meet one after the other."""
        if self._index is None:
            width = self._stored.width
            found = self._shapes[self._next : self._next + len(rows)]
            if [shape[:width] for shape in found] == rows:
                self._next += len(rows)
                return found
            self._index = _Index(self._shapes[self._next :], self._stored)
        return self._index.take(rows)


class _Index:
    """Shapes of one image by their place, and by nearness."""

    def __init__(self, shapes: Sequence[Row], stored: StoredRows) -> None:
        self._left = {shape[-1]: shape for shape in shapes}
        self._stored = stored
        self._in_place: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for shape in shapes:
            self._in_place[stored.place(shape)].append(shape[-1])
        self._near: dict[int, AgreeingBoxes] | None = None

    def __len__(self) -> int:
        return len(self._left)

    def take(self, rows: Sequence[Row]) -> list[Row | None]:
        """The shape that each row meets: whoever has one in its place meets it before others look for a near one."""
        place, box = self._stored.place, self._stored.box
        found = [self._first(self._in_place.get(place(row))) for row in rows]
        if box is not None and None in found and self._left:
            for index, row in enumerate(rows):
                if found[index] is None:
                    found[index] = self._nearest(row, box)
        return found

    def _first(self, keys: deque[int] | None) -> Row | None:
        while keys:
            key = keys.popleft()
            if key in self._left:
                return self._take(key)
        return None

    def _nearest(self, row: Row, box: slice) -> Row | None:
        if self._near is None:
            by_label: defaultdict[int, list[tuple[int, Any]]] = defaultdict(list)
            for key, shape in self._left.items():
                by_label[shape[1]].append((key, shape[box]))
            size = self._stored.sizes.of(row[0])
            self._near = {label: AgreeingBoxes(boxes, size) for label, boxes in by_label.items()}
        near = self._near.get(row[1])
        keys = near.find(row[box]) if near else []
        return self._take(keys[0]) if keys else None

    def _take(self, key: int) -> Row:
        shape = self._left.pop(key)
        if self._near is not None:
            self._near[shape[1]].remove(key)
        return shape


def new_score(stored: float | None, given: float | None) -> float | None:
    """The score after a merge. A shape without one is written with Confidence 1, so 1 adds nothing."""
    return stored if given is None or (stored is None and given == 1) else given


def stored_attributes(text: str, flags: Iterable[Any]) -> dict[str, Any]:
    """The attributes of a shape as they are stored: their JSON, and the flags."""
    stored = {} if text == "{}" else json.loads(text)
    said = dict(zip(FLAGS, map(FLAG_OF_COLUMN.__getitem__, flags), strict=True))
    return as_attributes(with_flags(stored, said))


def columns_of(attributes: dict[str, Any]) -> dict[str, Any]:
    """The columns of a shape with these attributes: their JSON, and the flags."""
    rest, flags = split_flags(attributes)
    return {"attributes": json.dumps(rest, ensure_ascii=False), **flags}


def report_odd(run: Run, image: int, attributes: str, key: int) -> None:
    """Reports a shape that was met and whose attributes are stored as something else than an object."""
    if not attributes.startswith("{"):
        run.issue(Counted.ODD.value, column="attributes", value=json.dumps(json.loads(attributes)), shape=key)
        run.plan.count(Counted.ODD, "", [image])


class RowMerger:
    """Takes the rows of one kind into a task that has shapes of the kind.

    Rows are taken as they come, those of an image together; but where they are scattered over a file, the rest of it is
    sorted first. A context manager.
    """

    def __init__(
        self,
        stored: StoredRows,
        decide: Callable[[Sequence[Row], Sequence[Row | None]], list[Row | None]],
        insert: Callable[[Sequence[Row]], None],
    ) -> None:
        """`decide` plans what becomes of the shapes that rows meet.

        For a row that is new it returns what is inserted beside the row's own cells, for all others None.
        """
        self.stored, self._decide, self._insert = stored, decide, insert
        self._waiting: list[Row] = []
        """Rows of an image that may have more."""
        self._sorter: RowSorter | None = None

    def take(self, rows: Sequence[Row]) -> None:
        """Takes rows in."""
        if self._sorter is not None:
            self._sorter.add(rows)
            return
        self._waiting += rows
        end = _start_of_last_image([row[0] for row in self._waiting])
        self._take(self._waiting[:end])
        del self._waiting[:end]
        if self.stored.fetched_again > SCATTERED:
            self._sorter = RowSorter()
            self._sorter.add(self._waiting)
            self._waiting.clear()

    def finish(self) -> None:
        """Takes in what was put aside; the file is at its end."""
        self._take(self._waiting)
        self._waiting = []
        if self._sorter is not None:
            self._take_sorted(self._sorter)
            self._close()
        self.stored.fetched_again = 0

    def _take(self, rows: Sequence[Row]) -> None:
        new = self._decide(rows, self.stored.meet(rows))
        self._insert([row + more for row, more in zip(rows, new, strict=True) if more is not None])

    def _take_sorted(self, sorter: RowSorter) -> None:
        waiting: list[tuple[int, Row]] = []
        for batch in chain(sorter.by_image(), [[]]):
            waiting += batch
            end = _start_of_last_image([row[0] for _, row in waiting]) if batch else len(waiting)
            numbers, rows = [number for number, _ in waiting[:end]], [row for _, row in waiting[:end]]
            del waiting[:end]
            new = self._decide(rows, self.stored.meet(rows))
            sorter.choose((number, more) for number, more in zip(numbers, new, strict=True) if more is not None)
        for found in sorter.chosen():
            self._insert(found)

    def _close(self) -> None:
        if self._sorter is not None:
            self._sorter.close()
        self._sorter = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()


def _start_of_last_image(images: Sequence[int]) -> int:
    """Where the rows of the last image begin, for which more are awaited; the end if they are scattered or many."""
    start = len(images)
    while start and images[start - 1] == images[-1]:
        start -= 1
    is_whole = len(images) - start >= _MOST or (images and images[-1] in images[:start])
    return len(images) if is_whole else start
