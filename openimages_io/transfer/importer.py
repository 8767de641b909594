"""The importer: plan, then apply the plan. Every interface runs this class with the same options."""

import logging
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, IntegrityError, connections, router
from django.db.models import Model

from openimages_io import conf
from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_archive
from openimages_io.database.bulk import Loader, loading, plain
from openimages_io.database.commit import Commit, Outcome
from openimages_io.database.locking import begun
from openimages_io.database.new_files import NewFiles
from openimages_io.exceptions import CommitUnknown, OpenImagesError, UnreadableArchive
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.layouts import CONTENT_FOLDERS, PICTURE_SUFFIXES, Layout, recognise
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape, Task, picture_storage
from openimages_io.models.revisions import lock
from openimages_io.transfer.apply import apply_plan
from openimages_io.transfer.basis import Basis
from openimages_io.transfer.boxes.importing import read_boxes
from openimages_io.transfer.gc_tuning import relaxed_gc
from openimages_io.transfer.images.importing import read_image_lists
from openimages_io.transfer.labels.importing import (
    choose_labels,
    read_class_lists,
    read_hierarchy,
    report_awaited_labels,
)
from openimages_io.transfer.lenient import join_subsets, place_of, report_lenient
from openimages_io.transfer.masks.importing import read_masks
from openimages_io.transfer.matching import ImageIndex, LabelIndex
from openimages_io.transfer.not_found import report_not_found
from openimages_io.transfer.options import ImportOptions, Match, Mode, OnError
from openimages_io.transfer.pictures.importing import read_size_files, take_pictures, take_sizes
from openimages_io.transfer.pictures.storing import Stored, store_pictures
from openimages_io.transfer.plan import ArchiveChanged, Plan
from openimages_io.transfer.replacing import Replacing, groups_of, replace_annotations
from openimages_io.transfer.report import Report
from openimages_io.transfer.run import Progress, Run
from openimages_io.transfer.specs import SpecIndex
from openimages_io.transfer.tags.importing import read_tags

logger = logging.getLogger(__name__)

_TRIES: Final = 5
"""Plans that may prove outdated before one is made under the task's lock."""
_GONE: Final = "The task “{}” is no longer there, so nothing was written."
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


class _TaskChanged(Exception):
    """The task is not what it was when the plan was made."""


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


@dataclass(slots=True, kw_only=True)
class _Planned:
    """A plan, and what it was made on."""

    plan: Plan
    report: Report
    basis: Basis | None
    """The task as it was before; None for one that was not there."""
    is_about_all: bool
    """Whether any image of the task that changes may change the plan, not only those that the archive names."""
    kept: Replacing
    """What another plan must know of mode replace."""
    is_lossy: bool
    """Whether rows were left out in mode replace, whose images may keep what they have."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.plan.changes or self.basis is None

    def holds(self, using: str) -> bool:
        """Whether the plan is right for the task as it is now."""
        return self.basis is not None and self.basis.holds(using, None if self.is_about_all else self.plan.depends_on)


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
        may_lock_tables: bool = True,
    ) -> None:
        """`source_name` is how people know the archive, if not by its path.

        Without more the task is the one of that name, which is made if there is none. `task_id` is the key of one that
        is there, whatever it is called; `must_be_new` refuses a task that is there, `must_exist` to make one.
        On PostgreSQL the first load of a site locks out readers until it commits, for speed, unless `may_lock_tables`
        is False.
        """
        self.source, self.source_name, self.task_name = source, source_name, task_name
        self.task_id, self.must_be_new, self.must_exist, self.owner = task_id, must_be_new, must_exist, owner
        self.progress, self.before_commit, self.may_lock_tables = progress, before_commit, may_lock_tables
        self.options = options or ImportOptions()
        self.using = using or router.db_for_write(Shape)
        self.limits = conf.limits()
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
            self._task()  # before a large archive is unpacked for nothing
            with (
                relaxed_gc(),
                open_archive(self.source, self.limits, self.source_name, self._unpacking, CONTENT_FOLDERS) as archive,
            ):
                return self._run(archive, dry_run)
        except UnreadableArchive as fault:
            report = Report()
            report.unreadable(fault)
            return Result(report, committed=False, task=self._task(), refused=True)
        except CommitUnknown as error:
            broke = "The connection to the database broke while committing, so the import may have been written"
            raise CommitUnknown(f"{broke}: {self.where_to_look}. ({error.__cause__})") from error.__cause__
        except Exception as error:
            if (written := self._written()) is not None:
                logger.exception("The import was written, but what was to follow failed.")
                return written
            if isinstance(error, DatabaseError):
                failed = f"The database failed, so nothing was written: {error}{self._where_the_database_is(error)}"
                raise OpenImagesError(failed) from error
            raise

    def _where_the_database_is(self, error: DatabaseError) -> str:
        """What to do where SQLite's file cannot be written."""
        connection = connections[self.using]
        is_file = connection.vendor == "sqlite" and _DISK.search(str(error)) is not None
        name = connection.settings_dict["NAME"]
        return f". Look at the room and the permissions of {name} and its folder." if is_file else ""

    def _written(self) -> Result | None:
        return self.result if self.outcome is Outcome.COMMITTED else None

    def _run(self, archive: Archive, dry_run: bool) -> Result:
        for _ in range(_TRIES):
            with ExitStack() as stack:
                planned = self._plan(archive, stack, keeps=not dry_run)
                refused = self._forbids(planned.report)
                if dry_run or refused:
                    changed = dry_run and planned.changes
                    return self._result(planned, committed=False, changed=changed, refused=refused)
                try:
                    return self._apply(archive, planned) if planned.changes else self._confirm(planned)
                except _TaskChanged:
                    continue
        return self._run_locked(archive)

    def _run_locked(self, archive: Archive) -> Result:
        """Plans and applies under the task's lock, so that it comes to an end however often the task changes."""
        with NewFiles(picture_storage(), self._transaction) as files, ExitStack() as stack:
            try:
                with ExitStack() as transaction:
                    loader = self._begin(transaction, lambda: (planned, task))
                    task = self._existing()
                    lock("Task", self.using, pk=task.pk)
                    planned = self._plan(archive, stack, keeps=True)
                    if self._forbids(planned.report):
                        raise _Refused(self._result(planned, committed=False, changed=False, refused=True))
                    planned.plan.settle()
                    try:
                        self._load(archive, planned, loader, task, self._store(archive, planned, files))
                    except ArchiveChanged as fault:
                        raise _Refused(self._refuse(planned, fault)) from fault
            except _Refused as refusal:
                return refusal.result
        assert self.result is not None
        return self.result

    def _result(
        self, planned: _Planned, *, committed: bool, changed: bool, refused: bool = False, task: Task | None = None
    ) -> Result:
        return Result(
            planned.report,
            committed=committed,
            task=task or self._task(),
            changed=changed,
            refused=refused,
            is_new=planned.basis is None,
        )

    def _forbids(self, report: Report) -> bool:
        return report.errors > 0 and (self.options.on_error is OnError.ABORT or report.has_whole_file_errors)

    def _plan(self, archive: Archive, stack: ExitStack, *, keeps: bool) -> _Planned:
        planned = self._plan_once(archive, stack, Replacing(), keeps=keeps)
        if planned.is_lossy and planned.basis is not None and not self._forbids(planned.report):
            # What stays because rows were left out is known only now, and good rows of the same images meet it.
            planned.plan.close()
            planned = self._plan_once(archive, stack, planned.kept, keeps=keeps)
        return planned

    def _plan_once(self, archive: Archive, stack: ExitStack, replacing: Replacing, *, keeps: bool) -> _Planned:
        task = self._task()
        basis = Basis.of(task, self.using) if task else None
        report = Report()
        layout = self._layout(archive, report)
        run = self._start(archive, layout, report, task.pk if task else None, stack.enter_context(Plan(keeps=keeps)))
        run.replacing = replace(replacing, groups=groups_of(run))
        if layout.sources or len(layout.pictures):
            self._read(run)
        kept = run.replacing.next_pass(partial(_images_of, run), exact=run.lenient is None)
        if self.options.mode is Mode.REPLACE and task is not None:
            # Every image that the archive names is known by now; new ones have nothing to replace.
            replace_annotations(run, run.chosen_labels)
        is_lossy = bool(run.replacing.skipped or run.replacing.nameless) and self.options.on_error is OnError.SKIP
        return _Planned(
            plan=run.plan,
            report=report,
            basis=basis,
            is_about_all=bool(run.lenient),
            kept=kept,
            is_lossy=is_lossy,
        )

    def _confirm(self, planned: _Planned) -> Result:
        """Says that there is nothing to write. Raises `_TaskChanged` if that may not hold any more."""
        task = self._task()
        if task is None or planned.basis is None or task.pk != planned.basis.task_id or not planned.holds(self.using):
            raise _TaskChanged
        if self.before_commit is not None:
            self.before_commit(task, planned.report, False)
        return self._result(planned, committed=True, changed=False, task=task)

    def _apply(self, archive: Archive, planned: _Planned) -> Result:
        """Writes what was planned. Raises `_TaskChanged` if that is not right any more; nothing is written then."""
        planned.plan.settle()
        try:
            with NewFiles(picture_storage(), self._transaction) as files, ExitStack() as stack:
                pictures = self._store(archive, planned, files)
                loader = self._begin(stack, lambda: (planned, task))
                task = self._lock(planned)
                self._load(archive, planned, loader, task, pictures)
        except ArchiveChanged as fault:
            return self._refuse(planned, fault)
        assert self.result is not None
        return self.result

    def _store(self, archive: Archive, planned: _Planned, files: NewFiles) -> dict[str, Stored]:
        progress = self._progress("pictures")
        return store_pictures(planned.plan, archive, files, self.limits, self.using, progress)

    def _begin(self, stack: ExitStack, final: Callable[[], tuple[_Planned, Task]]) -> Loader:
        """Begins the transaction. `final` is asked before it ends."""

        def last() -> None:
            planned, task = final()
            planned.report.settle()
            self.result = self._result(planned, committed=True, changed=planned.changes, task=task)
            if self.before_commit is not None:
                self.before_commit(task, planned.report, planned.changes)

        load = partial(loading, self.using, _tables(), last, self._transaction)
        return begun(stack, self.using, load, self._waiting())

    def _load(
        self, archive: Archive, planned: _Planned, loader: Loader, task: Task, pictures: dict[str, Stored]
    ) -> None:
        loader.postpone_indexes(Shape, planned.plan.inserted[Shape], may_lock=self.may_lock_tables)
        apply_plan(planned.plan, loader, task.pk, pictures, archive, self.limits, self._progress("commit"))

    def _refuse(self, planned: _Planned, fault: ArchiveChanged) -> Result:
        planned.report(Issue(code="archive-changed", file=str(fault)))
        planned.report.has_whole_file_errors = True
        return self._result(planned, committed=False, changed=False, refused=True)

    def _existing(self) -> Task:
        task = self._task()
        if task is None:
            raise OpenImagesError(_GONE.format(self.task_name))
        return task

    def _progress(self, phase: str) -> Callable[[int, int], None]:
        def report_progress(done: int, total: int) -> None:
            if self.progress is not None:
                self.progress(phase, done, total)

        return report_progress

    def _read(self, run: Run) -> None:
        read_class_lists(run)
        read_hierarchy(run)
        choose_labels(run)
        read_size_files(run)
        read_image_lists(run)
        claims = read_masks(run)
        read_tags(run)
        read_boxes(run, claims)
        claims.join_stored_boxes()
        claims.flush()
        report_awaited_labels(run)
        self._report_unknown_subsets(run)
        for subset, keys in sorted(run.images.elsewhere.items()):
            run.issue("other-subset", count=len(keys), subset=subset)
        unmet = claims.unmet()
        if unmet and not self._forbids(run.report):  # a box that is missing may be a bad row
            run.issue("mask-without-box", count=unmet)
        run.specs.plan(run.plan)
        if run.specs.made:
            specs = run.report.of("attribute specs")
            specs.read = specs.added = len(run.specs.made)
        take_pictures(run)
        take_sizes(run)
        report_lenient(run)
        report_not_found(run)

    def _report_unknown_subsets(self, run: Run) -> None:
        known = run.seen_subsets | run.images.subsets() | {source.subset for source in run.layout.sources}
        known |= {subset for subset, _, _ in run.layout.pictures}
        for subset in sorted(self.options.subsets - known):
            run.issue("unknown-chosen-subset", column="--subset", value=subset)

    def _layout(self, archive: Archive, report: Report) -> Layout:
        layout = recognise(archive.paths, partial(self._take_layout_issue, report))
        for path, what in layout.not_read:
            report(Issue(code="not-read", params={"what": what}, file=path))
        pictures = [path for path in layout.unknown if PurePosixPath(path).suffix.lower() in PICTURE_SUFFIXES]
        for path in sorted(set(layout.unknown).difference(pictures)):
            report(Issue(code="unknown-file", file=path))
        if pictures:
            params = {"count": len(pictures), "first": pictures[0]}
            report(Issue(code="pictures-elsewhere", params=params))
        if self.options.match is Match.LENIENT:
            for folder, subset, count in join_subsets(layout):
                report(Issue(code="matched-folder", params={"folder": folder, "subset": subset, "count": count}))
        if not layout.sources and not len(layout.pictures):
            report(Issue(code="nothing-known"))
        return layout

    def _take_layout_issue(self, report: Report, issue: Issue) -> None:
        report(issue)
        if issue.code not in {"two-pictures", "bad-image-id"}:
            report.has_whole_file_errors |= issue.severity is Severity.ERROR
        elif self.options.pictures:
            totals = report.of("pictures")
            totals.read += 1
            totals.skipped[SkipReason.BAD] += 1

    def _start(self, archive: Archive, layout: Layout, report: Report, task_id: int | None, plan: Plan) -> Run:
        """The state at the start of a pass."""
        options = self.options.settled(new_task=task_id is None)
        return Run(
            archive=archive,
            layout=layout,
            limits=self.limits,
            options=options,
            report=report,
            plan=plan,
            using=self.using,
            task_id=task_id or 0,
            has_shapes=plain(Shape, self.using).filter(task_id=task_id or 0).exists(),
            images=ImageIndex.of_task(task_id, self.using),
            labels=LabelIndex.of_task(task_id, self.using),
            specs=SpecIndex.of_task(task_id, options.missing_attributes, self.using),
            progress=self.progress,
            total=_bytes_to_read(archive, layout, pictures=self.options.pictures),
        )

    def _unpacking(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress("unpack", done, total)

    def _waiting(self) -> Callable[[], None] | None:
        progress = self.progress
        return None if progress is None else lambda: progress("wait", 0, 0)

    def _task(self) -> Task | None:
        tasks = Task.objects.using(self.using)
        if self.task_id is not None:
            task = tasks.filter(pk=self.task_id).first()
            if task is None:
                raise OpenImagesError(_GONE.format(self.task_name))
            return task
        task = tasks.filter(name=self.task_name).first()
        if task is None and self.must_exist:
            raise OpenImagesError(
                f"There is no task “{self.task_name}”, and none is to be made, so nothing was written. Check its name."
            )
        if task is not None and self.must_be_new:
            raise OpenImagesError(
                f"There is a task “{self.task_name}” already, but a new one was to be made, so nothing was written. "
                "Choose another name, or import into the task that is there."
            )
        return task

    def _lock(self, planned: _Planned) -> Task:
        """Locks the task against other writers until the transaction ends; makes it if it is new."""
        tasks = plain(Task, self.using)
        if planned.basis is None:
            try:
                return tasks.create(name=self.task_name, owner_id=self.owner.pk if self.owner else None)
            except IntegrityError:
                raise _TaskChanged from None
        if not lock("Task", self.using, pk=planned.basis.task_id) or not planned.holds(self.using):
            raise _TaskChanged
        return tasks.get(pk=planned.basis.task_id)


def _images_of(run: Run, subset: str | None, name: str) -> set[int]:
    """The images of the task that a row may have meant, whatever their subset."""
    return {key for each in {name, place_of(run, subset, name)[1]} for key in run.images.keys_of(None, each) if key > 0}


def _tables() -> list[type[Model]]:
    """The tables whose foreign keys a load may break: ours, and those of other apps that point to rows it replaces."""
    others = [relation.related_model for model in (Shape, Mask) for relation in model._meta.related_objects]
    return list(dict.fromkeys([*_TABLES, *others]))


def _bytes_to_read(archive: Archive, layout: Layout, *, pictures: bool) -> int:
    total = sum(archive.paths[source.path] for source in layout.sources)
    return total + sum(archive.paths[path] for _, _, path in layout.pictures) * pictures
