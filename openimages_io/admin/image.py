"""Images: names, sizes, provenance, and the way to their pictures."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseAdmin
from openimages_io.admin.deletion import DeletionMixin
from openimages_io.admin.filters import SubsetFilter, TaskFilter
from openimages_io.admin.image_forms import ImageForm
from openimages_io.admin.returning import ReturningMixin
from openimages_io.admin.viewing import PictureMixin
from openimages_io.filtersets.images import ImagesOfTasksFilterSet
from openimages_io.models import Image, Shape
from openimages_io.models.image import PROVENANCE
from openimages_io.models.numbers import grouped
from openimages_io.models.thumbnails import SIZES


@admin.register(Image)
class ImageAdmin(PictureMixin, ReturningMixin, DeletionMixin, BaseAdmin):
    """Images of tasks. Their picture files come with an import, or with the form of an image that has none."""

    form = ImageForm
    list_display = ("preview", "name", "subset", "task", "size", "annotations", "updated")
    list_display_links = ("name",)
    list_filter = (TaskFilter, SubsetFilter)
    filterset_class = ImagesOfTasksFilterSet
    list_select_related = ("task",)
    search_fields = ("name",)
    search_help_text = _("Part of the ImageID. In a large database, choose a task first.")
    ordering = ("pk",)
    searched_fields = raw_id_fields = ("task",)
    deleted_with = ((Shape, "image__in"),)

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Within a task, whose indexes have these orders."""
        return ("name", "subset", "updated") if request.GET.get("task") else ()

    def complete_rows(self, request: HttpRequest, rows: Sequence[Image]) -> None:
        shapes = Shape.objects.filter(image__in=[image.pk for image in rows]).order_by()
        counts = dict(shapes.values_list("image").annotate(Count("pk")))
        for image in rows:
            image.shape_count = counts.get(image.pk, 0)  # type: ignore[attr-defined]  # for the column

    @admin.display(description=_("annotations"))
    def annotations(self, image: Image) -> str:
        count: int = image.shape_count  # type: ignore[attr-defined]  # put there by `complete_rows`
        return grouped(count)

    @admin.display(description=_("picture"))
    def preview(self, image: Image) -> str:
        """The smallest thumbnail, loaded when it comes into sight; an image without a picture has none."""
        address = self.url("image_thumbnail", image.pk, SIZES[0]) if image.file else ""
        return format_html('<img class="oi-preview" src="{}" alt="" loading="lazy">', address) if address else "–"

    def image_of(self, row: Image) -> Image:
        return row

    @admin.display(description=_("size"))
    def size(self, image: Image) -> str:
        return f"{image.width}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{image.height}" if image.width else ""

    @admin.display(description=_("task"))
    def task_link(self, image: Image) -> str:
        return self.link(image, image.task, "task_change", image.task_id) or str(image.task)

    @admin.display(description=_("annotations"))
    def annotations_link(self, image: Image) -> str:
        return self.link(image, _("Shapes of this image, as a list"), "shape_changelist", query=f"?image={image.pk}")

    @admin.display(description=_("picture file"))
    def shown_picture(self, image: Image) -> str:
        """The picture itself, as a thumbnail."""
        address = self.url("image_thumbnail", image.pk, SIZES[1]) if image.file else ""
        return format_html('<img class="oi-shown" src="{}" alt="">', address) if address else ""

    @admin.display(description=_("picture"))
    def picture_link(self, image: Image) -> str:
        return self.link(image, _("See the picture with its annotations"), "image_picture", image.pk) or "–"

    def get_fieldsets(self, request: HttpRequest, obj: Image | None = None) -> Any:
        own = ("subset", "name", ("width", "height"), "rotation")
        if obj is None:
            shown: tuple[Any, ...] = ("task", "picture", *own)
        else:
            picture = "shown_picture" if obj.file or not self.has_change_permission(request, obj) else "picture"
            links = ("annotations_link", "file_suffix", "updated")
            shown = (picture, "picture_link", "task_link", *own, *links)
        return (
            (None, {"fields": shown}),
            (
                _("Provenance"),
                {
                    "fields": tuple(PROVENANCE.values()),
                    "description": _("As in the official image lists."),
                    "classes": ("collapse",),
                },
            ),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        links = ("picture_link", "task_link", "annotations_link", "file_suffix", "updated")
        return ("shown_picture", *links) if obj else ()

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        """Stores the picture file that was chosen, in the form's transaction; its size counts, not what was typed."""
        super().save_model(request, obj, form, change)
        file = form.cleaned_data.get("picture")
        if file is None:
            return
        from openimages_io.annotations.images import NewPicture, set_picture  # noqa: PLC0415  (needs Pillow)

        file.seek(0)
        stored = set_picture(obj, NewPicture(file, file.name or "", file.size or 0, obj.name, "picture", "picture"))
        for field in ("file", "file_digest", "file_suffix", "width", "height"):
            setattr(obj, field, getattr(stored, field))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Provenance is lines, not paragraphs."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, forms.Textarea):
            field.widget = forms.TextInput(attrs={"class": "vLargeTextField"})
        help_texts = {
            "name": _("The file’s name with its folders, without the extension."),
            "width": _("In pixels. Give both, or neither if they are unknown."),
            "rotation": _("Degrees counter-clockwise to turn the picture by for display."),
        }
        if field is not None and db_field.name in help_texts:
            field.help_text = help_texts[db_field.name]
        return field
