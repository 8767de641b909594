"""How many rows tasks have, for the list of tasks: from what was kept, or counted where that is quick."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count

from openimages_io.models import Image, Shape, Task
from openimages_io.models.counting import small_tasks

_SMALL: Final = 2_000
"""A task with no more shapes, and images, than these is counted when the list is shown."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The rows of a task as far as they are known."""

    images: int | None = None
    """None where nobody has counted yet."""
    by_kind: dict[str, int] = field(default_factory=dict)
    """Shapes by kind."""
    stale: datetime | None = None
    """When it was counted, if the task has changed since."""


def counts_of(tasks: Iterable[Task]) -> dict[int, Counts]:
    """The counts of tasks whose `statistics` were selected with them, by key. Three queries at most.

    What was kept at the task's revision holds. Otherwise a small task is counted, and of a large one the last counts
    are given as stale.
    """
    found: dict[int, Counts] = {}
    unsure: list[int] = []
    for task in tasks:
        found[task.pk], holds = _kept(task)
        if not holds:
            unsure.append(task.pk)
    if unsure:
        found |= _counted(small_tasks(unsure, _SMALL))
    return found


def _kept(task: Task) -> tuple[Counts, bool]:
    try:
        kept = task.statistics
    except ObjectDoesNotExist:
        return Counts(), False
    data: Any = kept.data if isinstance(kept.data, dict) else {}
    images, by_kind = data.get("images"), data.get("by_kind")
    if not isinstance(images, int) or not isinstance(by_kind, dict):
        return Counts(), False
    holds = kept.revision == task.revision
    return Counts(images, by_kind, None if holds else kept.counted), holds


def _counted(keys: Sequence[int]) -> dict[int, Counts]:
    by_kind: dict[int, dict[str, int]] = {key: {} for key in keys}
    images = dict.fromkeys(keys, 0)
    if keys:
        shapes = Shape.objects.filter(task__in=keys).order_by()
        for key, kind, number in shapes.values_list("task", "kind").annotate(Count("pk")):
            by_kind[key][kind] = number
        rows = Image.objects.filter(task__in=keys).order_by().values_list("task").annotate(Count("pk"))
        images |= dict(rows)
    return {key: Counts(images[key], by_kind[key]) for key in keys}
