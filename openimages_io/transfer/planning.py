"""The making of a plan: an archive is read and matched with the task as it is. Nothing is written to the database."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from openimages_io.archives.base import Archive
from openimages_io.database.bulk import plain
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.layouts import PICTURE_SUFFIXES, Layout, recognise
from openimages_io.format.limits import Limits
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import Table
from openimages_io.models import Shape, Task
from openimages_io.transfer.basis import Basis
from openimages_io.transfer.counted import conclude
from openimages_io.transfer.groups import Groups
from openimages_io.transfer.kinds import Kind, rows_of
from openimages_io.transfer.labels.importing import report_awaited_labels
from openimages_io.transfer.lenient import join_subsets, place_of, report_lenient
from openimages_io.transfer.matching import ImageIndex, LabelIndex
from openimages_io.transfer.not_found import report_not_found
from openimages_io.transfer.options import ImportOptions, Match, Missing, Mode, OnError
from openimages_io.transfer.plan import Plan
from openimages_io.transfer.plan_again import plan_again
from openimages_io.transfer.replacing import Replacing, groups_of, replace_annotations
from openimages_io.transfer.report import Report
from openimages_io.transfer.run import Progress, Run
from openimages_io.transfer.specs import SpecIndex


@dataclass(slots=True, kw_only=True)
class Planned:
    """A plan, and what it was made on."""

    plan: Plan
    using: str
    report: Report
    basis: Basis | None
    """The task as it was before; None for one that was not there."""
    is_refused: bool
    """Whether an issue forbids to write it."""
    is_about_all: bool
    """Whether any image of the task that changes may change the plan, not only those that the archive names."""
    kept: Replacing
    """What another plan must know of mode replace."""
    is_lossy: bool
    """Whether rows were left out in mode replace, whose images may keep what they have."""
    kinds: Sequence[Kind]
    run: Run | None
    """What images are planned again with; None where the task had none, for it is large."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.plan.changes or self.basis is None

    def catch_up(self) -> bool:
        """Plans again what has changed in the task since; returns whether anything of the plan had.

        Under the task's lock it is right after that. Raises `TaskChanged` where all is to be planned again.
        """
        if self.basis is None:
            return False
        fixed = None if self.is_about_all else self.plan.depends_on
        moved = self.basis.catch_up(self.using, self.plan.named, fixed)
        if moved:
            assert self.run is not None
            plan_again(self.run, self.kinds, moved)
        return bool(moved)

    def conclude(self) -> None:
        """Brings what was counted into the report, when the plan does not change any more."""
        conclude(self.report, self.plan.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Makes plans of one archive for one task."""

    archive: Archive
    options: ImportOptions
    limits: Limits
    using: str
    progress: Progress | None
    kinds: Sequence[Kind]
    find_task: Callable[[], Task | None]
    """The task as it is now; None while it is not there."""

    def plan(self, stack: ExitStack, *, keeps: bool) -> Planned:
        """A plan, which is closed with `stack`; without `keeps`, for a dry run, it is not kept."""
        planned = self._plan(stack, Replacing(), keeps=keeps)
        if planned.is_lossy and planned.basis is not None and not planned.is_refused:
            # What stays because rows were left out is known only now, and good rows of the same images meet it.
            planned.plan.close()
            basis = planned.basis  # what stays was learnt of the task as it was then
            planned = self._plan(stack, planned.kept, keeps=keeps)
            planned.basis = basis
        return planned

    def _plan(self, stack: ExitStack, replacing: Replacing, *, keeps: bool) -> Planned:
        task = self.find_task()
        basis = Basis.of(task, self.using) if task else None
        report = Report(rows_of(self.kinds))
        layout = self._layout(report)
        run = self._start(layout, report, task.pk if task else None, stack.enter_context(Plan(keeps=keeps)))
        run.replacing = replace(replacing, groups=groups_of(run))
        if layout.sources or len(layout.pictures):
            self._read(run)
        kept = run.replacing.next_pass(partial(_images_of, run), exact=run.lenient is None)
        if self.options.mode is Mode.REPLACE and task is not None:
            # Every image that the archive names is known by now; new ones have nothing to replace.
            replace_annotations(run)
        is_lossy = bool(run.replacing.skipped or run.replacing.nameless) and self.options.on_error is OnError.SKIP
        return Planned(
            plan=run.plan,
            report=report,
            basis=basis,
            is_refused=run.is_refused,
            is_about_all=bool(run.lenient),
            kept=kept,
            is_lossy=is_lossy,
            using=self.using,
            kinds=self.kinds,
            run=run if basis is not None and basis.images else None,
        )

    def _read(self, run: Run) -> None:
        for kind in self.kinds:
            kind.prepare_import(run)
        for kind in self.kinds:
            kind.read(run)
        report_awaited_labels(run)
        self._report_unknown_subsets(run)
        for subset, keys in sorted(run.images.elsewhere.items()):
            run.issue("other-subset", count=len(keys), subset=subset)
        for kind in self.kinds:
            kind.finish(run)
        report_lenient(run)
        report_not_found(run)

    def _report_unknown_subsets(self, run: Run) -> None:
        known = run.seen_subsets | run.images.subsets() | {source.subset for source in run.layout.sources}
        known |= {subset for subset, _, _ in run.layout.pictures}
        for subset in sorted(self.options.subsets - known):
            run.issue("unknown-chosen-subset", column="--subset", value=subset)

    def _start(self, layout: Layout, report: Report, task_id: int | None, plan: Plan) -> Run:
        """The state at the start of a pass."""
        options = self.options.settled(new_task=task_id is None)
        return Run(
            archive=self.archive,
            layout=layout,
            tables=self._tables(),
            groups=Groups(group for kind in self.kinds for group in kind.groups),
            limits=self.limits,
            options=options,
            report=report,
            plan=plan,
            using=self.using,
            task_id=task_id or 0,
            has_shapes=plain(Shape, self.using).filter(task_id=task_id or 0).exists(),
            images=ImageIndex.of_task(task_id, self.using, across_subsets=options.missing_images is not Missing.CREATE),
            labels=LabelIndex.of_task(task_id, self.using),
            specs=SpecIndex.of_task(task_id, options.missing_attributes, self.using),
            progress=self.progress,
            total=_bytes_to_read(self.archive, layout, pictures=self.options.pictures),
        )

    def _tables(self) -> dict[str, Table]:
        """The columns of the files whose rows name images, by kind of file."""
        tables = {name: table for kind in self.kinds for name, table in kind.columns.items()}
        return {name: table for name, table in tables.items() if "imageid" in table.by_name}

    def _layout(self, report: Report) -> Layout:
        known = [files for kind in self.kinds for files in kind.files]
        layout = recognise(self.archive.paths, partial(self._take_layout_issue, report), known)
        for path, what in layout.not_read:
            report(Issue(code="not-read", params={"what": what}, file=path))
        pictures = [path for path in layout.unknown if PurePosixPath(path).suffix.lower() in PICTURE_SUFFIXES]
        for path in sorted(set(layout.unknown).difference(pictures)):
            report(Issue(code="unknown-file", file=path))
        if pictures:
            params = {"count": len(pictures), "first": pictures[0]}
            report(Issue(code="pictures-elsewhere", params=params))
        if self.options.match is Match.LENIENT:
            for folder, subset, count in join_subsets(layout, self._tables()):
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


def _images_of(run: Run, subset: str | None, name: str) -> set[int]:
    """The images, new ones too, that a row may have meant, whatever their subset; none if its name is in doubt."""
    if run.lenient and (subset, name) in run.lenient.doubtful_rows:
        return set()
    return {key for each in {name, place_of(run, subset, name)[1]} for key in run.images.keys_of(None, each)}


def _bytes_to_read(archive: Archive, layout: Layout, *, pictures: bool) -> int:
    total = sum(archive.paths[source.path] for source in layout.sources)
    return total + sum(archive.paths[path] for _, _, path in layout.pictures) * pictures
