"""Labels of a task, and the graph that the class hierarchy is."""

from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from openimages_io.format.hierarchy import VIRTUAL_ROOT
from openimages_io.models.colors import color_of
from openimages_io.models.revisions import RevisedModel, RevisedQuerySet
from openimages_io.models.task import Task

KNOWN_NAMES: Final = {VIRTUAL_ROOT: "Entity"}
"""How the official site calls the root of the hierarchy, which no class list has."""


class LabelQuerySet(RevisedQuerySet["Label"]):
    """Labels of tasks."""

    def bulk_create(self, objs: Iterable["Label"], *args: Any, **kwargs: Any) -> list["Label"]:
        """Creates the labels, each with a colour of its own when none was chosen, as `Label.save` does."""
        labels = list(objs)
        for label in labels:
            label.color = label.color or color_of(label.name)
        return super().bulk_create(labels, *args, **kwargs)


class Label(RevisedModel):
    """A class of a task: its LabelName (`/m/01yrx`) and the display name that people read."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="labels", db_index=False, verbose_name=_("task")
    )
    name = models.CharField(_("LabelName"), max_length=255)
    display_name = models.CharField(_("display name"), max_length=255, blank=True, default="")
    """Not unique: several LabelNames share one in the official lists."""
    color = models.CharField(
        _("color"),
        max_length=7,
        blank=True,
        validators=(RegexValidator(r"\A#[0-9a-f]{6}\Z", _("Write a color as #3a86c8.")),),
    )
    """`#rrggbb` in small letters; one that depends on the LabelName when none was chosen."""
    position = models.PositiveIntegerField(_("position"), default=0)
    """The position in the class list, from 0."""
    is_listed = models.BooleanField(_("in the class list"), default=True)
    """False for the hierarchy's virtual root, a class that the class list does not have."""

    objects = LabelQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("task", "name"), name="openimages_label_unique_name"),
            models.CheckConstraint(condition=~Q(name=""), name="openimages_label_has_a_name"),
        )

    def __str__(self) -> str:
        return self.display_name or KNOWN_NAMES.get(self.name, self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves the label, with a colour of its own when none was chosen."""
        self.color = self.color or color_of(self.name)
        super().save(*args, **kwargs)


class EdgeKind(models.TextChoices):
    """How a class stands below another. Only subcategories count for expanding labels."""

    SUBCATEGORY = "subcategory", _("subcategory")
    PART = "part", _("part")


class HierarchyEdgeQuerySet(RevisedQuerySet["HierarchyEdge"]):
    """Edges of the class hierarchy."""

    task_path = "parent__task_id"

    def of_task(self, task_id: int) -> "models.QuerySet[HierarchyEdge, tuple[int, int, str]]":
        """Parent, child and kind of a task's edges, in the order in which files have them."""
        edges = self.filter(parent__task_id=task_id).order_by("parent__position", "parent_id", "kind", "position", "pk")
        return edges.values_list("parent_id", "child_id", "kind")


class HierarchyEdge(RevisedModel):
    """One class below another. A class may stand below several, and be both a subcategory and a part."""

    parent = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="child_edges", verbose_name=_("parent"))
    child = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="parent_edges", verbose_name=_("child"))
    kind = models.CharField(_("kind"), max_length=11, choices=EdgeKind)
    position = models.PositiveIntegerField(_("position"), default=0)
    """The place among the parent's children of that kind, from 0."""

    objects = HierarchyEdgeQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("hierarchy edge")
        verbose_name_plural = _("hierarchy edges")
        ordering = ("parent", "kind", "position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("parent", "child", "kind"), name="openimages_edge_unique"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="openimages_edge_no_loop"),
            models.CheckConstraint(condition=Q(kind__in=EdgeKind.values), name="openimages_edge_kind"),
        )

    def __str__(self) -> str:
        return f"{self.parent_id} > {self.child_id} ({self.kind})"

    def clean(self) -> None:
        """Raises `ValidationError` for labels of two tasks."""
        if self.parent_id and self.child_id and self.parent.task_id != self.child.task_id:
            raise ValidationError({"child": _("It belongs to another task.")})
