"""A job's page, what it polls, its buttons, and its files."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase

from openimages_io.admin.pages import PagesMixin, page
from openimages_io.admin.permissions import may_here
from openimages_io.admin.wording import percent
from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs.status import job_status
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.job import FINAL
from openimages_io.permissions import permissions


class JobPagesMixin(PagesMixin):
    """An admin class of jobs with their pages."""

    def has_control_permission(self, request: HttpRequest, obj: Job) -> bool:
        """Whether the user may do what the job does, and so cancel, confirm or start it again."""
        makes_task = obj.kind == JobKind.IMPORT and obj.task is None
        return permissions().may_control(request.user, obj) and (not makes_task or may_here(request, "add", Task, None))

    def has_download_permission(self, request: HttpRequest, obj: Job) -> bool:
        """Whether the user may have the archive that the job has made."""
        return obj.kind == JobKind.EXPORT and self.has_control_permission(request, obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The job's page: progress while it runs, then what came of it."""
        job: Job = self.row_or_404(request, object_id)
        from openimages_io.admin.job_page import job_context  # noqa: PLC0415  (slow to load)

        context = job_context(
            request, job, self.url_for(request, job.task), may_control=self.has_control_permission(request, job)
        )
        may_delete = context["is_over"] and self.has_delete_permission(request, job)
        return self.render(request, "job/job.html", has_delete_permission=may_delete, **context)

    @page("<uuid:key>/status/", "status", permission="view")
    def status_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        """What the page polls."""
        from openimages_io.admin.job_page import progress_text  # noqa: PLC0415  (slow to load)

        now = job_status(job)
        is_over = now.state in FINAL
        answer = {
            "state": now.state.value,
            "over": is_over,
            "percent": percent(now),
            "text": progress_text(job, now),
            "waiting": now.waiting,
        }
        return JsonResponse(answer)

    @page("<uuid:key>/issues.csv", "issues", permission="view")
    def issues_view(self, request: HttpRequest, job: Job) -> HttpResponseBase:
        """All issues as a table."""
        from openimages_io.admin.option_forms import field_name  # noqa: PLC0415  (slow to load)
        from openimages_io.jobs.reports import issues_csv  # noqa: PLC0415  (slow to load)
        from openimages_io.viewing.streaming import streaming_response  # noqa: PLC0415

        headers = {"Content-Disposition": f'attachment; filename="issues-{job.pk}.csv"'}
        table = issues_csv(job, field_name)
        return streaming_response(request, table, "text/csv; charset=utf-8", headers=headers)

    @page("<uuid:key>/file/", "file", permission="download")
    def file_view(self, request: HttpRequest, job: Job) -> HttpResponseBase:
        """The archive that an export made."""
        from openimages_io.jobs.downloads import ArchiveGone, archive_response  # noqa: PLC0415
        from openimages_io.viewing.ranges import RangeBeyondEnd  # noqa: PLC0415

        try:
            return archive_response(request, job)
        except RangeBeyondEnd as error:
            return HttpResponse(status=416, headers=error.headers)
        except ArchiveGone as error:
            self.message_user(request, str(error), messages.WARNING)
        return HttpResponseRedirect(self.url("job_change", job.pk))

    @page("<uuid:key>/cancel/", "cancel", permission="control", only_post=True)
    def cancel_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Cancels it."""
        from openimages_io.jobs.transitions import cancel  # noqa: PLC0415  (slow to load)

        return self._changed(request, job, cancel)

    @page("<uuid:key>/confirm/", "confirm", permission="control", only_post=True)
    def confirm_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Has a dry run done for real."""
        from openimages_io.jobs.transitions import confirm  # noqa: PLC0415  (slow to load)

        skips = request.POST.get("on_error") == "skip"
        return self._changed(request, job, partial(confirm, without_bad_rows=skips))

    @page("<uuid:key>/retry/", "retry", permission="control", only_post=True)
    def retry_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Starts it again."""
        from openimages_io.jobs.transitions import retry  # noqa: PLC0415  (slow to load)

        return self._changed(request, job, retry)

    def _changed(self, request: HttpRequest, job: Job, action: Callable[[Job], Job]) -> HttpResponse:
        try:
            action(job)
        except OpenImagesError as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(self.url("job_change", job.pk))
