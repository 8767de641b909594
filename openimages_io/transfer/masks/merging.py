"""Masks that the task had before, met by rows that say the same again: by BoxID, or by box where there is none."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from openimages_io.format.masks import BadMask, MaskHeader, decode
from openimages_io.geometry import bounds
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.agreeing_boxes import AgreeingBoxes, Sizes, whole
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.masks.in_place import MasksInPlace, StoredMask, names_a_mask
from openimages_io.transfer.masks.looks import same_pixels
from openimages_io.transfer.merging import KeySet, columns_of, fetch_by_image, report_odd, stored_attributes
from openimages_io.transfer.plan import Blob
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run

_BOX: Final = ("x_min", "x_max", "y_min", "y_max")
_COLUMNS: Final = ("image_id", "label_id", *_BOX, "group", "attributes", *FLAGS)
_KEPT: Final = 20_000
"""Masks that are at hand before those of images that the next chunk doesn't name are let go."""

Named = tuple[int, int, str]
"""Image, label and BoxID."""


class StoredMasks:
    """The stored masks, or polygons, that rows of the chunk at hand may meet."""

    def __init__(self, run: Run, kind: ShapeKind) -> None:
        self.run, self.kind = run, kind
        self.fetched_again = 0
        """Shapes that were fetched more than once, because rows of their image came in several places of a file."""
        self._met = KeySet()
        self._seen = KeySet()
        """Images whose shapes were fetched."""
        self._sizes = Sizes(run)
        self._at_hand: dict[int, dict[int, MasksInPlace]] = {}
        """By image and label. Images stay at hand for the next chunks until there are many masks."""
        self._held = 0
        self._spoken_for: dict[tuple[int, int], set[str]] = {}

    def fetch(self, images: Sequence[int], rows: Iterable[Named]) -> None:
        """Has the shapes of these images at hand. `rows` are those of the chunk: none takes what another names."""
        group = self.run.groups.of_shape(self.kind, "")
        wanted = {image for image in images if image > 0 and self.run.stays(group, image)}
        self._sizes.expect(wanted)
        self._spoken_for = {}
        for image, label, box_id in rows:
            if names_a_mask(box_id):
                self._spoken_for.setdefault((image, label), set()).add(box_id)
        if self._held > _KEPT:
            self._at_hand = {image: self._at_hand[image] for image in wanted if image in self._at_hand}
            self._held = sum(len(place.masks) for places in self._at_hand.values() for place in places.values())
        new = {image for image in wanted if image not in self._at_hand}
        self._at_hand.update((image, {}) for image in new)
        traced = self._traced(new) if self.kind == ShapeKind.POLYGON and new else None
        for image, shapes in fetch_by_image(self.run, self.kind, _COLUMNS, new):
            by_label: dict[int, list[StoredMask]] = {}
            for mask in map(_stored_mask, shapes):
                if mask.key not in self._met:
                    by_label.setdefault(mask.label, []).append(mask)
            self._held += len(shapes)
            if image in self._seen:
                self.fetched_again += len(shapes)
            size = self._sizes.of(image)
            leave_out = partial(self.run.plan.count, Counted.LEFT_OUT, "", [image])
            self._at_hand[image] = {
                label: MasksInPlace(self.run, masks, size, traced, leave_out) for label, masks in by_label.items()
            }
        for image in new:
            self._seen.add(image)

    def take_named(self, image: int, label: int, box_id: str) -> StoredMask | None:
        """The stored mask with a row's BoxID, if that names a mask, which no row has met."""
        place = self._place(image, label)
        return self._meet(place.named(box_id)) if place and names_a_mask(box_id) else None

    def take_in_place(
        self,
        image: int,
        label: int,
        box_id: str,
        box: Sequence[float | None] | None,
        png: bytes,
        rings: list[list[float]] | None,
    ) -> StoredMask | None:
        """The stored mask in a row's place, which no row has met and which BoxIDs do not tell apart from the row's.

        They do not if the row or the stored mask has none, or one that Datumaro made up. Several in one place are told
        apart by their pixels, or the outline of these. No mask takes the place of a polygon that somebody drew.
        """
        place = self._place(image, label)
        if place is None:
            return None
        spoken_for = self._spoken_for.get((image, label), set())
        return self._meet(place.in_place(box_id, whole(box) if box else None, spoken_for, png, rings))

    def agrees(self, shape: StoredMask, box: Sequence[float | None] | None) -> bool | None:
        """Whether a stored shape has this box; None if it, or what it should have, is not known."""
        wanted = whole(box) if box else None
        if wanted is None or None in shape.box:
            return None
        return bool(AgreeingBoxes([(shape.key, shape.box)], self._sizes.of(shape.image)).find(wanted))

    def _traced(self, images: Iterable[int]) -> set[int]:
        """The polygons that were traced from masks."""
        found = Mask.objects.using(self.run.using).filter(shape__image__in=images, shape__kind=self.kind)
        return set(found.values_list("pk", flat=True))

    def _place(self, image: int, label: int) -> MasksInPlace | None:
        return self._at_hand.get(image, {}).get(label)

    def _meet(self, shape: StoredMask | None) -> StoredMask | None:
        if shape is not None:
            self._at_hand[shape.image][shape.label].take(shape.key)
            self._met.add(shape.key)
            report_odd(self.run, shape.image, shape.text, shape.key)
        return shape


def _stored_mask(row: Row) -> StoredMask:
    image, label, x_min, x_max, y_min, y_max, group, text, *flags, key = row
    attributes = stored_attributes(text, flags)
    return StoredMask(key, image, label, (x_min, x_max, y_min, y_max), group, attributes, text)


def after_meeting(
    run: Run,
    met: StoredMask,
    box: Sequence[float | None] | None,
    attributes: dict[str, Any],
    png: bytes,
    blob: Blob | None,
    header: MaskHeader | None,
    path: str,
    clicks: str,
    rings: list[list[float]] | None,
    *,
    moved: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of shape and mask that change when a row meets a stored mask. What the row doesn't say stays."""
    shape: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    merged = _merged(met.attributes, attributes)
    if merged != met.attributes:
        shape |= columns_of(merged)
    if box is not None and (moved or None in met.box):
        shape |= dict(zip(_BOX, box, strict=True))
    stored = _beside(run, met.key)
    if stored is None:
        if not rings:
            return shape, beside
        stored = {"png": b"", "path": path, "clicks": clicks}
    if clicks and clicks != stored["clicks"]:
        beside["clicks"] = clicks
    if path and not stored["path"]:
        beside["path"] = path
    if rings is not None:
        points = _points(run, met.key)
        if points != rings:
            shape["points"] = json.dumps(rings)
            if box is None:
                shape |= dict(zip(_BOX, bounds(rings), strict=True))
            if header is not None:
                beside |= {"width": header.width, "height": header.height}
    elif png and header is not None and not _same_pixels(run, bytes(stored["png"]), png):
        beside |= {"png": blob, "width": header.width, "height": header.height}
    return shape, beside


def _merged(stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The attributes after a merge. A BoxID that Datumaro made up does not stand in for one that is there."""
    merged = stored | given
    if stored.get("box_id") and not names_a_mask(str(merged["box_id"])):
        merged["box_id"] = stored["box_id"]
    return merged


def _beside(run: Run, key: int) -> dict[str, Any] | None:
    found = Mask.objects.using(run.using).filter(shape_id=key).values("png", "path", "clicks").first()
    return {**found} if found else None


def _points(run: Run, key: int) -> Any:
    return Shape.objects.using(run.using).filter(pk=key).values_list("points", flat=True).first()


def _same_pixels(run: Run, stored: bytes, given: bytes) -> bool:
    """Whether two PNGs say the same."""
    if stored == given:
        return True
    if not stored:
        return False
    try:
        return same_pixels(decode(stored, run.limits), decode(given, run.limits))
    except BadMask:
        return False
