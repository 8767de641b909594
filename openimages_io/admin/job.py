"""Jobs: who had what done, how far it is, what came of it. Nothing of a job is edited; it is steered."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseAdmin
from openimages_io.admin.deletion import DeletionMixin
from openimages_io.admin.filters import KindFilter, StateFilter, TaskFilter
from openimages_io.admin.job_pages import JobPagesMixin
from openimages_io.admin.pages import anchor
from openimages_io.admin.permissions import may_here, visible
from openimages_io.admin.wording import badge, duration, job_title, moment, percent
from openimages_io.filtersets.jobs import JobFilterSet
from openimages_io.jobs.rows import database
from openimages_io.jobs.status import Status, job_statuses
from openimages_io.models import Job, JobState, Task
from openimages_io.models.job import FINAL
from openimages_io.models.numbers import grouped
from openimages_io.models.primary import primary
from openimages_io.permissions import filter_once, permissions


@admin.register(Job)
class JobAdmin(JobPagesMixin, DeletionMixin, BaseAdmin):
    """Jobs, for those who may see all of them, and everybody's own."""

    list_display = ("title", "current_state", "task_link", "error_count", "created_by", "requested", "took")
    list_filter = (KindFilter, StateFilter, TaskFilter)
    filterset_class = JobFilterSet
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
        return anchor(job.task_name, job.task_url)  # type: ignore[attr-defined]  # put there by the list

    @admin.display(description=_("requested"))
    def requested(self, job: Job) -> str:
        return moment(job.created)

    @admin.display(description=_("took"))
    def took(self, job: Job) -> str:
        return duration(job)

    @admin.display(description=_("errors"))
    def error_count(self, job: Job) -> str:
        return grouped(job.errors) if job.errors else ""

    def complete_rows(self, request: HttpRequest, rows: Sequence[Job]) -> None:
        """With what a poller sees of each job now, and the address of a task that is there for the user."""
        tasks = {job.task.pk for job in rows if job.task and not job.task.deleting}
        if permissions().tasks(request.user):
            tasks = set(visible(request, Task.objects.filter(pk__in=tasks)).values_list("pk", flat=True))
        for job, status in zip(rows, job_statuses(rows), strict=True):
            found: Any = job
            found.now = status
            found.task_url = self.url("task_change", job.task_id) if job.task_id in tasks else ""

    # Who may

    def visible_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of the jobs that exist for the user, without Django's permission one's own, and those of one's own tasks."""
        site = permissions()
        rows = rows.using(database()).filter(site.jobs(request.user))  # a replica has them later
        if site.has_model_permission(request.user, "view", Job):
            return rows
        owned = filter_once(primary(Task), site.owned(request.user))
        return rows.filter(Q(created_by=request.user.pk) | Q(task__in=owned.values("pk")))

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        if obj is not None:
            return self.get_queryset(request).filter(pk=obj.pk).exists()
        may_see = any(may_here(request, "view", model, None) for model in (Task, Job))
        return may_see or self.get_queryset(request).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        if obj is None:
            return super().has_delete_permission(request)
        may_all = permissions().has_model_permission(request.user, "delete", Job)
        return obj.is_final and (may_all if obj.task is None else super().has_delete_permission(request, obj))

    # Pages

    def against_deletion(self, rows: Sequence[Job]) -> list[Any]:
        """One that has not ended stays."""
        text = _("The job “%(job)s” has not ended: cancel it first.")
        return [text % {"job": job} for job in rows if not job.is_final]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Deletes jobs that have ended; one that began again since it was chosen stays."""
        queryset.filter(state__in=FINAL).delete()


def _now(job: Job) -> Status:
    status: Status = job.now  # type: ignore[attr-defined]  # put there by the list
    return status
