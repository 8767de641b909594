"""Mode replace: which stored annotations give way to the archive's, and which stay.

A kind gives way only where the archive has a file for it; a segmentation file's kinds are masks, polygons and ellipses.
An image keeps what it has of a kind if a row of that kind was left out as bad: else the row and what it was to replace
would both be lost. Its good rows are merged.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db import models
from django.db.models import Q

from openimages_io.format.layouts import Source
from openimages_io.models import Shape, ShapeKind
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.rows_of_others import find_others

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

        `images_of` has the images that a subset and an ImageID may mean; new ones, which have nothing to keep, by
        negative keys. Unless names are `exact`, one that means none may mean any.
        """
        kept: dict[str, set[int]] = {}
        whole = set(self.nameless)
        for group, names in self.skipped.items():
            kept[group] = set()
            for subset, name in names:
                images = images_of(subset, name)
                kept[group].update(image for image in images if image > 0)
                if not images and not exact:
                    whole.add(group)
        return Replacing(kept=kept, whole=whole)


def replace_annotations(run: "Run") -> None:
    """Removes what gives way, only of chosen labels if any were chosen, and counts it."""
    found, plan = run.replacing, run.plan
    conditions = _conditions(run)
    kept = {image for keys in found.kept.values() for image in keys} & plan.named
    if found.whole or kept:
        run.issue("rows-kept", count=len(kept), form="all" if found.whole else "some", kinds=sorted(found.whole))
    ordered = sorted(plan.named if run.only is None else plan.named & run.only)
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        every = _shapes(run, batch)
        goes = every.filter(_goes(run, found, batch, conditions))
        removed = run.groups.count(goes)
        for (group, name, image), number in (run.groups.count(every) - removed).items():
            if not (found.whole or kept) or group not in found.groups:
                plan.count(Counted.KEPT, name, [image] * number)
        if not removed:
            continue
        for (_, name, image), number in removed.items():
            plan.count(Counted.REMOVED, name, [image] * number)
        plan.count(Counted.IMAGES_REMOVED_FROM, "", list({image for _, _, image in removed}))
        image_of = dict(goes.order_by("pk").values_list("pk", "image_id"))
        boxes = goes.filter(kind=ShapeKind.RECTANGLE, group__isnull=False).order_by()
        _release(run, batch, set(boxes.values_list("image_id", "group")), image_of)
        plan.delete_shapes(list(image_of), list(image_of.values()))
        if plan.is_dry:
            find_others(plan.others, list(image_of), run.using)


def _release(
    run: "Run", images: Sequence[int], groups: Collection[tuple[int, int | None]], goes: Collection[int]
) -> None:
    """Leaves masks alone that stay while their boxes go, unless they have found another box.

    `groups` are those of the boxes, with their images.
    """
    if not groups:
        return
    rest: models.QuerySet[Shape] = (
        models.QuerySet(Shape, using=run.using).filter(image__in=images, group__isnull=False).order_by()
    )
    members: dict[tuple[int, int | None], list[tuple[int, str]]] = {}
    for key, kind, image, group in rest.values_list("pk", "kind", "image_id", "group"):
        if (image, group) in groups and key not in goes:
            members.setdefault((image, group), []).append((key, kind))
    alone = [(of[0][0], image) for (image, _), of in members.items() if len(of) == 1 and of[0][1] == ShapeKind.MASK]
    columns = {"group": [None] * len(alone)}
    run.plan.update(Shape, [key for key, _ in alone], columns, [image for _, image in alone], first=True)


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


def _shapes(run: "Run", images: Sequence[int]) -> "models.QuerySet[Shape]":
    shapes: models.QuerySet[Shape] = models.QuerySet(Shape, using=run.using).filter(image__in=images)
    return shapes if run.chosen_labels is None else shapes.filter(label__in=run.chosen_labels)
