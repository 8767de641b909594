"""What the parts of an export share: the labels, images and names that rows are written with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from openimages_io.format.issues import Issue, Severity
from openimages_io.format.limits import Limits
from openimages_io.format.names import Names
from openimages_io.format.output import Output
from openimages_io.format.writing import text
from openimages_io.models import Label
from openimages_io.transfer.options import ExportOptions
from openimages_io.transfer.report import Report

Progress = Callable[[str, int, int], None]
"""Takes the phase, what is done of it and the whole, in rows; may raise to stop the run."""


@dataclass(slots=True, kw_only=True)
class Outgoing:
    """The state of one export."""

    task_id: int
    using: str
    options: ExportOptions
    limits: Limits
    names: Names
    output: Output
    report: Report
    subsets: list[str] = field(default_factory=list)
    """Sorted, so that they do not depend on how the rows came to be."""
    labels: list[Label] = field(default_factory=list)
    """Those that are written, in the order of the class list."""
    label_cells: dict[int, str] = field(default_factory=dict)
    """What stands in the column LabelName, by key, quoted where it must be."""
    label_names: dict[int, str] = field(default_factory=dict)
    """The same, not quoted."""
    image_names: dict[int, str] = field(default_factory=dict)
    """ImageIDs by key, of the images that are written."""
    image_subsets: dict[int, str] = field(default_factory=dict)
    """Subsets by key; empty when there is only one."""
    progress: Progress | None = None
    done: int = 0
    total: int = 0

    def issue(
        self,
        code: str,
        reason: str,
        *,
        value: str | None = None,
        file: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Reports an issue."""
        self.report(Issue(code=code, reason=reason, file=file, value=value, severity=severity))

    def image_cells(self, images: Sequence[int]) -> list[str]:
        """The cells of the column ImageID."""
        return [text(name) for name in map(self.image_names.__getitem__, images)]

    def tell(self, rows: int) -> None:
        """Shows that so many more rows are done."""
        self.done += rows
        if self.progress is not None:
            self.progress("export", min(self.done, self.total), self.total)
