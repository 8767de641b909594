"""The way out, and the check: both start jobs, and lead to their pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.admin.filters import chosen_key
from openimages_io.admin.option_forms import ExportForm
from openimages_io.jobs.submission import submit_check, submit_export
from openimages_io.models import Job, Task

if TYPE_CHECKING:
    from openimages_io.admin.task import TaskAdmin


def export(admin: "TaskAdmin", request: HttpRequest) -> HttpResponse:
    """The options for the tasks that the address names; then a job each."""
    keys = [chosen_key(text) for text in request.GET.getlist("task")]
    tasks: list[Task] = list(admin.get_queryset(request).filter(pk__in=[key for key in keys if key is not None]))
    if not admin.has_export_permission(request) or not all(admin.has_export_permission(request, t) for t in tasks):
        raise PermissionDenied
    if not tasks:
        raise Http404
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _to_jobs(admin, request, [submit_export(task, form.options(), user=request.user) for task in tasks])
    title = ngettext("Export %(count)s task as Open Images", "Export %(count)s tasks as Open Images", len(tasks))
    if len(tasks) == 1:
        title = _("Export the task “%(task)s” as Open Images") % {"task": tasks[0]}
    else:
        title %= {"count": len(tasks)}
    first = ("layout", "label_names", "mask_size", "pictures")
    folded = {"fields": ("subsets", "labels"), "classes": () if form.errors else ("collapse",)}
    fieldsets: list[tuple[Any, Any]] = [(None, {"fields": first}), (_("Only a part"), folded)]
    shown = AdminForm(cast(Any, form), fieldsets, {}, model_admin=admin)
    context = admin.page(request, title=title, form=form, fieldsets=shown, tasks=tasks, errors=form.errors)
    return render(request, "admin/openimages_io/task/export.html", context)


def check(admin: "TaskAdmin", request: HttpRequest, key: int) -> HttpResponse:
    """Starts the check of a task."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return check_all(admin, request, [admin.task_or_404(request, key)])


def check_all(admin: "TaskAdmin", request: HttpRequest, tasks: Sequence[Task]) -> HttpResponse:
    """Starts a check of each task."""
    return _to_jobs(admin, request, [submit_check(task, user=request.user) for task in tasks])


def _to_jobs(admin: "TaskAdmin", request: HttpRequest, jobs: Sequence[Job]) -> HttpResponse:
    """To the job's page, or of several to the list."""
    if len(jobs) == 1:
        return HttpResponseRedirect(admin.url("job_change", jobs[0].pk) or admin.url("task_changelist"))
    text = ngettext("%(count)s job was started.", "%(count)s jobs were started.", len(jobs)) % {"count": len(jobs)}
    admin.message_user(request, text, messages.SUCCESS)
    return HttpResponseRedirect(admin.url("job_changelist") or admin.url("task_changelist"))
