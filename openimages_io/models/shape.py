"""Shapes: everything that is said of a picture, from a tag for the whole of it to a mask of its pixels."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from openimages_io.models.attribute import AttributeSpec
from openimages_io.models.flags import as_attributes, flags_of, with_flags
from openimages_io.models.image import Image
from openimages_io.models.kinds import ShapeKind
from openimages_io.models.label import Label
from openimages_io.models.revisions import RevisedModel, RevisedQuerySet
from openimages_io.models.rules import COLUMN_ATTRIBUTES, faults
from openimages_io.models.task import Task

MACHINE = "machine"
"""The Source of tags that a machine made; they are exported to a file of their own."""

_FIELD = re.compile(r"([^.\[]+)\.?(.*)", re.DOTALL)
_WITH_POINTS = (ShapeKind.POLYGON, ShapeKind.ELLIPSE)
_JSON_NULL = Value(None, models.JSONField())
_NO_BOX = Q(x_min=None, x_max=None, y_min=None, y_max=None)
# A CHECK passes where it is NULL, so every column of a box must be asked for.
_BOX = (
    Q(x_min__isnull=False, x_max__isnull=False, y_min__isnull=False, y_max__isnull=False)
    & Q(x_min__gte=0, x_max__lte=1, x_min__lte=F("x_max"))
    & Q(y_min__gte=0, y_max__lte=1, y_min__lte=F("y_max"))
)


class ShapeQuerySet(RevisedQuerySet["Shape"]):
    """Shapes on images."""

    image_path = "image_id"

    def machine_tags(self) -> "ShapeQuerySet":
        """Image-level labels that a machine made."""
        return self.filter(kind=ShapeKind.TAG, source=MACHINE)

    def human_tags(self) -> "ShapeQuerySet":
        """Image-level labels of any other source."""
        return self.filter(kind=ShapeKind.TAG).exclude(source=MACHINE)


class Shape(RevisedModel):
    """One annotation. Coordinates are fractions of the image: x from the left, y from the top, 0 to 1.

    A tag has no box, a mask's may be unknown. Equal shapes may occur. A task's shapes are in the order of their keys.
    """

    task = models.ForeignKey(
        Task,
        on_delete=models.CASCADE,
        related_name="shapes",
        db_index=False,
        db_constraint=False,
        verbose_name=_("task"),
    )
    """The image's task. The database guards that the image is there, and the image's own key that its task is."""
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="shapes", verbose_name=_("image"))
    label = models.ForeignKey(Label, on_delete=models.RESTRICT, related_name="shapes", verbose_name=_("label"))
    kind = models.CharField(_("kind"), max_length=9, choices=ShapeKind)
    x_min = models.FloatField(_("XMin"), null=True, blank=True)
    x_max = models.FloatField(_("XMax"), null=True, blank=True)
    y_min = models.FloatField(_("YMin"), null=True, blank=True)
    y_max = models.FloatField(_("YMax"), null=True, blank=True)
    points = models.JSONField(_("points"), null=True, blank=True, default=None)
    """A polygon's rings, `[[x1, y1, x2, y2, …], …]`, filled by even-odd so that holes and parts fit; an ellipse's
    `[cx, cy, rx, ry]`, rx as a fraction of the width and ry of the height."""
    clicks = models.JSONField(_("extreme clicks"), null=True, blank=True, default=None)
    """A rectangle's four extreme clicks, `[[x, y], …]`, as the file has them, -1 and null included."""
    rotation = models.FloatField(_("rotation"), null=True, blank=True)
    """Degrees clockwise about the centre, in pixels, of a rectangle or an ellipse."""
    source = models.CharField(_("Source"), max_length=64, blank=True, default="", db_default="")
    group = models.PositiveBigIntegerField(_("group"), null=True, blank=True)
    """Shapes of one object, a mask and its box or several polygons, have the same number within the task."""
    score = models.FloatField(_("Confidence"), null=True, blank=True)
    """0 to 1. For a tag 0 says that the class is verified to be absent."""
    occluded = models.BooleanField(_("IsOccluded"), null=True, blank=True)
    truncated = models.BooleanField(_("IsTruncated"), null=True, blank=True)
    is_group_of = models.BooleanField(_("IsGroupOf"), null=True, blank=True)
    is_depiction = models.BooleanField(_("IsDepiction"), null=True, blank=True)
    is_inside = models.BooleanField(_("IsInside"), null=True, blank=True)
    attributes = models.JSONField(_("attributes"), blank=True, default=dict, db_default=Value({}, models.JSONField()))
    """All other attributes by name, and flags that are not true or false; one that is not there is unknown."""

    objects = ShapeQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("shape")
        verbose_name_plural = _("shapes")
        ordering = ("pk",)
        indexes = (models.Index(fields=("task", "id"), name="openimages_shape_in_order"),)
        constraints = (
            models.CheckConstraint(
                condition=(Q(kind=ShapeKind.TAG) & _NO_BOX)
                | (Q(kind=ShapeKind.MASK) & (_NO_BOX | _BOX))
                | (Q(kind=ShapeKind.RECTANGLE) & _BOX)
                | (Q(kind__in=_WITH_POINTS, points__isnull=False) & _BOX),
                name="openimages_shape_box",
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=_WITH_POINTS) & ~Q(points=[]) & ~Q(points=_JSON_NULL)) | Q(points__isnull=True),
                name="openimages_shape_points",
            ),
            models.CheckConstraint(
                condition=Q(kind=ShapeKind.RECTANGLE) | Q(clicks__isnull=True), name="openimages_shape_clicks"
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=1), name="openimages_shape_score"
            ),
            models.CheckConstraint(
                condition=Q(rotation=None)
                | Q(rotation__gt=-360, rotation__lt=360, kind__in=(ShapeKind.RECTANGLE, ShapeKind.ELLIPSE)),
                name="openimages_shape_rotation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def clean(self) -> None:
        """Raises `ValidationError` for rows of another task and whatever else `rules.faults` finds."""
        if not (self.image_id and self.label_id):  # a form reports them as missing by itself
            return
        _image, label = self.image, self.label  # loaded, so that the rules compare their tasks
        specs = {spec.name: spec for spec in label.attribute_specs.all()}
        found: dict[str, list[str]] = {}
        for fault in faults(self, specs):
            field, place = _FIELD.fullmatch(fault.path).groups()  # type: ignore[union-attr]  # it matches any path
            found.setdefault(field, []).append(f"{place}: {fault.message}" if place else fault.message)
        if found:
            raise ValidationError(found)

    @property
    def all_attributes(self) -> Any:
        """The attributes as the API has them: those that are stored as such, and the four flags that are columns.

        An object, unless something else is stored. `score` and `occluded` are not among them.
        """
        return with_flags(self.attributes, flags_of(self))

    def shown_attributes(self, specs: Iterable[AttributeSpec]) -> dict[str, Any]:
        """The attributes as the label's specs show them: with `score` and `occluded`, which are stored as columns.

        A spec of type text shows `score` as the shortest text that reads back as the same number.
        """
        shown = dict(as_attributes(self.all_attributes))
        for spec in specs:
            value = getattr(self, spec.name) if spec.name in COLUMN_ATTRIBUTES else None
            if value is not None:
                shown[spec.name] = spec.shown(value)
        return shown


class MaskQuerySet(RevisedQuerySet["Mask"]):
    """Masks beside their shapes."""

    task_path = "shape__task_id"
    image_path = "shape__image_id"


class Mask(RevisedModel):
    """A mask's pixels, kept as the PNG that came in, in a table of their own so that scanning shapes never meets them.

    The PNG covers the whole image whatever its own size is. It is empty where a segmentation row came without its
    file, and for a polygon that was traced from a mask, whose size, MaskPath and clicks are kept here.
    """

    shape = models.OneToOneField(Shape, on_delete=models.CASCADE, primary_key=True, related_name="mask")
    png = models.BinaryField(_("PNG"), blank=True, default=b"")
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    path = models.CharField(_("MaskPath"), max_length=255, blank=True, default="")
    clicks = models.TextField(_("Clicks"), blank=True, default="")
    """`x y t;x y t;…` as it came: fractions, and 1 for foreground or 0 for background."""

    objects = MaskQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("mask")
        verbose_name_plural = _("masks")
        constraints = (
            models.CheckConstraint(
                condition=Q(width=None, height=None)
                | Q(width__isnull=False, height__isnull=False, width__gt=0, height__gt=0),
                name="openimages_mask_size",
            ),
        )

    def __str__(self) -> str:
        return self.path or f"mask {self.pk}"
