"""Shapes as rows, for repairs. They are drawn in a frontend or come with an import; nobody adds one here by numbers."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import JSONField, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseAdmin
from openimages_io.admin.deletion import DeletionMixin
from openimages_io.admin.filters import (
    ImageFilter,
    KindFilter,
    LabelFilter,
    ScoreFilter,
    SourceFilter,
    TaskFilter,
    chosen_key,
)
from openimages_io.admin.label import swatch
from openimages_io.admin.permissions import visible
from openimages_io.admin.returning import ReturningMixin
from openimages_io.admin.shape_forms import ShapeForm, StrictJSON, form_with_inputs, geometry_fields, specs_with_inputs
from openimages_io.filtersets.shapes import ShapeFilterSet
from openimages_io.format.writing import number
from openimages_io.models import Image, Label, Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.models.rules import BOX
from openimages_io.models.thumbnails import SIZES

_LISTED: Final = 1_000
"""Labels that a select lists."""
_FOUND: Final = 1_000
"""Labels, and images, whose shapes a search lists."""


@admin.register(Shape)
class ShapeAdmin(ReturningMixin, DeletionMixin, BaseAdmin):
    """The rows of annotations."""

    form = ShapeForm
    list_display = ("id", "kind", "label_name", "image_name", "box", "confidence", "source")
    list_filter = (TaskFilter, ImageFilter, LabelFilter, KindFilter, SourceFilter, ScoreFilter)
    filterset_class = ShapeFilterSet
    search_fields = ("label__display_name", "label__name", "image__name")
    search_help_text = _("Part of a label’s name or of an ImageID, within the task that is chosen.")
    list_select_related = ("label", "image")
    ordering = ("pk",)
    list_per_page = 100
    searched_fields = raw_id_fields = ("image", "label")
    readonly_fields = ("crop", "task_link", "picture_link", "image_link", "label_link", "its_mask", "kind")
    formfield_overrides = {JSONField: {"form_class": StrictJSON}}  # noqa: RUF012  (Django's own way)

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Within an image; of a task there may be millions."""
        return ("id", "kind", "confidence", "source") if request.GET.get("image") else ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Finds labels and images first, of which there are fewer, and at most so many of each."""
        task = chosen_key(request.GET.get("task"))
        if not search_term:
            return queryset, False
        if task is None:
            return queryset.none(), False
        labels = Label.objects.filter(task=task).filter(
            Q(display_name__icontains=search_term) | Q(name__icontains=search_term)
        )
        images = Image.objects.filter(task=task, name__icontains=search_term)
        keys = [list(rows.values_list("pk", flat=True)[:_FOUND]) for rows in (labels, images)]
        return queryset.filter(Q(label__in=keys[0]) | Q(image__in=keys[1])), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("points", "clicks")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """All of the shape, and its mask without the pixels."""
        shape = super().get_object(request, object_id, from_field)
        if shape is not None:
            shape = Shape.objects.select_related("image", "label", "task").get(pk=shape.pk)
            self.find_links(request, shape)
        return shape

    def get_fieldsets(self, request: HttpRequest, obj: Shape | None = None) -> Any:
        """The fields of the shape's kind. Who may not change it gets links only to what may be opened."""
        may_change = obj is None or self.has_change_permission(request, obj)
        rows = ("image", "label") if may_change else ("image_link", "label_link")
        kind = obj.kind if obj else ShapeKind.RECTANGLE
        said = tuple(specs_with_inputs(obj)) if obj and may_change else ()
        properties = ("score", "source", ("occluded", *FLAGS), "group", *said, "attributes")
        sides = geometry_fields(kind)
        geometry = {
            "fields": sides,
            "description": _("Fractions of the image: x from its left, y from its top, 0 to 1."),
        }
        shown = ("crop",) if kind != ShapeKind.TAG else ()
        first = (None, {"fields": (*shown, "task_link", "picture_link", "kind", *rows)})
        places = [(_("Geometry"), geometry)] if sides else []
        return (first, *places, (_("Properties"), {"fields": properties}))

    def get_form(self, request: HttpRequest, obj: Shape | None = None, change: bool = False, **kwargs: Any) -> Any:
        """With an input for each attribute that the label has a spec of, for who may change the shape."""
        if obj is not None and self.has_change_permission(request, obj):
            kwargs.setdefault("form", form_with_inputs(specs_with_inputs(obj)))
        request.shape_task = obj and obj.task_id  # type: ignore[attr-defined]  # for the labels to choose from
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The labels of a task are a list, which needs no JavaScript; of very many they are searched for."""
        task = getattr(request, "shape_task", None)
        if db_field.name != "label" or task is None:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        labels = visible(request, Label.objects.filter(task=task))
        if labels[_LISTED : _LISTED + 1].exists():
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        return super().formfield_for_foreignkey(db_field, request, queryset=labels, widget=forms.Select, **kwargs)

    def save_model(self, request: HttpRequest, obj: Shape, form: Any, change: bool) -> None:
        from openimages_io.annotations.shapes.rows import save_row  # noqa: PLC0415  (needs numpy)

        save_row(obj, user=request.user)

    def delete_model(self, request: HttpRequest, obj: Shape) -> None:
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Shape]) -> None:
        self._delete(request, queryset)

    def _delete(self, request: HttpRequest, shapes: Iterable[Shape]) -> None:
        from openimages_io.annotations.shapes.rows import delete_rows  # noqa: PLC0415  (needs numpy)

        delete_rows(shapes, user=request.user)

    def complete_rows(self, request: HttpRequest, rows: Sequence[Shape]) -> None:
        from openimages_io.viewing.colors import colors_of  # noqa: PLC0415  (needs numpy)

        colors = colors_of(shape.label for shape in rows)
        for shape in rows:
            shape.page_color = colors[shape.label_id]  # type: ignore[attr-defined]  # for the column

    def image_of(self, row: Shape) -> Image:
        return row.image

    @admin.display(description=_("label"))
    def label_name(self, shape: Shape) -> str:
        return format_html("{} {}", swatch(shape.page_color), shape.label)  # type: ignore[attr-defined]  # see above

    @admin.display(description=_("image"))
    def image_name(self, shape: Shape) -> str:
        """A narrow column breaks it between subset and name."""
        return format_html("{}/<wbr>{}", shape.image.subset, shape.image.name)

    @admin.display(description=_("box (XMin, XMax, YMin, YMax)"))
    def box(self, shape: Shape) -> str:
        return "" if shape.x_min is None else ", ".join(f"{getattr(shape, name):.3f}" for name in BOX)

    @admin.display(description=_("shape"))
    def crop(self, shape: Shape) -> str:
        """The shape on its part of the picture."""
        from openimages_io.viewing.colors import colors_of  # noqa: PLC0415  (needs numpy)
        from openimages_io.viewing.crops import crop  # noqa: PLC0415  (needs numpy and Pillow)

        backdrop = self.url("image_thumbnail", shape.image_id, SIZES[-1]) if shape.image.file else ""
        svg = crop(shape.image, shape, shape.label, backdrop, colors_of([shape.label]))
        return format_html('<div class="oi-crop">{}</div>', mark_safe(svg)) if svg else ""  # noqa: S308  (escaped)

    @admin.display(description=_("task"))
    def task_link(self, shape: Shape) -> str:
        return self.link(shape, shape.task, "task_change", shape.task_id) or str(shape.task)

    @admin.display(description=_("image"))
    def image_link(self, shape: Shape) -> str:
        return self.link(shape, shape.image, "image_change", shape.image_id) or str(shape.image)

    @admin.display(description=_("label"))
    def label_link(self, shape: Shape) -> str:
        return self.link(shape, shape.label, "label_change", shape.label_id) or str(shape.label)

    @admin.display(description=_("confidence"), ordering="score", empty_value="–")
    def confidence(self, shape: Shape) -> str | None:
        """As files and the other pages have it: 1, not 1.0."""
        return None if shape.score is None else number(shape.score)

    @admin.display(description=_("picture"))
    def picture_link(self, shape: Shape) -> str:
        return self.link(shape, _("See the picture with its annotations"), "image_picture", shape.image_id) or "–"

    @admin.display(description=_("mask"))
    def its_mask(self, shape: Shape) -> str:
        try:
            mask = shape.mask
        except ObjectDoesNotExist:
            return ""
        size = f"{mask.width} × {mask.height}" if mask.width else ""
        return ", ".join(filter(None, (mask.path, size, f"{len(mask.png):,} bytes" if mask.png else "")))
