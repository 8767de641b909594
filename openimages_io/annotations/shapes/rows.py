"""Shapes as rows, edited in a form of the admin site: saved one by one, and deleted over many images."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import router, transaction

from openimages_io.annotations.shapes.events import SavedShapes
from openimages_io.models import Shape


def save_row(shape: Shape, *, user: Any) -> None:
    """Saves a shape whose values have been checked."""
    using = router.db_for_write(Shape, instance=shape)
    with transaction.atomic(using=using):
        shape.save(using=using)
        saved = SavedShapes(shape.task_id, using, user, {shape.image_id}, {shape.kind}, changed=1)
        saved.send()


def delete_rows(shapes: Iterable[Shape], *, user: Any) -> None:
    """Deletes shapes of any tasks; each task hears of it once."""
    by_task: dict[int, list[Shape]] = defaultdict(list)
    for shape in shapes:
        by_task[shape.task_id].append(shape)
    using = router.db_for_write(Shape)
    with transaction.atomic(using=using):
        for key, of_task in by_task.items():
            keys = [shape.pk for shape in of_task]
            saved = SavedShapes(key, using, user, {shape.image_id for shape in of_task})
            saved.add_deleted(keys)
            Shape.objects.using(using).filter(pk__in=keys).delete()
            saved.send()
