"""The shapes that are to be drawn on some images, in a few queries and within bounds, whatever the database holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, F, TextField, Window
from django.db.models.functions import Cast, Length, RowNumber

from openimages_io.models import Image, Label, Mask, Shape, ShapeKind

MOST: Final = 10_000
"""Shapes of one image that are drawn."""
MASK_PIXELS: Final = 128_000_000
"""Of all masks that are drawn at once, because they are unpacked one by one; the rest is shown by its boxes."""
_BATCH: Final = 500
_POINTS: Final = 16 * 2**20
"""Characters of the points of all shapes that are drawn at once; the rest is shown by its boxes."""
_BYTES: Final = 64 * 2**20
"""Of all their PNG files, which are in memory together."""


@dataclass(slots=True)
class Drawable:
    """What is to be drawn on an image."""

    shapes: list[Shape] = field(default_factory=list)
    """Without tags, in the order of their keys, with their masks; a mask too many has no PNG."""
    left: int = 0
    """Shapes that are too many."""


def drawable(images: Sequence[Image], most: int = MOST, mask_pixels: int = MASK_PIXELS) -> dict[int, Drawable]:
    """The shapes of each image by its key, `most` of each image at most."""
    found = {image.pk: Drawable() for image in images}
    rows = (
        Shape.objects.filter(image__in=list(found))
        .exclude(kind=ShapeKind.TAG)
        .annotate(
            place=Window(RowNumber(), partition_by=F("image"), order_by="pk"),
            total=Window(Count("*"), partition_by=F("image")),
            length=Length("mask__png"),
            points_length=Length(Cast("points", TextField())),
        )
        .filter(place__lte=most)
        .select_related("mask")
        .defer("mask__png", "points")
        .order_by("pk")
    )
    pointed: list[tuple[Shape, int]] = []
    masks: list[tuple[Mask, int]] = []
    shape: Any  # with what was annotated
    for shape in rows:
        of_image = found[shape.image_id]
        of_image.shapes.append(shape)
        of_image.left = max(0, shape.total - most)
        if shape.kind == ShapeKind.MASK and hasattr(shape, "mask"):
            masks.append((shape.mask, shape.length or 0))
        pointed.append((shape, shape.points_length or 0))
    _load_points(pointed)
    _load(masks, mask_pixels)
    return found


def drawable_shape(shape: Shape) -> Shape:
    """One shape as it is drawn: its mask's pixels, or its points, if a page may have that many."""
    found: Any = (
        Shape.objects.filter(pk=shape.pk)
        .annotate(length=Length("mask__png"), points_length=Length(Cast("points", TextField())))
        .select_related("mask")
        .defer("mask__png", "points")
        .get()
    )
    if found.kind == ShapeKind.MASK and hasattr(found, "mask"):
        _load([(found.mask, found.length or 0)], MASK_PIXELS)
    _load_points([(found, found.points_length or 0)])
    drawn: Shape = found
    return drawn


def labels_of(drawn: Iterable[Drawable], others: Iterable[int] = ()) -> dict[int, Label]:
    """The labels of these shapes, and others, by key, in one query."""
    keys = {shape.label_id for of_image in drawn for shape in of_image.shapes}
    return Label.objects.in_bulk(keys.union(others))


def _load_points(shapes: Sequence[tuple[Shape, int]]) -> None:
    """Gives the shapes their points as long as a page may have more, and the others None."""
    chosen: dict[int, Shape] = {}
    stored = 0
    for shape, length in shapes:
        shape.points = None
        stored += length
        if length and stored <= _POINTS:
            chosen[shape.pk] = shape
        elif length:
            stored -= length  # a shorter one may fit
    keys = list(chosen)
    for start in range(0, len(keys), _BATCH):
        for key, points in Shape.objects.filter(pk__in=keys[start : start + _BATCH]).values_list("pk", "points"):
            chosen[key].points = points


def _load(masks: Sequence[tuple[Mask, int]], mask_pixels: int) -> None:
    """Gives the masks their PNG files as long as a page may have more, and the others None."""
    chosen: dict[int, Mask] = {}
    pixels = stored = 0
    for mask, length in masks:
        pixels += (mask.width or 1) * (mask.height or 1)
        stored += length
        if pixels <= mask_pixels and stored <= _BYTES:
            chosen[mask.pk] = mask
        else:
            setattr(mask, "png", None)  # noqa: B010  (the model knows no mask without a PNG)
    keys = list(chosen)
    for start in range(0, len(keys), _BATCH):
        for key, png in Mask.objects.filter(pk__in=keys[start : start + _BATCH]).values_list("pk", "png"):
            chosen[key].png = png
