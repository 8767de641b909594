"""What came of a job: a code and parameters in its row, and the sentence that is made of them when it is shown."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from openimages_io.failures import failure_sentence
from openimages_io.models.kinds import ROW_KINDS, counted

if TYPE_CHECKING:
    from openimages_io.models.job import Job


class Outcome(StrEnum):
    """The code of what came of a job, and the sentence that says it.

    `{error}` and `{text}` are parameters, and so are the names that a bulk change is about. The others are made of the
    job's row: `{changes}`, `{written}`, `{updated}`, `{removed}`, `{doubles}` and `{left}` from its totals, `{issues}`
    and `{also}` from its counts of issues, `{would}` from whether it was a dry run.
    """

    template: str

    def __new__(cls, code: str, template: str) -> Self:
        """Builds a member from its code and its sentence."""
        member = str.__new__(cls, code)
        member._value_, member.template = code, template
        return member

    IMPORTED = "imported", "Imported: {changes}{also}."
    DRY_RUN = "dry-run", "A dry run, so nothing was written. An import would do this: {changes}{also}."
    UNCHANGED = "unchanged", "Everything exists already, so nothing {would}{also}."
    REFUSED = "refused", "Nothing was written, because of what is wrong in the archive: {issues}."
    EXPORTED = "exported", "Exported: {written}{also}."
    CHECKED = "checked", "Checked {annotations}: {issues}."
    MOVED = "moved", "Moved to the subset “{subset}”: {updated}{left}."
    RELABELLED = "relabelled", "Relabelled from “{label}” to “{new_label}”: {updated}{doubles}{left}."
    ANNOTATIONS_DELETED = "annotations-deleted", "Deleted of “{label}”: {removed}."
    PREVIEW_MOVED = "preview-moved", "{error}"
    DELETED = "deleted", "The task was deleted, with all that belonged to it."
    DELETION_INTERRUPTED = (
        "deletion-interrupted",
        "The worker stopped before all of the task was deleted; the next job or prune_openimages_jobs goes on.",
    )
    DELETION_FAILED = (
        "deletion-failed",
        "Something failed before all of the task was deleted; see the log for details, and start the job again.",
    )
    CANCELLED = "cancelled", "Cancelled: nothing was written."
    CANCELLED_WAITING = "cancelled-waiting", "Cancelled before it started."
    STOPPED = "stopped", "The worker was stopped, so nothing was written; the job can be started again."
    WORKER_LOST = (
        "worker-lost",
        "The worker stopped unexpectedly; nothing was written. The job can be started again.",
    )
    UNCOMMITTED = (
        "uncommitted",
        "The connection to the database broke while committing, and nothing was written; the job can be started again.",
    )
    NOT_QUEUED = (
        "not-queued",
        "The job could not be queued, because the queue does not answer. Start it again when the queue is available.",
    )
    DATABASE_FAILED = "database-failed", "The database failed, so nothing was written; see the log for details."
    UNEXPECTED = "unexpected", "Unexpected error ({error}), so nothing was written; see the log for details."
    ERROR = "error", "{error}"
    TEXT = "text", "{text}"

    def stored(self, **params: Any) -> dict[str, Any]:
        """What the job's row keeps."""
        return {"code": self.value, "params": params}


_BY_CODE: Final = {str(outcome): outcome for outcome in Outcome}


def outcome_sentence(job: "Job", stored: Any) -> str:
    """The sentence for an outcome of a job; empty where there is none, or only another version knows it."""
    outcome = _BY_CODE.get(str(stored.get("code"))) if isinstance(stored, dict) else None
    if outcome is None:
        return ""
    params = stored.get("params")
    found, removed = _found(job), _listed(_numbers(job.totals, "removed"))
    parts = {
        "changes": "; ".join(_changes(job.totals)) or "other changes",
        "written": _listed(_numbers(job.totals, "written")) or "an archive without rows",
        "updated": _listed(_numbers(job.totals, "updated")) or "nothing",
        "removed": removed or "nothing",
        "doubles": f"; {removed} deleted, of which the image had the same" if removed else "",
        "left": _left(job.totals),
        "would": "would change" if job.dry_run else "has changed",
        "annotations": counted(job.done, "shapes"),
        "issues": found or "nothing is wrong",
        "also": f"; {found}" if found else "",
        "error": "",
        "text": "",
        **dict.fromkeys(("subset", "label", "new_label"), "…"),
    }
    known = params if isinstance(params, dict) else {}
    return outcome.template.format_map(parts | {name: _said(value) for name, value in known.items()})


def _said(value: Any) -> str:
    """A parameter as text: the sentence of a failure, where it is one."""
    if isinstance(value, dict):
        params = value.get("params")
        return failure_sentence(str(value.get("code")), params if isinstance(params, dict) else {})
    return str(value)


def _found(job: "Job") -> str:
    counts = (("errors", job.errors), ("warnings", job.warnings), ("notes", job.notes))
    return _listed(counted(number, kind) for kind, number in counts if number)


def _changes(totals: Any) -> Iterator[str]:
    for verb in ("added", "updated", "removed"):
        if named := _listed(_numbers(totals, verb)):
            yield f"{named} {verb}"


def _numbers(totals: Any, column: str) -> Iterator[str]:
    """How many rows of each kind a column of the totals has."""
    known = totals if isinstance(totals, dict) else {}
    for kind in (*(kind for kind in ROW_KINDS if kind in known), *(kind for kind in known if kind not in ROW_KINDS)):
        number = known[kind].get(column) if isinstance(known[kind], dict) else None
        if isinstance(number, int) and number:
            yield counted(number, kind)


def _left(totals: Any) -> str:
    """How many rows a bulk change has left as they were, though they were chosen."""
    known = totals if isinstance(totals, dict) else {}
    left = {
        kind: {"left": sum(found["skipped"].values())}
        for kind, found in known.items()
        if isinstance(found, dict) and isinstance(found.get("skipped"), dict)
    }
    named = _listed(_numbers(left, "left"))
    return f"; {named} left unchanged" if named else ""


def _listed(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last
