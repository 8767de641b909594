"""What the mixins for an admin class of tasks share: their buttons, and the way to a job that one has started."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.admin.pages import PagesMixin
from openimages_io.models import Job

AT_ONCE: Final = 50
"""Tasks of which jobs are started at once."""


class TaskPagesMixin(PagesMixin):
    """An admin class of tasks with pages of our own."""

    change_list_template = "admin/openimages_io/task/change_list.html"
    change_form_template = "admin/openimages_io/task/change_form.html"

    def at_once(self, request: HttpRequest, chosen: QuerySet[Any]) -> list[Any]:
        """The chosen tasks; none, with a message, if they are more than jobs are started for at once."""
        found = list(chosen[: AT_ONCE + 1])
        if len(found) <= AT_ONCE:
            return found
        text = _("Choose at most %(count)s tasks at once.") % {"count": AT_ONCE}
        self.message_user(request, text, messages.ERROR)
        return []

    def to_jobs(self, request: HttpRequest, jobs: Sequence[Job]) -> HttpResponse:
        """To the job's page, or of several to the list."""
        if len(jobs) == 1:
            return HttpResponseRedirect(self.url("job_change", jobs[0].pk) or self.url("task_changelist"))
        text = ngettext("%(count)s job was started.", "%(count)s jobs were started.", len(jobs)) % {"count": len(jobs)}
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self.url("job_changelist") or self.url("task_changelist"))
