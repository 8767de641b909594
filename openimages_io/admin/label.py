"""Labels: their colours, their attribute specs, and their places in the class hierarchy."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseAdmin, BaseModelForm
from openimages_io.admin.deletion import DeletionMixin
from openimages_io.admin.filters import ListedFilter, TaskFilter, chosen_key
from openimages_io.admin.form_messages import OneLanguageFormSet
from openimages_io.admin.permissions import PermissionsInline, SearchSelect
from openimages_io.admin.returning import ReturningMixin
from openimages_io.admin.spec_forms import AttributeSpecForm
from openimages_io.filtersets.labels import LabelsOfTasksFilterSet
from openimages_io.models import AttributeSpec, HierarchyEdge, Label
from openimages_io.models.numbers import grouped
from openimages_io.models.primary import primary

if TYPE_CHECKING:
    _FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _FormSet = BaseInlineFormSet

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def swatch(color: str) -> str:
    """A small square of a colour; no style attribute, which a site's content policy may forbid."""
    if not _COLOR.fullmatch(color):
        return ""
    size = format_html('width="{0}" height="{0}"', 16)
    return format_html('<svg class="oi-swatch" {0} aria-hidden="true"><rect {0} fill="{1}"/></svg>', size, color)


class LabelledFormSet(OneLanguageFormSet, _FormSet):
    """Rows of a table, whose fields have no labels to be seen: screen readers are told of each what it is."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs.setdefault("aria-label", capfirst(field.label or ""))


class SpecInline(PermissionsInline):
    """What can be said of the label's shapes."""

    model = AttributeSpec
    form = AttributeSpecForm
    formset = LabelledFormSet
    extra = 0
    classes = ("oi-inline",)
    fields = ("position", "name", "input_type", "values", "default_value", "mutable")


class LabelOfTask(SearchSelect):
    """Searches among the labels of one task."""

    def __init__(self, field: Any, site: Any, task: int) -> None:
        super().__init__(field, site)
        self.task = task

    def get_url(self) -> str:
        return f"{super().get_url()}?task={self.task}"


class EdgeForm(BaseModelForm):
    """An edge of the hierarchy."""

    def clean(self) -> dict[str, Any]:
        """Raises `ValidationError` for a ring of one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("parent") is not None and cleaned.get("parent") == cleaned.get("child"):
            raise ValidationError(_("A class cannot be below itself."))
        return cleaned


class EdgeInline(PermissionsInline):
    """Edges of the hierarchy on one side of a label."""

    model = HierarchyEdge
    form = EdgeForm
    formset = LabelledFormSet
    extra = 0
    classes = ("oi-inline",)
    other_end: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("parent", "child")

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """The other end, chosen among the labels of the task whose page this is."""
        task = getattr(request, "label_task", None)
        if db_field.name == self.other_end and task is not None:
            kwargs["queryset"] = Label.objects.filter(task=task)
            kwargs["widget"] = LabelOfTask(db_field, self.admin_site, task)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ParentInline(EdgeInline):
    """What the label stands below."""

    fk_name, other_end = "child", "parent"
    fields = ("parent", "kind", "position")
    verbose_name, verbose_name_plural = _("parent"), _("parents: what this class is a kind, or a part, of")


class ChildInline(EdgeInline):
    """What stands below the label."""

    fk_name, other_end = "parent", "child"
    fields = ("child", "kind", "position")
    verbose_name, verbose_name_plural = _("child"), _("children: its subcategories and parts")


class LabelForm(BaseModelForm):
    """A label."""

    class Meta:
        model = Label
        fields = ("task", "name", "display_name", "color", "position", "is_listed")
        widgets = {"color": forms.TextInput(attrs={"type": "color"})}  # noqa: RUF012  (Django's own way)
        help_texts = {  # noqa: RUF012
            "name": _("The value of the LabelName column in the files, such as /m/01yrx."),
            "display_name": _("The name shown to people, such as Cat."),
            "color": _(
                "The color of its shapes. If nobody has chosen it, and another label’s is much like it, pictures have "
                "another one for this label."
            ),
            "position": _("The position in the class list, from 0."),
            "is_listed": _("Off for a class that only the hierarchy has, such as its root."),
        }


@admin.register(Label)
class LabelAdmin(ReturningMixin, DeletionMixin, BaseAdmin):
    """Labels of tasks."""

    form = LabelForm
    list_display = ("swatch", "shown_name", "name", "task", "annotations", "position", "is_listed")
    list_display_links = ("shown_name",)
    list_filter = (TaskFilter, ListedFilter)
    filterset_class = LabelsOfTasksFilterSet
    list_select_related = ("task",)
    search_fields = ("display_name", "name")
    ordering = ("task", "position", "pk")
    searched_fields = raw_id_fields = ("task",)

    def complete_rows(self, request: HttpRequest, rows: Sequence[Label]) -> None:
        from openimages_io.viewing.colors import colors_of  # noqa: PLC0415  (slow to load)
        from openimages_io.viewing.statistics import known, stored  # noqa: PLC0415  (slow to load)

        colors = colors_of(rows)
        tasks = {label.task for label in rows}
        is_chosen = bool(request.GET.get(TaskFilter.parameter_name))
        counted = {task.pk: known(task) for task in tasks} if is_chosen and len(tasks) == 1 else stored(tasks)
        for label in rows:
            found: Any = label
            kept = counted.get(label.task_id)
            found.shape_count = kept.by_label.get(label.pk, 0) if kept else None
            found.page_color = colors[label.pk]

    @admin.display(description=_("annotations"))
    def annotations(self, label: Label) -> str:
        """As they were last counted; a task that nobody has counted yet has no numbers."""
        count: int | None = label.shape_count  # type: ignore[attr-defined]  # put there by `complete_rows`
        return "–" if count is None else grouped(count)

    @admin.display(description=_("color"))
    def swatch(self, label: Label) -> str:
        return swatch(label.page_color)  # type: ignore[attr-defined]  # put there by `complete_rows`

    @admin.display(description=_("color on pages"))
    def color_on_pages(self, label: Label) -> str:
        """The colour that the label has there, where that is not its own."""
        text = _("The color above is too close to that of another label.")
        return format_html("{} {}", swatch(label.page_color), text)  # type: ignore[attr-defined]  # by `get_object`

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With the colour that the label has on pages."""
        from openimages_io.viewing.colors import colors_of  # noqa: PLC0415  (slow to load)

        label: Any = super().get_object(request, object_id, from_field)
        if label is not None:
            label.page_color = colors_of([label])[label.pk]
        return label

    @admin.display(description=_("label"), ordering="display_name")
    def shown_name(self, label: Label) -> str:
        return str(label)

    @admin.display(description=_("task"))
    def task_link(self, label: Label) -> str:
        return self.link(label, label.task, "task_change", label.task_id) or str(label.task)

    @admin.display(description=_("shapes"))
    def images_link(self, label: Label) -> str:
        return self.link(
            label, _("gallery of images with this label"), "task_gallery", label.task_id, query=f"?label={label.pk}"
        )

    def get_fieldsets(self, request: HttpRequest, obj: Label | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("task", "name", "display_name", "position", "is_listed")}),)
        is_other: bool = obj.page_color != obj.color  # type: ignore[attr-defined]  # put there by `get_object`
        colors = ("color", "color_on_pages") if is_other else ("color",)
        fields = ("task_link", "name", "display_name", *colors, "position", "is_listed", "images_link")
        return ((None, {"fields": fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Label | None = None) -> Any:
        return ("task_link", "color_on_pages", "images_link") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Label | None) -> Any:
        """A new label first needs its task, among whose labels its parents are."""
        request.label_task = obj and obj.task_id  # type: ignore[attr-defined]  # for the inlines
        return (SpecInline, ParentInline, ChildInline) if obj else (SpecInline,)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """In a search box of a task's page, only the labels of that task."""
        if request.resolver_match and request.resolver_match.url_name == "autocomplete" and "task" in request.GET:
            queryset = queryset.filter(task=chosen_key(request.GET["task"]) or 0)
        return super().get_search_results(request, queryset, search_term)

    def against_deletion(self, rows: Sequence[Label]) -> list[Any]:
        """One that shapes have stays."""
        used = primary(Label).filter(pk__in=[label.pk for label in rows], shapes__isnull=False).distinct().order_by()
        used_keys = set(used.values_list("pk", flat=True))
        text = _("Shapes have the label “%(label)s”: delete them, or give them another label, first.")
        return [text % {"label": label} for label in rows if label.pk in used_keys]
