"""Groups of stored shapes: which file's rows stand for them, and which of them give way together in mode replace."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, Q, QuerySet

from openimages_io.format.layouts import Source
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.shape import MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The shapes that one kind of file stands for."""

    name: str
    """Also that of the file's rows in the report."""
    file: str
    """The kind of file."""
    shapes: tuple[ShapeKind, ...]
    machine: bool | None = None
    """Whether a machine, or whether people made them; None where that makes no difference."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Names under which kinds of these shapes are counted by themselves when they are removed or stay."""

    @property
    def condition(self) -> Q:
        """Which shapes belong to it."""
        kinds = Q(kind__in=self.shapes) if len(self.shapes) > 1 else Q(kind=self.shapes[0])  # quicker by a third
        return kinds if self.machine is None else kinds & (Q(source=MACHINE) if self.machine else ~Q(source=MACHINE))


class Groups:
    """The groups of the kinds of annotations that an import reads."""

    def __init__(self, groups: Iterable[Group] = ()) -> None:
        self.by_name: Final = {group.name: group for group in groups}
        self._of_files: dict[tuple[str, bool], str] = {}
        self._of_shapes: dict[tuple[str, bool], Group] = {}
        for group in self.by_name.values():
            for machine in (False, True) if group.machine is None else (group.machine,):
                self._of_files[group.file, machine] = group.name
                self._of_shapes |= {(kind.value, machine): group for kind in group.shapes}

    def of_file(self, source: Source) -> str | None:
        """The group of a file's rows; None for a file of something else than shapes."""
        return self._of_files.get((source.kind, source.machine))

    def of_shape(self, kind: str, source: str) -> str | None:
        """The group of a stored shape; None if no file of this import is of such shapes."""
        group = self._of_shapes.get((kind, source == MACHINE))
        return group.name if group else None

    def count(self, shapes: "QuerySet[Shape]") -> Counter[tuple[str, str, int]]:
        """The number of shapes by group, the name under which they are counted, and image; others by kind, twice."""
        found: Counter[tuple[str, str, int]] = Counter()
        rows = shapes.order_by().values_list("kind", "source", "image_id").annotate(number=Count("pk"))
        for kind, source, image, number in rows:
            group = self._of_shapes.get((kind, source == MACHINE))
            found[*((group.name, group.parts.get(kind, group.name)) if group else (kind, kind)), image] += number
        return found
