"""Masks that say again what people have drawn: the format has no polygons, so they go out as masks and come back so."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import numpy as np

from openimages_io import geometry
from openimages_io.format.masks import BadMask, decode
from openimages_io.models import Shape
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.masks.looks import Looks
from openimages_io.transfer.masks.mapping import DRAWN
from openimages_io.transfer.masks.rasterize import CannotBeWritten, draw
from openimages_io.transfer.merging import KeySet
from openimages_io.transfer.run import Run

_BATCH: Final = 500
_KEPT: Final = 20_000
"""Shapes that are at hand before those of images that the next rows don't name are let go."""


class _DrawnInPlace:
    """The drawn objects of one label on one image that no mask has met, by what they look like."""

    def __init__(self, run: Run, objects: list[list[Shape]], leave_out: Callable[[], None]) -> None:
        self.run = run
        self.objects = {parts[0].pk: parts for parts in objects}
        self._by_look: dict[Hashable, dict[int, None]] = {}
        self._looks = Looks(self._drawings, self._put, leave_out)

    def take(self, given: geometry.Mask) -> list[Shape]:
        """Takes out the first object that looks like a mask; returns its parts."""
        for look in self._looks.of(given):
            alike = self._by_look.get(look, {})
            while alike:
                key = next(iter(alike))
                del alike[key]
                if parts := self.objects.pop(key, None):
                    return parts
        return []

    def _put(self, key: int, look: Hashable) -> None:
        self._by_look.setdefault(look, {})[key] = None

    def _drawings(self) -> Iterator[tuple[int, geometry.Mask]]:
        """The objects as an export may have drawn them: as large as their image, or as what they were traced from."""
        for key, parts in self.objects.items():
            besides = [part.mask for part in parts if hasattr(part, "mask")]
            sizes = {(beside.width, beside.height) for beside in besides[:1]}
            sizes.add((parts[0].image.width, parts[0].image.height))
            for width, height in sizes:
                if width and height and width * height <= self.run.limits.max_mask_pixels:
                    with suppress(CannotBeWritten):  # then no export has written it
                        yield key, np.logical_or.reduce([draw(part, (width, height)) for part in parts])


class RedrawnMasks:
    """The polygons, ellipses and turned boxes that the task had before, those of one object together."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._at_hand: dict[int, dict[int, _DrawnInPlace]] = {}
        """By image and label. Images stay at hand for the next rows until there are many shapes."""
        self._held = 0
        self._met = KeySet()
        self._seen = KeySet()
        self.fetched_again = 0
        """Shapes that were fetched more than once, because rows of their image came in several places of a file."""

    def fetch(self, images: Sequence[int]) -> None:
        """Has what is drawn on these images at hand."""
        wanted = {image for image in images if image > 0 and self.run.stays("masks", image)}
        if self._held > _KEPT:
            self._at_hand = {image: self._at_hand[image] for image in wanted if image in self._at_hand}
            self._held = sum(len(place.objects) for places in self._at_hand.values() for place in places.values())
        new = sorted(wanted - self._at_hand.keys())
        self._at_hand.update((image, {}) for image in new)
        objects: dict[tuple[int, int, int], list[Shape]] = {}
        for start in range(0, len(new), _BATCH):
            shapes = Shape.objects.using(self.run.using).filter(DRAWN, image__in=new[start : start + _BATCH])
            for shape in shapes.select_related("image", "mask").defer("mask__png").order_by("pk"):
                self._held += 1
                self.fetched_again += shape.image_id in self._seen
                group = shape.group if shape.group is not None else -shape.pk
                objects.setdefault((shape.image_id, shape.label_id, group), []).append(shape)
        by_place: dict[tuple[int, int], list[list[Shape]]] = {}
        for (image, label, _), parts in objects.items():
            if parts[0].pk not in self._met:
                by_place.setdefault((image, label), []).append(parts)
        for (image, label), found in by_place.items():
            leave_out = partial(self.run.plan.count, Counted.LEFT_OUT, "", [image])
            self._at_hand[image][label] = _DrawnInPlace(self.run, found, leave_out)
        for image in new:
            self._seen.add(image)

    def take(self, image: int, label: int, png: bytes) -> list[Shape]:
        """The parts of the object that a mask is just the drawing of and that no mask has met yet, if there is one."""
        place = self._at_hand.get(image, {}).get(label)
        if place is None or not place.objects or not png:
            return []
        try:
            given = decode(png, self.run.limits)
        except BadMask:
            return []
        parts = place.take(given)
        if parts:
            self._met.add(parts[0].pk)
        return parts
