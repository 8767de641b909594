"""Tasks: the list with its counts, and a task's own page, from which everything else is reached."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseAdmin, BaseModelForm
from openimages_io.admin.bulk import BulkMixin
from openimages_io.admin.checking import CheckMixin
from openimages_io.admin.deletion import TaskDeletionMixin
from openimages_io.admin.exporting import ExportMixin
from openimages_io.admin.hierarchy import HierarchyMixin
from openimages_io.admin.importing import ImportMixin
from openimages_io.admin.pages import anchor
from openimages_io.admin.permissions import may_here
from openimages_io.admin.row_counts import Counts, counts_of
from openimages_io.admin.viewing import GalleryMixin
from openimages_io.admin.wording import kinds_in_words
from openimages_io.models import Image, Label, Task
from openimages_io.models.numbers import grouped
from openimages_io.models.timestamps import for_display
from openimages_io.permissions import permissions


@admin.register(Task)
class TaskAdmin(
    GalleryMixin, BulkMixin, ImportMixin, ExportMixin, CheckMixin, HierarchyMixin, TaskDeletionMixin, BaseAdmin
):
    """Tasks."""

    form = BaseModelForm
    list_display = ("name", "owner", "images", "annotations", "created")
    list_filter = ("created", ("owner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("owner", "statistics")
    search_help_text = _("Part of the task’s name, or its owner’s user name.")
    ordering = ("name",)
    searched_fields = raw_id_fields = ("owner",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The owner is found by whatever users log in with."""
        return ("name", f"=owner__{get_user_model().USERNAME_FIELD}")

    def complete_rows(self, request: HttpRequest, rows: Sequence[Task]) -> None:
        counts = counts_of(rows)
        for task in rows:
            task.counts = counts[task.pk]  # type: ignore[attr-defined]  # for the columns
            self.find_links(request, task)

    # What is shown

    @admin.display(description=_("images"))
    def images(self, task: Task) -> str:
        counts = _of(task)
        if counts.images is None:
            return self._not_counted(task)
        return format_html("{}{}", grouped(counts.images), _mark(counts))

    @admin.display(description=_("annotations"))
    def annotations(self, task: Task) -> str:
        counts = _of(task)
        if counts.images is None:
            return format_html('<span data-number="annotations:{}">–</span>', task.pk)
        return format_html("{}{}", kinds_in_words(counts.by_kind), _mark(counts))

    def _not_counted(self, task: Task) -> str:
        """The way to count it; the page's script asks for the numbers, and shows them in place of this."""
        words = self.link(task, _("not counted yet"), "task_gallery", task.pk, query="?count=1")
        late = self.address(task, "task_counts", task.pk)
        return format_html('<span data-late="{}">{}</span>', late, words) if late else _now("not counted yet")

    @admin.display(description=_("images"))
    def images_link(self, task: Task) -> str:
        see = self.link(task, _("Gallery and charts"), "task_gallery", task.pk)
        rows = self.link(task, _("Images as a list"), "image_changelist", query=f"?task={task.pk}")
        return format_html("{} &nbsp; {} &nbsp; {}", self.images(task), see, rows)

    @admin.display(description=_("annotations"))
    def annotations_link(self, task: Task) -> str:
        rows = self.link(task, _("Shapes as a list"), "shape_changelist", query=f"?task={task.pk}")
        return format_html("{} &nbsp; {}", self.annotations(task), rows)

    @admin.display(description=_("labels"))
    def its_labels(self, task: Task) -> str:
        number = grouped(task.labels.count())
        rows = self.link(task, _("Labels as a list"), "label_changelist", query=f"?task={task.pk}")
        return format_html(
            "{} &nbsp; {} &nbsp; {}", number, rows, self.link(task, _("Hierarchy"), "task_hierarchy", task.pk)
        )

    @admin.display(description=_("jobs"))
    def its_jobs(self, task: Task) -> str:
        return self.link(task, _("Jobs as a list"), "job_changelist", query=f"?task={task.pk}")

    @admin.display(description=_("owner"))
    def its_owner(self, task: Task) -> str:
        """Without the link of a read-only field, which leads to users whom hardly anybody may open."""
        return str(task.owner or "–")

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Any:
        shown = ("images_link", "annotations_link", "its_labels", "its_jobs", "created", "updated")
        if obj is None:
            may_give = permissions().may_give(request.user, None)
            return ((None, {"fields": ("name", "owner") if may_give else ("name",)}),)
        owner = "owner" if self._may_give(request, obj) else "its_owner"
        contents = {"fields": shown, "description": self._first_steps(request, obj)}
        return ((None, {"fields": ("name", owner)}), (_("Contents"), contents))

    def _first_steps(self, request: HttpRequest, task: Task) -> str:
        """What an empty task is filled by, as far as the user may; nothing of any other."""
        counts = getattr(task, "counts", None)
        if counts is None or counts.images != 0:
            return ""
        steps = []
        if self.has_import_permission(request, task):
            steps.append(anchor(_("import an archive"), self.url("task_import", task.pk)))
        steps += [
            anchor(words, f"{address}?task={task.pk}")
            for model, name, words in ((Label, "label_add", _("add a label")), (Image, "image_add", _("add an image")))
            if may_here(request, "add", model, task) and (address := self.url(name))
        ]
        if not steps:
            return ""
        links = format_html_join(", ", "{}", ((step,) for step in steps))
        return format_html("{} {}.", _("This task is empty. To fill it:"), links)

    def get_readonly_fields(self, request: HttpRequest, obj: Task | None = None) -> Any:
        if obj is None:
            return ()
        own = () if self._may_give(request, obj) else ("its_owner",)
        return (*own, "images_link", "annotations_link", "its_labels", "its_jobs", "created", "updated")

    def _may_give(self, request: HttpRequest, task: Task) -> bool:
        return self.has_change_permission(request, task) and permissions().may_give(request.user, task)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        task = super().get_object(request, object_id, from_field)
        if task is not None:
            task.counts = counts_of([task])[task.pk]
        return task

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who adds a task owns it, unless another owner is chosen."""
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        """The owner is the user, where the form has not asked."""
        if not change and "owner" not in form.fields:
            obj.owner_id = request.user.pk
        super().save_model(request, obj, form, change)


def _of(task: Task) -> Counts:
    counts: Counts = task.counts  # type: ignore[attr-defined]  # put there by the list and by `get_object`
    return counts


def _mark(counts: Counts) -> str:
    """A star where the task has changed since it was counted."""
    if counts.stale is None:
        return ""
    when = date_format(for_display(counts.stale), "DATETIME_FORMAT")
    text = _now("Counted %(when)s; the task has changed since. Its gallery says how to count again.") % {"when": when}
    return format_html(' <span class="oi-stale" title="{}">{}</span>', text, _("(before the last change)"))
