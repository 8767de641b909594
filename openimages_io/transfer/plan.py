"""The plan of an import: what is to be inserted, updated and deleted, by column, in a private file until it is applied.

Whoever reads, checks and matches rows writes decisions here and never sees a database handle for writing. Nothing is
decided twice: `apply.py` only maps keys and streams. Columns of values written by `marshal` cost 0.3 s for 900 thousand
rows, both ways.

What is decided and counted of annotations is known by image, so that it can be taken back (`forget`) and decided anew
for those that somebody has changed meanwhile.
"""

import marshal
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import compress
from typing import Any, BinaryIO, Final, Self

from django.db.models import Model

from openimages_io.archives.temporary import discard, temporary_file, temporary_space
from openimages_io.database.bulk import Columns, Constants
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape
from openimages_io.transfer.counted import Counted, Tally

Blob = tuple[str, str, str]
"""A file of the archive that is read when the plan is applied: the zip within the archive that it stands in or "", its
path, and the SHA-256 that it had when it was checked."""

MODELS: Final[Mapping[str, type[Model]]] = {
    model.__name__: model for model in (Image, Label, HierarchyEdge, AttributeSpec, Shape, Mask)
}

_WAIT: Final = 10_000
"""Counted rows of one kind that are written to the file together."""
_CHANGES: Final = frozenset({Counted.ADDED, Counted.UPDATED, Counted.REMOVED})


class ArchiveChanged(Exception):
    """A file of the archive is not what it was when it was checked. The message is its path."""


class Action(Enum):
    """What is done with the rows of a decision."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Decision:
    """Rows of one table, to be written alike."""

    action: Action
    model: type[Model]
    keys: Sequence[int]
    """Of the rows that are updated or deleted."""
    columns: Columns
    """Keys below 0, and groups below 0, are of this plan. A column called `png` has a `Blob` a row, or None."""
    constants: Constants = field(default_factory=dict)
    images: Sequence[int] = ()
    """The image of each row of annotations; none for other rows."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.keys) or len(next(iter(self.columns.values()), ()))

    def without(self, images: Collection[int]) -> "Decision":
        """The same without the annotations of these images."""
        keep = [image not in images for image in self.images]
        if all(keep):
            return self
        return replace(
            self,
            keys=list(compress(self.keys, keep)),
            columns={name: list(compress(values, keep)) for name, values in self.columns.items()},
            images=list(compress(self.images, keep)),
        )


class Plan:
    """Decisions in the order in which they are to be carried out, deletions before all others. A context manager.

    New rows that others point to get keys of the plan, below 0: -1, -2, … in each table in the order of insertion.
    Raises `NoTemporarySpace` where the file cannot be made or written. Without `keeps`, for a dry run, decisions are
    counted and forgotten.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self._file: BinaryIO | None = temporary_file() if keeps else None
        self._places: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        """Offset and length of deletions and of other decisions."""
        self._places_of_counts: list[tuple[int, int]] = []
        self._end = 0
        self._is_read = False
        """Whether the file stands elsewhere than at its end."""
        self._forgotten: list[tuple[int, frozenset[int]]] = []
        """Up to which offset the annotations of which images do not hold any more, ascending."""
        self.size = 0
        """Bytes of all decisions."""
        self.counts: Counter[Tally] = Counter()
        """What becomes of annotations."""
        self._waiting: dict[Tally, list[int]] = {}
        """The images of those that are not in the file yet."""
        self._keys: Counter[type[Model]] = Counter()
        self._groups = 0
        self.inserted: Counter[type[Model]] = Counter()
        """Rows to insert, by table."""
        self._touched: set[int] = set()
        """Images of the task whose annotations change, by key."""
        self._touched_rows: set[int] = set()
        """Images of the task whose own row changes."""
        self.named: set[int] = set()
        """Images of the task that rows, lists or pictures of the archive are of."""
        self.sized: set[int] = set()
        """Images of the task whose size the plan has looked at."""
        self.pictures: dict[int, str] = {}
        """The paths in the archive of pictures that are to be stored, by the image's key."""
        self.digests: dict[str, str] = {}
        """The SHA-256 that the archive's pictures had when they were checked, by path."""
        self.changes = False
        """Whether anything of the task changes."""
        self.others: dict[type[Model], set[Any]] = {}
        """The keys of rows of other apps that would go, by model; of a dry run alone."""

    @property
    def is_dry(self) -> bool:
        """Whether it is not to be carried out."""
        return self._file is None

    def new_keys(self, model: type[Model], number: int) -> list[int]:
        """Keys for new rows, which are inserted next, in this order, with the column `id`."""
        first = self._keys[model]
        self._keys[model] += number
        return list(range(-first - 1, -first - number - 1, -1))

    def number_of_new(self, model: type[Model]) -> int:
        """How many new rows of a table have keys so far; the last one's key is this number below 0."""
        return self._keys[model]

    def new_group(self) -> int:
        """A number below 0 for a group of shapes."""
        self._groups += 1
        return -self._groups

    def insert(
        self,
        model: type[Model],
        columns: Columns,
        constants: Constants | None = None,
        images: Sequence[int] = (),
    ) -> None:
        """Has rows inserted, in their order; columns that are not given take the database's default.

        `images` are those of annotations that have no column for it.
        """
        decision = Decision(Action.INSERT, model, (), columns, constants or {}, images)
        if decision.rows:
            self.inserted[model] += decision.rows
            self._write(decision)

    def update(
        self,
        model: type[Model],
        keys: Sequence[int],
        columns: Columns,
        images: Sequence[int] = (),
        *,
        first: bool = False,
    ) -> None:
        """Has rows updated: the n-th of the keys gets the n-th value of each column; `first`, beside the deletions.

        `images` are those of annotations.
        """
        if keys:
            self._write(Decision(Action.UPDATE, model, keys, columns, images=images), first=first)

    def delete_shapes(self, keys: Sequence[int], images: Sequence[int]) -> None:
        """Has shapes of these images deleted, with their masks, before anything is inserted."""
        if keys:
            self._write(Decision(Action.DELETE, Shape, keys, {}, images=images), first=True)

    def count(self, what: Counted, name: str, images: Sequence[int]) -> None:
        """Counts what becomes of annotations, by the image of each; those that change are touched."""
        if not images:
            return
        self.counts[what, name] += len(images)
        if what in _CHANGES:
            self.touch(images)
        if self._file is not None and max(images) > 0:
            of_tally = self._waiting.setdefault((what, name), [])
            of_tally += images
            if len(of_tally) >= _WAIT:
                self._write_counts()

    def name(self, images: Iterable[int]) -> None:
        """Notes that the archive is about these images; new ones are left out."""
        self.named.update(_there(images))

    @property
    def depends_on(self) -> set[int]:
        """Images of the task whose change makes the plan wrong; that of any other does not."""
        return self.named | self.sized

    @property
    def touched(self) -> set[int]:
        """Images of the task that change, by key."""
        return self._touched | self._touched_rows

    def touch(self, images: Collection[int]) -> None:
        """Notes that the annotations of these images change; new ones are left out."""
        self.changes = True
        self._touched.update(_there(images))

    def touch_rows(self, images: Collection[int]) -> None:
        """Notes that these images themselves change; new ones are left out."""
        self.changes = True
        self._touched_rows.update(_there(images))

    def decisions(self) -> Iterator[tuple[Decision, int]]:
        """Every decision in the order in which it is to be carried out, with its size in bytes."""
        for offset, length in [*self._places[True], *self._places[False]]:
            action, name, keys, columns, constants, images = self._read(offset, length)
            images = images or columns.get("image_id", ())
            decision = Decision(Action(action), MODELS[name], keys, columns, constants, images)
            if gone := self._gone(offset):
                decision = decision.without(gone)
            if decision.rows:
                yield decision, length

    def forget(self, images: frozenset[int]) -> Counter[Tally]:
        """Takes back what is decided and counted so far of the annotations of these images. Returns what was counted.

        Rows that were to be new keep their keys of the plan.
        """
        self._write_counts()
        counted: Counter[Tally] = Counter()
        for offset, length in self._places_of_counts:
            what, name, of = self._read(offset, length)
            gone = self._gone(offset)
            counted[Counted(what), name] += sum(image in images and image not in gone for image in of)
        self.counts.subtract(counted)
        self._forgotten = [(limit, gone | images) for limit, gone in self._forgotten]
        self._forgotten.append((self._end, images))
        self._touched -= images
        self.changes = bool(self.touched)
        self.inserted.clear()
        for decision, _ in self.decisions():
            self.changes = True
            if decision.action is Action.INSERT:
                self.inserted[decision.model] += decision.rows
        return counted

    def _gone(self, offset: int) -> frozenset[int]:
        return next((images for limit, images in self._forgotten if offset < limit), frozenset())

    def settle(self) -> None:
        """Has all of it on the disk, so that no want of space can break what follows. Raises `NoTemporarySpace`."""
        if self._file is not None:
            with temporary_space():
                self._file.flush()

    def _write(self, decision: Decision, *, first: bool = False) -> None:
        self.changes = True
        if self._file is None:
            return
        columns, constants = dict(decision.columns), dict(decision.constants)
        what = decision.action.value, decision.model.__name__, list(decision.keys)
        place = self._append((*what, columns, constants, list(decision.images)))
        self._places[first].append(place)
        self.size += place[1]

    def _write_counts(self) -> None:
        for (what, name), images in self._waiting.items():
            self._places_of_counts.append(self._append((what.value, name, images)))
        self._waiting.clear()

    def _append(self, values: tuple[Any, ...]) -> tuple[int, int]:
        """Writes values at the end; returns where they stand."""
        assert self._file is not None
        data = marshal.dumps(values)
        with temporary_space():
            if self._is_read:
                self._file.seek(self._end)
                self._is_read = False
            self._file.write(data)
        self._end += len(data)
        return self._end - len(data), len(data)

    def _read(self, offset: int, length: int) -> Any:
        assert self._file is not None
        self._is_read = True
        self._file.seek(offset)
        return marshal.loads(self._file.read(length))  # noqa: S302  (our own)

    def close(self) -> None:
        """Gives the space back."""
        if self._file is not None:
            discard(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _there(images: Iterable[int]) -> Iterator[int]:
    """Those that are rows, each once: a file has many rows of an image."""
    return (image for image in set(images) if image > 0)
