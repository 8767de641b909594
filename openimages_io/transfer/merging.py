"""Shapes that the task had before, met by rows that say the same again."""

import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connections

from openimages_io.models import Image, Shape, ShapeKind
from openimages_io.models.flags import FLAGS, as_attributes, split_flags, with_flags
from openimages_io.transfer.near_boxes import Box, NearBoxes
from openimages_io.transfer.run import Run

TOLERANCE: Final = 1e-5
"""Of the image: Datumaro rounds to 0.01 pixels, which is up to 8.7e-6 of it where an image is large."""
_ROUNDED: Final = 0.0101
"""Pixels by which a rounded side may be off: a position and a length are rounded to hundredths, each by half of one."""
_ON_GRID: Final = 0.0005
"""Pixels by which a rounded side may be off the hundredths: Datumaro's are of single precision."""

_ENOUGH: Final = 64
"""Stored boxes within the tolerance of a row's, of which the nearest is met."""
_KEPT: Final = 20_000
"""Stored boxes that are kept for rows to come, some 15 MB."""
_BATCH: Final = 900
_PAGE: Final = 8192
"""Keys whose bits are kept together."""
_FLAG_OF_COLUMN: Final[dict[Any, bool | None]] = {None: None, 0: False, 1: True}
_FIELDS: Final = (
    "id",
    "image_id",
    "label_id",
    "source",
    "score",
    "occluded",
    "x_min",
    "x_max",
    "y_min",
    "y_max",
    "clicks",
    "group",
    "attributes",
    *FLAGS,
)

Place = tuple[int, int]
"""Image and label."""
Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(slots=True)
class StoredShape:
    """What is stored of one shape."""

    key: int
    image: int
    label: int
    source: str
    score: float | None
    occluded: bool | None
    box: tuple[float | None, float | None, float | None, float | None]
    clicks: str | None
    group: int | None
    attributes: dict[str, Any] = field(default_factory=dict)
    """The flags that are columns among them."""
    is_odd: bool = False
    """Whether its attributes are stored as something else than an object."""


class StoredShapes:
    """The shapes of one kind that the task had before this import, each of which a row may meet once.

    Memory grows by one bit a stored shape, wherever in the table the task's shapes lie.
    """

    def __init__(self, run: Run, kind: ShapeKind) -> None:
        self.run, self.kind = run, kind
        self._met: dict[int, bytearray] = {}
        self._images: list[int] = []
        self._at_hand: dict[int, _ImageShapes] = {}
        self._sizes: dict[int, Size] | None = None

    def of_images(self, images: Sequence[int]) -> dict[Place, list[StoredShape]]:
        """Those on these images that no row has met, in the order of their keys, by image and label."""
        found: dict[Place, list[StoredShape]] = {}
        self._images, self._sizes = sorted({image for image in images if image > 0}), None
        for shape in self._fetch(self._images):
            if not self.run.stays(self.run.groups.of_shape(self.kind, shape.source), shape.image):
                continue
            page = self._met.get(shape.key // _PAGE)
            if page is None or not page[shape.key % _PAGE >> 3] >> (shape.key & 7) & 1:
                found.setdefault((shape.image, shape.label), []).append(shape)
        return found

    def meet(self, shape: StoredShape) -> StoredShape:
        """Notes that a row met the shape."""
        page = self._met.get(shape.key // _PAGE)
        if page is None:
            page = self._met[shape.key // _PAGE] = bytearray(_PAGE // 8)
        page[shape.key % _PAGE >> 3] |= 1 << (shape.key & 7)
        if shape.is_odd:
            value = json.dumps(shape.attributes["attributes"])
            self.run.issue("odd-attributes", column="attributes", value=value, shape=shape.key)
        return shape

    def meet_boxes(self, places: Sequence[Place], boxes: Sequence[Box]) -> list[StoredShape | None]:
        """The shape that each row meets: whoever has an equal one meets it before others look for a near one."""
        self._have_at_hand({image for image, _ in places if image > 0})
        met: list[StoredShape | None] = [None] * len(places)
        for index, ((image, label), box) in enumerate(zip(places, boxes, strict=True)):
            if (there := self._at_hand.get(image)) and (same := there.take_equal(label, box)):
                met[index] = self.meet(same)
        for index, ((image, label), box) in enumerate(zip(places, boxes, strict=True)):
            if met[index] is None and (there := self._at_hand.get(image)) and there.has(label):
                near = there.take_near(label, box, self._size_of(image))
                met[index] = near and self.meet(near)
        return met

    def _have_at_hand(self, images: set[int]) -> None:
        """Fetches what these images have; some of what was fetched before is kept, for a file may come back to it."""
        new = [image for image in images if image not in self._at_hand]
        if sum(map(len, self._at_hand.values())) > _KEPT:
            self._at_hand = {image: self._at_hand[image] for image in images if image in self._at_hand}
        by_image: dict[int, list[StoredShape]] = {image: [] for image in new}
        for (image, _), shapes in self.of_images(new).items():
            by_image[image] += shapes
        self._at_hand.update((image, _ImageShapes(shapes)) for image, shapes in by_image.items())
        self._images, self._sizes = sorted(images), None

    def closest(self, shapes: Sequence[StoredShape], image: int, box: Sequence[float | None]) -> StoredShape | None:
        """The shape that says the same box, or the box that this one was before its pixels were rounded."""
        found = nearest(shapes, box)
        if found is None and shapes:
            size = self._size_of(image)
            found = rounded_from(shapes, box, size) if size else None
        return found

    def _size_of(self, image: int) -> Size | None:
        if self._sizes is None:
            self._sizes = {}
            for start in range(0, len(self._images), _BATCH):
                rows = Image.objects.using(self.run.using).filter(pk__in=self._images[start : start + _BATCH])
                for key, width, height in rows.exclude(width=None).values_list("pk", "width", "height"):
                    self._sizes[key] = width or 0, height or 0
        return self.run.told_size(image) or self._sizes.get(image)

    def _fetch(self, images: Sequence[int]) -> Iterator[StoredShape]:
        connection = connections[self.run.using]
        quote = connection.ops.quote_name
        names = ", ".join(map(quote, _FIELDS))
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            sql = (
                f"SELECT {names} FROM {quote(Shape._meta.db_table)}"
                f" WHERE kind = %s AND image_id IN ({', '.join(['%s'] * len(batch))}) ORDER BY id"
            )
            with connection.cursor() as cursor:
                cursor.execute(sql, [self.kind.value, *batch])
                for row in cursor.fetchall():
                    key, image, label, source, score, occluded, *box, clicks, group, attributes = row[: -len(FLAGS)]
                    stored: Any = {} if attributes == "{}" else json.loads(attributes)
                    flags = dict(zip(FLAGS, map(_FLAG_OF_COLUMN.get, row[-len(FLAGS) :]), strict=True))
                    yield StoredShape(
                        key,
                        image,
                        label,
                        source,
                        score,
                        _FLAG_OF_COLUMN[occluded],
                        (box[0], box[1], box[2], box[3]),
                        clicks,
                        group,
                        as_attributes(with_flags(stored, flags)),
                        is_odd=not isinstance(stored, dict),
                    )


class _ImageShapes:
    """The boxes of an image that no row has met yet: found by being equal, or else by being near."""

    def __init__(self, shapes: Sequence[StoredShape]) -> None:
        self._left = {shape.key: shape for shape in shapes}
        self._equal: dict[tuple[int, Any], deque[int]] = {}
        self._labels = Counter(shape.label for shape in shapes)
        for shape in shapes:
            self._equal.setdefault((shape.label, shape.box), deque()).append(shape.key)
        self._near: dict[int, _NearShapes] = {}

    def __len__(self) -> int:
        return len(self._left)

    def has(self, label: int) -> bool:
        """Whether a box of this label is left."""
        return self._labels[label] > 0

    def take_equal(self, label: int, box: Box) -> StoredShape | None:
        """The first with just this box."""
        keys = self._equal.get((label, box))
        while keys:
            key = keys.popleft()
            if key in self._left:
                return self._take(key)
        return None

    def take_near(self, label: int, box: Box, size: Size | None) -> StoredShape | None:
        """The nearest within the tolerance, or what this box was before its pixels were rounded."""
        if label not in self._near:
            self._near[label] = _NearShapes([each for each in self._left.values() if each.label == label], size)
        key = self._near[label].find(box)
        return None if key is None else self._take(key)

    def _take(self, key: int) -> StoredShape:
        shape = self._left.pop(key)
        self._labels[shape.label] -= 1
        if near := self._near.get(shape.label):
            near.remove(key)
        return shape


class _NearShapes:
    """Boxes of one label on one image, by nearness."""

    def __init__(self, shapes: Sequence[StoredShape], size: Size | None) -> None:
        self._size = size
        self._near: NearBoxes[int] = NearBoxes(TOLERANCE, enough=_ENOUGH)
        sides = (size[0], size[0], size[1], size[1]) if size else (1, 1, 1, 1)
        self._rounded: NearBoxes[int] = NearBoxes(_ROUNDED, sides, enough=_ENOUGH)
        self._numbers: dict[int, tuple[int, int]] = {}
        for shape in shapes:
            box = whole(shape.box)
            if box is not None:
                self._numbers[shape.key] = self._near.add(box, shape.key), self._rounded.add(box, shape.key)

    def find(self, box: Box) -> int | None:
        found = self._near.near(box)
        if not found and self._size is not None and is_rounded(box, self._size):
            found = self._rounded.near(box)
        return found[0][2] if found else None

    def remove(self, key: int) -> None:
        if key in self._numbers:
            near, rounded = self._numbers.pop(key)
            self._near.remove(near)
            self._rounded.remove(rounded)


def whole(box: Sequence[float | None]) -> Box | None:
    """The box, if all of its coordinates are known."""
    x_min, x_max, y_min, y_max = box
    if x_min is None or x_max is None or y_min is None or y_max is None:
        return None
    return x_min, x_max, y_min, y_max


def is_rounded(box: Sequence[float], size: Size) -> bool:
    """Whether a box's pixels are hundredths, as Datumaro rounds them."""
    pixels = [cell * side for cell, side in zip(box, (size[0], size[0], size[1], size[1]), strict=True)]
    return all(abs(value - round(value, 2)) <= _ON_GRID for value in pixels)


def columns_of(attributes: dict[str, Any]) -> dict[str, Any]:
    """The columns of a shape with these attributes: their JSON, and the flags."""
    rest, flags = split_flags(attributes)
    return {"attributes": json.dumps(rest, ensure_ascii=False), **flags}


def nearest(shapes: Sequence[StoredShape], box: Sequence[float | None]) -> StoredShape | None:
    """The first of the shapes with just this box, else the nearest within the tolerance."""
    best: StoredShape | None = None
    least = TOLERANCE
    wanted = tuple(box)
    for shape in shapes:
        if shape.box == wanted:
            return shape
        if None in wanted or None in shape.box:
            continue
        distance = max(abs(a - b) for a, b in zip(shape.box, wanted, strict=True))  # type: ignore[operator]
        if distance <= least and (best is None or distance < least):
            best, least = shape, distance
    return best


def rounded_from(shapes: Sequence[StoredShape], box: Sequence[float | None], size: Size) -> StoredShape | None:
    """The nearest of the shapes that becomes this box when its pixels are rounded to hundredths, as Datumaro does.

    On an image below a thousand pixels that is more than the tolerance. A box that was not rounded so has none.
    """
    cells = whole(box)
    if cells is None or not is_rounded(cells, size):
        return None
    sides = (size[0], size[0], size[1], size[1])
    pixels = [cell * side for cell, side in zip(cells, sides, strict=True)]
    best: StoredShape | None = None
    least = _ROUNDED
    for shape in shapes:
        if None in shape.box:
            continue
        stored = zip(shape.box, sides, pixels, strict=True)
        distance = max(abs(cell * side - value) for cell, side, value in stored)  # type: ignore[operator]
        if distance <= least and (best is None or distance < least):
            best, least = shape, distance
    return best
