"""Masks looking for their boxes: the box of the same image and label whose coordinates agree within 1e-6."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.models import Shape, ShapeKind
from openimages_io.transfer.options import Mode
from openimages_io.transfer.run import Run

TOLERANCE: Final = 1e-6
_BATCH: Final = 500

_Box = tuple[float | None, float | None, float | None, float | None]


@dataclass(slots=True)
class Claim:
    """A mask that says the coordinates of its box."""

    key: int
    """Of the mask's shape; below 0 in a check."""
    box: tuple[float, float, float, float]
    group: int | None
    """The mask's group, once it has one."""
    is_stored: bool
    """Whether the mask was there before this import."""
    is_met: bool = False


class Claims:
    """The masks of an import by image and label; memory grows with masks, which are files of the archive."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.by_place: dict[tuple[int, int], list[Claim]] = {}
        self.images: set[int] = set()
        self._groups: list[tuple[int, int]] = []
        self._with_mask: set[int] | None = None
        """The groups in which the task had a mask, or the polygons of one, before; asked for when first needed."""

    def add(self, image: int, label: int, claim: Claim) -> None:
        """Takes a mask in."""
        self.by_place.setdefault((image, label), []).append(claim)
        self.images.add(image)

    def group_of(self, image: int, label: int, boxes: Sequence[_Box], group: int | None) -> int | None:
        """The group of a box: that of the first mask that claims it and has no box yet, else the one it has.

        A box that was there may have two sets of coordinates: those that the archive says, and those that are stored.
        """
        for claim in self.by_place.get((image, label), ()):
            if claim.is_met or (group is not None and not self._may_join(claim, group)):
                continue
            if (group is not None and claim.group == group) or any(_agree(claim.box, box) for box in boxes):
                claim.is_met = True
                joined = claim.group or group or self.run.next_group()
                if claim.group is None:
                    claim.group = joined
                    self._groups.append((claim.key, joined))
                    if claim.is_stored:
                        self.run.touch([image])
                return joined
        return group

    def _may_join(self, claim: Claim, group: int) -> bool:
        """Whether a mask may join this group of a stored box: not if it or the box has found another."""
        if claim.group is not None:
            return claim.group == group
        if self._with_mask is None:
            rows = Shape.objects.using(self.run.using).filter(
                task_id=self.run.task_id or 0, kind__in=(ShapeKind.MASK, ShapeKind.POLYGON), pk__lte=self.run.horizon
            )
            found = rows.order_by().values_list("group", flat=True).distinct()
            self._with_mask = {key for key in found if key is not None}
        return group not in self._with_mask

    def join_stored_boxes(self) -> None:
        """Joins masks whose box is not in the archive but in the task already."""
        images = sorted(
            {image for (image, _), claims in self.by_place.items() if image > 0 for c in claims if not c.is_met}
        )
        if not self.run.horizon or self.run.options.mode is Mode.REPLACE:  # which has none left on these images
            return
        boxes: list[tuple[int, int]] = []
        for start in range(0, len(images), _BATCH):
            rows = Shape.objects.using(self.run.using).filter(
                image__in=images[start : start + _BATCH],
                kind=ShapeKind.RECTANGLE,
                pk__lte=self.run.horizon,
                rotation=None,
            )
            values = rows.order_by("pk").values_list(
                "pk", "image_id", "label_id", "group", "x_min", "x_max", "y_min", "y_max"
            )
            for key, image, label, group, *box in values:
                joined = self.group_of(image, label, [_box(box)], group)
                if joined != group:
                    boxes.append((key, joined or 0))
                    self.run.touch([image])
        self._groups.extend(boxes)

    def unmet(self) -> int:
        """How many masks have found no box."""
        return sum(not claim.is_met for claims in self.by_place.values() for claim in claims)

    def flush(self) -> None:
        """Writes the groups of masks that have found their box since."""
        if self.run.loader is not None and self._groups:
            keys, groups = zip(*self._groups, strict=True)
            self.run.loader.update(Shape, keys, {"group": groups})
        self._groups.clear()


def _agree(one: _Box, other: _Box) -> bool:
    return all(a is not None and b is not None and abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))


def _box(values: Iterable[Any]) -> tuple[float, float, float, float]:
    x_min, x_max, y_min, y_max = values
    return x_min, x_max, y_min, y_max
