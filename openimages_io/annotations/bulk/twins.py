"""Annotations of which their image has one of the new label already, there and of that kind."""

import json
from collections import defaultdict
from typing import Any, Final

from django.db import connections
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact

from openimages_io.models import Shape, ShapeKind
from openimages_io.models.chosen_images import FoundImages
from openimages_io.models.flags import FLAGS
from openimages_io.models.image_filters import unindexed
from openimages_io.models.png_digest import PngDigest
from openimages_io.models.shape import MACHINE

_BOX: Final = ("x_min", "x_max", "y_min", "y_max")
_PLACE: Final = (*_BOX, "points", "rotation", "digest")
_SAID: Final = (
    *("source", "score", "occluded", *FLAGS, "attributes", "clicks", "group"),
    *("mask_path", "mask_clicks", "mask_width", "mask_height"),
)
_OF_MASKS: Final = {
    "digest": PngDigest("mask__png"),
    "mask_path": F("mask__path"),
    "mask_clicks": F("mask__clicks"),
    "mask_width": F("mask__width"),
    "mask_height": F("mask__height"),
}


def images_with(task: int, label: int, using: str) -> set[int]:
    """The images that have an annotation of a label, present or absent."""
    shapes = Shape.objects.using(using).filter(task=task, label=label).order_by()
    return set(shapes.values_list("image", flat=True).distinct())


def of_label(label: int, using: str) -> Q:
    """Of a label, of shapes on few images: SQLite would look up all shapes of the label, as it takes few to be of one.

    PostgreSQL may: where it knows nothing of its tables, it would read all of them to find those of a few images.
    """
    return Q(label=label) if connections[using].vendor == "postgresql" else Q(Exact(unindexed("label"), label))


def twins(shapes: "QuerySet[Shape]", label: int, images: FoundImages) -> dict[int, str]:
    """Those of these shapes on these images that have a twin of the label there, by key.

    `same` where the twin says all that they say, their group and the file of their mask included, else `other`. A tag's
    twin is any tag of the label that people gave, or machines, as an import tells tags apart; that of a box, a polygon
    or an ellipse lies just there, and that of a mask has the same pixels.
    """
    there: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for _key, place, said in _described(images.shapes().filter(of_label(label, images.using))):
        there[place].add(said)
    met = ((key, said, there.get(place)) for key, place, said in _described(shapes))
    return {key: "same" if said in others else "other" for key, said, others in met if others}


def _described(shapes: "QuerySet[Shape]") -> "list[tuple[int, tuple[Any, ...], str]]":
    """Key, place, and what is said there, as JSON."""
    names = ("pk", "image_id", "kind", *_PLACE, *_SAID)
    rows = [dict(zip(names, row, strict=True)) for row in shapes.annotate(**_OF_MASKS).values_list(*names)]
    return [(row["pk"], _place(row), json.dumps([row[name] for name in _SAID], sort_keys=True)) for row in rows]


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    if row["kind"] == ShapeKind.TAG:
        return row["image_id"], row["kind"], row["source"] == MACHINE
    return row["image_id"], row["kind"], json.dumps([row[name] for name in _PLACE])
