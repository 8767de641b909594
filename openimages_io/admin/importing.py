"""The way in: a form, and a dry run whose report leads on."""

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from openimages_io.admin.pages import Tool, page
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.primary import primary
from openimages_io.permissions import permissions

if TYPE_CHECKING:
    from openimages_io.admin.option_forms import ImportForm
    from openimages_io.jobs.kept_uploads import KeptUpload

_HELD: Final = "openimages_upload"
"""Where the session of a user keeps what is known of an upload that was kept."""


class ImportMixin(TaskPagesMixin):
    """An admin class of tasks that imports archives into them, and into new ones."""

    def has_import_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Whether the user may import into the task, or without one into a new task."""
        may_add = obj is not None or self.has_add_permission(request)
        return permissions().may_import(request.user, obj) and may_add

    def tools(self, request: HttpRequest, row: Any = None) -> list[Tool]:
        others = super().tools(request, row)
        if not self.has_import_permission(request, row):
            return others
        if row is None:
            return [Tool(_("Import an archive"), self.url("task_import_new")), *others]
        return [Tool(_("Import"), self.url("task_import", row.pk)), *others]

    @page("import/", "import_new", permission="import")
    def import_new_view(self, request: HttpRequest) -> HttpResponse:
        """The form for a new task."""
        return self._import_form(request, None)

    @page("<int:key>/import/", "import", permission="import")
    def import_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """The form for a task that is there."""
        return self._import_form(request, task)

    def _import_form(self, request: HttpRequest, task: Task | None) -> HttpResponse:
        from openimages_io.admin.option_forms import ImportForm  # noqa: PLC0415  (slow to load)

        if request.method == "POST":
            form = ImportForm(request.POST, request.FILES, task=task, held=_held(request))
            job = self._dry_run(request, form, task) if form.is_valid() else None
            if job is None:
                _keep(request, form)
            else:
                request.session.pop(_HELD, None)
                return HttpResponseRedirect(self.url("job_change", job.pk) or self.url("task_changelist"))
        else:
            form = ImportForm(task=task, initial=self._options_of_job(request, task))
        title = _("Import into the task “%(task)s”") % {"task": task} if task else _("Import into a new task")
        shown = AdminForm(cast(Any, form), form.fieldsets(), {}, model_admin=self)
        context = {
            "title": title,
            "form": form,
            "fieldsets": shown,
            "task": task,
            "here": _("Import"),
            "errors": form.errors,
        }
        return self.render(request, "task/import.html", **context)

    def _dry_run(self, request: HttpRequest, form: "ImportForm", task: Task | None) -> Job | None:
        from openimages_io.jobs.submission import submit_import  # noqa: PLC0415  (slow to load)

        name = task.name if task else form.cleaned_data["task_name"]
        upload: Any = form.cleaned_data["upload"] or form.held
        options = form.options()
        try:
            return submit_import(upload, task=task, task_name=name, options=options, dry_run=True, user=request.user)
        except OpenImagesError as error:
            form.add_error("upload", ValidationError(str(error)))
        return None

    def _options_of_job(self, request: HttpRequest, task: Task | None) -> dict[str, Any]:
        """What was chosen for an earlier import of the same user, which is to be done again with a better archive."""
        from openimages_io.admin.option_forms import kept_options  # noqa: PLC0415  (slow to load)
        from openimages_io.transfer.options import ImportOptions  # noqa: PLC0415  (slow to load)

        try:
            job = primary(Job).get(pk=request.GET.get("again", ""), kind=JobKind.IMPORT, created_by=request.user.pk)
        except (Job.DoesNotExist, ValidationError):
            return {}
        if job.task_id != (task and task.pk):
            return {}
        messages.info(request, _("The options are those of the import before; choose the corrected archive."))
        return kept_options(ImportOptions, job.options) | {"task_name": job.task_name}


def _held(request: HttpRequest) -> "KeptUpload | None":
    """The upload that was kept for this user: one at most, in the session, so that nobody else has it."""
    from openimages_io.jobs.kept_uploads import KeptUpload  # noqa: PLC0415  (slow to load)

    return KeptUpload.read(request.session.get(_HELD))


def _keep(request: HttpRequest, form: "ImportForm") -> None:
    """Keeps the file of a form that has another fault, in place of one that was kept before."""
    from openimages_io.jobs.kept_uploads import KeptUpload  # noqa: PLC0415  (slow to load)

    before, upload = _held(request), form.cleaned_data.get("upload")
    if upload is None:
        if form.held is not None:
            form.hold(before)
        return
    try:
        held = KeptUpload.of(upload)
    except OpenImagesError as error:
        form.add_error("upload", ValidationError(str(error)))
        return
    if before is not None:
        before.remove()
    request.session[_HELD] = held.as_dict()
    form.hold(held)
