"""Deleting: rows by the statement, pictures once the transaction has committed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import connection, models, transaction
from django.db.models import RestrictedError
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Image, InputType, Label, Mask, Shape, Task
from openimages_io.models.deletion import remove_files
from openimages_io.models.image import picture_storage

MODELS = (Mask, Shape, HierarchyEdge, AttributeSpec, Label, Image, Task)


def filled(name: str, shapes: int = 3) -> Task:
    task = Task.objects.create(name=name)
    one, two = (Label.objects.create(task=task, name=label) for label in ("one", "two"))
    AttributeSpec.objects.create(label=one, name="pose", input_type=InputType.TEXT)
    HierarchyEdge.objects.create(parent=one, child=two, kind=EdgeKind.PART)
    for number in range(2):
        image = Image.objects.create(task=task, name=str(number))
        image.file.save(f"{name}-{number}.jpg", ContentFile(b"picture"))
        made = Shape.objects.bulk_create(
            Shape(task=task, image=image, label=one, kind="mask", group=index) for index in range(shapes)
        )
        Mask.objects.bulk_create(Mask(shape=shape, png=b"x") for shape in made)
    return task


def pictures(media: Path) -> set[str]:
    return {path.name for path in media.rglob("*.jpg")}


WAYS: dict[str, Callable[[Task], tuple[int, dict[str, int]]]] = {
    "row": lambda task: task.delete(),
    "queryset": lambda task: Task.objects.filter(pk=task.pk).delete(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_task_takes_all_its_rows_and_pictures_and_no_others(
    db: None, media: Path, way: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    filled("kept")
    task = filled("gone")
    with django_capture_on_commit_callbacks(execute=True):
        total, counts = WAYS[way](task)
        assert len(pictures(media)) == 4
    assert counts == {
        "openimages_io.Mask": 6,
        "openimages_io.Shape": 6,
        "openimages_io.HierarchyEdge": 1,
        "openimages_io.AttributeSpec": 1,
        "openimages_io.Label": 2,
        "openimages_io.Image": 2,
        "openimages_io.Task": 1,
    }
    assert total == sum(counts.values())
    assert [model._base_manager.count() for model in MODELS] == [6, 6, 1, 1, 2, 2, 1]
    assert pictures(media) == {"kept-0.jpg", "kept-1.jpg"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("says", ["another", "none"])
@pytest.mark.django_db(transaction=True)
def test_a_task_takes_shapes_on_its_images_that_say_another_task(way: str, says: str) -> None:
    kept, task = filled("kept"), filled("gone")
    shape = Shape.objects.filter(task=task)[0]
    models.QuerySet(Shape).filter(pk=shape.pk).update(task_id=kept.pk if says == "another" else 987_654)
    WAYS[way](task)
    assert set(Shape.objects.values_list("task_id", "image__task_id")) == {(kept.pk, kept.pk)}
    assert Mask.objects.count() == Shape.objects.count() == 6


@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_queries_does_not_grow_with_the_shapes(db: None, way: str) -> None:
    used = []
    for shapes in (1, 40):
        task = filled(f"of {shapes}", shapes)
        with CaptureQueriesContext(connection) as queries:
            WAYS[way](task)
        used.append(len(queries))
    assert used[0] == used[1] < 30


def test_an_image_takes_its_shapes_and_its_picture(
    db: None, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    task = filled("task")
    for remove in (task.images.all()[0].delete, Image.objects.filter(name="1").delete):
        with django_capture_on_commit_callbacks(execute=True):
            total, counts = remove()
        assert (total, counts) == (7, {"openimages_io.Mask": 3, "openimages_io.Shape": 3, "openimages_io.Image": 1})
    assert pictures(media) == set()
    assert Label.objects.count() == 2


def test_a_picture_that_another_image_has_too_stays(
    db: None, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    one, two = filled("one"), filled("two")
    two.images.filter(name="0").update(file=one.images.get(name="0").file.name)
    with django_capture_on_commit_callbacks(execute=True):
        one.delete()
    assert pictures(media) == {"one-0.jpg", "two-0.jpg", "two-1.jpg"}
    with django_capture_on_commit_callbacks(execute=True):
        two.delete()
    assert pictures(media) == {"two-0.jpg"}  # no row names it any more: the prune command's


@pytest.mark.django_db(transaction=True)
def test_pictures_stay_when_the_deletion_is_rolled_back(media: Path) -> None:
    task = filled("task")
    with transaction.atomic():
        task.delete()
        transaction.set_rollback(True)
    assert len(pictures(media)) == 2
    assert Shape.objects.count() == 6
    Task.objects.all().delete()
    assert pictures(media) == set()


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_fails_does_not_undo_the_deletion(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(name: str) -> None:
        raise PermissionError(name)

    task = filled("task")
    monkeypatch.setattr(picture_storage(), "delete", fail)
    task.delete()
    assert Task.objects.count() == 0
    assert "PermissionError" in caplog.text


def test_a_file_that_is_gone_is_no_fault(media: Path) -> None:
    remove_files(picture_storage(), ["openimages/nothing.jpg"])


def test_a_label_in_use_stays_but_its_task_may_go(shape: Shape) -> None:
    with pytest.raises(RestrictedError):
        shape.label.delete()
    with pytest.raises(RestrictedError):
        Label.objects.all().delete()
    shape.task.delete()
    assert Shape.objects.count() == Label.objects.count() == 0


def test_an_unused_label_goes_with_its_specs_and_edges(task: Task, label: Label) -> None:
    other = Label.objects.create(task=task, name="other")
    AttributeSpec.objects.create(label=label, name="pose", input_type=InputType.TEXT)
    HierarchyEdge.objects.create(parent=other, child=label, kind=EdgeKind.PART)
    label.delete()
    assert list(Label.objects.all()) == [other]
    assert AttributeSpec.objects.count() == HierarchyEdge.objects.count() == 0


def test_the_task_outlives_its_owner(task: Task) -> None:
    owner = get_user_model().objects.create(username="ada")
    Task.objects.update(owner=owner)
    owner.delete()
    task.refresh_from_db()
    assert task.owner is None
