"""What came of a job, in a sentence."""

from collections.abc import Iterable
from typing import Final

from openimages_io.format.issues import Severity
from openimages_io.transfer.exporter import ExportResult
from openimages_io.transfer.report import Report, Totals

CANCELLED_WAITING: Final = "Cancelled before it began."
CANCELLED: Final = "Cancelled: nothing was written."
STOPPED: Final = "The worker was stopped, so nothing was written; the job can be started again."
WORKER_LOST: Final = "The worker stopped without a word; nothing was written. The job can be started again."
UNCOMMITTED: Final = (
    "The connection to the database broke while committing, and nothing was written; the job can be started again."
)
NO_QUEUE: Final = (
    "The job could not be put into the queue, which does not answer. It can be started again when the queue does."
)
NO_DATABASE: Final = "The database failed, so nothing was written; the log says how."

_ORDER: Final = (
    "images",
    "pictures",
    "labels",
    "hierarchy edges",
    "attribute specs",
    "image sizes",
    "human labels",
    "machine labels",
    "boxes",
    "masks",
)
_SINGULAR: Final = {
    "boxes": "box",
    "hierarchy edges": "hierarchy edge",
}


def unexpected(error: BaseException) -> str:
    """For what nobody has foreseen: its kind alone, for its text may hold anything."""
    return f"Unexpected error ({type(error).__name__}), so nothing was written; the log says more."


def of_import(report: Report, *, dry_run: bool, refused: bool, changed: bool) -> str:
    """What an import came to."""
    found = issues(report)
    if refused:
        return f"Nothing was written, because of what is wrong in the archive: {found}."
    if not changed:
        return f"Everything is there already, so nothing {'would change' if dry_run else 'has changed'}{_with(found)}."
    did = "; ".join(_changes(report))
    if dry_run:
        return f"A dry run, so nothing was written. An import would do this: {did or 'other changes'}{_with(found)}."
    return f"Imported: {did or 'other changes'}{_with(found)}."


def of_export(result: ExportResult) -> str:
    """What an export came to."""
    written = [(kind, totals.written) for kind, totals in _ordered(result.report) if totals.written]
    what = _listed(_counted(number, kind) for kind, number in written) or "an archive without rows"
    return f"Exported: {what}{_with(issues(result.report))}."


def of_check(report: Report, shapes: int) -> str:
    """What a check found."""
    return f"Checked {_counted(shapes, 'shapes')}: {issues(report) or 'nothing is wrong'}."


def issues(report: Report) -> str:
    """How many issues there are, the worst first; empty if there are none."""
    return _listed(_counted(report.counts[kind], f"{kind}s") for kind in Severity if report.counts[kind])


def _changes(report: Report) -> Iterable[str]:
    for verb in ("added", "updated", "removed"):
        numbers = [(kind, getattr(totals, verb)) for kind, totals in _ordered(report)]
        named = _listed(_counted(number, kind) for kind, number in numbers if number)
        if named:
            yield f"{named} {verb}"


def _ordered(report: Report) -> list[tuple[str, Totals]]:
    return sorted(report.totals.items(), key=lambda row: (*_ORDER, row[0]).index(row[0]))


def _counted(number: int, plural: str) -> str:
    return f"{number:,} {_SINGULAR.get(plural, plural.removesuffix('s')) if number == 1 else plural}"


def _listed(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _with(found: str) -> str:
    return f"; {found}" if found else ""
