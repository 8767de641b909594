"""The numbers of a task, kept so that no page counts a million rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from openimages_io.models.task import Task


class TaskStatistics(models.Model):
    """What was counted of a task at one of its revisions. Made again when somebody looks and the task has changed."""

    task = models.OneToOneField(Task, on_delete=models.CASCADE, primary_key=True, related_name="statistics")
    revision = models.PositiveBigIntegerField(_("revision"))
    """The task's revision that was counted."""
    counted = models.DateTimeField(_("counted"))
    data = models.JSONField(_("data"))

    class Meta:
        verbose_name = _("statistics")
        verbose_name_plural = _("statistics")

    def __str__(self) -> str:
        return f"task {self.task_id} at revision {self.revision}"
