"""The plan of an import: what is to be inserted, updated and deleted, by column, in a private file until it is applied.

Whoever reads, checks and matches rows writes decisions here and never sees a database handle for writing. Nothing is
decided twice: `apply.py` only maps keys and streams. Columns of values written by `marshal` cost 0.3 s for 900 thousand
rows, both ways.
"""

import marshal
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, Final, Self

from django.db.models import Model

from openimages_io.archives.temporary import discard, temporary_file, temporary_space
from openimages_io.database.bulk import Columns, Constants
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape

Blob = tuple[str, str, str]
"""A file of the archive that is read when the plan is applied: the zip within the archive that it stands in or "", its
path, and the SHA-256 that it had when it was checked."""

MODELS: Final[Mapping[str, type[Model]]] = {
    model.__name__: model for model in (Image, Label, HierarchyEdge, AttributeSpec, Shape, Mask)
}


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
        self.size = 0
        """Bytes of all decisions."""
        self._keys: Counter[type[Model]] = Counter()
        self._groups = 0
        self.inserted: Counter[type[Model]] = Counter()
        """Rows to insert, by table."""
        self.touched: set[int] = set()
        """Images of the task whose annotations change, by key."""
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

    def insert(self, model: type[Model], columns: Columns, constants: Constants | None = None) -> None:
        """Has rows inserted, in their order; columns that are not given take the database's default."""
        rows = len(next(iter(columns.values()), ()))
        if rows:
            self.inserted[model] += rows
            self._write(Action.INSERT, model, (), columns, constants or {})

    def update(self, model: type[Model], keys: Sequence[int], columns: Columns, *, first: bool = False) -> None:
        """Has rows updated: the n-th of the keys gets the n-th value of each column; `first`, beside the deletions."""
        if keys:
            self._write(Action.UPDATE, model, keys, columns, {}, first=first)

    def delete_shapes(self, keys: Collection[int]) -> None:
        """Has shapes deleted, with their masks, before anything is inserted."""
        if keys:
            self._write(Action.DELETE, Shape, sorted(keys), {}, {}, first=True)

    def name(self, images: Iterable[int]) -> None:
        """Notes that the archive is about these images; new ones are left out."""
        self.named.update(_there(images))

    @property
    def depends_on(self) -> set[int]:
        """Images of the task whose change makes the plan wrong; that of any other does not."""
        return self.named | self.sized

    def touch(self, images: Collection[int]) -> None:
        """Notes that the annotations of these images change; new ones are left out."""
        self.changes = True
        self.touched.update(_there(images))

    def decisions(self) -> Iterator[tuple[Decision, int]]:
        """Every decision in the order in which it is to be carried out, with its size in bytes."""
        assert self._file is not None
        for offset, length in [*self._places[True], *self._places[False]]:
            self._file.seek(offset)
            action, name, keys, columns, constants = marshal.loads(self._file.read(length))  # noqa: S302  (our own)
            yield Decision(Action(action), MODELS[name], keys, columns, constants), length

    def settle(self) -> None:
        """Has all of it on the disk, so that no want of space can break what follows. Raises `NoTemporarySpace`."""
        if self._file is not None:
            with temporary_space():
                self._file.flush()

    def _write(
        self,
        action: Action,
        model: type[Model],
        keys: Sequence[int],
        columns: Columns,
        constants: Constants,
        *,
        first: bool = False,
    ) -> None:
        self.changes = True
        if self._file is None:
            return
        data = marshal.dumps((action.value, model.__name__, list(keys), dict(columns), dict(constants)))
        with temporary_space():
            self._file.write(data)
        self._places[first].append((self.size, len(data)))
        self.size += len(data)

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
