"""The check of what a task holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models, transaction

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.issues import Issue
from openimages_io.geometry.rings import bounds
from openimages_io.models import HierarchyEdge, Image, Label, Mask, Shape, Task
from openimages_io.transfer import checking
from openimages_io.transfer.checking import Checker
from tests.transfer.generated import make_task

pytestmark = pytest.mark.django_db


def found(task: Task) -> list[tuple[str, str | None, str]]:
    report = Checker(task).run()
    return [(issue.code, issue.column, issue.reason) for issue in report.issues()]


def changed(kind: str, **values: Any) -> Shape:
    shape = Shape.objects.filter(kind=kind).order_by("pk")[0]
    Shape.objects.filter(pk=shape.pk).update(**values)
    shape.refresh_from_db()
    return shape


@pytest.fixture
def task() -> Task:
    made = make_task()
    for shape in made.shapes.filter(kind="polygon"):
        assert shape.points is not None
        x_min, x_max, y_min, y_max = bounds(shape.points)
        Shape.objects.filter(pk=shape.pk).update(x_min=x_min, x_max=x_max, y_min=y_min, y_max=y_max)
    for mask in Mask.objects.filter(path__contains="kept"):
        Mask.objects.filter(pk=mask.pk).update(width=9, height=9)
    made.shapes.update(attributes={}, score=None, occluded=None)
    return made


@pytest.mark.long
def test_a_task_in_order_has_no_faults(task: Task) -> None:
    assert found(task) == []


@pytest.mark.long
def test_every_fault_names_its_image_and_shape(task: Task) -> None:
    shape = changed("polygon", points=[[0.1, 0.1, 0.2]])
    report = Checker(task).run()
    (issue,) = report.issues()
    assert (issue.code, issue.severity, issue.column) == ("bad-shape", "error", "points[0]")
    assert issue.reason.startswith(f"polygon {shape.pk} on {shape.image}: A ring of 3 numbers")
    stored = json.loads(json.dumps(issue.as_dict()))
    fault = {"code": "not_pairs", "params": {"count": 3}}
    assert stored["params"] == {"kind": "polygon", "shape": shape.pk, "image": str(shape.image), "fault": fault}
    assert Issue.of_dict(stored).reason == issue.reason


@pytest.mark.long
def test_a_box_that_is_not_that_of_the_points(task: Task) -> None:
    changed("polygon", x_min=0.0)
    assert [(code, column) for code, column, _ in found(task)] == [("box-differs", "points")]


@pytest.mark.long
@pytest.mark.parametrize(
    ("values", "code"),
    [({"png": b"nothing"}, "bad-mask"), ({"width": 5, "height": 5}, "mask-size"), ({"png": b""}, "no-mask")],
)
def test_masks_are_looked_at(task: Task, values: dict[str, Any], code: str) -> None:
    mask = Mask.objects.order_by("pk")[0]
    Mask.objects.filter(pk=mask.pk).update(**values)
    assert [found_code for found_code, _, _ in found(task)] == [code]


def test_shapes_of_one_task_on_images_of_another_are_found_from_both(task: Task) -> None:
    other = Task.objects.create(name="other")
    shape = changed("tag", task=other)
    said = f"tag {shape.pk} on {shape.image}"
    reason = f"{said}: it says the task {other.pk}, but its image is of the task {task.pk}"
    assert found(task) == [("bad-shape", "task", reason)]
    assert ("bad-shape", "image", f"{said}: It belongs to another task.") in found(other)
    changed("tag", task_id=987_654)
    assert [column for _, column, _ in found(task)] == ["task"]


@pytest.mark.parametrize("field", ["image", "label"])
def test_shapes_whose_rows_are_gone_are_found(task: Task, field: str) -> None:
    before = task.shapes.count()
    shape = changed("tag")
    with transaction.atomic():
        models.QuerySet(Shape).filter(pk=shape.pk).update(**{f"{field}_id": 987_654})
        checker = Checker(task)
        (issue,) = checker.run().issues()
        assert (issue.code, issue.column) == ("bad-shape", field)
        assert issue.reason.endswith(f": there is no {field} 987654")
        assert f"tag {shape.pk} on " in issue.reason
        assert checker.shapes == before
        transaction.set_rollback(True)


@pytest.mark.long
def test_a_hierarchy_with_a_loop(task: Task) -> None:
    top, below = Label.objects.get(name="top"), Label.objects.get(name="/m/z")
    HierarchyEdge.objects.create(parent=below, child=top, kind="part")
    assert [code for code, _, _ in found(task)] == ["hierarchy-cycle"]


def test_a_task_that_is_gone(task: Task) -> None:
    stale = Task.objects.get(pk=task.pk)
    task.delete()
    with pytest.raises(OpenImagesError, match="no longer there"):
        Checker(stale).run()


@pytest.mark.long
def test_the_queries_are_by_the_page_and_not_by_the_shape(
    task: Task, django_assert_max_num_queries: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.objects.filter(task=task)[0]
    label = Label.objects.filter(task=task)[0]
    for _ in range(50):
        Shape.objects.create(task=task, image=image, label=label, kind="tag")
    with django_assert_max_num_queries(20):
        Checker(task).run()
    monkeypatch.setattr(checking, "_PAGE", 7)
    told: list[tuple[str, int, int]] = []
    checker = Checker(task, progress=lambda *args: told.append(args))
    checker.run()
    assert checker.shapes == task.shapes.count() == told[-1][1] == told[-1][2]
    assert connection.in_atomic_block
