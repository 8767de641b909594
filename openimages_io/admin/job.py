"""Jobs: who had what done, how far it is, what came of it. Nothing of a job is edited; it is steered."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from openimages_io.admin import deletion
from openimages_io.admin.base import BaseAdmin, has_perm
from openimages_io.admin.filters import TaskFilter
from openimages_io.admin.wording import badge, job_title, percent
from openimages_io.jobs.rows import database
from openimages_io.jobs.status import Status, job_statuses
from openimages_io.models import Job, JobKind, JobState, Task
from openimages_io.models.job import FINAL

_MAY_START = ("view_job", "import_task", "export_task", "view_task", "change_task")


class JobChangeList(ChangeList):
    """The list with what a poller sees of each job now."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        jobs = list(self.result_list)
        for job, status in zip(jobs, job_statuses(jobs), strict=True):
            job.now = status
        self.result_list = jobs  # what Django goes over


@admin.register(Job)
class JobAdmin(BaseAdmin):
    """Jobs, for those who may see all of them, and everybody's own."""

    list_display = ("title", "current_state", "task_link", "error_count", "created_by", "created")
    list_filter = ("kind", "state", TaskFilter)
    list_select_related = ("task", "created_by")
    search_fields = ("task_name", "source_name")
    ordering = ("-created", "-id")
    sortable_by = ()

    @admin.display(description=_("job"))
    def title(self, job: Job) -> str:
        return job_title(job)

    @admin.display(description=_("state"))
    def current_state(self, job: Job) -> str:
        now = _now(job)
        done = f" {percent(now)} %" if now.state == JobState.RUNNING and now.total else ""
        name, words = badge(job, now)
        return format_html('<span class="oi-state oi-{}">{}</span>{}', name, words, done)

    @admin.display(description=_("task"))
    def task_link(self, job: Job) -> str:
        return self.link(job.task_name, "task_change", job.task_id) if job.task_id else job.task_name

    @admin.display(description=_("errors"))
    def error_count(self, job: Job) -> str:
        return localize(job.errors, use_l10n=True) if job.errors else ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobChangeList

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        jobs = super().get_queryset(request).using(database())  # a replica has them later
        return jobs if super().has_view_permission(request) else jobs.filter(created_by=request.user.pk)

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        if super().has_view_permission(request, obj):
            return True
        if obj is not None:
            return obj.created_by_id is not None and obj.created_by_id == request.user.pk
        return any(request.user.has_perm(f"openimages_io.{permission}") for permission in _MAY_START)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_final)

    def may_control(self, request: HttpRequest, job: Job) -> bool:
        """Whether the user may do what the job does, and so cancel, confirm or start it again."""
        tasks = self.admin_site.get_model_admin(Task) if self.admin_site.is_registered(Task) else None
        if job.kind == JobKind.IMPORT:
            if tasks is not None:
                other = (
                    tasks.has_change_permission(request, job.task) if job.task else tasks.has_add_permission(request)
                )
            else:
                other = has_perm(request, f"{'change' if job.task else 'add'}_task", job.task)
            return other and has_perm(request, "import_task", job.task)
        if job.kind == JobKind.DELETE:
            return tasks.has_delete_permission(request) if tasks else has_perm(request, "delete_task", None)
        sees = tasks.has_view_permission(request, job.task) if tasks else has_perm(request, "view_task", job.task)
        return sees and (job.kind == JobKind.CHECK or has_perm(request, "export_task", job.task))

    def job_or_404(self, request: HttpRequest, key: Any) -> Job:
        """The job, if the user may see it. Raises `Http404` and `PermissionDenied`."""
        job: Job | None = self.get_object(request, str(key))
        if job is None:
            raise Http404
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        return job

    # Pages

    def get_urls(self) -> list[Any]:
        pages = (
            ("<uuid:key>/status/", "job_pages.status_json", "status"),
            ("<uuid:key>/issues.csv", "job_pages.issues_as_csv", "issues"),
            ("<uuid:key>/file/", "job_pages.file", "file"),
            ("<uuid:key>/cancel/", "job_pages.cancelled", "cancel"),
            ("<uuid:key>/confirm/", "job_pages.confirmed", "confirm"),
            ("<uuid:key>/retry/", "job_pages.retried", "retry"),
        )
        return [*self.own_pages("job", pages), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The job's page."""
        from openimages_io.admin.job_pages import page  # noqa: PLC0415  (as late as the other pages, see `own_pages`)

        return page(self, request, self.job_or_404(request, object_id))

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        return deletion.of_jobs(objs, request, self.admin_site)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Deletes jobs that have ended; one that began again since it was chosen stays."""
        queryset.filter(state__in=FINAL).delete()


def _now(job: Job) -> Status:
    status: Status = job.now  # type: ignore[attr-defined]  # put there by the list
    return status
