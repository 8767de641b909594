"""Masks that the task had before, met by rows that say the same again: by BoxID, or by box where there is none."""

import json
from collections.abc import Sequence
from typing import Any

from openimages_io.format.masks import BadMask, MaskHeader, decode
from openimages_io.geometry import resize_nearest
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.transfer.merging import StoredShape, StoredShapes, nearest
from openimages_io.transfer.run import Run


class StoredMasks:
    """The stored masks, or polygons, that rows of the chunk at hand may meet."""

    def __init__(self, run: Run, kind: ShapeKind) -> None:
        self._shapes = StoredShapes(run, kind)
        self._at_hand: dict[tuple[int, int], list[StoredShape]] = {}

    def fetch(self, images: Sequence[int]) -> None:
        """Has the shapes of these images at hand."""
        self._at_hand = self._shapes.of_images(images)

    def take(
        self, image: int, label: int, box_id: str | None, box: Sequence[float | None] | None
    ) -> StoredShape | None:
        """The first stored mask of this image, label and BoxID that no row has met; without a BoxID, of this box."""
        candidates = self._at_hand.get((image, label), [])
        if box_id:
            met = next((shape for shape in candidates if shape.attributes.get("box_id") == box_id), None)
        else:
            without = [shape for shape in candidates if not shape.attributes.get("box_id")]
            met = nearest(without, box or (None,) * 4)
        if met is not None:
            candidates.remove(met)
            self._shapes.meet(met)
        return met


def after_meeting(
    run: Run,
    met: StoredShape,
    box: Sequence[float | None] | None,
    attributes: dict[str, Any],
    png: bytes,
    header: MaskHeader | None,
    path: str,
    clicks: str,
    rings: list[list[float]] | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of shape and mask that change when a row meets a stored mask. What the row doesn't say stays."""
    shape: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    merged = met.attributes | attributes
    if merged != met.attributes:
        shape["attributes"] = json.dumps(merged, ensure_ascii=False)
    if box is not None and None in met.box:
        shape |= dict(zip(("x_min", "x_max", "y_min", "y_max"), box, strict=True))
    stored = (
        Mask.objects.using(run.using)
        .filter(shape_id=met.key)
        .values("png", "width", "height", "path", "clicks")
        .first()
    )
    if stored is None:
        if not rings:
            return shape, beside
        stored = {"png": b"", "width": None, "height": None, "path": path, "clicks": clicks}
    if clicks and clicks != stored["clicks"]:
        beside["clicks"] = clicks
    if path and not stored["path"]:
        beside["path"] = path
    if rings is not None:
        points = _points(run, met.key)
        if points != rings:
            shape["points"] = json.dumps(rings)
            if header is not None:
                beside |= {"width": header.width, "height": header.height}
    elif png and header is not None and not _same_pixels(run, bytes(stored["png"]), png):
        beside |= {"png": png, "width": header.width, "height": header.height}
    return shape, beside


def _points(run: Run, key: int) -> Any:
    return Shape.objects.using(run.using).values_list("points", flat=True).get(pk=key)


def _same_pixels(run: Run, stored: bytes, given: bytes) -> bool:
    """Whether two PNGs say the same: the same pixels, or ours as another tool scales it to the image's size."""
    if stored == given:
        return True
    if not stored:
        return False
    try:
        ours, theirs = decode(stored, run.limits), decode(given, run.limits)
    except BadMask:
        return False
    if ours.shape == theirs.shape:
        return bool((ours == theirs).all())
    return bool((resize_nearest(ours, theirs.shape[1], theirs.shape[0]) == theirs).all())
