"""What kinds of shapes and of rows there are, and how people call them."""

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShapeKind(models.TextChoices):
    """What a shape is. Open Images has no tracks, so neither have we."""

    TAG = "tag", _("tag")
    RECTANGLE = "rectangle", _("rectangle")
    POLYGON = "polygon", _("polygon")
    MASK = "mask", _("mask")
    ELLIPSE = "ellipse", _("ellipse")


class Presence(models.TextChoices):
    """What is said of a label: that it is there, or, by a tag of confidence 0, that it was looked for and is not."""

    PRESENT = "present", _("present")
    ABSENT = "absent", _("absent")
    ANY = "any", _("present or absent")


class ImageNumber(models.TextChoices):
    """What images may be ordered by that is no column of theirs: numbers of the shapes that a filter asks for."""

    SHAPES = "shape_count", _("number of shapes")
    SCORE = "score", _("lowest score")


@dataclass(frozen=True, slots=True)
class RowKind:
    """How a kind of rows is called wherever people read it: in tables, sentences, commands."""

    one: str
    """Its singular."""
    many: str
    """Its plural."""


ROW_KINDS: Final = {
    "labels": RowKind("label", "labels"),
    "hierarchy edges": RowKind("hierarchy edge", "hierarchy edges"),
    "attribute specs": RowKind("attribute spec", "attribute specs"),
    "images": RowKind("image", "images"),
    "image sizes": RowKind("image size", "image sizes"),
    "human labels": RowKind("human label", "human labels"),
    "machine labels": RowKind("machine label", "machine labels"),
    "boxes": RowKind("box", "boxes"),
    "masks": RowKind("mask", "masks"),
    "pictures": RowKind("picture file", "picture files"),
    "polygons": RowKind("polygon", "polygons"),
    "ellipses": RowKind("ellipse", "ellipses"),
    "attributes": RowKind("attribute", "attributes"),
    "shapes": RowKind("annotation", "annotations"),
}
"""Kinds of rows in the order of reports, first what does not depend on others."""


def row_kind(kind: str) -> RowKind:
    """How rows of a kind are called; those of an unknown kind by its name."""
    return ROW_KINDS.get(kind) or RowKind(kind.removesuffix("s"), kind)


def counted(number: int, kind: str) -> str:
    """A number of rows with their noun, such as `1,200 boxes`."""
    return f"{number:,} {row_kind(kind).one if number == 1 else row_kind(kind).many}"
