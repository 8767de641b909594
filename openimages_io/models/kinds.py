"""What kinds of shapes and of rows there are, and how people call them."""

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.functional import Promise
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
    """How a kind of rows is called: its key, such as `boxes`, is its plural in reports."""

    one: str
    """Its singular in reports."""
    words: Promise
    """Its plural on pages."""


ROW_KINDS: Final = {
    "labels": RowKind("label", _("labels")),
    "hierarchy edges": RowKind("hierarchy edge", _("edges of the hierarchy")),
    "attribute specs": RowKind("attribute spec", _("attribute specs")),
    "images": RowKind("image", _("images")),
    "image sizes": RowKind("image size", _("sizes of images")),
    "human labels": RowKind("human label", _("labels of whole images, by people")),
    "machine labels": RowKind("machine label", _("labels of whole images, by machines")),
    "boxes": RowKind("box", _("boxes")),
    "masks": RowKind("mask", _("masks")),
    "pictures": RowKind("picture", _("picture files")),
    "polygons": RowKind("polygon", _("polygons")),
    "ellipses": RowKind("ellipse", _("ellipses")),
    "attributes": RowKind("attribute", _("values of attributes")),
    "shapes": RowKind("shape", _("shapes")),
}
"""Kinds of rows in the order of reports, first what does not depend on others."""


def counted(number: int, kind: str) -> str:
    """A number of rows with their noun, such as `1,200 boxes`; of an unknown kind, with its name."""
    if number != 1:
        return f"{number:,} {kind}"
    known = ROW_KINDS.get(kind)
    return f"1 {known.one if known else kind.removesuffix('s')}"
