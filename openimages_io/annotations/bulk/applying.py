"""A change of many images carried out: planned anew under the task's lock, and done only as it was shown."""

from array import array
from collections.abc import Callable, Iterator

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from openimages_io.annotations.bulk.changes import Change, Move, Relabel
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.planning import Progress, make_plan
from openimages_io.annotations.errors import ChangedMeanwhile
from openimages_io.annotations.shapes.events import SavedShapes
from openimages_io.annotations.transactions import changing_task
from openimages_io.annotations.versions import ANY, Expected
from openimages_io.database.bulk import plain
from openimages_io.models import AttributeSpec, Image, Mask, Shape, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.kinds import counted
from openimages_io.models.other_apps import delete_rows
from openimages_io.models.revisions import Owners

PHASE = "commit"
_BATCH = 500


class PreviewMoved(ChangedMeanwhile):
    """What would be done is not what was shown. The message says how many rows it was, and is."""

    def __init__(self, shown: int | None, now: int) -> None:
        numbers = ""
        if shown is not None and shown != now:
            numbers = f": it was {counted(shown, 'rows')}, and would be {counted(now, 'rows')}"
        super().__init__(
            f"Nothing was changed, because what would be changed is no longer what was shown{numbers}. Look again."
        )


def carry_out(
    task: Task,
    change: Change,
    chosen: ChosenImages,
    expected: Expected = ANY,
    *,
    user: AbstractBaseUser | None = None,
    progress: Progress | None = None,
    last: Callable[[Plan], None] | None = None,
) -> Plan:
    """Makes the change in one transaction, all of it or nothing; returns what was done.

    `expected` are the versions of plans that were shown; `user` is who changes. `last` is called when nothing but the
    COMMIT is left to do. Raises `PreviewMoved`, what `make_plan` does, `NotThere` and `Conflict`.
    """
    with changing_task(task) as current:
        using = str(current._state.db)
        plan = make_plan(current, change, chosen, using, progress)
        try:
            expected.check_edit(plan.version, *([plan.rough_version] if plan.asked else []))
        except ChangedMeanwhile:
            raise PreviewMoved(_rows_of(expected), plan.rows) from None
        _write(current, plan, using, user, progress or _untold)
        if last is not None:
            last(plan)
    return plan


def _write(task: Task, plan: Plan, using: str, user: AbstractBaseUser | None, progress: Progress) -> None:
    if not plan.rows:
        return
    change, done = plan.change, 0
    if plan.new_specs:
        AttributeSpec.objects.using(using).bulk_create(plan.new_specs)
    for keys in _batches(plan.changed):
        if isinstance(change, Move):
            plain(Image, using).filter(pk__in=keys).update(subset=change.subset, updated=timezone.now())
        elif isinstance(change, Relabel):
            plain(Shape, using).filter(pk__in=keys).update(label=change.new_label)
        done += len(keys)
        progress(PHASE, done, plan.rows)
    saved = SavedShapes(task.pk, using, user, plan.touched, plan.kinds, deleted=len(plan.deleted))
    for keys in _batches(plan.deleted):
        for rows in (plain(Mask, using).filter(pk__in=keys), plain(Shape, using).filter(pk__in=keys)):
            delete_rows(rows)
        done += len(keys)
        progress(PHASE, done, plan.rows)
    if isinstance(change, Move):
        Owners({task.pk}).touch(using)
        return
    Owners({task.pk}, plan.touched).touch(using)
    saved.changed = len(plan.changed)
    saved.send()


def _rows_of(expected: Expected) -> int | None:
    """How many rows the plan had that was shown; None where nobody can say."""
    found = {version.partition("-")[2] for version in expected.versions or ()}
    try:
        return int(found.pop(), 16) if len(found) == 1 else None
    except ValueError:
        return None


def _batches(keys: "array[int]") -> "Iterator[array[int]]":
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))


def _untold(phase: str, done: int, total: int) -> None:
    """For whoever waits for it."""
