"""Tasks: the list with its counts, and a task's own page, from which everything else is reached."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.formats import date_format, localize
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from openimages_io.admin import deletion
from openimages_io.admin.base import BaseAdmin, has_perm
from openimages_io.admin.row_counts import Counts, counts_of
from openimages_io.admin.wording import by_kind
from openimages_io.models import Task
from openimages_io.models.timestamps import for_display

_AT_ONCE: Final = 50
"""Tasks of which jobs are started at once."""


class _Counted(ChangeList):
    """The list with the tasks' counts."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tasks = list(self.result_list)
        counts = counts_of(tasks)
        for task in tasks:
            task.counts = counts[task.pk]
        self.result_list = tasks  # what Django goes over


@admin.register(Task)
class TaskAdmin(BaseAdmin):
    """Tasks."""

    change_list_template = "admin/openimages_io/task/change_list.html"
    change_form_template = "admin/openimages_io/task/change_form.html"
    list_display = ("name", "owner", "images", "annotations", "created")
    list_filter = ("created", ("owner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("owner", "statistics")
    search_help_text = _("Part of the task’s name, or its owner’s user name.")
    ordering = ("name",)
    actions = ("export_tasks", "check_tasks")
    searched_fields = raw_id_fields = ("owner",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The owner is found by whatever users log in with."""
        return ("name", f"=owner__{get_user_model().USERNAME_FIELD}")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _Counted

    # What is shown

    @admin.display(description=_("images"))
    def images(self, task: Task) -> str:
        counts = _of(task)
        if counts.images is None:
            return self.link(_("not counted yet"), "task_gallery", task.pk)
        return format_html("{}{}", localize(counts.images, use_l10n=True), _mark(counts))

    @admin.display(description=_("annotations"))
    def annotations(self, task: Task) -> str:
        counts = _of(task)
        if counts.images is None:
            return "–"
        pairs = ((localize(number, use_l10n=True), words) for number, words in by_kind(counts.by_kind))
        return format_html("{}{}", format_html_join(", ", "{} {}", pairs) or _("none"), _mark(counts))

    @admin.display(description=_("pictures"))
    def images_link(self, task: Task) -> str:
        see = self.link(_("Gallery and charts"), "task_gallery", task.pk)
        rows = self.link(_("Images as a list"), "image_changelist", query=f"?task={task.pk}")
        return format_html("{} &nbsp; {} &nbsp; {}", self.images(task), see, rows)

    @admin.display(description=_("annotations"))
    def annotations_link(self, task: Task) -> str:
        rows = self.link(_("Shapes as a list"), "shape_changelist", query=f"?task={task.pk}")
        return format_html("{} &nbsp; {}", self.annotations(task), rows)

    @admin.display(description=_("labels"))
    def its_labels(self, task: Task) -> str:
        number = localize(task.labels.count(), use_l10n=True)
        rows = self.link(_("Labels as a list"), "label_changelist", query=f"?task={task.pk}")
        return format_html("{} &nbsp; {} &nbsp; {}", number, rows, self.link(_("Hierarchy"), "task_hierarchy", task.pk))

    @admin.display(description=_("jobs"))
    def its_jobs(self, task: Task) -> str:
        return self.link(_("Imports, exports and checks"), "job_changelist", query=f"?task={task.pk}")

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Any:
        shown = ("images_link", "annotations_link", "its_labels", "its_jobs", "created", "updated")
        own = (None, {"fields": ("name", "owner")})
        return (own, (_("Contents"), {"fields": shown})) if obj else (own,)

    def get_readonly_fields(self, request: HttpRequest, obj: Task | None = None) -> Any:
        return ("images_link", "annotations_link", "its_labels", "its_jobs", "created", "updated") if obj else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        task = super().get_object(request, object_id, from_field)
        if task is not None:
            task.counts = counts_of([task])[task.pk]
        return task

    # Who may

    def has_import_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Whether the user may import into the task, or without one into a new task."""
        other = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return other and has_perm(request, "import_task", obj)

    def has_export_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Whether the user may export."""
        return self.has_view_permission(request, obj) and has_perm(request, "export_task", obj)

    def task_or_404(self, request: HttpRequest, key: int) -> Task:
        """The task, if the user may see it. Raises `Http404` and `PermissionDenied`."""
        task: Task | None = self.get_object(request, str(key))
        if task is None:
            raise Http404
        if not self.has_view_permission(request, task):
            raise PermissionDenied
        return task

    # Actions and pages

    @admin.action(description=_("Export as Open Images"), permissions=["export"])
    def export_tasks(self, request: HttpRequest, queryset: QuerySet[Task]) -> HttpResponse | None:
        """Leads to the options."""
        keys = list(queryset.order_by().values_list("pk", flat=True)[: _AT_ONCE + 1])
        if self._too_many(request, keys):
            return None
        query = QueryDict(mutable=True)
        query.setlist("task", [str(key) for key in keys])
        return HttpResponseRedirect(f"{self.url('task_export')}?{query.urlencode()}")

    @admin.action(description=_("Check every annotation against the rules"), permissions=["view"])
    def check_tasks(self, request: HttpRequest, queryset: QuerySet[Task]) -> HttpResponse | None:
        """Starts a job each."""
        tasks = list(queryset[: _AT_ONCE + 1])
        if self._too_many(request, tasks):
            return None
        from openimages_io.admin.exporting import check_all  # noqa: PLC0415  (as late as the pages, see `own_pages`)

        return check_all(self, request, tasks)

    def _too_many(self, request: HttpRequest, chosen: list[Any]) -> bool:
        if len(chosen) > _AT_ONCE:
            text = _now("Choose at most %(count)s tasks at once.") % {"count": _AT_ONCE}
            self.message_user(request, text, messages.ERROR)
        return len(chosen) > _AT_ONCE

    def get_urls(self) -> list[Any]:
        pages = (
            ("import/", "importing.into_new", "import_new"),
            ("<int:key>/import/", "importing.into_task", "import"),
            ("export/", "exporting.export", "export"),
            ("<int:key>/check/", "exporting.check", "check"),
            ("<int:key>/hierarchy/", "hierarchy.tree", "hierarchy"),
            ("<int:key>/gallery/", "gallery.gallery", "gallery"),
        )
        return [*self.own_pages("task", pages), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"may_import": self.has_import_permission(request), **(extra_context or {})}
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Says which buttons there are."""
        task = context.get("original")
        context["may_import"] = task is not None and self.has_import_permission(request, task)
        context["gallery_url"] = self.url("task_gallery", task.pk) if task is not None else ""
        context["may_export"] = task is not None and self.has_export_permission(request, task)
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        """Deletes the task, or has a job do it where that takes long."""
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        self._delete(request, queryset)

    def _delete(self, request: HttpRequest, tasks: Iterable[Task]) -> None:
        from openimages_io.jobs.deletion import delete_or_submit  # noqa: PLC0415  (as late as the pages)

        for task in list(tasks):
            job = delete_or_submit(task, user=request.user)
            if job is not None:
                text = _now("“%(task)s” is large: nobody sees it any more, and a job deletes it.")
                link = self.link(_now("See the job."), "job_change", job.pk)
                self.message_user(request, format_html("{} {}", text % {"task": job.task_name}, link), messages.WARNING)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        return deletion.of_tasks(objs, request, self.admin_site)


def _of(task: Task) -> Counts:
    counts: Counts = task.counts  # type: ignore[attr-defined]  # put there by the list and by `get_object`
    return counts


def _mark(counts: Counts) -> str:
    """A star where the task has changed since it was counted."""
    if counts.stale is None:
        return ""
    when = date_format(for_display(counts.stale), "DATETIME_FORMAT")
    text = _now("Counted %(when)s; the task has changed since. Its gallery can count again.") % {"when": when}
    return format_html(' <span class="oi-stale" title="{}">{}</span>', text, _("(before the last change)"))
