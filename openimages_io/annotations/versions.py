"""Versions of what can be edited, so that nobody saves over what somebody else has changed meanwhile.

They are digests of what is there: no column can be forgotten, and a change that was taken back is none.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet

from openimages_io.annotations.errors import ChangedMeanwhile, NotThere
from openimages_io.format.hierarchy import Graph
from openimages_io.models import Image, Label, Shape, Task
from openimages_io.models.png_digest import PngDigest

Row = TypeVar("Row", bound=Model)

_TASK: Final = ("name", "owner_id")
_IMAGE: Final = tuple(
    field.attname
    for field in Image._meta.concrete_fields
    if field.attname not in {"id", "task_id", "revision", "updated"}
)
_LABEL: Final = ("name", "display_name", "color", "position", "is_listed")
_SPEC: Final = ("name", "input_type", "mutable", "default_value", "values")
_SHAPE: Final = tuple(
    field.attname for field in Shape._meta.concrete_fields if field.attname not in {"id", "task_id", "image_id"}
)
_MASK: Final = ("mask__width", "mask__height", "mask__clicks")
_EDGE: Final = ("parent_id", "child_id", "kind", "position")


@dataclass(frozen=True, slots=True)
class Version:
    """What a row was like."""

    row: str
    """Of what an edit of it replaces."""
    contents: str = "0"
    """Of what else goes if it is deleted."""

    def __str__(self) -> str:
        return f"{self.row}-{self.contents}"


class Expected:
    """The versions that a change may be based on; None for any."""

    def __init__(self, versions: Collection[str] | None = None) -> None:
        self._versions = None if versions is None else frozenset(versions)
        self._rows = None if versions is None else {version.partition("-")[0] for version in versions}

    @property
    def versions(self) -> list[str] | None:
        """They as texts, for a job that makes the change later; None for any."""
        return None if self._versions is None else sorted(self._versions)

    def check_edit(self, *versions: Version) -> None:
        """Raises `ChangedMeanwhile` unless an edit of a row with this version, or one of these, is based on it."""
        if self._rows is not None and self._rows.isdisjoint(version.row for version in versions):
            raise ChangedMeanwhile

    def check_deletion(self, version: Version) -> None:
        """Raises `ChangedMeanwhile` unless a deletion is based on it and on what is deleted with it."""
        if self._versions is not None and str(version) not in self._versions:
            raise ChangedMeanwhile


ANY: Final = Expected()


def version_of_task(task: Task) -> Version:
    """Name and owner; its contents are all that raises its revision."""
    return Version(digest_of([_values(task, _TASK)]), str(task.revision))


def version_of_image(image: Image) -> Version:
    """Everything but its annotations, which are the contents."""
    return Version(digest_of([_values(image, _IMAGE)]), str(image.revision))


def version_of_label(label: Label) -> Version:
    """The label with its specs; its contents are its places in the hierarchy."""
    in_order = sorted(label.attribute_specs.all(), key=lambda spec: (spec.position, spec.pk))
    specs = (_values(spec, _SPEC) for spec in in_order)
    edges = [*_by_key(label.parent_edges.all()), *_by_key(label.child_edges.all())]
    return Version(digest_of([_values(label, _LABEL), *specs]), digest_of(_values(edge, _EDGE) for edge in edges))


def version_of_shape(shapes: QuerySet[Shape], key: int) -> Version:
    """One of these shapes with its mask, whatever becomes of the others of its image. Raises `NotThere`."""
    columns = shapes.filter(pk=key).annotate(pixels=PngDigest("mask__png")).values_list(*_SHAPE, *_MASK, "pixels")
    row = columns.first()
    if row is None:
        raise NotThere("The shape is no longer there.")
    return Version(digest_of([row]))


def version_of_hierarchy(graph: Graph) -> Version:
    """Every edge, and the names and the order that the tree has them by."""
    return Version(digest_of([(graph.root, graph.names, graph.edges)]))


def _by_key(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row.pk))


def _values(row: Any, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(str(value) if name == "file" else value for name in names for value in (getattr(row, name),))


def digest_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """A digest of rows of values."""
    digest = blake2b(digest_size=8)
    for row in rows:
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
