"""The check of a task's annotations against the rules, as a job."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.pages import Tool, page
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.models import Task


class CheckMixin(TaskPagesMixin):
    """An admin class of tasks that checks them."""

    own_actions = ("check_tasks",)

    def tools(self, request: HttpRequest, row: Any = None) -> list[Tool]:
        others = super().tools(request, row)
        title = _("Every annotation is held against the rules; nothing is changed.")
        return [Tool(_("Check"), self.url("task_check", row.pk), is_post=True, title=title), *others] if row else others

    @page("<int:key>/check/", "check", permission="view", only_post=True)
    def check_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """Starts the check of a task."""
        return self._check(request, [task])

    @admin.action(description=_("Check every annotation against the rules"), permissions=["view"])
    def check_tasks(self, request: HttpRequest, queryset: QuerySet[Task]) -> HttpResponse | None:
        """Starts a job each."""
        tasks = self.at_once(request, queryset)
        return self._check(request, tasks) if tasks else None

    def _check(self, request: HttpRequest, tasks: Sequence[Task]) -> HttpResponse:
        from openimages_io.jobs.submission import submit_check  # noqa: PLC0415  (slow to load)

        return self.to_jobs(request, [submit_check(task, user=request.user) for task in tasks])
