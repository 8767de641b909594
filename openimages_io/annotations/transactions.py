"""Transactions in which nobody else changes what is changed here.

The task is locked first and then the image, as everybody does who raises their revisions, so that two wait for each
other but never in a ring.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, router

from openimages_io.annotations.errors import Conflict, NotThere
from openimages_io.database.bulk import plain
from openimages_io.database.commit import Commit
from openimages_io.error_codes import ErrorCode
from openimages_io.models import Image, Shape, Task
from openimages_io.models.other_apps import Forbidden, sentence_of
from openimages_io.models.revisions import lock


@contextmanager
def changing_task(task: Task, commit: Commit | None = None) -> Iterator[Task]:
    """Locks a task's labels, hierarchy, specs and images; yields the task as it is now.

    Raises `NotThere` if it has gone, and `Conflict` if a row that came past the lock is in the way, or rows of other
    apps forbid it. `commit` is the transaction, for those who want to know its outcome.
    """
    using = router.db_for_write(Task, instance=task)
    try:
        with conflict_if_forbidden(), commit or Commit(using):
            if not lock("Task", using, pk=task.pk):
                raise NotThere("The task is no longer there.")
            yield Task.objects.using(using).select_related("owner").get(pk=task.pk)
    except IntegrityError as error:
        raise Conflict("Another user has just saved something that conflicts with this; read it again.") from error


@contextmanager
def conflict_if_forbidden() -> Iterator[None]:
    """Says as `Conflict` which rows of other apps forbid that rows are deleted."""
    try:
        yield
    except Forbidden as error:
        raise Conflict(sentence_of(error), ErrorCode.IN_USE_ELSEWHERE) from None


@contextmanager
def changing_image(image: Image, using: str | None = None) -> Iterator[Image]:
    """Locks the annotations of an image; yields the image as it is now.

    Raises `NotThere` and `Conflict` as `changing_task` does.
    """
    using = using or router.db_for_write(Shape, instance=image)
    try:
        with conflict_if_forbidden(), Commit(using):
            if not (lock("Task", using, pk=image.task_id) and lock("Image", using, pk=image.pk)):
                raise NotThere("The image is no longer there.")
            yield plain(Image, using).get(pk=image.pk)
    except IntegrityError:
        raise Conflict("The image or task of these shapes has changed meanwhile; read it again.") from None
