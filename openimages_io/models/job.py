"""A job: an import, an export, a check, a bulk change or the deletion of a task that a worker runs, and its outcome."""

import uuid
from typing import Final

from django.conf import settings
from django.core.files.storage import Storage
from django.db import models, router, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openimages_io.models import storages
from openimages_io.models.job_files import job_folder, remove_files_of_jobs
from openimages_io.models.outcomes import outcome_sentence
from openimages_io.models.revisions import only_of_querysets
from openimages_io.models.task import Task


class JobKind(models.TextChoices):
    """What a job does."""

    IMPORT = "import", _("import")
    EXPORT = "export", _("export")
    CHECK = "check", _("check")
    DELETE = "delete", _("deletion")
    BULK = "bulk", _("bulk change")


class JobState(models.TextChoices):
    """How far a job is. The last three are final, unless somebody starts it again."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


FINAL: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
UNDER_WAY: Final = frozenset({JobState.QUEUED, JobState.RUNNING})


def job_storage() -> Storage:
    """The storage of what jobs read and write; a callable, so that no migration names it."""
    return storages.chosen_storage("job_storage")


def source_place(job: "Job", name: str) -> str:
    """Where an uploaded archive lies."""
    return f"{job_folder(job.pk, _database(job))}/source/{name}"


def result_place(job: "Job", name: str) -> str:
    """Where an export lies."""
    return f"{job_folder(job.pk, _database(job))}/result/{name}"


def report_place(job: "Job", name: str) -> str:
    """Where the issues of a job lie, one JSON object a line."""
    return f"{job_folder(job.pk, _database(job))}/report/{name}"


def _database(job: "Job") -> str:
    return job._state.db or router.db_for_write(Job, instance=job)


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs; their files go with them."""

    @only_of_querysets
    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes the jobs; their files go when the transaction has committed."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            remove_files_of_jobs("pk", list(self.values_list("pk", flat=True)), self.db)
            return super().delete()


class Job(models.Model):
    """One import, export or check. The row is the truth about it, whatever the queue says.

    It changes by conditional updates on `state` and `attempt` alone, so that a worker that was given up for dead can
    neither commit nor overwrite what the next one does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=6, choices=JobKind)
    state = models.CharField(_("state"), max_length=9, choices=JobState, default=JobState.QUEUED)
    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs", verbose_name=_("task")
    )
    """None for an import that is to make a task, until it has made it."""
    task_name = models.CharField(_("task's name"), max_length=255, blank=True)
    """The name that the task had, or is to have."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="openimages_jobs",
        verbose_name=_("created by"),
    )
    options = models.JSONField(_("options"), blank=True, default=dict)
    """The options of the importer or the exporter, by field name; of a bulk change what is to be changed."""
    images = models.JSONField(_("images"), blank=True, default=dict)
    """The only images that an export or a bulk change is of, as `ChosenImages` has it; empty for all."""
    dry_run = models.BooleanField(_("dry run"), default=False)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    """Raised when a worker claims the job."""
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    phase = models.CharField(_("phase"), max_length=32, blank=True, default="")
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("total"), default=0)
    heartbeat = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    queued = models.DateTimeField(_("queued"))
    """When it was put into the queue for the last time."""
    started = models.DateTimeField(_("started"), null=True, blank=True)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.JSONField(_("outcome"), blank=True, default=dict)
    """What came of it: an `Outcome` and its parameters. The sentence is made when it is shown."""
    totals = models.JSONField(_("totals"), blank=True, default=dict)
    """By kind of rows: read, added, updated, unchanged, removed, written, and skipped by reason."""
    summary = models.JSONField(_("summary"), blank=True, default=list)
    """The issues by kind: code, severity, count, places, an example. Sentences are made when it is shown."""
    errors = models.PositiveBigIntegerField(_("errors"), default=0)
    warnings = models.PositiveBigIntegerField(_("warnings"), default=0)
    notes = models.PositiveBigIntegerField(_("notes"), default=0)
    committed = models.BooleanField(_("committed"), default=False)
    """Whether an import has written what the archive says."""
    changed = models.BooleanField(_("changed"), default=False)
    """Whether anything was different before."""
    refused = models.BooleanField(_("refused"), default=False)
    """Whether an issue forbids to write it."""
    source = models.FileField(_("archive"), max_length=255, blank=True, storage=job_storage, upload_to=source_place)
    source_name = models.CharField(_("archive's name"), max_length=255, blank=True, default="")
    """The name that the upload came with."""
    result = models.FileField(_("result"), max_length=255, blank=True, storage=job_storage, upload_to=result_place)
    result_digest = models.CharField(_("SHA-256"), max_length=64, blank=True, default="")
    report = models.FileField(_("report"), max_length=255, blank=True, storage=job_storage, upload_to=report_place)
    pruned = models.DateTimeField(_("files removed"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("-created", "-id")
        indexes = (
            models.Index(fields=("-created", "-id"), name="openimages_job_newest"),
            models.Index(fields=("state",), name="openimages_job_state"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=JobKind.values), name="openimages_job_kind"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="openimages_job_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.task_name}"

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Deletes the job; its files go when the transaction has committed."""
        using = using or router.db_for_write(Job, instance=self)
        with transaction.atomic(using=using):
            remove_files_of_jobs("pk", [self.pk], using)
            return super().delete(using=using, keep_parents=keep_parents)

    @property
    def message(self) -> str:
        """What came of it, in a sentence."""
        return outcome_sentence(self, self.outcome)

    @property
    def is_final(self) -> bool:
        """Whether it has come to an end."""
        return self.state in FINAL
