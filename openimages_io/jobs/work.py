"""What a worker does for a job, and how each run ends."""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connections

from openimages_io.annotations.bulk.applying import PreviewMoved
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.archives.temporary import temporary_folder, temporary_space
from openimages_io.database.commit import renew
from openimages_io.exceptions import CommitUnknown, Failure, OpenImagesError
from openimages_io.format.issues import Severity
from openimages_io.jobs.bulk import run_bulk
from openimages_io.jobs.deletion import delete_hidden_task
from openimages_io.jobs.files import local_source, save_report, save_result
from openimages_io.jobs.heartbeat import open_channel
from openimages_io.jobs.heartbeat_thread import HeartbeatThread, Stopped
from openimages_io.jobs.rows import PATIENCE, Attempt, AttemptLost, database, retry_while_locked, rows
from openimages_io.models import JobKind, JobState, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.job_files import current_job_storage
from openimages_io.models.outcomes import Outcome, outcome_sentence
from openimages_io.transfer.checking import Checker
from openimages_io.transfer.exporter import Exporter, ExportResult
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, ImportOptions, from_json
from openimages_io.transfer.report import Report
from openimages_io.viewing.statistics import count_now

logger = logging.getLogger(__name__)


def work(attempt: Attempt) -> None:
    """Runs a claimed job to one of its ends, and says in its row which that is.

    Raises nothing that is of the job: what is not foreseen goes to the log. What ends the worker is raised again.
    """
    with HeartbeatThread(open_channel(attempt)) as watch:
        run = _Run(attempt, watch)
        try:
            with watch.stoppable():
                run.do()
        except AttemptLost:
            run.look()
        except Exception as error:  # noqa: BLE001  (whatever it is, the job must not seem to run on)
            run.fail(error)
        except BaseException:  # the worker itself is to stop
            run.patience = 0.0
            run.end(JobState.FAILED, Outcome.STOPPED)
            raise


class _Run:
    """One run of a job. It ends the row at most once."""

    def __init__(self, attempt: Attempt, watch: HeartbeatThread) -> None:
        self.attempt, self.job, self.watch = attempt, attempt.job, watch
        self._is_alone = not connections[database()].in_atomic_block
        """Whether nobody around the run has a transaction."""
        self.patience = PATIENCE
        """Seconds for which the row's end waits for others who write. A row that never gets it is recovered later."""
        self._saved: list[str] = []
        """Files that nobody knows of unless the row says it."""

    def do(self) -> None:
        """Does the work of the job's kind."""
        works = {
            JobKind.IMPORT: self._import,
            JobKind.EXPORT: self._export,
            JobKind.CHECK: self._check,
            JobKind.DELETE: self._delete,
            JobKind.BULK: self._bulk,
        }
        works[JobKind(self.job.kind)]()

    def _import(self) -> None:
        """Imports. A dry run that was confirmed comes here as any import does, so that it is checked again."""
        job = self.job
        with local_source(job, self.watch.tick) as path:
            importer = Importer(
                path,
                job.task_name,
                from_json(ImportOptions, job.options),
                owner=job.created_by,
                progress=self.watch.progress,
                using=database(),
                source_name=job.source_name,
                task_id=job.task_id,
                must_be_new=job.task_id is None,
                before_commit=self._commit,
                job=job,
                may_lock_tables=False,
            )
            result = importer.run(dry_run=job.dry_run)
        if result.committed:  # `_commit` has said so
            count_now(result.task)
            return
        self.watch.settle()
        outcome = Outcome.DRY_RUN if result.changed else Outcome.UNCHANGED
        if result.refused:
            outcome = Outcome.REFUSED
        state = JobState.SUCCEEDED if job.dry_run else JobState.FAILED
        self._end(state, outcome, result.report, refused=result.refused, changed=result.changed)

    def _commit(self, task: Task, report: Report, changed: bool) -> None:
        """The last thing before COMMIT: the row says "committed" if and only if the data is there."""
        self.watch.settle()
        self._end(
            JobState.SUCCEEDED,
            Outcome.IMPORTED if changed else Outcome.UNCHANGED,
            report,
            task=task,
            task_name=task.name,
            committed=True,
            changed=changed,
            refused=False,
        )

    def _export(self) -> None:
        job = self.job
        assert job.task is not None
        with temporary_folder() as folder:
            with temporary_space():
                path = folder.file("export.zip")
            try:
                Exporter(
                    job.task,
                    path,
                    from_json(ExportOptions, job.options),
                    images=ChosenImages.of_json(job.images),
                    progress=self.watch.progress,
                    using=database(),
                    user=job.created_by,
                    job=job,
                    keep=self._keep,
                ).run()
            except Failure as error:
                if "dest" not in error.params:
                    raise
                raise Failure(error.code, **{**error.params, "dest": "The archive"}) from error

    def _keep(self, result: ExportResult) -> None:
        """Stores the archive, and says so in the row."""
        name, digest = save_result(self.job, self.attempt.number, result.dest, self.watch.tick)
        self._saved.append(name)
        self.watch.settle()
        self._end(JobState.SUCCEEDED, Outcome.EXPORTED, result.report, result=name, result_digest=digest)

    def _check(self) -> None:
        assert self.job.task is not None
        count_now(self.job.task)  # first, for whoever has asked for the check to have it counted
        checker = Checker(self.job.task, progress=self.watch.progress, using=database())
        report = checker.run()
        self.watch.settle()
        self._end(JobState.SUCCEEDED, Outcome.CHECKED, report)
        count_now(self.job.task)

    def _bulk(self) -> None:
        """Changes many images, in one transaction: another's that is in the way is waited for."""
        assert self.job.task is not None
        run_bulk(self.job, self.watch.progress, self.watch.tick, self._changed)
        count_now(self.job.task)

    def _changed(self, plan: Plan) -> None:
        """The last thing before COMMIT: the row says what was changed if and only if it is."""
        self.watch.settle()
        plan.report.settle()
        changed = bool(plan.rows)
        self._end(JobState.SUCCEEDED, plan.change.outcome, plan.report, plan.names, committed=changed, changed=changed)

    def _delete(self) -> None:
        delete_hidden_task(self.job.options["task"], self.watch.progress, self._deleted)

    def _deleted(self) -> None:
        """The last thing before COMMIT: the row says "deleted" if and only if the task is gone."""
        self.watch.settle()
        self.attempt.end(JobState.SUCCEEDED, outcome=Outcome.DELETED.stored(), **self._progress())

    def _end(
        self, state: JobState, outcome: Outcome, report: Report, said: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        name = save_report(self.job, self.attempt.number, report)
        self._saved += [name] * bool(name)
        values |= {
            "outcome": outcome.stored(**(said or {})),
            "report": name,
            "totals": report.totals_as_json(),
            "summary": [kind.as_dict() for kind in report.kinds()],
            "errors": report.errors,
            "warnings": report.counts[Severity.WARNING],
            "notes": report.counts[Severity.NOTE],
        }
        whole = self.watch.total
        retry_while_locked(lambda: self.attempt.end(state, phase=self.watch.phase, done=whole, total=whole, **values))

    def fail(self, error: Exception) -> None:
        """Ends a run that raised something."""
        if isinstance(error, Stopped) or self.watch.stopped:
            self.end(JobState.CANCELLED, Outcome.CANCELLED)
        elif isinstance(error, CommitUnknown):
            logger.error("Nobody knows yet whether job %s was committed.", self.job.pk, exc_info=error)
            self.end(JobState.FAILED, Outcome.UNCOMMITTED)
        elif isinstance(error, PreviewMoved):
            self.end(JobState.FAILED, Outcome.PREVIEW_MOVED, error=str(error))
        elif isinstance(error, OpenImagesError) and not isinstance(error.__cause__, DatabaseError):
            logger.info("Job %s failed: %s", self.job.pk, error)
            said = error.as_param() if isinstance(error, Failure) else str(error)
            self.end(JobState.FAILED, Outcome.ERROR, error=said)
        else:
            logger.error("Job %s failed.", self.job.pk, exc_info=error)
            if isinstance(error, DatabaseError | OpenImagesError):
                self.end(JobState.FAILED, Outcome.DATABASE_FAILED)
            else:  # its kind alone, for its text may hold anything
                self.end(JobState.FAILED, Outcome.UNEXPECTED, error=type(error).__name__)

    def end(self, state: JobState, outcome: Outcome, **params: Any) -> None:
        """Ends a run that has written nothing, or deleted a part, if that is so.

        The row knows, and while it commits it waits here.
        """
        if self.job.kind == JobKind.DELETE:
            stopped = outcome is Outcome.STOPPED
            state, params = JobState.FAILED, {}
            outcome = Outcome.DELETION_INTERRUPTED if stopped else Outcome.DELETION_FAILED
        self._renew()
        try:
            retry_while_locked(
                lambda: self.attempt.end(state, outcome=outcome.stored(**params), **self._progress()),
                patience=self.patience,
            )
        except AttemptLost:
            self.look()
        except DatabaseError:
            sentence = outcome_sentence(self.job, outcome.stored(**params))
            logger.exception("What came of job %s cannot be written: %s", self.job.pk, sentence)
        else:
            self._forget(self._saved)

    def look(self) -> None:
        """Looks what the row says, which is not this run's any more: that the run has succeeded, or another's end.

        Files that it does not name are removed; where it cannot be read, they stay for the prune command.
        """
        self._renew()
        try:
            row = retry_while_locked(rows().filter(pk=self.job.pk).first, patience=self.patience)
        except DatabaseError:
            logger.exception("What came of job %s cannot be read.", self.job.pk)
            return
        if row is not None and row.state == JobState.SUCCEEDED and row.attempt == self.attempt.number:
            logger.warning("Job %s had succeeded when its worker was stopped, or lost the database.", self.job.pk)
        else:
            logger.warning("Job %s was taken from its worker, so nothing was written.", self.job.pk)
        named = {str(row.report), str(row.result)} if row is not None else set()
        self._forget(name for name in self._saved if name not in named)

    def _renew(self) -> None:
        if self._is_alone:
            renew(database())

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(Exception):  # storages have errors of their own; the prune command finds what is left
                current_job_storage().delete(name)

    def _progress(self) -> dict[str, Any]:
        return {"phase": self.watch.phase, "done": self.watch.done, "total": self.watch.total}
