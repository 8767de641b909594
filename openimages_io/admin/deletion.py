"""Deleting: a confirmation says numbers, where Django's own would load, and list, each of a million shapes."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.admin.pages import PagesMixin, anchor
from openimages_io.admin.permissions import lacks
from openimages_io.models import Image, Job, Label, Shape, Task
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.numbers import Number
from openimages_io.models.other_apps import gone_with, what_forbids
from openimages_io.models.primary import primary
from openimages_io.permissions import permissions

_AT_ONCE: Final = 500
"""Rows that are deleted at once: the page that asks for confirmation names every one."""

_BY_JOB: Final = "openimages_deleted_by_job"
"""The attribute of a request by which a job is to delete a task."""

Deleted = tuple[list[Any], dict[str, int], set[str], list[Any]]
"""As `ModelAdmin.get_deleted_objects` returns it: lines, counts by name, permissions that lack, what forbids it."""


class DeletionMixin(PagesMixin):
    """An admin class whose rows are deleted after a confirmation with numbers."""

    deleted_with: ClassVar[tuple[tuple[type[Model], str], ...]] = ()
    """Models whose rows go with these, and the look-up that takes the keys of these."""

    def against_deletion(self, rows: Sequence[Any]) -> list[Any]:
        """What forbids it, a sentence each."""
        return []

    def notes_on_deletion(self, rows: Sequence[Any]) -> list[Any]:
        """What else is to be known before it is confirmed, a sentence each."""
        return []

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        rows = list(objs[: _AT_ONCE + 1] if isinstance(objs, QuerySet) else objs)
        if len(rows) > _AT_ONCE:
            return [], {}, set(), [_("Choose at most %(count)s to delete at once.") % {"count": _AT_ONCE}]
        keys = [row.pk for row in rows]
        going: list[QuerySet[Model]] = [QuerySet(self.model).filter(pk__in=keys)]
        going += [QuerySet(model).filter(**{look_up: keys}) for model, look_up in self.deleted_with]
        others = {rows.model: count for rows in going[1:] if (count := rows.count())}
        theirs = gone_with(going)
        lines = [*(f"{capfirst(self.opts.verbose_name)}: {row}" for row in rows), *self.notes_on_deletion(rows)]
        every_count = {self.model: len(rows), **others, **theirs}.items()
        counts: dict[str, int] = {str(model._meta.verbose_name_plural): Number(count) for model, count in every_count}
        lacking = self._lacking(request, rows, [self.model, *others]) | self._lacking_elsewhere(request, theirs)
        found: Deleted = lines, counts, lacking, [*self.against_deletion(rows), *what_forbids(going)]
        return found

    def _lacking(self, request: HttpRequest, rows: Sequence[Any], models: Iterable[type[Model]]) -> set[str]:
        """The kinds of rows that the user may not delete. What the site doesn't show goes with what it does."""
        models = [model for model in models if self.admin_site.is_registered(model)]
        keys = {row.pk if self.model is Task else row.task_id for row in rows}
        found = lacks(request, "delete", models, list(primary(Task).filter(pk__in=keys - {None})))
        if None in keys and not permissions().has_model_permission(request.user, "delete", self.model):
            found.append(self.model)
        return {str(model._meta.verbose_name) for model in found}

    def _lacking_elsewhere(self, request: HttpRequest, models: Iterable[type[Model]]) -> set[str]:
        shown = [model for model in models if self.admin_site.is_registered(model)]
        pages = {model: self.admin_site.get_model_admin(model) for model in shown}
        return {str(m._meta.verbose_name) for m, page in pages.items() if not page.has_delete_permission(request)}


class TaskDeletionMixin(DeletionMixin):
    """An admin class of tasks, which go with all that belongs to them; a job deletes large ones."""

    deleted_with = ((Image, "task__in"), (Label, "task__in"), (Shape, "task__in"), (Job, "task__in"))

    def against_deletion(self, rows: Sequence[Task]) -> list[Any]:
        jobs = primary(Job).filter(task__in=[task.pk for task in rows], state__in=UNDER_WAY)
        return [_("The job “%(job)s” has not ended: cancel it first.") % {"job": job} for job in jobs]

    def notes_on_deletion(self, rows: Sequence[Task]) -> list[Any]:
        from openimages_io.jobs.deletion import large_tasks  # noqa: PLC0415  (slow to load)

        text = _("“%(task)s” is large, so a job will delete it. It is hidden from everybody as soon as you confirm.")
        return [text % {"task": task} for task in large_tasks(rows)]

    def delete_model(self, request: HttpRequest, obj: Task) -> None:
        """Deletes the task, or has a job do it where that takes long."""
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        self._delete(request, queryset)

    def _delete(self, request: HttpRequest, tasks: Iterable[Task]) -> None:
        from openimages_io.jobs.deletion import delete_or_submit  # noqa: PLC0415  (slow to load)

        jobs = [delete_or_submit(task, user=request.user) for task in list(tasks)]
        count = jobs.count(None)
        if count and count < len(jobs):
            text = ngettext("%(count)s task was deleted.", "%(count)s tasks were deleted.", count)
            self.message_user(request, text % {"count": count}, messages.SUCCESS)
        for job in filter(None, jobs):
            text = _("“%(task)s” is large, so a job deletes it; it is hidden from everybody already.")
            link = anchor(_("See the job."), self.url("job_change", job.pk))
            self.message_user(request, format_html("{} {}", text % {"task": job.task_name}, link), messages.INFO)
            setattr(request, _BY_JOB, True)

    def message_user(
        self, request: HttpRequest, message: Any, level: Any = messages.INFO, *args: Any, **kwargs: Any
    ) -> None:
        """Leaves out Django's own “was deleted successfully” where a job has still to do it."""
        if level != messages.SUCCESS or not hasattr(request, _BY_JOB):
            super().message_user(request, message, level, *args, **kwargs)
