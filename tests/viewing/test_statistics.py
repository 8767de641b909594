"""The numbers of a task: right, kept, and never in anybody's way."""

import json
import math
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from openimages_io.models import Image, Label, Shape, Task, TaskStatistics
from openimages_io.models.image_filters import shapes_asked
from openimages_io.viewing.statistics import BOX_EDGES, refresh, statistics, stored
from tests.conftest import ROOT
from tests.viewing.conftest import AddImage, Draw


@pytest.fixture
def filled(add_image: AddImage, draw: Draw, cat: Label, car: Label) -> Task:
    one, two = add_image("one", subset="train", content=b"picture"), add_image("two", subset="train")
    add_image("three", subset="validation")
    draw(one, source="xclick")
    draw(one, source="xclick", x_min=0, x_max=1, y_min=0, y_max=1)
    draw(two, label=car, source="activemil", x_min=0.5, x_max=0.5)
    draw(two, kind="polygon", points=[[0, 0, 0.001, 0, 0, 0.001]], x_min=0, x_max=0.001, y_min=0, y_max=0.001)
    draw(two, kind="tag", label=car, score=0, source="verification")
    draw(two, kind="tag", label=car, score=1, source="verification")
    draw(two, kind="mask")
    other = Task.objects.create(name="other")
    label = Label.objects.create(task=other, name="x")
    draw(Image.objects.create(task=other, name="x"), label=label)
    return one.task


def test_everything_is_counted_and_nothing_of_other_tasks(filled: Task, cat: Label, car: Label) -> None:
    counted = statistics(filled)
    assert (counted.images, counted.shapes) == (3, 7)
    assert counted.by_subset == {"train": {"images": 2, "shapes": 7}, "validation": {"images": 1, "shapes": 0}}
    assert list(counted.by_subset) == ["train", "validation"]
    assert counted.by_kind == {"tag": 2, "rectangle": 3, "polygon": 1, "mask": 1}
    assert counted.by_label == {cat.pk: 4, car.pk: 3}
    assert (counted.absent_by_label, counted.absent) == ({car.pk: 1}, 1)
    assert counted.by_source == {"": 2, "activemil": 1, "verification": 2, "xclick": 2}
    assert (counted.without_shapes, counted.without_file) == (1, 2)
    sizes = {BOX_EDGES[index]: n for index, n in enumerate(counted.box_sizes) if n}
    assert sizes == {0: 2, 1448 / 4096: 1, 4055 / 4096: 1}  # flat and tiny, 0.4 x 0.4, all of the image
    assert counted.flat_boxes == 1
    json.dumps(counted.as_dict())


@pytest.mark.long
def test_a_filter_by_size_finds_what_a_column_counts_also_at_its_edges(add_image: AddImage, draw: Draw) -> None:
    image = add_image("flat", subset="train")
    draw(image, x_min=0, x_max=1e-200, y_min=0, y_max=1e-200)
    for number, edge in enumerate(BOX_EDGES):
        for side in (edge, math.nextafter(edge, 1), math.nextafter(edge, 0)):
            image = add_image(f"{number} {Image.objects.count()}", subset="train")
            draw(image, x_min=0, x_max=side, y_min=0, y_max=side)
            draw(image, x_min=0.25, x_max=0.25 + side / 2, y_min=0, y_max=min(side * 2, 1))
    draw(image, kind="mask")
    counted = statistics(image.task).box_sizes
    assert all(counted)
    for index, number in enumerate(counted):
        asked: dict[str, Any] = {"box_size_min": BOX_EDGES[index], "box_size_below": [*BOX_EDGES, None][index + 1]}
        condition = shapes_asked(connection.alias, **asked)
        assert condition is not None
        assert Shape.objects.filter(condition).count() == number, asked
        found: Any = Image.objects.annotated(**asked).numbered("shape_count", **asked)
        assert sum(found.values_list("shape_count", flat=True)) == number


def test_an_empty_task_has_numbers_too(task: Task) -> None:
    counted = statistics(task)
    assert (counted.images, counted.shapes, counted.by_kind, counted.by_subset) == (0, 0, {}, {})
    assert set(counted.box_sizes) == {0}


def test_what_was_counted_is_kept_until_the_task_changes(filled: Task, draw: Draw) -> None:
    first = statistics(filled)
    with CaptureQueriesContext(connection) as queries:
        assert statistics(filled) == first
    assert len(queries) == 1
    draw(filled.images.all()[0])
    assert statistics(filled).shapes == first.shapes + 1
    assert TaskStatistics.objects.get().revision == Task.objects.get(pk=filled.pk).revision


def test_the_number_of_queries_does_not_grow(filled: Task, add_image: AddImage, draw: Draw) -> None:
    used = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            refresh(filled)
        used.append(len(queries))
        for name in range(10):
            label = Label.objects.create(task=filled, name=f"/m/{number}{name}")
            draw(add_image(f"{number}{name}", subset=f"s{name}"), label=label, source=f"s{name}")
    assert used[0] == used[1] < 20


def test_lists_take_what_is_kept_in_one_query_even_if_it_is_old(filled: Task, draw: Draw) -> None:
    other = Task.objects.get(name="other")
    refresh(filled)
    draw(filled.images.all()[0])
    with CaptureQueriesContext(connection) as queries:
        found = stored([filled, other])
    assert len(queries) == 1
    assert {key: value.shapes for key, value in found.items()} == {filled.pk: 7}
    assert found[filled.pk].revision < Task.objects.get(pk=filled.pk).revision


def test_what_another_release_kept_is_counted_again(filled: Task) -> None:
    refresh(filled)
    TaskStatistics.objects.update(data={"layout": 0, "images": "many"})
    assert stored([filled]) == {}
    assert statistics(filled).images == 3


def test_a_task_that_is_gone_cannot_be_counted(task: Task) -> None:
    gone = Task.objects.get(pk=task.pk)
    task.delete()
    with pytest.raises(Task.DoesNotExist):
        refresh(gone)


def test_within_a_transaction_that_cannot_write_the_numbers_come_all_the_same(
    filled: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT"):
            raise DatabaseError("cannot execute INSERT in a read-only transaction")
        return execute(sql, params, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(refuse):
            assert statistics(filled).images == 3
        assert Task.objects.count() == 2  # the transaction goes on
    assert not TaskStatistics.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="locks rows")
def test_a_row_that_another_holds_is_not_waited_for(transactional_db: None) -> None:
    task = Task.objects.create(name="t")
    refresh(task)
    Task.objects.filter(pk=task.pk).update(revision=7)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                TaskStatistics.objects.select_for_update().get(pk=task.pk)
                held.set()
                done.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        started = time.monotonic()
        assert statistics(task).revision == 7
        assert time.monotonic() - started < 5
    finally:
        done.set()
        thread.join()
    assert TaskStatistics.objects.get().revision == 0
    assert statistics(task).revision == 7
    assert TaskStatistics.objects.get().revision == 7
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "0"


LOOKS = """
import time
import django
django.setup()
from django.db import connection
from openimages_io.models import Task, TaskStatistics
from openimages_io.viewing.statistics import statistics
task = Task.objects.create(name="t")
print("ready", flush=True)
input()
started = time.monotonic()
statistics(task)
print(time.monotonic() - started < 5, TaskStatistics.objects.count(), flush=True)
input()
statistics(task)
with connection.cursor() as cursor:
    cursor.execute("PRAGMA busy_timeout")
    print(TaskStatistics.objects.count(), cursor.fetchone()[0], flush=True)
"""


@pytest.mark.programs
def test_sqlites_write_lock_is_not_waited_for(database_file: Path) -> None:
    environment = {
        "DATABASE_URL": f"sqlite:///{database_file}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(ROOT),
    }
    looking = subprocess.Popen(
        [sys.executable, "-c", LOOKS],
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with looking:
        assert looking.stdin is not None
        assert looking.stdout is not None
        assert looking.stdout.readline() == "ready\n"
        writer = sqlite3.connect(database_file, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        looking.stdin.write("\n")
        looking.stdin.flush()
        assert looking.stdout.readline() == "True 0\n"
        writer.execute("ROLLBACK")
        writer.close()
        looking.stdin.write("\n")
        looking.stdin.flush()
        assert looking.stdout.readline() == "1 20000\n"
    assert looking.returncode == 0


def test_a_shape_is_counted_however_it_came(filled: Task) -> None:
    Shape.objects.filter(kind="tag").delete()
    assert statistics(filled).by_kind == {"rectangle": 3, "polygon": 1, "mask": 1}
