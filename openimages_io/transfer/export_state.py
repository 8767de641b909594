"""What the parts of an export share: the labels, images and names that rows are written with, and what is lost."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from openimages_io.archives.output import Output
from openimages_io.format.byte_columns import Cells, KeyCells
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.limits import Limits
from openimages_io.format.names import Names
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.writing import texts
from openimages_io.models import Label
from openimages_io.models.chosen_images import FoundImages
from openimages_io.transfer.options import ExportOptions
from openimages_io.transfer.report import Report

Progress = Callable[[str, int, int], None]
"""Takes the phase, what is done of it and the whole, in rows; may raise to stop the run."""


@dataclass(slots=True, kw_only=True)
class ExportState:
    """The state of one export."""

    task_id: int
    using: str
    options: ExportOptions
    limits: Limits
    names: Names
    output: Output
    report: Report
    images: FoundImages
    """The only images that are written: those that were chosen, in the chosen subsets."""
    subsets: list[str] = field(default_factory=list)
    """Sorted, so that they do not depend on how the rows came to be."""
    labels: list[Label] = field(default_factory=list)
    """Those that are written, in the order of the class list."""
    label_names: dict[int, str] = field(default_factory=dict)
    """LabelNames as they are written, by key."""
    label_cells: dict[int, str] = field(default_factory=dict)
    """The same, quoted where they must be."""
    bad_labels: set[int] = field(default_factory=set)
    """Labels whose names could not be read again."""
    image_names: dict[int, str] = field(default_factory=dict)
    """ImageIDs by key, of the images that are written."""
    image_subsets: dict[int, str] = field(default_factory=dict)
    """Subsets by key; empty when there is only one."""
    kinds: frozenset[Q] = frozenset()
    """Which of the rarer kinds of shapes the task has."""
    bad_images: set[int] = field(default_factory=set)
    """Images whose names, or whose subsets' names, could not be read again."""
    progress: Progress | None = None
    done: int = 0
    total: int = 0
    _label_cells: KeyCells | None = None
    _no_column: Counter[tuple[str, str]] = field(default_factory=Counter)
    _no_cell: Counter[tuple[str, str]] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    """Shapes that were written as masks though they are none, by kind."""

    def issue(
        self,
        code: str,
        *,
        value: str | None = None,
        file: str = "",
        severity: Severity | None = None,
        **params: Any,
    ) -> None:
        """Reports an issue; `params` are those of the code's sentence."""
        self.report(Issue(code=code, params=params, file=file, value=value, severity=severity))

    def warn(self, code: str, **place: Any) -> None:
        """Reports a warning."""
        self.issue(code, severity=Severity.WARNING, **place)

    def image_cells(self, images: Sequence[int]) -> Sequence[str]:
        """The ImageIDs of images, quoted where they must be."""
        return texts(list(map(self.image_names.__getitem__, images)))

    def label_column(self, labels: Sequence[int]) -> Cells:
        """The LabelNames of rows, of which all are written."""
        if self._label_cells is None:
            self._label_cells = KeyCells(self.label_cells)
        return self._label_cells.of(labels)

    def left_out(self, image: int, label: int) -> str | None:
        """Why a shape is not written: empty if it was not chosen, None if it is written."""
        if label in self.bad_labels:
            return SkipReason.BAD_LABEL_NAME
        if image in self.bad_images:
            return SkipReason.BAD_IMAGE_NAME
        if label not in self.label_cells:
            return "" if self.options.labels else SkipReason.LABEL_ELSEWHERE
        if image not in self.image_names:
            return "" if self.options.subsets else SkipReason.IMAGE_ELSEWHERE
        return None

    def lose_attribute(self, kind: str, name: str, count: int = 1) -> None:
        """Counts that shapes have an attribute that the format has no column for."""
        self._no_column[kind, name] += count

    def lose_value(self, kind: str, column: str, count: int = 1) -> None:
        """Counts that rows have a value that its column cannot hold."""
        self._no_cell[kind, column] += count

    def report_losses(self) -> None:
        """Warns of everything that was counted as lost."""
        for (kind, name), count in sorted(self._no_column.items()):
            self.issue("attribute-unwritten", value=name, kind=kind, count=count)
        for (kind, column), count in sorted(self._no_cell.items()):
            self.issue("value-unwritten", value=column, kind=kind, count=count)

    def tell(self, rows: int) -> None:
        """Shows that so many more rows are done."""
        self.done += rows
        if self.progress is not None:
            self.progress("export", min(self.done, self.total), self.total)
