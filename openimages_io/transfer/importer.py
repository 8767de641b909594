"""The importer: plan, then apply the plan. Every interface runs this class with the same options."""

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, connections, router
from django.db.models import Model

from openimages_io import conf
from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_archive
from openimages_io.database.bulk import Loader, loading
from openimages_io.database.commit import Commit, Outcome
from openimages_io.database.disk_space import check_disk_space
from openimages_io.database.locking import begun
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import CommitUnknown, Failure, UnreadableArchive
from openimages_io.format.issues import Issue
from openimages_io.format.layouts import CONTENT_FOLDERS
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Label, Mask, Shape, Task, picture_storage
from openimages_io.models.other_apps import Forbidden, sentence_of
from openimages_io.signals import import_finished, send_after_commit
from openimages_io.transfer.apply import apply_plan
from openimages_io.transfer.basis import TaskChanged
from openimages_io.transfer.gc_tuning import relaxed_gc
from openimages_io.transfer.kinds import KINDS, Kind
from openimages_io.transfer.options import ImportOptions, Mode
from openimages_io.transfer.pictures.storing import Stored, store_pictures
from openimages_io.transfer.plan import ArchiveChanged
from openimages_io.transfer.planning import Planned, Planner
from openimages_io.transfer.report import Report
from openimages_io.transfer.rows_of_others import issues_of_numbers, issues_of_others
from openimages_io.transfer.run import Progress
from openimages_io.transfer.target import Target

logger = logging.getLogger(__name__)

_TRIES: Final = 5
"""Times that a plan is made, or mended, before that is done under the task's lock."""
_DISK: Final = re.compile("disk is full|readonly database|unable to open database file|disk I/O error")
_TABLES: Final = (Image, Label, HierarchyEdge, AttributeSpec, Shape, Mask)
_AGAIN: Final = {
    Mode.MERGE: ", or run the same import again, which changes nothing if it has",
    Mode.REPLACE: ", or run the same import again, which replaces it by the same if it has",
    Mode.APPEND: " before you run the same import again: in mode append that would add every annotation twice",
}


BeforeCommit = Callable[[Task, Report, bool], None]
"""Takes the task, the final report, and whether anything changes. What it writes is committed with the import, or not
at all; if it raises, nothing is written. An import that changes nothing has no transaction and calls it, too."""


@dataclass(slots=True)
class Result:
    """What an import came to."""

    report: Report
    committed: bool
    """Whether the database holds what the archive says. False also after a dry run."""
    task: Task | None
    changed: bool = False
    """Whether anything was different before; after a dry run, whether anything would be."""
    refused: bool = False
    """Whether an issue forbids to write it."""
    is_new: bool = False
    """Whether the import has made the task; after a dry run, whether it would."""


class _Refused(Exception):
    """What was planned is not written."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class Importer:
    """Brings an archive into a task, whole or not at all.

    The plan reads everything, writes no row and finds every issue; then it is applied in one transaction.
    """

    def __init__(
        self,
        source: Path,
        task_name: str,
        options: ImportOptions | None = None,
        *,
        owner: AbstractBaseUser | None = None,
        progress: Progress | None = None,
        using: str | None = None,
        source_name: str | None = None,
        task_id: int | None = None,
        must_be_new: bool = False,
        must_exist: bool = False,
        before_commit: BeforeCommit | None = None,
        job: Job | None = None,
        may_lock_tables: bool = True,
        kinds: Sequence[Kind] = KINDS,
    ) -> None:
        """`source_name` is how people know the archive, if not by its path.

        Without more the task is the one of that name, which is made if there is none. `task_id` is the key of one that
        is there, whatever it is called; `must_be_new` refuses a task that is there, `must_exist` to make one.
        On PostgreSQL the first load of a site locks out readers until it commits, for speed, unless `may_lock_tables`
        is False. `kinds` are those that are read, and others' files are unknown. `owner` imports, and owns a task that
        is made; `job` is the job that does it, for those who hear of the end.
        """
        self.source, self.source_name, self.task_name = source, source_name, task_name
        self.progress, self.before_commit, self.may_lock_tables = progress, before_commit, may_lock_tables
        self.options, self.kinds = options or ImportOptions(), kinds
        self.owner, self.job = owner, job
        self.using = using or router.db_for_write(Shape)
        self.limits = conf.limits()
        self._target = Target(
            name=task_name,
            key=task_id,
            must_be_new=must_be_new,
            must_exist=must_exist,
            owner=owner,
            using=self.using,
        )
        self.result: Result | None = None
        """What an import that writes comes to; it holds if the outcome is `COMMITTED`."""
        self._transaction = Commit(self.using)

    @property
    def outcome(self) -> Outcome:
        """What is known of the transaction, also after whatever has ended the run: Ctrl-C, say."""
        return self._transaction.outcome

    @property
    def where_to_look(self) -> str:
        """What to do where nobody knows whether the import was committed; it ends a sentence."""
        return f"look whether the task “{self.task_name}” has it{_AGAIN[self.options.mode]}"

    def run(self, *, dry_run: bool = False) -> Result:
        """Checks the archive and, if nothing speaks against it, commits it.

        Never raises for what is wrong with the archive: that is in the report. Raises `OpenImagesError` where the
        database or the storage fails, or the task is gone, or there though it must be new; nothing is written then.
        Raises `CommitUnknown` if the database does not say whether it has committed. Once it has, what fails is logged.
        """
        self._transaction, self.result = Commit(self.using), None
        try:
            self._target.find()  # before a large archive is unpacked for nothing
            with (
                relaxed_gc(),
                open_archive(self.source, self.limits, self.source_name, self._unpacking, CONTENT_FOLDERS) as archive,
            ):
                return self._run(archive, dry_run)
        except UnreadableArchive as fault:
            report = Report()
            report.unreadable(fault)
            return Result(report, committed=False, task=self._target.find(), refused=True)
        except CommitUnknown as error:
            broke = "The connection to the database broke while committing, so the import may have been written"
            raise CommitUnknown(f"{broke}: {self.where_to_look}. ({error.__cause__})") from error.__cause__
        except Exception as error:
            if (written := self._written()) is not None:
                logger.exception("The import was written, but what was to follow failed.")
                return written
            if isinstance(error, Forbidden):
                raise Failure("in-use-elsewhere", detail=sentence_of(error)) from None
            if isinstance(error, DatabaseError):
                raise self._of_the_database(error) from error
            raise

    def _of_the_database(self, error: DatabaseError) -> Failure:
        connection = connections[self.using]
        is_file = connection.vendor == "sqlite" and _DISK.search(str(error)) is not None
        detail = " ".join(str(error).split())
        if is_file:
            return Failure("database-file", detail=detail, file=str(connection.settings_dict["NAME"]))
        return Failure("database", detail=detail)

    def _written(self) -> Result | None:
        return self.result if self.outcome is Outcome.COMMITTED else None

    def _run(self, archive: Archive, dry_run: bool) -> Result:
        for _ in range(_TRIES):
            with ExitStack() as stack:
                planned = self._plan(archive, stack, keeps=not dry_run)
                if dry_run or planned.is_refused:
                    changed = dry_run and planned.changes
                    for issue in issues_of_others(planned.plan.others):
                        planned.report(issue)
                    planned.conclude()
                    return self._result(planned, committed=False, changed=changed, refused=planned.is_refused)
                try:
                    return self._carry_out(archive, planned)
                except TaskChanged:
                    continue
        return self._run_locked(archive)

    def _run_locked(self, archive: Archive) -> Result:
        """Plans and applies under the task's lock, so that it comes to an end however often the task changes."""
        with NewFiles(picture_storage(), self._transaction) as files, ExitStack() as stack:
            try:
                with ExitStack() as transaction:
                    loader = self._begin(transaction, lambda: (planned, task))
                    task = self._target.lock_existing()
                    planned = self._plan(archive, stack, keeps=True)
                    if planned.is_refused:
                        planned.conclude()
                        raise _Refused(self._result(planned, committed=False, changed=False, refused=True))
                    self._settle(planned)
                    try:
                        self._load(archive, planned, loader, task, self._store(archive, planned, files))
                    except ArchiveChanged as fault:
                        raise _Refused(self._refuse(planned, fault)) from fault
            except _Refused as refusal:
                return refusal.result
        assert self.result is not None
        return self.result

    def _result(
        self, planned: Planned, *, committed: bool, changed: bool, refused: bool = False, task: Task | None = None
    ) -> Result:
        return Result(
            planned.report,
            committed=committed,
            task=task or self._target.find(),
            changed=changed,
            refused=refused,
            is_new=planned.basis is None,
        )

    def _plan(self, archive: Archive, stack: ExitStack, *, keeps: bool) -> Planned:
        planner = Planner(
            archive=archive,
            options=self.options,
            limits=self.limits,
            using=self.using,
            progress=self.progress,
            kinds=self.kinds,
            find_task=self._target.find,
        )
        return planner.plan(stack, keeps=keeps)

    def _carry_out(self, archive: Archive, planned: Planned) -> Result:
        """Writes what was planned, if anything; what has changed meanwhile is planned again before.

        Raises `TaskChanged` if all must be; nothing is written then.
        """
        is_quiet = any(not planned.catch_up() for _ in range(_TRIES))
        return self._apply(archive, planned) if planned.changes or not is_quiet else self._confirm(planned)

    def _confirm(self, planned: Planned) -> Result:
        """Says that there is nothing to write. Raises `TaskChanged` if it is another task now."""
        task = self._target.find()
        if task is None or planned.basis is None or task.pk != planned.basis.task_id:
            raise TaskChanged
        planned.conclude()
        self._finish(planned, task)
        return self._result(planned, committed=True, changed=False, task=task)

    def _apply(self, archive: Archive, planned: Planned) -> Result:
        """Writes what was planned. Raises `TaskChanged` if that is not right any more; nothing is written then."""
        self._settle(planned)
        try:
            with NewFiles(picture_storage(), self._transaction) as files, ExitStack() as stack:
                pictures = self._store(archive, planned, files)
                loader = self._begin(stack, lambda: (planned, task))
                task = self._target.lock_planned(planned)
                self._load(archive, planned, loader, task, pictures)
        except ArchiveChanged as fault:
            return self._refuse(planned, fault)
        assert self.result is not None
        return self.result

    def _settle(self, planned: Planned) -> None:
        """Makes sure, before anything is written, that the plan is all there and the disk has space for it."""
        planned.plan.settle()
        check_disk_space(self.using, planned.plan.inserted.total())

    def _store(self, archive: Archive, planned: Planned, files: NewFiles) -> dict[str, Stored]:
        progress = self._progress("pictures")
        return store_pictures(planned.plan, archive, files, self.limits, self.using, progress)

    def _begin(self, stack: ExitStack, final: Callable[[], tuple[Planned, Task]]) -> Loader:
        """Begins the transaction. `final` is asked before it ends."""

        def last() -> None:
            planned, task = final()
            planned.conclude()
            planned.report.settle()
            self.result = self._result(planned, committed=True, changed=planned.changes, task=task)
            self._finish(planned, task)

        load = partial(loading, self.using, _tables(), last, self._transaction)
        return begun(stack, self.using, load, self._waiting())

    def _finish(self, planned: Planned, task: Task) -> None:
        """The last thing before the COMMIT, if there is one; what goes on the signal is told after it."""
        if self.before_commit is not None:
            self.before_commit(task, planned.report, planned.changes)
        send_after_commit(
            import_finished,
            Task,
            self.using,
            task=task,
            job=self.job,
            user=self.owner,
            is_new=planned.basis is None,
            changed=planned.changes,
            totals=planned.report.totals_as_json(),
        )

    def _load(
        self, archive: Archive, planned: Planned, loader: Loader, task: Task, pictures: dict[str, Stored]
    ) -> None:
        for model in (Image, Shape):
            loader.postpone_indexes(model, planned.plan.inserted[model], may_lock=self.may_lock_tables)
        gone = apply_plan(planned.plan, loader, task.pk, pictures, archive, self.limits, self._progress("commit"))
        for issue in issues_of_numbers(gone):
            planned.report(issue)

    def _refuse(self, planned: Planned, fault: ArchiveChanged) -> Result:
        planned.conclude()
        planned.report(Issue(code="archive-changed", file=str(fault)))
        planned.report.has_whole_file_errors = True
        return self._result(planned, committed=False, changed=False, refused=True)

    def _progress(self, phase: str) -> Callable[[int, int], None]:
        def report_progress(done: int, total: int) -> None:
            if self.progress is not None:
                self.progress(phase, done, total)

        return report_progress

    def _unpacking(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress("unpack", done, total)

    def _waiting(self) -> Callable[[], None] | None:
        progress = self.progress
        return None if progress is None else lambda: progress("wait", 0, 0)


def _tables() -> list[type[Model]]:
    """The tables whose foreign keys a load may break: ours, and those of other apps that point to rows it replaces."""
    others = [relation.related_model for model in (Shape, Mask) for relation in model._meta.related_objects]
    return list(dict.fromkeys([*_TABLES, *others]))
