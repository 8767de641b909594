"""Mode replace: which stored annotations give way to the archive's, and which stay.

A kind gives way only where the archive has a file for it; a segmentation file's kinds are masks, polygons and ellipses.
An image keeps what it has of a kind if a row of that kind was left out as bad: else the row and what it was to replace
would both be lost. Its good rows are merged.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db import models
from django.db.models import Q

from openimages_io.format.layouts import Source
from openimages_io.models import Shape, ShapeKind

if TYPE_CHECKING:
    from openimages_io.transfer.run import Run

_BATCH: Final = 500


@dataclass(slots=True)
class Replacing:
    """What one pass learns for mode replace, and what it knows of it from the pass before."""

    by_rows: dict[str, set[int]] = field(default_factory=dict)
    """Those that good rows of a group name, by group."""
    skipped: dict[str, set[tuple[str | None, str]]] = field(default_factory=dict)
    """Subset, if the file says it, and ImageID of rows that were left out as bad, by group."""
    nameless: set[str] = field(default_factory=set)
    """Groups with a row that was left out and whose image nobody knows, so that any may have lost one."""
    kept: dict[str, set[int]] = field(default_factory=dict)
    """The images that keep what they have, by group."""
    groups: frozenset[str] = frozenset()
    """Those that the archive has files for, or all if that was chosen."""
    whole: set[str] = field(default_factory=set)
    """Groups of which every image keeps what it has."""

    @property
    def keeps_any(self) -> bool:
        """Whether rows may meet shapes that stay."""
        return bool(self.whole) or any(self.kept.values())

    def name(self, group: str, images: Iterable[int]) -> None:
        """Notes the images of good rows of a group."""
        self.by_rows.setdefault(group, set()).update(images)

    def skip(self, group: str, source: Source, names: Iterable[str | None]) -> None:
        """Notes the ImageIDs of rows that are left out as bad; None where nobody knows it."""
        for name in names:
            if name is None:
                self.nameless.add(group)
            else:
                self.skipped.setdefault(group, set()).add((source.subset, name))

    def keeps(self, group: str | None, image: int) -> bool:
        """Whether an image keeps what it has of a group although the archive names it."""
        return group not in self.groups or group in self.whole or image in self.kept.get(group, ())

    def next_pass(self, images_of: Callable[[str | None, str], Collection[int]], *, exact: bool) -> "Replacing":
        """What the next pass is to keep, as this one has learnt.

        `images_of` has the images that a subset and an ImageID may mean. Unless names are `exact`, one that means none
        may mean any.
        """
        kept: dict[str, set[int]] = {}
        whole = set(self.nameless)
        for group, names in self.skipped.items():
            kept[group] = set()
            for subset, name in names:
                images = images_of(subset, name)
                kept[group].update(images)
                if not images and not exact:
                    whole.add(group)
        return Replacing(kept=kept, whole=whole)


def replace_annotations(run: "Run", labels: Collection[int] | None) -> None:
    """Removes what gives way, only of these labels if labels were chosen, counts it, and says what is done."""
    found = run.replacing
    removed: Counter[tuple[str, str]] = Counter()
    stay: Counter[tuple[str, str]] = Counter()
    images = 0
    ordered = sorted(run.plan.named)
    conditions = _conditions(run)
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        every = _shapes(run, batch, labels)
        goes = every.filter(_goes(run, found, batch, conditions))
        counted = run.groups.count(goes)
        removed += counted
        stay += run.groups.count(every) - counted
        touched = list(goes.order_by().values_list("image_id", flat=True).distinct())
        images += len(touched)
        if not touched:
            continue
        run.plan.touch(touched)
        keys = set(goes.order_by().values_list("pk", flat=True))
        boxes = goes.filter(kind=ShapeKind.RECTANGLE, group__isnull=False).order_by()
        _release(run, batch, set(boxes.values_list("group", flat=True)), keys)
        run.plan.delete_shapes(keys)
    for (_, name), number in removed.items():
        run.report.of(name).removed += number
    _report(run, found, removed, images, stay)


def _release(run: "Run", images: Sequence[int], groups: Collection[int | None], goes: Collection[int]) -> None:
    """Leaves masks alone that stay while their boxes go, unless they have found another box."""
    if not groups:
        return
    rest: models.QuerySet[Shape] = (
        models.QuerySet(Shape, using=run.using).filter(image__in=images, group__isnull=False).order_by()
    )
    members: dict[int | None, list[tuple[int, str]]] = {}
    for key, kind, group in rest.values_list("pk", "kind", "group"):
        if group in groups and key not in goes:
            members.setdefault(group, []).append((key, kind))
    alone = [of[0][0] for of in members.values() if len(of) == 1 and of[0][1] == ShapeKind.MASK]
    run.plan.update(Shape, alone, {"group": [None] * len(alone)}, first=True)


def groups_of(run: "Run") -> frozenset[str]:
    """The groups of shapes that give way in mode replace."""
    if run.options.replace_all_kinds:
        return frozenset(run.groups.by_name)
    return frozenset(_subsets(run))


def _subsets(run: "Run") -> dict[str, set[str | None]]:
    """The subsets that the archive has files of a group for, by group."""
    subsets: dict[str, set[str | None]] = {}
    for source in run.layout.sources:
        group = run.groups.of_file(source)
        if group is not None and run.wants(source.subset):
            subsets.setdefault(group, set()).add(source.subset)
    return subsets


def _conditions(run: "Run") -> dict[str, Q]:
    """Which images a group of shapes may give way on: those that its rows name, and those of its files' subsets."""
    if run.options.replace_all_kinds:
        return dict.fromkeys(run.groups.by_name, Q())
    return {
        group: Q() if None in known else Q(image__subset__in=sorted(filter(None, known)))
        for group, known in _subsets(run).items()
    }


def _goes(run: "Run", found: Replacing, batch: Sequence[int], conditions: dict[str, Q]) -> Q:
    none = Q(pk__in=[])
    goes = none
    for group, condition in conditions.items():
        if group in found.whole:
            continue
        by_rows = found.by_rows.get(group, set()).intersection(batch)
        where = (condition | Q(image__in=by_rows)) if condition else condition
        kept = found.kept.get(group, set()).intersection(batch)
        goes |= run.groups.by_name[group].condition & where & ~Q(image__in=kept)
    return goes


def _report(
    run: "Run", found: Replacing, removed: Counter[tuple[str, str]], images: int, stay: Counter[tuple[str, str]]
) -> None:
    if removed:
        run.issue("annotations-removed", count=removed.total(), images=images, kinds=_by_kind(removed))
    kept = sorted({image for keys in found.kept.values() for image in keys} & run.plan.named)
    if found.whole or kept:
        run.issue("rows-kept", count=len(kept), form="all" if found.whole else "some", kinds=sorted(found.whole))
        stay = Counter({place: number for place, number in stay.items() if place[0] not in found.groups})
    if stay:
        run.issue("kinds-kept", count=stay.total(), kinds=_by_kind(stay))


def _by_kind(numbers: Counter[tuple[str, str]]) -> dict[str, int]:
    return dict(sorted((name, number) for (_, name), number in (+numbers).items()))


def _shapes(run: "Run", images: Sequence[int], labels: Collection[int] | None) -> "models.QuerySet[Shape]":
    shapes: models.QuerySet[Shape] = models.QuerySet(Shape, using=run.using).filter(image__in=images)
    return shapes if labels is None else shapes.filter(label__in=labels)
