"""Masks looking for their boxes: the box of the same image and label whose coordinates agree within 1e-6."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet

from openimages_io.models import Shape, ShapeKind
from openimages_io.transfer.agreeing_boxes import whole
from openimages_io.transfer.near_boxes import NearBoxes
from openimages_io.transfer.options import Mode
from openimages_io.transfer.run import Run

TOLERANCE: Final = 1e-6
_BATCH: Final = 500
_FIRST: Final = 64
"""Masks of one spot that are looked at for a box; any of them would do."""

_Box = tuple[float | None, float | None, float | None, float | None]


@dataclass(slots=True)
class Claim:
    """A mask that says the coordinates of its box."""

    key: int
    """Of the mask's shape; below 0 for a new one."""
    box: tuple[float, float, float, float]
    group: int | None
    """The mask's group, if it had one before."""
    is_stored: bool
    """Whether the mask was there before this import."""
    is_named: bool = True
    """Whether the archive has the mask. One of the task's that it doesn't have may still find its box in it."""


class _Place:
    """The masks of one label on one image that have found no box yet, by what finds them.

    Those that have a group stand apart from those that have none: a box may join with all of the latter or with none of
    them, and with the former by their groups, so that the first is enough, however many are in one spot.
    """

    def __init__(self) -> None:
        self.claims: dict[int, Claim] = {}
        """In the order in which they came."""
        self._near: dict[bool, NearBoxes[int]] = {grouped: NearBoxes(TOLERANCE) for grouped in (False, True)}
        self._numbers: dict[int, int] = {}
        """What the nearness has called them."""
        self._by_group: dict[int | None, set[int]] = {}
        self._next = 0

    def add(self, claim: Claim) -> None:
        self._next += 1
        self.claims[self._next] = claim
        self._numbers[self._next] = self._near[claim.group is not None].add(claim.box, self._next)
        self._by_group.setdefault(claim.group, set()).add(self._next)

    def find(self, boxes: Sequence[_Box], group: int | None, without_box: Callable[[int], bool]) -> list[int]:
        """Masks that a box of this group may join, the first of them first, and some others of its own.

        Those are masks of its group, or one that says one of its boxes. `without_box` says of a group that it has none.
        """
        found = set(self._by_group.get(group, ())) if group is not None else set()
        for box in filter(None, map(whole, boxes)):
            found.update(number for _, _, number in self._near[False].near(box, _FIRST))
            if group is None:
                found.update(self._grouped(box, without_box))
        return sorted(found)

    def _grouped(self, box: tuple[float, float, float, float], without_box: Callable[[int], bool]) -> list[int]:
        """Masks in a group that has no box; what has one is joined by its group alone, so it is not looked at again."""
        while near := [number for _, _, number in self._near[True].near(box, _FIRST)]:
            with_box = [number for number in near if not without_box(self.claims[number].group or 0)]
            if not with_box:
                break
            for number in with_box:
                self._near[True].remove(self._numbers.pop(number))
        return near

    def take(self, number: int) -> Claim:
        claim = self.claims.pop(number)
        if number in self._numbers:
            self._near[claim.group is not None].remove(self._numbers.pop(number))
        self._by_group[claim.group].discard(number)
        return claim


def box_matcher(run: Run) -> "BoxMatcher":
    """The run's matcher of masks and boxes."""
    if run.mask_boxes is None:
        run.mask_boxes = BoxMatcher(run)
    return run.mask_boxes


class BoxMatcher:
    """The masks of an import by image and label; memory grows with masks, which are files of the archive."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._by_place: dict[tuple[int, int], _Place] = {}
        self._keys: set[int] = set()
        self.images: set[int] = set()
        self._groups: list[tuple[int, int, int]] = []
        """Shape, group and image of masks and boxes that found each other."""
        self._with_mask: set[tuple[int, int]] | None = None
        """Images and groups in which the task had a mask, or the polygons of one, before; asked for when needed."""
        self._with_box: set[tuple[int, int]] | None = None
        """Likewise those in which it had a box."""
        self._has_lonely: bool | None = None
        self._looked_at: set[int] = set()

    def add(self, image: int, label: int, claim: Claim) -> None:
        """Takes a mask in."""
        self._by_place.setdefault((image, label), _Place()).add(claim)
        self._keys.add(claim.key)
        self.images.add(image)

    def group_of(self, image: int, label: int, boxes: Sequence[_Box], group: int | None) -> int | None:
        """The group of a box: that of the first mask that claims it and has no box yet, else the one it has.

        A box that was there may have two sets of coordinates: those that the archive says, and those that are stored.
        """
        place = self._by_place.get((image, label))
        for number in place.find(boxes, group, partial(self._has_no_box, image)) if place else ():
            assert place is not None
            if not self._may_join(image, place.claims[number], group):
                continue
            claim = place.take(number)
            joined = claim.group or group or self.run.plan.new_group()
            if claim.group is None or not self.run.stays("boxes", image):  # which may leave the mask without its group
                self._groups.append((claim.key, joined, image))
                if claim.is_stored:
                    self.run.plan.touch([image])
            return joined
        return group

    def _may_join(self, image: int, claim: Claim, group: int | None) -> bool:
        """Whether a mask and a box of this group may be joined: not if one of them has found another."""
        if claim.group is not None and group is None:
            return self._has_no_box(image, claim.group)
        if claim.group is not None or group is None:
            return claim.group == group
        if self._with_mask is None:
            self._with_mask = self._groups_with(ShapeKind.MASK, ShapeKind.POLYGON)
        return (image, group) not in self._with_mask

    def _has_no_box(self, image: int, group: int) -> bool:
        if self._with_box is None:
            self._with_box = self._groups_with(ShapeKind.RECTANGLE)
        return (image, group) not in self._with_box

    def _groups_with(self, *kinds: ShapeKind) -> set[tuple[int, int]]:
        """The images and groups in which the task has a shape of these kinds that stays."""
        rows = Shape.objects.using(self.run.using).filter(task_id=self.run.task_id, kind__in=kinds, group__isnull=False)
        replaced = self.run.groups.of_shape(kinds[0], "")
        found = rows.order_by().values_list("image_id", "group").distinct()
        return {(image, group) for image, group in found if group is not None and self.run.stays(replaced, image)}

    def take_stored_masks(self, images: Iterable[int]) -> None:
        """Takes in the masks that the task has on these images, that have no box yet and stand not in the archive."""
        wanted = sorted({image for image in images if image > 0} - self._looked_at)
        self._looked_at.update(wanted)
        if not self.run.has_shapes or not wanted:
            return
        if self._has_lonely is None:
            self._has_lonely = self._lonely().exists()
        if not self._has_lonely:
            return
        for start in range(0, len(wanted), _BATCH):
            rows = self._lonely().filter(image__in=wanted[start : start + _BATCH]).order_by("pk")
            for key, image, label, group, *box in rows.values_list(
                "pk", "image_id", "label_id", "group", "x_min", "x_max", "y_min", "y_max"
            ):
                if not self.run.stays("masks", image) or (group is not None and not self._is_released(image, group)):
                    continue
                if key not in self._keys:
                    self.add(image, label, Claim(key, _box(box), None, is_stored=True, is_named=False))

    def _lonely(self) -> "QuerySet[Shape]":
        """The masks of the task that stand alone, or will where boxes are replaced, though a box of theirs is known."""
        masks = Shape.objects.using(self.run.using).filter(
            task_id=self.run.task_id, kind=ShapeKind.MASK, x_min__isnull=False
        )
        return masks if self._replaces_boxes else masks.filter(group=None)

    @property
    def _replaces_boxes(self) -> bool:
        return self.run.options.mode is Mode.REPLACE and "boxes" in self.run.replacing.groups

    def _is_released(self, image: int, group: int) -> bool:
        """Whether a group has nothing but one mask when the boxes of its image have been replaced."""
        if self.run.stays("boxes", image):
            return False
        rows = Shape.objects.using(self.run.using).filter(image=image, group=group).values_list("kind", "source")
        return sum(self.run.stays(self.run.groups.of_shape(*row), image) for row in rows) == 1

    def join_stored_boxes(self) -> None:
        """Joins masks whose box is not in the archive but in the task already."""
        images = sorted(
            {
                image
                for (image, _), place in self._by_place.items()
                if image > 0 and any(claim.is_named for claim in place.claims.values())
            }
        )
        if not self.run.has_shapes:
            return
        images = [image for image in images if self.run.stays("boxes", image)]
        boxes: list[tuple[int, int, int]] = []
        for start in range(0, len(images), _BATCH):
            rows = Shape.objects.using(self.run.using).filter(
                image__in=images[start : start + _BATCH],
                kind=ShapeKind.RECTANGLE,
                rotation=None,
            )
            values = rows.order_by("pk").values_list(
                "pk", "image_id", "label_id", "group", "x_min", "x_max", "y_min", "y_max"
            )
            for key, image, label, group, *box in values:
                joined = self.group_of(image, label, [_box(box)], group)
                if joined != group:
                    boxes.append((key, joined or 0, image))
                    self.run.plan.touch([image])
        self._groups.extend(boxes)

    def unmet(self) -> list[int]:
        """The image of each of the archive's masks that has found no box."""
        places = self._by_place.items()
        return [image for (image, _), place in places for claim in place.claims.values() if claim.is_named]

    def flush(self) -> None:
        """Writes the groups of masks that have found their box since."""
        if self._groups:
            keys, groups, images = zip(*self._groups, strict=True)
            self.run.plan.update(Shape, keys, {"group": groups}, images)
        self._groups.clear()


def _box(values: Iterable[Any]) -> tuple[float, float, float, float]:
    x_min, x_max, y_min, y_max = values
    return x_min, x_max, y_min, y_max
