"""What a plan was made on: revisions tell whether it still holds, so that nobody who saves can starve an import."""

import hashlib
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.database.bulk import plain
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Task

_CHUNK: Final = 5000
_STATE: Final = tuple(
    field.attname for field in Image._meta.concrete_fields if field.attname not in {"id", "task_id", "updated"}
)


@dataclass(frozen=True, slots=True)
class Basis:
    """A task as it was before a plan was begun. Memory: 16 bytes an image.

    It is read before all else that the plan is made on: what changes meanwhile differs from it, and is noticed.
    """

    task_id: int
    revision: int
    images: "array[int]"
    """The keys of the task's images, ascending."""
    states: "array[int]"
    """A hash of each of their rows: the revision tells of annotations, the other columns of the image itself."""
    rules: bytes
    """Digest of labels, hierarchy and attribute specs."""

    @classmethod
    def of(cls, task: Task, using: str) -> "Basis":
        """The task as it is now."""
        images, states = array("q"), array("q")
        for key, state in _states(task.pk, using):
            images.append(key)
            states.append(state)
        return cls(task.pk, task.revision, images, states, _rules(task.pk, using))

    def holds(self, using: str, images: Collection[int] | None) -> bool:
        """Whether what a plan says is as right as it was when it was made, though the task may have changed since.

        It is if the task has the same labels, hierarchy, specs and images, and none of the images that the plan depends
        on has changed; None for all images. To be asked under the task's lock.
        """
        revision = plain(Task, using).filter(pk=self.task_id).values_list("revision", flat=True).first()
        if revision is None or revision == self.revision:
            return revision is not None
        if self.rules != _rules(self.task_id, using):
            return False
        now = _states(self.task_id, using)
        for key, before in zip(self.images, self.states, strict=True):
            there, state = next(now, (None, 0))
            if there != key or (state != before and (images is None or key in images)):
                return False
        return next(now, None) is None


def _states(task_id: int, using: str) -> Iterator[tuple[int, int]]:
    rows = plain(Image, using).filter(task_id=task_id).order_by("pk").values_list("pk", *_STATE)
    for key, *columns in rows.iterator(chunk_size=_CHUNK):
        yield key, hash(repr(columns))


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
