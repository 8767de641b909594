"""Boxes of two sources that agree: within a tolerance, or as one that was rounded to hundredths of a pixel."""

from collections.abc import Iterable, Sequence
from typing import Final

from openimages_io.models import Image
from openimages_io.transfer.near_boxes import Box, NearBoxes
from openimages_io.transfer.run import Run

TOLERANCE: Final = 1e-5
"""Of the image: Datumaro rounds to 0.01 pixels, which is up to 8.7e-6 of it where an image is large."""
_ROUNDED: Final = 0.0101
"""Pixels by which a rounded side may be off: a position and a length are rounded to hundredths, each by half of one."""
_ON_GRID: Final = 0.0005
"""Pixels by which a rounded side may be off the hundredths: Datumaro's are of single precision."""
ENOUGH: Final = 64
"""Boxes within the tolerance, of which the nearest agrees best."""
_BATCH: Final = 900

Size = tuple[int, int]
"""Width and height in pixels."""


class AgreeingBoxes:
    """Stored boxes of one label on one image by their keys, found by a box that a row says.

    That is the nearest of those within the tolerance; or else of those that become the row's when their pixels are
    rounded to hundredths, as Datumaro does, which is more than the tolerance on an image below a thousand pixels. A box
    whose own pixels are no hundredths was not rounded so.
    """

    def __init__(self, boxes: Iterable[tuple[int, Sequence[float | None]]], size: Size | None) -> None:
        """`boxes` are keys and boxes in the order of the keys; one whose box is not known is never found."""
        self._size = size
        self._near: NearBoxes[int] = NearBoxes(TOLERANCE)
        self._rounded: NearBoxes[int] = NearBoxes(_ROUNDED, _sides(size or (1, 1)))
        self._numbers: dict[int, tuple[int, int]] = {}
        for key, cells in boxes:
            box = whole(cells)
            if box is not None:
                self._numbers[key] = self._near.add(box, key), self._rounded.add(box, key) if size else 0

    def find(self, box: Box, enough: int = ENOUGH) -> list[int]:
        """The keys of those that agree with this box, best first; of more than `enough` some are left out."""
        found = self._near.near(box, enough)
        if not found and self._size is not None and _is_rounded(box, self._size):
            found = self._rounded.near(box, enough)
        return [key for _, _, key in found]

    def find_all(self, box: Box, enough: int) -> list[int]:
        """The keys of those within the tolerance and of those that were rounded, at most so many, in their order."""
        found = self._near.near(box, enough)
        if len(found) < enough and self._size is not None and _is_rounded(box, self._size):
            found += self._rounded.near(box, enough)
        return sorted({key for _, _, key in found})[:enough]

    def remove(self, key: int) -> None:
        """Takes one out, if it is there."""
        near, rounded = self._numbers.pop(key, (0, 0))
        if near:
            self._near.remove(near)
        if rounded:
            self._rounded.remove(rounded)


class Sizes:
    """Widths and heights of images, as images.meta says them or else as they are stored."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._images: list[int] = []
        self._stored: dict[int, Size] | None = None

    def expect(self, images: Iterable[int]) -> None:
        """Has the sizes of these images asked for together when the first is wanted."""
        self._images, self._stored = sorted(images), None

    def of(self, image: int) -> Size | None:
        """The size of one of the images that were expected."""
        if self._stored is None:
            self._stored = {}
            for start in range(0, len(self._images), _BATCH):
                rows = Image.objects.using(self.run.using).filter(pk__in=self._images[start : start + _BATCH])
                for key, width, height in rows.exclude(width=None).values_list("pk", "width", "height"):
                    self._stored[key] = width or 0, height or 0
        return self.run.meta_size(image) or self._stored.get(image)


def whole(box: Sequence[float | None]) -> Box | None:
    """The box, if all of its coordinates are known."""
    x_min, x_max, y_min, y_max = box
    if x_min is None or x_max is None or y_min is None or y_max is None:
        return None
    return x_min, x_max, y_min, y_max


def _is_rounded(box: Box, size: Size) -> bool:
    """Whether a box's pixels are hundredths, as Datumaro rounds them."""
    pixels = [cell * side for cell, side in zip(box, _sides(size), strict=True)]
    return all(abs(value - round(value, 2)) <= _ON_GRID for value in pixels)


def _sides(size: Size) -> tuple[int, int, int, int]:
    return size[0], size[0], size[1], size[1]
