"""The exporter: rows to an archive, in one snapshot, streamed. Every face runs this class with the same options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router

from openimages_io import conf
from openimages_io.archives.output import open_output
from openimages_io.database.snapshot import snapshot
from openimages_io.exceptions import Failure
from openimages_io.format.names import DATUMARO, DOCUMENTED
from openimages_io.models import Job, Shape, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.signals import export_finished, send_after_commit
from openimages_io.transfer.export_state import ExportState, Progress
from openimages_io.transfer.gc_tuning import relaxed_gc
from openimages_io.transfer.kinds import KINDS, Kind, rows_of
from openimages_io.transfer.losses import report_unsaid
from openimages_io.transfer.options import ExportOptions, LayoutName
from openimages_io.transfer.report import Report
from openimages_io.transfer.scanning import GROUPED, survey


@dataclass(slots=True)
class ExportResult:
    """What an export came to."""

    report: Report
    dest: Path


class Exporter:
    """Writes a task as an archive. The same rows make the same bytes."""

    def __init__(
        self,
        task: Task,
        dest: Path,
        options: ExportOptions | None = None,
        *,
        force: bool = False,
        progress: Progress | None = None,
        using: str | None = None,
        kinds: Sequence[Kind] = KINDS,
        images: ChosenImages | None = None,
        user: AbstractBaseUser | None = None,
        job: Job | None = None,
        keep: Callable[[ExportResult], None] | None = None,
    ) -> None:
        """`kinds` are those that are written, `images` the only images that are; None for all.

        `user` is who exports, and `job` the job that does it, for those who hear of the end; `keep` is called before
        they do, and puts the archive where they find it.
        """
        self.user, self.job, self.keep = user, job, keep
        self.task, self.dest, self.force, self.progress = task, dest, force, progress
        self.options, self.kinds, self.images = options or ExportOptions(), kinds, images or ChosenImages()
        self.using = using or task._state.db or router.db_for_read(Shape)

    def run(self) -> ExportResult:
        """Writes the archive, which appears when it is complete.

        What cannot be written is in the report. Raises `OpenImagesError` if there is something in the way, if the disk
        refuses, or if a chosen subset or label is not there.
        """
        report = Report(rows_of(self.kinds))
        limits = conf.limits()
        names = DATUMARO if self.options.layout is LayoutName.DATUMARO else DOCUMENTED
        with relaxed_gc(), snapshot(self.using), open_output(self.dest, self.force) as output:
            images = self.images.found(self.task.pk, self.using)
            out = ExportState(
                task_id=self.task.pk,
                using=self.using,
                options=self.options,
                images=images.within(self.options.subsets) if self.options.subsets else images,
                limits=limits,
                names=names,
                output=output,
                report=report,
                progress=self.progress,
            )
            if not Task.objects.using(self.using).filter(pk=self.task.pk).exists():
                raise Failure("task-gone", task=self.task.name)
            survey(out, [GROUPED, *(condition for kind in self.kinds for condition in kind.rare)])
            for kind in self.kinds:
                kind.prepare_export(out)
            for kind in self.kinds:
                kind.write(out)
            out.report_losses()
            report_unsaid(out)
            report.settle()
        result = ExportResult(report, self.dest)
        if self.keep is not None:
            self.keep(result)
        send_after_commit(
            export_finished,
            Task,
            self.using,
            task=self.task,
            job=self.job,
            user=self.user,
            dest=self.dest if self.job is None else None,
            totals=report.totals_as_json(),
        )
        return result
