"""Masks that the task had before, met by rows that say the same again: by BoxID, or by box where there is none."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.masks import BadMask, MaskHeader, decode
from openimages_io.geometry import bounds, resize_nearest
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.transfer.merging import StoredShape, StoredShapes
from openimages_io.transfer.run import Run

Pixels = NDArray[np.bool_]

_BOX = ("x_min", "x_max", "y_min", "y_max")


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
        """The first stored mask of this image, label and BoxID that no row has met.

        Where the row or the stored mask says no BoxID, the box tells which it is.
        """
        candidates = self._at_hand.get((image, label), [])
        met = next((shape for shape in candidates if box_id and shape.attributes.get("box_id") == box_id), None)
        if met is None:
            without = [shape for shape in candidates if not shape.attributes.get("box_id")]
            met = self._shapes.closest(without, image, box or (None,) * 4)
            if met is None and not box_id:
                met = self._shapes.closest(candidates, image, box or (None,) * 4)
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
        shape |= dict(zip(_BOX, box, strict=True))
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
            if box is None:
                shape |= dict(zip(_BOX, bounds(rings), strict=True))
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
    height, width = theirs.shape
    resized = (resize_nearest(ours, width, height), _resize_as_opencv(ours, width, height))
    return any(bool((candidate == theirs).all()) for candidate in resized)


def _resize_as_opencv(mask: Pixels, width: int, height: int) -> Pixels:
    """As Datumaro scales a mask: each new pixel takes the one that its upper left corner falls into."""
    rows, columns = (
        np.minimum(np.floor(np.arange(new) * (1 / (new / old))).astype(np.intp), old - 1)
        for new, old in zip((height, width), mask.shape, strict=True)
    )
    resized: Pixels = mask[rows][:, columns]
    return resized
