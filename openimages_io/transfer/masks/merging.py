"""Masks that the task had before, met by rows that say the same again: by BoxID, or by box where there is none."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format.masks import BadMask, MaskHeader, decode
from openimages_io.geometry import bounds
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.agreeing_boxes import AgreeingBoxes, Size, Sizes, whole
from openimages_io.transfer.masks.redrawn_masks import same_pixels
from openimages_io.transfer.merging import KeySet, columns_of, fetch_by_image, report_odd, stored_attributes
from openimages_io.transfer.plan import Blob
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run

_BOX: Final = ("x_min", "x_max", "y_min", "y_max")
_COLUMNS: Final = ("image_id", "label_id", *_BOX, "group", "attributes", *FLAGS)
_MADE_UP: Final = re.compile("0000[0-9a-f]{4}")
"""Datumaro, and CVAT with it, numbers an image's masks that have no BoxID from 00000000, anew whenever it writes."""

_KEPT: Final = 20_000
"""Masks that are at hand before those of images that the next chunk doesn't name are let go."""

Named = tuple[int, int, str]
"""Image, label and BoxID."""


@dataclass(slots=True)
class StoredMask:
    """What is stored of the shape of a mask, or of a polygon that may have been traced from one."""

    key: int
    image: int
    label: int
    box: tuple[float | None, float | None, float | None, float | None]
    group: int | None
    attributes: dict[str, Any]
    """The flags that are columns among them."""
    text: str
    """The attributes as they are stored."""


class _MasksInPlace:
    """The stored masks of one label on one image that no row has met, by what finds them."""

    def __init__(self, masks: Sequence[StoredMask], size: Size | None) -> None:
        self.masks = {mask.key: mask for mask in masks}
        self.boxless = {mask.key: mask for mask in masks if whole(mask.box) is None}
        self.boxes = AgreeingBoxes(((mask.key, mask.box) for mask in masks), size, enough=None)
        self._by_box_id: dict[str, list[int]] = {}
        for mask in reversed(masks):
            self._by_box_id.setdefault(_box_id(mask), []).append(mask.key)

    def named(self, box_id: str) -> StoredMask | None:
        """The first with a BoxID."""
        keys = self._by_box_id.get(box_id, [])
        while keys and keys[-1] not in self.masks:
            keys.pop()
        return self.masks[keys[-1]] if keys else None

    def take(self, key: int) -> StoredMask:
        """Takes one out."""
        self.boxes.remove(key)
        self.boxless.pop(key, None)
        return self.masks.pop(key)


class StoredMasks:
    """The stored masks, or polygons, that rows of the chunk at hand may meet."""

    def __init__(self, run: Run, kind: ShapeKind) -> None:
        self.run, self.kind = run, kind
        self._met = KeySet()
        self._sizes = Sizes(run)
        self._at_hand: dict[int, dict[int, _MasksInPlace]] = {}
        """By image and label. Images stay at hand for the next chunks until there are many masks."""
        self._held = 0
        self._spoken_for: set[Named] = set()
        self._traced: set[int] = set()
        """The polygons that were traced from masks."""

    def fetch(self, images: Sequence[int], rows: Iterable[Named]) -> None:
        """Has the shapes of these images at hand. `rows` are those of the chunk: none takes what another names."""
        group = self.run.groups.of_shape(self.kind, "")
        wanted = {image for image in images if image > 0 and self.run.stays(group, image)}
        self._sizes.expect(wanted)
        self._spoken_for = {row for row in rows if names_a_mask(row[2])}
        if self._held > _KEPT:
            self._at_hand = {image: self._at_hand[image] for image in wanted if image in self._at_hand}
            self._held = sum(len(place.masks) for places in self._at_hand.values() for place in places.values())
        new = {image for image in wanted if image not in self._at_hand}
        self._at_hand.update((image, {}) for image in new)
        for image, shapes in fetch_by_image(self.run, self.kind, _COLUMNS, new):
            by_label: dict[int, list[StoredMask]] = {}
            for mask in map(_stored_mask, shapes):
                if mask.key not in self._met:
                    by_label.setdefault(mask.label, []).append(mask)
            self._held += len(shapes)
            size = self._sizes.of(image)
            self._at_hand[image] = {label: _MasksInPlace(masks, size) for label, masks in by_label.items()}
        if self.kind == ShapeKind.POLYGON and new:
            traced = Mask.objects.using(self.run.using).filter(shape__image__in=new, shape__kind=self.kind)
            self._traced.update(traced.values_list("pk", flat=True))

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
        says_the_same: Callable[[StoredMask], bool],
    ) -> StoredMask | None:
        """The stored mask in a row's place, which no row has met and which BoxIDs do not tell apart from the row's.

        They do not if the row or the stored mask has none, or one that Datumaro made up. Several in one place are told
        apart by their pixels. No mask takes the place of a polygon that somebody drew.
        """
        place = self._place(image, label)
        if place is None:
            return None

        def is_nameless(shape: StoredMask) -> bool:
            return (
                (self.kind == ShapeKind.MASK or shape.key in self._traced)
                and (image, label, _box_id(shape)) not in self._spoken_for
                and not (names_a_mask(box_id) and names_a_mask(_box_id(shape)))
            )

        wanted = whole(box) if box else None
        found = map(place.masks.__getitem__, place.boxes.find_all(wanted)) if wanted else ()
        there = {shape.key: shape for shape in found if is_nameless(shape)}
        if len(there) == 1:
            return self._meet(*there.values())
        # Where a box is unknown, on one side or on both, the pixels must do.
        unknown = place.boxless if wanted else place.masks
        possible = list(there.values()) or list(filter(is_nameless, unknown.values()))
        same = next((shape for shape in possible if says_the_same(shape)), None)
        numbered = next((shape for shape in possible if _box_id(shape) == box_id), None)
        nearest = next((there[key] for key in place.boxes.find(wanted) if key in there), None) if wanted else None
        return self._meet(same or numbered or nearest)

    def agrees(self, shape: StoredMask, box: Sequence[float | None] | None) -> bool | None:
        """Whether a stored shape has this box; None if it, or what it should have, is not known."""
        wanted = whole(box) if box else None
        if wanted is None or None in shape.box:
            return None
        return bool(AgreeingBoxes([(shape.key, shape.box)], self._sizes.of(shape.image)).find(wanted))

    def _place(self, image: int, label: int) -> _MasksInPlace | None:
        return self._at_hand.get(image, {}).get(label)

    def _meet(self, shape: StoredMask | None) -> StoredMask | None:
        if shape is not None:
            self._at_hand[shape.image][shape.label].take(shape.key)
            self._met.add(shape.key)
            report_odd(self.run, shape.text, shape.key)
        return shape


def _stored_mask(row: Row) -> StoredMask:
    image, label, x_min, x_max, y_min, y_max, group, text, *flags, key = row
    attributes = stored_attributes(text, flags)
    return StoredMask(key, image, label, (x_min, x_max, y_min, y_max), group, attributes, text)


def names_a_mask(box_id: str) -> bool:
    """Whether a BoxID says which mask it is."""
    return bool(box_id) and not _MADE_UP.fullmatch(box_id)


def _box_id(shape: StoredMask) -> str:
    return str(shape.attributes.get("box_id") or "")


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


def says_the_same(run: Run, stored: StoredMask, png: bytes, rings: list[list[float]] | None) -> bool:
    """Whether a row's mask, or the polygon that was traced from it, is that of a stored shape."""
    if rings is not None:
        return bool(_points(run, stored.key) == rings)
    ours = Mask.objects.using(run.using).filter(shape_id=stored.key).values_list("png", flat=True).first()
    return bool(ours and png) and _same_pixels(run, bytes(ours or b""), png)


def _beside(run: Run, key: int) -> dict[str, Any] | None:
    found = Mask.objects.using(run.using).filter(shape_id=key).values("png", "path", "clicks").first()
    return {**found} if found else None


def _points(run: Run, key: int) -> Any:
    return Shape.objects.using(run.using).values_list("points", flat=True).get(pk=key)


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
