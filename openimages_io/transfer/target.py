"""The task that an import is into: found by name or key, made where it may be, and locked."""

from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError

from openimages_io.database.bulk import plain
from openimages_io.exceptions import Failure
from openimages_io.models import Task
from openimages_io.models.revisions import lock
from openimages_io.transfer.basis import TaskChanged
from openimages_io.transfer.planning import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which task it is. Without more it is the one of that name, which is made if there is none."""

    name: str
    key: int | None
    """That of a task that is there, whatever it is called."""
    must_be_new: bool
    must_exist: bool
    owner: AbstractBaseUser | None
    """Of a new task."""
    using: str

    def find(self) -> Task | None:
        """The task as it is now. Raises `OpenImagesError` if it is gone, or there, though it must not be."""
        tasks = Task.objects.using(self.using)
        if self.key is not None:
            task = tasks.filter(pk=self.key).first()
            if task is None:
                raise Failure("task-gone", task=self.name)
            return task
        task = tasks.filter(name=self.name).first()
        if task is None and self.must_exist:
            raise Failure("task-missing", task=self.name)
        if task is not None and self.must_be_new:
            raise Failure("task-exists", task=self.name)
        return task

    def lock_existing(self) -> Task:
        """Locks the task as it is. Raises `OpenImagesError` if there is none."""
        task = self.find()
        if task is None or not lock("Task", self.using, pk=task.pk):
            raise Failure("task-gone", task=self.name)
        return task

    def lock_planned(self, planned: Planned) -> Task:
        """Locks the task against other writers until the transaction ends; makes it if it is new.

        What has changed in it is planned again. Raises `TaskChanged` if all must be.
        """
        tasks = plain(Task, self.using)
        if planned.basis is None:
            try:
                return tasks.create(name=self.name, owner_id=self.owner.pk if self.owner else None)
            except IntegrityError:
                raise TaskChanged from None
        if not lock("Task", self.using, pk=planned.basis.task_id):
            raise TaskChanged
        planned.catch_up()
        return tasks.get(pk=planned.basis.task_id)
