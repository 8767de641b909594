"""What a job's page shows, and how far the job is in words."""

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from openimages_io.admin.bulk_words import bulk_words, preview_query
from openimages_io.admin.choosing import images_in_words
from openimages_io.admin.option_forms import described, field_name
from openimages_io.admin.pages import Url
from openimages_io.admin.wording import badge, duration, moment, percent, totals_table
from openimages_io.format.issues import Severity
from openimages_io.jobs import transitions
from openimages_io.jobs.reports import read_issues, summary
from openimages_io.jobs.rows import database
from openimages_io.jobs.status import Status, job_status, workers
from openimages_io.models import Job, JobKind, JobState
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.job import FINAL
from openimages_io.models.numbers import Number, grouped
from openimages_io.models.outcomes import Outcome
from openimages_io.models.timestamps import for_display, time_since
from openimages_io.transfer.options import ExportOptions, ImportOptions, Selection

ISSUES: Final = 100
"""Issues on a page."""
_AT_ONCE: Final = timedelta(seconds=10)
"""In which a worker that has nothing to do takes a job up."""
_MINUTE: Final = timedelta(minutes=1)
_PHASES: Final[dict[str, str | Promise]] = {
    "unpack": gettext_lazy("Unpacking the archive"),
    "check": gettext_lazy("Reading and checking the archive"),
    "pictures": gettext_lazy("Storing the pictures"),
    "wait": gettext_lazy("Waiting for others who write"),
    "commit": gettext_lazy("Writing into the database"),
    "export": gettext_lazy("Writing the archive"),
    "delete": gettext_lazy("Deleting the task"),
    "look": gettext_lazy("Looking what is to be changed"),
}

_OPTIONS: Final[dict[JobKind, type[Selection]]] = {JobKind.IMPORT: ImportOptions, JobKind.EXPORT: ExportOptions}


def job_context(request: HttpRequest, job: Job, url: Url, *, may_control: bool) -> dict[str, Any]:
    """What a job's page shows: progress while it runs, then what came of it."""
    now = job_status(job)
    if now.state != job.state:
        job.refresh_from_db(using=database())
    is_import = job.kind == JobKind.IMPORT
    options = _OPTIONS.get(JobKind(job.kind))
    is_over = now.state in FINAL
    return {
        "title": _title(job),
        "job": job,
        "now": now,
        "badge": badge(job, now),
        "is_over": is_over,
        "percent": percent(now),
        "progress": progress_text(job, now),
        "message": now.message or job.message,
        "table": totals_table(job.kind, job.totals, dry_run=job.dry_run or job.refused) if is_over else None,
        "chosen": [*_images(job), *(described(options, job.options) if options else bulk_words(job))],
        "task_url": url("task_change", job.task_id) if job.task_id else "",
        "gallery_url": url("task_gallery", job.task_id) if job.task_id else "",
        "can_cancel": may_control and transitions.can_cancel(job),
        "bad_rows": Number(transitions.bad_rows(job) if may_control else 0),
        "can_confirm": may_control and transitions.can_confirm(job),
        "can_retry": may_control and transitions.can_retry(job),
        "archive_size": _size(job) if job.kind == JobKind.EXPORT and may_control else None,
        "moments": [(words, moment(when)) for words, when in _moments(job) if when],
        "took": duration(job),
        "has_written": job.committed and bool(job.task_id),
        "again_url": _again_url(job, url) if is_import and may_control and is_over else "",
        "preview_url": _preview_url(job, url),
        **(_issues(request, job) if is_over else {}),
    }


def _preview_url(job: Job, url: Url) -> str:
    """Where a change that was no longer what was shown can be looked at again."""
    code = job.outcome.get("code") if isinstance(job.outcome, dict) else None
    where = url("task_bulk", job.task_id) if code == Outcome.PREVIEW_MOVED and job.task is not None else ""
    return f"{where}?{preview_query(job)}" if where else ""


def _images(job: Job) -> list[tuple[str, str]]:
    """Which images alone an export or a bulk change is of."""
    if job.task is None or not (job.images or job.kind == JobKind.BULK):
        return []
    words, conditions = images_in_words(ChosenImages.of_json(job.images), job.task)
    return [(_("images"), ": ".join(filter(None, (words, ", ".join(conditions)))))]


def _moments(job: Job) -> list[tuple[str, Any]]:
    return [(_("Requested"), job.created), (_("Started"), job.started), (_("Finished"), job.finished)]


def _again_url(job: Job, url: Url) -> str:
    where = url("task_import", job.task_id) if job.task_id else url("task_import_new")
    return f"{where}?again={job.pk}" if where else ""


def _size(job: Job) -> int | None:
    """The size of the archive that was made; None where there is none (any more)."""
    if not job.result or job.pruned is not None:
        return None
    try:
        return job.result.size
    except (OSError, NotImplementedError):
        return None


def _title(job: Job) -> str:
    name = {"task": job.task_name}
    if job.kind == JobKind.EXPORT:
        return _("Export of “%(task)s”") % name
    if job.kind == JobKind.CHECK:
        return _("Check of “%(task)s”") % name
    if job.kind == JobKind.BULK:
        return _("Bulk change of “%(task)s”") % name
    if job.kind == JobKind.DELETE:
        return _("Deletion of “%(task)s”") % name
    return (_("Dry run of an import into “%(task)s”") if job.dry_run else _("Import into “%(task)s”")) % name


def _issues(request: HttpRequest, job: Job) -> dict[str, Any]:
    """A page of the issues; the first where the address names none that there is."""
    counts = {Severity.ERROR: job.errors, Severity.WARNING: job.warnings, Severity.NOTE: job.notes}
    chosen = next((severity for severity in Severity if severity == request.GET.get("severity")), None)
    cursor = request.GET.get("cursor") or None
    if not sum(counts.values()):
        return {"issue_total": 0}
    try:
        found = read_issues(job, cursor=cursor, limit=ISSUES, severity=chosen)
    except ValueError:
        cursor = None
        found = read_issues(job, cursor=None, limit=ISSUES, severity=chosen)
    kinds = summary(job)
    words = {
        Severity.ERROR: lambda n: ngettext("%(count)s error", "%(count)s errors", n),
        Severity.WARNING: lambda n: ngettext("%(count)s warning", "%(count)s warnings", n),
        Severity.NOTE: lambda n: ngettext("%(count)s note", "%(count)s notes", n),
    }
    return {
        "issue_total": sum(counts.values()),
        "kinds": [
            {**kind.as_dict(), "where": kind.where, "rest": kind.rest, **kind.words(field_name)}
            for kind in (kinds if len(kinds) < sum(counts.values()) else [])
        ],
        "issue_counts": [(severity, words[severity](n) % {"count": grouped(n)}) for severity, n in counts.items() if n],
        "severity": chosen,
        "issues": [
            {**issue.as_dict(), "column": issue.column_with(field_name) or "", "reason": issue.reason_with(field_name)}
            for issue in found.issues
        ],
        "next_cursor": found.next,
        "cursor": cursor,
    }


def progress_text(job: Job, now: Status) -> str:
    """How far it is, in words."""
    if now.waiting:
        return _waiting_text(job)
    if now.cancelling:
        return _("Cancelling.")
    if now.state != JobState.RUNNING:
        return str(now.state.label)
    phase = str(_PHASES.get(now.phase, now.phase) or _("Started."))
    return f"{phase}: {percent(now)} %" if now.total else phase


def _waiting_text(job: Job) -> str:
    """How long it has waited, and how long no worker has shown itself; one that is idle takes a job up at once."""
    known, waited = workers(), time_since(job.queued)
    if known.busy and known.have_lost(job):
        return _("It has waited for %s, and a worker has started a job that was requested later.") % timesince(
            job.queued, depth=1
        )
    if known.busy:
        return _("Waiting: the worker is busy with another job.")
    if waited < _AT_ONCE:
        return _("Waiting for a worker.")
    words = {"waited": timesince(job.queued, depth=1) if waited >= _MINUTE else _("%s seconds") % waited.seconds}
    if known.seen is None:
        return _("It has waited for %(waited)s. No worker has ever been seen.") % words
    seen = time_since(known.seen)
    words["ago"] = timesince(known.seen, depth=2) if seen >= _MINUTE else _("%s seconds") % seen.seconds
    words["since"] = localize(for_display(known.seen))
    return _("It has waited for %(waited)s. No worker has been seen since %(since)s (%(ago)s ago).") % words
