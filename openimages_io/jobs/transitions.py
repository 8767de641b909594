"""Cancelling a job, confirming a dry run, starting one again."""

from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from openimages_io.annotations.errors import Conflict
from openimages_io.error_codes import ErrorCode
from openimages_io.format.issues import Severity
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.jobs.heartbeat import request_cancel
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.queue import enqueue
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import database, rows
from openimages_io.jobs.status import Workers, job_status, workers
from openimages_io.models import Job, JobKind, JobState
from openimages_io.models.deletion import remove_files
from openimages_io.models.installation import Proof
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.job_files import current_job_storage, own_job_files
from openimages_io.models.outcomes import Outcome
from openimages_io.transfer.options import OnError
from openimages_io.transfer.report import WHOLE_FILE


class InvalidTransition(Conflict):
    """The job is not in a state for that. The message says why."""


def can_cancel(job: Job) -> bool:
    """Whether it waits or runs, and was not cancelled yet. What is being deleted cannot be brought back."""
    now = job_status(job)
    return job.kind != JobKind.DELETE and now.state in UNDER_WAY and not now.cancelling


def can_confirm(job: Job) -> bool:
    """Whether it was a dry run that found nothing in the way, and its archive is there."""
    return _against_confirming(job) is None


def bad_rows(job: Job) -> int:
    """Rows that would be left out if the dry run were confirmed without them; 0 where that cannot be done.

    Of an archive with an error that concerns more than a row, nothing is written.
    """
    if not job.refused or _against_confirming(job, without_bad_rows=True) is not None:
        return 0
    return sum(totals.get("skipped", {}).get(SkipReason.BAD, 0) for totals in job.totals.values())


def can_retry(job: Job, known: Workers | None = None) -> bool:
    """Whether it failed, was cancelled or waits in vain, and its archive, if it needs one, is there.

    `known` is what `workers()` says, where that was asked already.
    """
    return _against_retrying(job, known) is None


def cancel(job: Job) -> Job:
    """Cancels a job that waits, and asks the worker of one that runs to stop, which it does within two seconds.

    Raises `InvalidTransition` if it has ended, or deletes a task. One that runs waits for no lock; it ends as succeeded
    if it has committed by then.
    """
    job = _fresh(job)
    if job.kind == JobKind.DELETE:
        raise InvalidTransition("A task that is being deleted cannot be brought back.", ErrorCode.NOT_CANCELLABLE)
    waiting = rows().filter(pk=job.pk, state=JobState.QUEUED)
    if job.state == JobState.QUEUED and waiting.update(
        state=JobState.CANCELLED, finished=timezone.now(), outcome=Outcome.CANCELLED_WAITING.stored()
    ):
        return _fresh(job)
    job = _fresh(job)
    if job.state == JobState.RUNNING and job_status(job).state == JobState.RUNNING:
        request_cancel(job)
        return _fresh(job)
    fail_lost_jobs()
    state = JobState(_fresh(job).state).label
    raise InvalidTransition(f"The job has ended already: {state}.", ErrorCode.NOT_CANCELLABLE)


def confirm(job: Job, claim: Claim | None = None, *, without_bad_rows: bool = False) -> Job:
    """Has a dry run done for real, as the same job. It is checked once more, for the task may have changed since.

    One that was refused because of its rows can be done without them, as if errors had been skipped from the start.
    Raises `InvalidTransition` if it was not a dry run, if it was refused otherwise, or if its archive is gone.
    """
    fail_lost_jobs()
    job = _fresh(job)
    values: dict[str, Any] = {"options": {**job.options, "on_error": OnError.SKIP}} if without_bad_rows else {}
    against = partial(_against_confirming, without_bad_rows=without_bad_rows)
    return _again(job, against, claim, dry_run=False, **values)


def retry(job: Job, claim: Claim | None = None) -> Job:
    """Starts a job again that failed or was cancelled, or queues one again whose message is lost.

    Raises `InvalidTransition` for any other, or if its archive is gone.
    """
    fail_lost_jobs()
    return _again(_fresh(job), _against_retrying, claim)


def requeue_lost(*, dry_run: bool = False) -> int:
    """Queues the jobs again whose messages are lost, and deletions whose workers stopped. Returns their number.

    Where there are none, nothing is written.
    """
    waiting = list(rows().filter(state=JobState.QUEUED))
    known = workers() if waiting else None
    lost = [job for job in waiting if known and known.have_lost(job)]
    interrupted = Outcome.DELETION_INTERRUPTED.value
    lost += rows().filter(state=JobState.FAILED, kind=JobKind.DELETE, outcome__code=interrupted)
    if dry_run:
        return len(lost)
    count = 0
    for job in lost:
        with suppress(InvalidTransition):
            _again(job, _against_retrying)
            count += 1
    return count


def _again(job: Job, against: Any, claim: Claim | None = None, **values: Any) -> Job:
    if (refusal := against(job) or _source_is_gone(job)) is not None:
        raise refusal
    old = [name for name in (job.report.name, job.result.name) if name]
    with transaction.atomic(using=database()):
        if claim is not None:
            claim.take(job)
        same = rows().filter(pk=job.pk, state=job.state, attempt=job.attempt, dry_run=job.dry_run, queued=job.queued)
        if not same.update(**_blank(), **values):
            raise InvalidTransition("Another user has changed the job first.")
        transaction.on_commit(lambda: _remove(job.pk, old), using=database(), robust=True)
        job = _fresh(job)
        enqueue(job)
    return _fresh(job)


def _remove(key: UUID, names: list[str]) -> None:
    storage = current_job_storage()
    remove_files(storage, own_job_files(Proof(storage, database()), [key], names))


def _blank() -> dict[str, Any]:
    return {
        "state": JobState.QUEUED,
        "queued": timezone.now(),
        "cancel_requested": False,
        "phase": "",
        "done": 0,
        "total": 0,
        "started": None,
        "finished": None,
        "heartbeat": None,
        "outcome": {},
        "totals": {},
        "summary": [],
        "errors": 0,
        "warnings": 0,
        "notes": 0,
        "changed": False,
        "refused": False,
        "result": "",
        "result_digest": "",
        "report": "",
    }


def _against_confirming(job: Job, *, without_bad_rows: bool = False) -> InvalidTransition | None:
    if job.kind != JobKind.IMPORT or not job.dry_run:
        return InvalidTransition("Only the dry run of an import can be confirmed.", ErrorCode.NOT_CONFIRMABLE)
    if job.state != JobState.SUCCEEDED:
        said = f"The dry run is {JobState(job.state).label}; it can be confirmed when it has succeeded."
        return InvalidTransition(said, ErrorCode.NOT_CONFIRMABLE)
    if job.refused and not (without_bad_rows and _is_of_rows(job)):
        said = "The dry run found errors, so this archive cannot be imported; see its issues."
        return InvalidTransition(said, ErrorCode.NOT_CONFIRMABLE)
    return _against_source(job)


def _is_of_rows(job: Job) -> bool:
    """Whether every error that the job has kept concerns a row, which can be left out."""
    kinds = [kind for kind in job.summary if kind.get("severity") == Severity.ERROR]
    return bool(kinds) and not any(kind.get("code") in WHOLE_FILE for kind in kinds)


def _against_retrying(job: Job, known: Workers | None = None) -> InvalidTransition | None:
    state = job_status(job).state
    is_lost = state == JobState.QUEUED and (known or workers()).have_lost(job)
    if state not in {JobState.FAILED, JobState.CANCELLED} and not is_lost:
        said = f"The job is {state.label}; only one that failed or was cancelled can be started again."
        return InvalidTransition(said, ErrorCode.NOT_RETRIABLE)
    if isinstance(job.outcome, dict) and job.outcome.get("code") == Outcome.PREVIEW_MOVED:
        said = "What it was to change is no longer what was shown; choose the images and look again."
        return InvalidTransition(said, ErrorCode.NOT_RETRIABLE)
    return _against_source(job)


def _against_source(job: Job) -> InvalidTransition | None:
    if job.kind == JobKind.IMPORT and (job.pruned or not job.source):
        return InvalidTransition("The uploaded archive has been removed; upload it again.", ErrorCode.ARCHIVE_REMOVED)
    return None


def _source_is_gone(job: Job) -> InvalidTransition | None:
    if job.kind == JobKind.IMPORT and not current_job_storage().exists(job.source.name or ""):
        said = "The uploaded archive is no longer there; upload it again."
        return InvalidTransition(said, ErrorCode.ARCHIVE_REMOVED)
    return None


def _fresh(job: Job) -> Job:
    found = rows().select_related("task", "created_by").filter(pk=job.pk).first()
    if found is None:
        raise InvalidTransition("The job no longer exists: it or its task was deleted.")
    return found
