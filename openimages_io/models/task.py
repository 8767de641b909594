"""A task: the pictures, labels and annotations that belong together, and come and go as one archive."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models, router, transaction
from django.utils.translation import gettext_lazy as _

from openimages_io.models.deletion import clear_annotations
from openimages_io.models.revisions import RevisionField, only_of_querysets


class TaskQuerySet(models.QuerySet["Task"]):
    """Tasks; deleting them takes their rows in a few statements and their picture files with them."""

    @only_of_querysets
    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes the tasks with all that belongs to them; picture files go when the transaction has committed."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            counts = clear_annotations(list(self.values_list("pk", flat=True)), using=self.db)
            total, own = super().delete()
        return total + sum(counts.values()), counts | own


class TaskManager(models.Manager["Task"]):
    """Tasks but those that are being deleted: nobody sees them any more."""

    def get_queryset(self) -> TaskQuerySet:
        """The tasks that there are for everybody."""
        return TaskQuerySet(self.model, using=self._db).filter(deleting=False)


class Task(models.Model):
    """A data set in the making: images, their labels, and the shapes drawn on them."""

    name = models.CharField(_("name"), max_length=255, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="openimages_tasks",
        verbose_name=_("owner"),
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)
    revision = RevisionField(_("revision"), default=0, editable=False)
    """Raised by every change of the task's annotations, labels or images."""

    deleting = models.BooleanField(_("is being deleted"), default=False, editable=False)
    """Whether a job is deleting it, a part at a time. It is hidden then, and its name is free."""

    objects = TaskManager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~models.Q(name=""), name="openimages_task_has_a_name"),)
        permissions = (
            ("import_task", _("Can import an archive into a task")),
            ("export_task", _("Can export a task as an archive")),
        )

    def __str__(self) -> str:
        return self.name

    def hide(self, using: str | None = None) -> None:
        """Hides the task for good, before what belongs to it is deleted a part at a time."""
        using = using or router.db_for_write(Task, instance=self)
        self.name, self.deleting = str(uuid.uuid4()), True
        self.save(using=using, update_fields=["name", "deleting", "revision"])

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Deletes the task with all that belongs to it, as `TaskQuerySet.delete` does."""
        using = using or router.db_for_write(Task, instance=self)
        with transaction.atomic(using=using):
            counts: dict[str, Any] = clear_annotations([self.pk], using=using)
            total, own = super().delete(using=using, keep_parents=keep_parents)
        return total + sum(counts.values()), counts | own
