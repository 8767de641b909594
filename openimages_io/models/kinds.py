"""What kinds of shapes there are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShapeKind(models.TextChoices):
    """What a shape is. Open Images has no tracks, so neither have we."""

    TAG = "tag", _("tag")
    RECTANGLE = "rectangle", _("rectangle")
    POLYGON = "polygon", _("polygon")
    MASK = "mask", _("mask")
    ELLIPSE = "ellipse", _("ellipse")
