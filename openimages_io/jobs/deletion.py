"""Deleting a task: at once, or where that takes long, hidden at once and deleted by a job, a part at a time.

Nobody sees half a task, nobody waits longer than a part takes, and a run that was killed goes on where it was.
"""

from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from functools import partial
from typing import Any, Final

from django.db import connections, models
from django.db.models import Exists, OuterRef

from openimages_io import conf
from openimages_io.annotations.errors import Conflict
from openimages_io.annotations.tasks import delete_task
from openimages_io.annotations.transactions import changing_task, conflict_if_forbidden
from openimages_io.annotations.versions import ANY, Expected, version_of_task
from openimages_io.database.bulk import plain
from openimages_io.database.commit import Commit
from openimages_io.database.foreign_keys import nothing_else_points_to
from openimages_io.error_codes import ErrorCode
from openimages_io.jobs.rows import database, retry_while_locked, rows
from openimages_io.jobs.submission import new_job, submitted
from openimages_io.jobs.transitions import retry
from openimages_io.models import Image, Job, JobKind, JobState, Mask, Shape, Task
from openimages_io.models.chosen_images import among
from openimages_io.models.counting import small_tasks
from openimages_io.models.deletion import forget_files, rows_of_task
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.other_apps import delete_rows, what_forbids

Progress = Callable[[str, int, int], None]

_SHAPES: Final = 100_000
_IMAGES: Final = 10_000
"""Rows of a part."""
_PHASE: Final = "delete"


def delete_or_submit(task: Task, expected: Expected = ANY, *, user: Any) -> Job | None:
    """Deletes a task and returns None; one with more than DELETE_AT_ONCE rows is hidden, and deleted by this job.

    Raises what `delete_task` does.
    """
    if not _is_large(task):
        delete_task(task, expected)
        return None
    with changing_task(task) as current:
        expected.check_deletion(version_of_task(current))
        if said := what_forbids(rows_of_task(current.pk, database())):
            raise Conflict(" ".join(said), ErrorCode.IN_USE_ELSEWHERE)
        job = new_job(JobKind.DELETE, None, user, task_name=current.name, options={"task": current.pk})
        current.hide(database())
        submitted(job)
    return rows().select_related("task", "created_by").get(pk=job.pk)  # where jobs run at once, it has ended by now


def resume_deletions(*, dry_run: bool = False) -> int:
    """Has hidden tasks deleted that no job is deleting any more. Returns their number."""
    count = 0
    for task in plain(Task, database()).filter(deleting=True).order_by("pk"):
        jobs = rows().filter(kind=JobKind.DELETE, options__task=task.pk)
        if jobs.filter(state__in=UNDER_WAY).exists():
            continue
        count += 1
        if dry_run:
            continue
        stopped = jobs.filter(state__in=(JobState.FAILED, JobState.CANCELLED)).order_by("-created").first()
        if stopped is not None:
            retry(stopped)
        else:
            submitted(new_job(JobKind.DELETE, None, None, task_name=f"task {task.pk}", options={"task": task.pk}))
    return count


def delete_hidden_task(key: int, progress: Progress, last: Callable[[], None]) -> None:
    """Deletes a hidden task, each part in a transaction of its own; `last` is called in the one that ends it.

    Picture files go with their part. A task that is not hidden, or gone, is left as it is.
    """
    using = database()
    if plain(Task, using).filter(pk=key, deleting=True).exists():
        total = plain(Shape, using).filter(task_id=key).count() + plain(Image, using).filter(task_id=key).count()
        done = 0
        for model, size, delete in ((Shape, _SHAPES, _delete_shapes), (Image, _IMAGES, _delete_images)):
            parts = (
                partial(retry_while_locked, partial(delete, key, first, final))
                for first, final in _parts(model, key, size)
            )
            with closing(_done(parts)) as each:
                for _ in each:
                    done += size
                    progress(_PHASE, min(done, total), total)

    def end() -> None:
        with Commit(using):
            for task in plain(Task, using).filter(pk=key, deleting=True):
                task.delete(using=using)
            last()

    retry_while_locked(end)


def large_tasks(tasks: Sequence[Task]) -> list[Task]:
    """Those of the tasks that have more rows than are deleted while somebody waits."""
    half = conf.options().delete_at_once // 2
    small = set(small_tasks([task.pk for task in tasks], half, database()))  # of many tasks, most are not asked singly
    return [task for task in tasks if task.pk not in small and _is_large(task)]


def _is_large(task: Task) -> bool:
    limit = conf.options().delete_at_once
    found = 0
    for model in (Shape, Image):
        every: models.QuerySet[Any] = plain(model, database())
        found += every.filter(task_id=task.pk).order_by("pk").values("pk")[: limit + 1].count()
    return found > limit


def _parts(model: type[models.Model], task: int, size: int) -> Iterator[tuple[int, int]]:
    """The first and last keys of parts of the task's rows, in order; rows that come of earlier keys do not matter."""
    every: models.QuerySet[Any] = models.QuerySet(model, using=database())
    keys = every.filter(task_id=task).order_by("pk").values_list("pk", flat=True)
    last = 0
    while (first := keys.filter(pk__gt=last).first()) is not None:
        following = keys.filter(pk__gte=first)
        last = next(iter(following[size - 1 : size]), None) or following.last() or first
        yield first, last


def _done(parts: Iterator[Callable[[], None]]) -> Generator[None, None, None]:
    """Does the parts, and yields after each; on PostgreSQL two at a time, which have no row in common.

    There nearly all of the time goes into the server's checks of foreign keys, for which each connection has a
    processor of its own.
    """
    connection = connections[database()]
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        for part in parts:
            part()
            yield
        return
    with ThreadPoolExecutor(1, "deleting") as beside:
        for part in parts:
            other = beside.submit(copy_context().run, _on_another_connection, part)
            if (own := next(parts, None)) is not None:
                own()
                yield
            other.result()
            yield


def _on_another_connection(part: Callable[[], None]) -> None:
    try:
        part()
    finally:
        connections.close_all()  # those of this thread


def _delete_shapes(task: int, first: int, final: int) -> None:
    using = database()
    connection = connections[using]
    shapes = plain(Shape, using).filter(task_id=task, pk__gte=first, pk__lte=final)
    masks = plain(Mask, using).filter(shape_id__gte=first, shape_id__lte=final)
    # Asked for each mask, of which there are few: SQLite would list all of the shapes for IN.
    masks = masks.filter(Exists(shapes.filter(pk=OuterRef("shape_id"))))
    if connection.vendor == "sqlite":
        # Its look at the foreign keys of each shape is a third of the work, and masks alone may have one.
        with connection.constraint_checks_disabled(), Commit(using):
            if nothing_else_points_to(connection, [model._meta.db_table for model in (Shape, Mask)]):
                _delete(masks)
                _delete(shapes)
                return
    with Commit(using):
        _delete(masks)
        _delete(shapes)


def _delete_images(task: int, first: int, final: int) -> None:
    using = database()
    images = plain(Image, using).filter(task_id=task, pk__gte=first, pk__lte=final)
    with Commit(using):
        files = dict(images.exclude(file="").values_list("file", "file_digest"))
        forget_files(Image._meta.get_field("file").storage, files, using)
        own = array("q", images.values_list("pk", flat=True))
        shapes = plain(Shape, using).filter(among("image_id", own)).order_by()
        if late := array("q", shapes.values_list("pk", flat=True)):  # what has been added meanwhile
            _delete(plain(Mask, using).filter(among("shape_id", late)))
            _delete(plain(Shape, using).filter(among("pk", late)))
        _delete(images)


def _delete(rows: "models.QuerySet[Any]") -> None:
    with conflict_if_forbidden():  # by what has come since the task was hidden
        delete_rows(rows)
