"""The importer: check, then commit, by reading twice. Every face runs this class with the same options."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, router
from django.db.models import Max
from django.utils import timezone

from openimages_io import conf
from openimages_io.exceptions import OpenImagesError, UnreadableArchive
from openimages_io.format.archive import Archive, open_archive
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.layouts import Kind, Layout, recognise
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape, Task, picture_storage
from openimages_io.models.deletion import remove_files
from openimages_io.models.revisions import touch
from openimages_io.transfer.bulk import Loader, loading
from openimages_io.transfer.matching import ImageIndex, LabelIndex
from openimages_io.transfer.options import ImportOptions, Mode, OnError
from openimages_io.transfer.pictures import Stored
from openimages_io.transfer.replacing import replace_annotations
from openimages_io.transfer.report import Report
from openimages_io.transfer.run import Policies, Progress, Run
from openimages_io.transfer.specs import SpecIndex
from openimages_io.transfer.steps.boxes import read_boxes
from openimages_io.transfer.steps.images import read_image_lists
from openimages_io.transfer.steps.labels import choose_labels, read_class_lists, read_hierarchy
from openimages_io.transfer.steps.masks import read_masks
from openimages_io.transfer.steps.pictures import read_size_files, store_pictures, take_pictures, take_sizes
from openimages_io.transfer.steps.tags import read_tags

_TRIES: Final = 5
_WHOLE_FILE: Final = frozenset(
    {"column-missing", "column-twice", "bad-header", "not-commas", "empty-file", "not-utf-8", "unknown-label-option"}
)
"""Errors that no option passes over: they are not of a row but of a whole file."""


class _TaskChanged(Exception):
    """The task is not what it was when it was checked."""


@dataclass(slots=True)
class Result:
    """What an import came to."""

    report: Report
    committed: bool
    """Whether the database holds what the archive says. False also after a dry run."""
    task: Task | None
    changed: bool = False
    """Whether anything was different before."""


@dataclass(slots=True)
class _Plan:
    """What a check found."""

    task_id: int | None
    revision: int
    report: Report
    new_pictures: list[str] = field(default_factory=list)


class Importer:
    """Brings an archive into a task, whole or not at all.

    The check reads everything, writes nothing and finds every issue; the commit reads again and writes in one
    transaction. Use as a context manager, or call `run`.
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
    ) -> None:
        self.source, self.task_name, self.owner, self.progress = source, task_name, owner, progress
        self.options = options or ImportOptions()
        self.using = using or router.db_for_write(Shape)
        self.limits = conf.limits()

    def run(self, *, dry_run: bool = False) -> Result:
        """Checks the archive and, if nothing speaks against it, commits it.

        Never raises for what is wrong with the archive: that is in the report.
        """
        try:
            with open_archive(self.source, self.limits) as archive:
                return self._run(archive, dry_run)
        except UnreadableArchive as fault:
            report = Report()
            for issue in fault.issues:
                report(issue)
            return Result(report, committed=False, task=self._task())

    def _run(self, archive: Archive, dry_run: bool) -> Result:
        for _ in range(_TRIES):
            plan = self._check(archive)
            if dry_run or self._forbids(plan.report):
                return Result(plan.report, committed=False, task=self._task())
            try:
                return self._commit(archive, plan)
            except _TaskChanged:
                continue
        raise OpenImagesError(f"The task “{self.task_name}” kept changing while it was checked; try again.")

    def _forbids(self, report: Report) -> bool:
        if self.options.on_error is OnError.SKIP:
            return bool(report.codes & FATAL)
        return report.errors > 0
