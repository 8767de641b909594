"""The way out: the options of an export, and a job for each task."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from openimages_io.admin.pages import Tool, page
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.models import Task
from openimages_io.permissions import permissions


class ExportMixin(TaskPagesMixin):
    """An admin class of tasks that exports them."""

    own_actions = ("export_tasks",)

    def has_export_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Whether the user may export the task, or without one any."""
        return self.has_view_permission(request, obj) and permissions().may_export(request.user, obj)

    def tools(self, request: HttpRequest, row: Any = None) -> list[Tool]:
        others = super().tools(request, row)
        if row is None or not self.has_export_permission(request, row):
            return others
        return [Tool(_("Export"), f"{self.url('task_export')}?task={row.pk}"), *others]

    @admin.action(description=gettext_lazy("Export as Open Images"), permissions=["export"])
    def export_tasks(self, request: HttpRequest, queryset: QuerySet[Task]) -> HttpResponse | None:
        """Leads to the options."""
        tasks = self.at_once(request, queryset)
        if not tasks:
            return None
        query = QueryDict(mutable=True)
        query.setlist("task", [str(task.pk) for task in tasks])
        return HttpResponseRedirect(f"{self.url('task_export')}?{query.urlencode()}")

    @page("export/", "export", permission="export", chosen="task")
    def export_view(self, request: HttpRequest, tasks: list[Task]) -> HttpResponse:
        """The options for the tasks that the address names; then a job each."""
        from openimages_io.admin.choosing import ALL, IMAGE, choice_of, images_in_words  # noqa: PLC0415  (slow to load)
        from openimages_io.admin.option_forms import ExportForm  # noqa: PLC0415  (slow to load)
        from openimages_io.jobs.submission import submit_export  # noqa: PLC0415  (slow to load)

        form = ExportForm(request.POST if request.method == "POST" else None)
        images, only = None, ""
        if len(tasks) == 1 and {ALL, IMAGE} & set(request.GET):
            images = choice_of(request.GET, tasks[0]).images
            if images is None:
                self.message_user(request, _("Select images first: some cards, or all that match."), messages.WARNING)
                return HttpResponseRedirect(self.url("task_gallery", tasks[0].pk) or self.url("task_changelist"))
            words, conditions = images_in_words(images, tasks[0])
            only = ": ".join(filter(None, (words, ", ".join(conditions))))
        if form.is_valid():
            jobs = [submit_export(task, form.options(), user=request.user, images=images) for task in tasks]
            return self.to_jobs(request, jobs)
        title = ngettext("Export %(count)s task as Open Images", "Export %(count)s tasks as Open Images", len(tasks))
        if len(tasks) == 1:
            title = _("Export the task “%(task)s” as Open Images") % {"task": tasks[0]}
        else:
            title %= {"count": len(tasks)}
        first = ("layout", "label_names", "mask_size", "pictures")
        folded = {"fields": ("subsets", "labels"), "classes": () if form.errors else ("collapse",)}
        fieldsets: list[tuple[Any, Any]] = [(None, {"fields": first}), (_("Only a part"), folded)]
        shown = AdminForm(cast(Any, form), fieldsets, {}, model_admin=self)
        context = {
            "title": title,
            "form": form,
            "fieldsets": shown,
            "tasks": tasks,
            "only": only,
            "here": _("Export"),
            "errors": form.errors,
        }
        return self.render(request, "task/export.html", **context)
