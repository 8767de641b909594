"""A change of many images: at once, or where it is large, by a job."""

from collections.abc import Callable
from typing import Any

from openimages_io import conf
from openimages_io.annotations.bulk.applying import carry_out
from openimages_io.annotations.bulk.changes import Change, as_json, of_json
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.planning import Progress, is_beyond
from openimages_io.annotations.versions import ANY, Expected
from openimages_io.database.locking import is_lock_conflict
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.rows import database, retry_while_locked
from openimages_io.jobs.submission import new_job, submitted
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.outcomes import outcome_sentence
from openimages_io.signals import bulk_change_finished, send_after_commit

_TRIES = 5


def change_or_submit(
    task: Task,
    change: Change,
    chosen: ChosenImages,
    expected: Expected = ANY,
    *,
    user: Any,
    claim: Claim | None = None,
) -> Plan | Job:
    """Changes the images and returns what was done; of more than BULK_AT_ONCE rows, has a job do it and returns that.

    Raises what `carry_out` does, and `Conflict` if another request with the claim's key has started a job.
    """
    if not is_large(task, change, chosen):
        return carry_out(task, change, chosen, expected, user=user, last=lambda plan: tell(task, plan, user))
    job = new_job(JobKind.BULK, task, user, task_name=task.name, images=chosen.as_json())
    job.options = as_json(change) | {"expected": expected.versions}
    return submitted(job, claim=claim)


def is_large(task: Task, change: Change, chosen: ChosenImages) -> bool:
    """Whether the change is about more rows than are changed within a request."""
    return is_beyond(task, change, chosen, database(), conf.options().bulk_at_once)


def run_bulk(job: Job, progress: Progress, tick: Callable[[], None], last: Callable[[Plan], None]) -> None:
    """Makes the change of a job, tried again where somebody else's transaction is in the way.

    `last` is called when nothing but the COMMIT is left to do. Raises what `carry_out` does.
    """
    task = job.task
    assert task is not None
    change, chosen = of_json(job.options), ChosenImages.of_json(job.images)
    expected = Expected(job.options.get("expected"))

    def end(plan: Plan) -> None:
        last(plan)
        tell(task, plan, job.created_by, job)

    def once() -> None:
        carry_out(task, change, chosen, expected, user=job.created_by, progress=progress, last=end)

    for left in reversed(range(_TRIES)):
        try:
            return retry_while_locked(once)
        except Exception as error:
            if not (left and is_lock_conflict(error)):
                raise
            tick()
    raise AssertionError


def sentence_of(plan: Plan) -> str:
    """What was done, in the words of a job."""
    told = Job(kind=JobKind.BULK, totals=plan.report.totals_as_json())
    return outcome_sentence(told, plan.change.outcome.stored(**plan.names))


def tell(task: Task, plan: Plan, user: Any, job: Job | None = None) -> None:
    """Tells of a change when it is committed; nothing if it has changed nothing."""
    if plan.rows:
        send_after_commit(
            bulk_change_finished,
            Task,
            database(),
            task=task,
            job=job,
            user=user,
            action=plan.change.action,
            image_ids=frozenset(plan.touched),
            totals=plan.report.totals_as_json(),
            message=sentence_of(plan),
        )
