"""The numbers of a task: counted in a few grouped queries, and kept for as long as the task does not change."""

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import DatabaseError, connections, router, transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Floor, Sqrt
from django.utils import timezone

from openimages_io.database.snapshot import snapshot
from openimages_io.models import Image, Label, Shape, ShapeKind, Task, TaskStatistics
from openimages_io.models.counting import small_tasks
from openimages_io.models.image_filters import BOX_AREA

logger = logging.getLogger(__name__)

_LAYOUT: Final = 1
"""Raised when what is kept means something else, so that what an older release kept is counted again."""
_SMALL: Final = 20_000
"""Images, and shapes, up to which a task is counted while somebody waits: a tenth of a second."""
_SCALE: Final = 4096
_EDGES: Final = (0, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4055)

BOX_EDGES: Final = tuple(edge / _SCALE for edge in _EDGES)
"""Where each bin of `Statistics.box_sizes` begins: sides as fractions of the image's, two bins to each doubling.

A linear scale would hide what is odd, as most boxes are small: the first bin holds boxes without an area, the last
those that are the whole image.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What there is in a task."""

    revision: int
    """The task's revision that was counted."""
    images: int
    shapes: int
    by_subset: dict[str, dict[str, int]]
    """`{"train": {"images": 8, "shapes": 120}, …}`, in the order of the subsets' names."""
    by_kind: dict[str, int]
    """Shapes by kind; kinds that do not occur are left out."""
    by_label: dict[int, int]
    """Shapes by the label's key, tags that say that it is absent included; labels without shapes are left out."""
    absent_by_label: dict[int, int]
    """Tags with a score of 0 by the label's key: the class was looked for and is not there."""
    by_source: dict[str, int]
    without_shapes: int
    """Images without annotations."""
    without_file: int
    """Images without a picture file."""
    box_sizes: list[int]
    """Shapes with a box by the square root of its area, as a fraction of the image; see `BOX_EDGES`."""
    flat_boxes: int
    """Boxes without any area, which the first bin holds too."""

    @property
    def absent(self) -> int:
        """Tags that say that a class is absent."""
        return sum(self.absent_by_label.values())

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it; keys of labels become texts there."""
        return asdict(self)


def statistics(task: Task) -> Statistics:
    """The numbers of the task as it is now: those that are kept, or else counted, and kept if that needs no waiting."""
    using = router.db_for_write(TaskStatistics, instance=task)
    rows = TaskStatistics.objects.using(using).filter(task=task.pk, revision=F("task__revision"))
    found = next((_read(row) for row in rows), None)
    return found or refresh(task)


def count_now(task: Task | None) -> None:
    """Counts what a task has after it was changed, so that nobody who opens its page waits for that."""
    try:
        if task is not None:
            statistics(task)
    except (DatabaseError, Task.DoesNotExist):
        logger.warning("Task %s could not be counted.", task, exc_info=True)


def known(task: Task) -> Statistics | None:
    """The numbers of the task without counting much: as it is now if that is known or quick, else as it was.

    None where nobody has counted a large task yet: imports and checks in the background do, commands do not.
    """
    using = router.db_for_write(TaskStatistics, instance=task)
    kept = stored([task], using).get(task.pk)
    if kept is None or kept.revision != task.revision:
        is_small = bool(small_tasks([task.pk], _SMALL, task._state.db))
        return refresh(task) if is_small else kept
    return kept


def stored(tasks: Iterable[Task], using: str | None = None) -> dict[int, Statistics]:
    """What is kept of these tasks by key, in one query and without counting: a list's numbers.

    It may be of an earlier revision than the task's; a task of which nothing is kept is left out.
    """
    keys = [task.pk for task in tasks]
    read = ((row.task_id, _read(row)) for row in TaskStatistics.objects.using(using).filter(task__in=keys))
    return {key: statistics for key, statistics in read if statistics is not None}


def refresh(task: Task) -> Statistics:
    """Counts the task and keeps the result, as after an import. Raises `Task.DoesNotExist` if it is gone."""
    using = router.db_for_write(TaskStatistics, instance=task)
    with snapshot(using):
        counted = _count(task, using)
    _keep(task, counted, using)
    return counted


def _count(task: Task, using: str) -> Statistics:
    # Each query is made for the indexes that are there: rows of shapes are read four times, the rest by indexes alone.
    revision = Task.objects.using(using).values_list("revision", flat=True).get(pk=task.pk)
    images = Image.objects.using(using).filter(task=task.pk)
    shapes = Shape.objects.using(using)
    ours = shapes.filter(task=task.pk)
    kinds = ours.aggregate(
        **{kind.value: Count("pk", filter=Q(kind=kind)) for kind in ShapeKind},
        flat=Count("pk", filter=Q(x_min=F("x_max")) | Q(y_min=F("y_max"))),
    )
    flat = kinds.pop("flat")
    subsets = _grouped(images, "subset")
    drawn = _grouped(images.filter(shapes__isnull=False), "subset")
    return Statistics(
        revision=revision,
        images=sum(subsets.values()),
        shapes=sum(kinds.values()),
        by_subset={name: {"images": subsets[name], "shapes": drawn.get(name, 0)} for name in sorted(subsets)},
        by_kind={kind: n for kind, n in kinds.items() if n},
        by_label=_grouped(shapes.filter(label__in=Label.objects.using(using).filter(task=task.pk)), "label"),
        absent_by_label=_grouped(ours.filter(kind=ShapeKind.TAG, score=0), "label"),
        by_source=_grouped(ours, "source"),
        without_shapes=images.filter(~Exists(shapes.filter(image=OuterRef("pk")))).count(),
        without_file=images.filter(file="").count(),
        box_sizes=_box_sizes(ours),
        flat_boxes=flat,
    )


def _grouped(rows: QuerySet[Any], column: str) -> dict[Any, int]:
    # COUNT of a column would have the planners read it, where COUNT(*) is content with an index.
    return dict(sorted(rows.values_list(column).annotate(n=Count("*")).order_by()))


def _box_sizes(shapes: QuerySet[Shape]) -> list[int]:
    bins = [0] * len(_EDGES)
    size = Floor(Sqrt(BOX_AREA) * _SCALE, output_field=IntegerField())
    for value, number in shapes.filter(x_min__isnull=False).values_list(size).annotate(n=Count("*")).order_by():
        bins[bisect_right(_EDGES, int(value)) - 1] += number
    return bins


def _read(row: TaskStatistics) -> Statistics | None:
    """What is kept in the row, unless another release kept it."""
    data = dict(row.data)
    if data.pop("layout", None) != _LAYOUT:
        return None
    for name in ("by_label", "absent_by_label"):
        data[name] = {int(key): number for key, number in data[name].items()}
    return Statistics(**data)


def _keep(task: Task, counted: Statistics, using: str) -> None:
    """Keeps what was counted, unless that would mean waiting for somebody's lock or is not allowed here.

    Nothing is lost then but time: whoever looks next counts again.
    """
    row = TaskStatistics(
        task_id=task.pk,
        revision=counted.revision,
        counted=timezone.now(),
        data={"layout": _LAYOUT, **counted.as_dict()},
    )
    fields = ("revision", "counted", "data")
    rows = TaskStatistics.objects.using(using)
    with suppress(DatabaseError), _without_waiting(using):
        rows.bulk_create([row], update_conflicts=True, unique_fields=("task",), update_fields=fields)


@contextmanager
def _without_waiting(using: str) -> Iterator[None]:
    """A transaction, or a part of the caller's, in which a lock that another holds is an error at once.

    The connection's own patience is that of an import.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with transaction.atomic(using=using):
                cursor.execute("SELECT current_setting('lock_timeout'), set_config('lock_timeout', '50ms', true)")
                before = cursor.fetchone()[0]
                yield
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
        else:
            cursor.execute("PRAGMA busy_timeout")
            before = cursor.fetchone()[0]
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                with transaction.atomic(using=using):
                    yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {int(before)}")
