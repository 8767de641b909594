"""Masks that say again what people have drawn: the format has no polygons, so they go out as masks and come back so."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import numpy as np

from openimages_io import geometry
from openimages_io.format.masks import BadMask, decode
from openimages_io.models import Shape
from openimages_io.transfer.masks.mapping import DRAWN
from openimages_io.transfer.masks.rasterize import CannotBeWritten, draw
from openimages_io.transfer.run import Run

_BATCH: Final = 500


class RedrawnMasks:
    """The polygons, ellipses and turned boxes that the task had before, those of one object together."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._at_hand: dict[tuple[int, int], list[list[Shape]]] = {}
        self._met: set[int] = set()

    def fetch(self, images: Sequence[int]) -> None:
        """Has what is drawn on these images at hand."""
        objects: dict[tuple[int, int, int], list[Shape]] = {}
        wanted = sorted({image for image in images if image > 0 and self.run.stays("masks", image)})
        for start in range(0, len(wanted), _BATCH):
            shapes = Shape.objects.using(self.run.using).filter(DRAWN, image__in=wanted[start : start + _BATCH])
            for shape in shapes.select_related("image", "mask").defer("mask__png").order_by("pk"):
                group = shape.group if shape.group is not None else -shape.pk
                objects.setdefault((shape.image_id, shape.label_id, group), []).append(shape)
        self._at_hand = {}
        for (image, label, _), parts in objects.items():
            if parts[0].pk not in self._met:
                self._at_hand.setdefault((image, label), []).append(parts)

    def take(self, image: int, label: int, png: bytes) -> bool:
        """Whether a mask is just the drawing of an object that no mask has met yet."""
        candidates = self._at_hand.get((image, label))
        if not candidates or not png:
            return False
        try:
            given = decode(png, self.run.limits)
        except BadMask:
            return False
        for parts in candidates:
            if any(same_pixels(drawn, given) for drawn in self._drawings(parts)):
                candidates.remove(parts)
                self._met.add(parts[0].pk)
                return True
        return False

    def _drawings(self, parts: list[Shape]) -> list[geometry.Mask]:
        """The object as an export may have drawn it: as large as the mask that it was traced from, and as its image."""
        besides = [part.mask for part in parts if hasattr(part, "mask")]
        sizes = {(beside.width, beside.height) for beside in besides[:1]}
        sizes.add((parts[0].image.width, parts[0].image.height))
        drawings = []
        for width, height in sizes:
            if width and height and width * height <= self.run.limits.max_mask_pixels:
                with suppress(CannotBeWritten):  # then no export has written it
                    drawings.append(np.logical_or.reduce([draw(part, (width, height)) for part in parts]))
        return drawings


def same_pixels(ours: geometry.Mask, theirs: geometry.Mask) -> bool:
    """Whether two masks say the same: the same pixels, or ours as we or Datumaro scale it to the image's size."""
    if ours.shape == theirs.shape:
        return bool((ours == theirs).all())
    height, width = theirs.shape
    scaled = (scale(ours, width, height) for scale in (geometry.resize_nearest, _as_opencv_scales))
    return any(bool((pixels == theirs).all()) for pixels in scaled)


def _as_opencv_scales(pixels: geometry.Mask, width: int, height: int) -> geometry.Mask:
    """A mask at another size as Datumaro makes it, by OpenCV's INTER_NEAREST, which takes the pixel under the corner.

    The factor is inverted twice, as OpenCV does, for its rounding decides which pixel an edge falls to.
    """
    rows, columns = pixels.shape
    down, across = (
        np.minimum(np.floor(np.arange(size) * (1 / (size / before))).astype(np.intp), before - 1)
        for size, before in ((height, rows), (width, columns))
    )
    scaled: geometry.Mask = pixels[down][:, across]
    return scaled
