"""What a plan was made on: revisions tell what of it holds no more, so that nobody who saves starves an import."""

import hashlib
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.database.bulk import plain
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Task

_CHUNK: Final = 5000
_STATE: Final = tuple(
    field.attname
    for field in Image._meta.concrete_fields
    if field.attname not in {"id", "task_id", "updated", "revision"}
)


class TaskChanged(Exception):
    """The task is not what it was when the plan was made, and all of it is to be planned again."""


@dataclass(slots=True)
class Basis:
    """A task as it was before a plan was begun, or what changed was planned again. Memory: 24 bytes an image.

    It is read before all else that the plan is made on: what changes meanwhile differs from it, and is noticed.
    """

    task_id: int
    revision: int
    images: "array[int]"
    """The keys of the task's images, ascending."""
    revisions: "array[int]"
    """The revision of each, which tells of its annotations."""
    states: "array[int]"
    """A hash of the other columns of each, which tell of the image itself."""
    rules: bytes
    """Digest of labels, hierarchy and attribute specs."""

    @classmethod
    def of(cls, task: Task, using: str) -> "Basis":
        """The task as it is now."""
        images, revisions, states = array("q"), array("q"), array("q")
        for key, now, state in _states(task.pk, using):
            images.append(key)
            revisions.append(now)
            states.append(state)
        return cls(task.pk, task.revision, images, revisions, states, _rules(task.pk, using))

    def catch_up(self, using: str, named: Collection[int], fixed: Collection[int] | None) -> frozenset[int]:
        """Takes the task as it is now for the basis. Returns the `named` images whose annotations have changed.

        Raises `TaskChanged` where a plan cannot be mended image by image: the task is gone, or has other labels,
        hierarchy, specs or images than before, or one of the `fixed` images, None for all of them, has itself changed.
        """
        revision = plain(Task, using).filter(pk=self.task_id).values_list("revision", flat=True).first()
        if revision == self.revision:
            return frozenset()
        if revision is None or self.rules != _rules(self.task_id, using):
            raise TaskChanged
        moved: list[int] = []
        number = 0
        for index, (key, now, state) in enumerate(_states(self.task_id, using)):
            if index == len(self.images) or self.images[index] != key:
                raise TaskChanged
            if self.states[index] != state:
                if fixed is None or key in fixed:
                    raise TaskChanged
                self.states[index] = state
            if self.revisions[index] != now:
                self.revisions[index] = now
                if key in named:
                    moved.append(key)
            number = index + 1
        if number < len(self.images):
            raise TaskChanged
        self.revision = revision
        return frozenset(moved)


def _states(task_id: int, using: str) -> Iterator[tuple[int, int, int]]:
    """Key, revision and a hash of the rest of each image."""
    rows = plain(Image, using).filter(task_id=task_id).order_by("pk").values_list("pk", "revision", *_STATE)
    for key, revision, *columns in rows.iterator(chunk_size=_CHUNK):
        yield key, revision, hash(repr(columns))


def _rules(task_id: int, using: str) -> bytes:
    """A digest of what decides how rows are read: labels, hierarchy, specs."""
    digest = hashlib.sha256()
    tables: tuple[tuple[type[Any], str, tuple[str, ...]], ...] = (
        (Label, "task_id", ("pk", "name", "display_name", "position", "is_listed")),
        (HierarchyEdge, "parent__task_id", ("parent_id", "child_id", "kind", "position")),
        (AttributeSpec, "label__task_id", ("label_id", "name", "input_type", "values")),
    )
    for model, path, columns in tables:
        for row in plain(model, using).filter(**{path: task_id}).order_by("pk").values_list(*columns):
            digest.update(repr(row).encode())
        digest.update(b"\n")
    return digest.digest()
