"""Who may do what, in the API and on the admin site; `OPENIMAGES_IO["PERMISSIONS"]` names a class of the site's own."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.utils.module_loading import import_string

from openimages_io import conf
from openimages_io.annotations.bulk.changes import Change, of_json
from openimages_io.models import Job, Task
from openimages_io.models.primary import primary

Verb = Literal["view", "add", "change", "delete"]
EDITS: Final[tuple[Verb, ...]] = ("add", "change", "delete")
"""What changes rows."""
User = AbstractBaseUser | AnonymousUser
Row = TypeVar("Row", bound=Model)

_APP: Final = "openimages_io"


class TaskPermissions:
    """The owner of a task may do everything with it, staff what Django's permissions of the models say.

    Importing and exporting are permissions of their own, for owners too. To anybody else a task does not exist.
    """

    _known: Mapping[tuple[Any, Any], bool] = {}

    def owned(self, user: User) -> Q:
        """Picks the tasks with which the user may do everything; a condition on `Task`, which may go over relations."""
        return Q(owner=user.pk)

    def tasks(self, user: User) -> Q:
        """Picks the tasks that exist for the user."""
        return Q() if self.has_model_permission(user, "view", Task) else self.owned(user)

    def tasks_allowing(self, user: User, verb: Verb, model: type[Model]) -> Q:
        """Picks the tasks in which the user may do this to rows of the model, as `allows` says it of one task."""
        is_sight = model is Task and verb == "view"
        return self.tasks(user) if is_sight or self.has_model_permission(user, verb, model) else self.owned(user)

    def jobs(self, user: User) -> Q:
        """Picks the jobs that exist for the user: by their tasks, without a task by who made them."""
        tasks = self.tasks(user)
        if not tasks:  # all there are
            return Q()
        return Q(task__in=filter_once(primary(Task), tasks)) | Q(task=None, created_by=user.pk)

    def allows(self, user: User, verb: Verb, model: type[Model], task: Task) -> bool:
        """Whether the user may do this to rows of the model in a task that exists for the user."""
        return self.owns(user, task) or self.has_model_permission(user, verb, model, task)

    def has_model_permission(self, user: User, verb: Verb, model: type[Model], task: Task | None = None) -> bool:
        """Whether the user is staff with Django's permission of the model; who may change rows may see them, too."""
        names = (verb, "change") if verb == "view" else (verb,)
        return any(self._is_staff_with(user, f"{name}_{model._meta.model_name}", task) for name in names)

    def owns(self, user: User, task: Task) -> bool:
        """Whether the task is one of those of `owned`."""
        known = self._known.get((user.pk, task.pk))
        if known is not None:
            return known
        condition = self.owned(user)
        if condition == TaskPermissions.owned(self, user):
            return task.owner_id == user.pk
        return filter_once(primary(Task), condition).filter(pk=task.pk).exists()

    def prefetch_owned(self, user: User, tasks: Iterable[Task]) -> None:
        """Finds out in one query which of these tasks are the user's, before `allows` is asked of each of many."""
        keys = [task.pk for task in tasks]
        found = filter_once(primary(Task), self.owned(user)).filter(pk__in=keys)
        owned = set(found.values_list("pk", flat=True))
        self._known = {**self._known, **{(user.pk, key): key in owned for key in keys}}

    def may_create_tasks(self, user: User) -> bool:
        """Whether the user may make a task, which will be the user's own."""
        return bool(user.is_authenticated)

    def may_give(self, user: User, task: Task | None) -> bool:
        """Whether the user may make somebody else the owner of a task that exists for the user, or of a new one."""
        return self._is_staff_with(user, "change_task", task)

    def may_import(self, user: User, task: Task | None) -> bool:
        """Whether the user may import into a task that exists for the user, or with None into a new one."""
        may_write = self.may_create_tasks(user) if task is None else self.allows(user, "change", Task, task)
        return self._has(user, "import_task", task) and may_write

    def may_export(self, user: User, task: Task | None) -> bool:
        """Whether the user may export a task that exists for the user, and take what was exported; with None, any."""
        return self._has(user, "export_task", task)

    def may_control(self, user: User, job: Job) -> bool:
        """Whether the user may cancel, confirm or start again a job that exists for the user."""
        if job.kind == "import":
            return self.may_import(user, job.task)
        if job.kind == "delete":
            return job.created_by_id == user.pk or self._is_staff_with(user, "delete_task")
        if job.task is None:
            return False
        if job.kind == "bulk":
            return self.may_make(user, of_json(job.options), job.task)
        return job.kind == "check" or self.may_export(user, job.task)

    def may_make(self, user: User, change: Change, task: Task) -> bool:
        """Whether the user may make a change of many images of a task that exists for the user."""
        return all(self.allows(user, verb, model, task) for verb, model in change.needs)

    def _is_staff_with(self, user: User, permission: str, task: Task | None = None) -> bool:
        return bool(getattr(user, "is_staff", False)) and self._has(user, permission, task)

    def _has(self, user: User, permission: str, task: Task | None = None) -> bool:
        """Whether the user has it, for all tasks or, where the site has a backend for that, for this one."""
        has_perm: Any = getattr(user, "has_perm", None)  # AbstractBaseUser alone knows no permissions
        name = f"{_APP}.{permission}"
        return has_perm is not None and bool(has_perm(name) or (task is not None and has_perm(name, task)))


def filter_once(rows: QuerySet[Row], condition: Q) -> QuerySet[Row]:
    """The rows that a condition picks, each once, though the condition may go to many by a relation."""
    return rows.filter(pk__in=rows.filter(condition).order_by().values("pk")) if condition else rows


def permissions() -> TaskPermissions:
    """The class that the site has chosen."""
    found: TaskPermissions = import_string(conf.options().permissions)()
    return found
