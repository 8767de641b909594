"""Whoever writes locks the task first, then images, then rows: so two wait for each other, but never in a ring."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, connections, models, transaction

from openimages_io.models import AttributeSpec, Image, Label, Shape, Task
from openimages_io.models.revisions import lock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer"),
]


def save_shape(shape: Shape) -> None:
    shape.score = 0.5
    shape.save()


def save_image(shape: Shape) -> None:
    shape.image.width, shape.image.height = 30, 20
    shape.image.save()


def save_label(shape: Shape) -> None:
    shape.label.display_name = "Cat"
    shape.label.save()


def bulk_update(shape: Shape) -> None:
    shape.score = 0.5
    Shape.objects.bulk_update([shape], ["score"])


WAYS: dict[str, Callable[[Shape], object]] = {
    "save of a shape": save_shape,
    "save of an image": save_image,
    "save of a label": save_label,
    "delete of a shape": lambda shape: shape.delete(),
    "delete of an image": lambda shape: shape.image.delete(),
    "update": lambda shape: Shape.objects.update(score=0.5),
    "update of images": lambda shape: Image.objects.update(rotation=90),
    "deletion of shapes": lambda shape: Shape.objects.all().delete(),
    "deletion of images": lambda shape: Image.objects.all().delete(),
    "bulk_update": bulk_update,
    "new label of a taken name": lambda shape: Label.objects.bulk_create(
        [Label(task=shape.task, name="new")], ignore_conflicts=True
    ),
    "specs": lambda shape: AttributeSpec.objects.update(mutable=True),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_row_is_locked_after_its_task_and_image(way: str) -> None:
    task = Task.objects.create(name="t")
    label = Label.objects.create(task=task, name="/m/cat")
    AttributeSpec.objects.create(label=label, name="worn", input_type="checkbox")
    shape = Shape.objects.create(task=task, image=Image.objects.create(task=task, name="a"), label=label, kind="tag")
    failures: list[BaseException] = []

    def other() -> None:
        try:
            WAYS[way](shape)
        except BaseException as failure:  # noqa: BLE001 -- told in the test's own thread
            failures.append(failure)
        finally:
            connections.close_all()

    with transaction.atomic():  # as an import or a bulk change does
        assert lock("Task", None, pk=task.pk)
        beside = threading.Thread(target=other)
        beside.start()
        wait_until_somebody_waits()
        for model in (Image, Label, AttributeSpec, Shape):
            list(models.QuerySet(model).select_for_update())
        Label.objects.bulk_create([Label(task=task, name="new")])
    beside.join(20)
    assert not beside.is_alive()
    assert not failures, failures


def wait_until_somebody_waits() -> None:
    """Until another connection stands at a lock."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the task")
