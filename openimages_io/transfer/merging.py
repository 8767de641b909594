"""Shapes that the task had before, met by rows that say the same again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connections

from openimages_io.models import Shape, ShapeKind
from openimages_io.transfer.run import Run

TOLERANCE: Final = 1e-5
"""Of the image: Datumaro rounds to 0.01 pixels, which is up to 8.7e-6 of it."""

_BATCH: Final = 900
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
)

Box = tuple[float, float, float, float]


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


class StoredShapes:
    """The shapes of one kind that the task had before this import, each of which a row may meet once.

    Memory grows by one bit a stored shape.
    """

    def __init__(self, run: Run, kind: ShapeKind) -> None:
        self.run, self.kind = run, kind
        self._met = bytearray(run.horizon // 8 + 1)

    def of_images(self, images: Sequence[int]) -> dict[tuple[int, int], list[StoredShape]]:
        """Those on these images that no row has met, in the order of their keys, by image and label."""
        found: dict[tuple[int, int], list[StoredShape]] = {}
        for shape in self._fetch(sorted({image for image in images if image > 0})):
            if not self._met[shape.key >> 3] >> (shape.key & 7) & 1:
                found.setdefault((shape.image, shape.label), []).append(shape)
        return found

    def meet(self, shape: StoredShape) -> StoredShape:
        """Notes that a row met the shape."""
        self._met[shape.key >> 3] |= 1 << (shape.key & 7)
        return shape

    def _fetch(self, images: Sequence[int]) -> Iterator[StoredShape]:
        connection = connections[self.run.using]
        quote = connection.ops.quote_name
        names = ", ".join(map(quote, _FIELDS))
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            sql = (
                f"SELECT {names} FROM {quote(Shape._meta.db_table)} WHERE kind = %s AND id <= %s"
                f" AND image_id IN ({', '.join(['%s'] * len(batch))}) ORDER BY id"
            )
            with connection.cursor() as cursor:
                cursor.execute(sql, [self.kind.value, self.run.horizon, *batch])
                for row in cursor.fetchall():
                    key, image, label, source, score, occluded, *box, clicks, group, attributes = row
                    yield StoredShape(
                        key,
                        image,
                        label,
                        source,
                        score,
                        None if occluded is None else bool(occluded),
                        (box[0], box[1], box[2], box[3]),
                        clicks,
                        group,
                        {} if attributes == "{}" else json.loads(attributes),
                    )


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
