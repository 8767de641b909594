"""Masks found by their pixels: each is drawn once for every size that is asked for, however many are looked for."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

import numpy as np

from openimages_io import geometry

MOST_SIZES: Final = 8
"""Sizes to which the masks of one label on one image are scaled to be compared; each takes all of them once more."""

Drawings = Callable[[], Iterable[tuple[int, geometry.Mask]]]
"""Masks with their keys; a key may have several."""


class Looks:
    """What the masks of one label on one image look like.

    A look is what all masks have in common that say the same: the same pixels, or those of one as we or Datumaro scale
    it to the size of the other.
    """

    def __init__(self, drawings: Drawings, put: Callable[[int, Hashable], None], leave_out: Callable[[], None]) -> None:
        """`put` is told the looks of each key, when they are first asked for.

        `leave_out` is told of a mask that is not compared with those of other sizes: `MOST_SIZES` had been asked for.
        """
        self._drawings, self._put, self._leave_out = drawings, put, leave_out
        self._sizes: set[tuple[int, ...]] | None = None
        self._scaled_to: set[tuple[int, ...]] = set()

    def of(self, given: geometry.Mask) -> Iterator[Hashable]:
        """The looks that a mask has: that of its pixels first, then that of others scaled to its size."""
        if self._sizes is None:
            self._sizes = set()
            for key, pixels in self._drawings():
                self._sizes.add(pixels.shape)
                self._put(key, _look(pixels))
        yield _look(given)
        if self._sizes <= {given.shape}:
            return
        if given.shape not in self._scaled_to:
            if len(self._scaled_to) == MOST_SIZES:
                self._leave_out()
                return
            self._scaled_to.add(given.shape)
            self._scale_to(given.shape)
        yield "scaled", *_look(given)

    def _scale_to(self, shape: tuple[int, ...]) -> None:
        height, width = shape
        for key, pixels in self._drawings():
            if pixels.shape != shape:
                for scale in (geometry.resize_nearest, _as_opencv_scales):
                    self._put(key, ("scaled", *_look(scale(pixels, width, height))))


def _look(pixels: geometry.Mask) -> tuple[Hashable, ...]:
    return pixels.shape, hashlib.sha256(np.packbits(pixels).tobytes()).digest()


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
