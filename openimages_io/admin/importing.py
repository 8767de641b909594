"""The way in: a form, and a dry run whose report leads on."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from openimages_io.admin.option_forms import ImportForm, kept_options
from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs.submission import submit_import
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.primary import primary
from openimages_io.transfer.options import ImportOptions

if TYPE_CHECKING:
    from openimages_io.admin.task import TaskAdmin


def into_new(admin: "TaskAdmin", request: HttpRequest) -> HttpResponse:
    """The form for a new task."""
    if not admin.has_import_permission(request):
        raise PermissionDenied
    return _form(admin, request, None)


def into_task(admin: "TaskAdmin", request: HttpRequest, key: int) -> HttpResponse:
    """The form for a task that is there."""
    task = admin.task_or_404(request, key)
    if not admin.has_import_permission(request, task):
        raise PermissionDenied
    return _form(admin, request, task)


def _form(admin: "TaskAdmin", request: HttpRequest, task: Task | None) -> HttpResponse:
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES, task=task)
        if form.is_valid():
            job = _submit(request, form, task)
            if job is not None:
                return HttpResponseRedirect(admin.url("job_change", job.pk) or admin.url("task_changelist"))
    else:
        form = ImportForm(task=task, initial=_from_job(request, task))
    title = _("Import into the task “%(task)s”") % {"task": task} if task else _("Import into a new task")
    shown = AdminForm(cast(Any, form), fieldsets_of(form), {}, model_admin=admin)
    context = admin.page(request, title=title, form=form, fieldsets=shown, task=task, errors=form.errors)
    return render(request, "admin/openimages_io/task/import.html", context)


def _submit(request: HttpRequest, form: ImportForm, task: Task | None) -> Job | None:
    name = task.name if task else form.cleaned_data["task_name"]
    try:
        return submit_import(
            form.cleaned_data["upload"],
            task=task,
            task_name=name,
            options=form.options(),
            dry_run=True,
            user=request.user,
        )
    except OpenImagesError as error:
        form.add_error("upload", ValidationError(str(error)))
    return None


def _from_job(request: HttpRequest, task: Task | None) -> dict[str, Any]:
    """What was chosen for an earlier import of the same user, which is to be done again with a better archive."""
    try:
        job = primary(Job).get(pk=request.GET.get("again", ""), kind=JobKind.IMPORT, created_by=request.user.pk)
    except (Job.DoesNotExist, ValidationError):
        return {}
    if job.task_id != (task and task.pk):
        return {}
    messages.info(request, _("The options are those of the import before; choose the corrected archive."))
    return kept_options(ImportOptions, job.options) | {"task_name": job.task_name}


def fieldsets_of(form: ImportForm) -> list[tuple[Any, dict[str, Any]]]:
    """What most people choose, and under a fold what few do."""
    first = [name for name in ("task_name", "upload", "mode", "on_error", "pictures") if name in form.fields]
    others = [name for name in form.fields if name not in first]
    folded = {"fields": others, "classes": () if set(others) & set(form.errors) else ("collapse",)}
    return [(None, {"fields": first}), (_("More options"), folded)]
