"""Every way to change annotations raises the revision of their task and image exactly once, and no other's."""

from collections.abc import Callable
from typing import Any, Self

import pytest
from django.db import IntegrityError, transaction

from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Image, InputType, Label, Mask, Shape, Task
from openimages_io.models.revisions import touch

Make = Callable[..., Shape]


@pytest.fixture
def other_image(task: Task) -> Image:
    return Image.objects.create(task=task, name="b")


@pytest.fixture
def bystander(db: None) -> Image:
    """An image of another task, which nothing here may touch."""
    return Image.objects.create(task=Task.objects.create(name="bystander"), name="a")


class Raised:
    """By how much the revisions of a task and of images grow in the block."""

    def __init__(self, *rows: Task | Image) -> None:
        self.rows = rows
        self.by: list[int] = []

    def revisions(self) -> list[int]:
        return [type(row)._base_manager.get(pk=row.pk).revision for row in self.rows]

    def __enter__(self) -> Self:
        self.before = self.revisions()
        return self

    def __exit__(self, *_: object) -> None:
        self.by = [new - old for new, old in zip(self.revisions(), self.before, strict=True)]


def test_create(task: Task, image: Image, other_image: Image, bystander: Image, label: Label) -> None:
    with Raised(task, image, other_image, bystander, bystander.task) as raised:
        Shape.objects.create(task=task, image=image, label=label, kind="tag")
    assert raised.by == [1, 1, 0, 0, 0]


def save(shape: Shape) -> None:
    shape.score = 0.5
    shape.save()


def save_one_field(shape: Shape) -> None:
    shape.score = 0.5
    shape.save(update_fields=["score"])


def bulk_update(shape: Shape) -> None:
    shape.score = 0.5
    assert Shape.objects.bulk_update([shape], ["score"]) == 1


WAYS: dict[str, Callable[[Shape], Any]] = {
    "save": save,
    "save of one field": save_one_field,
    "delete": lambda shape: shape.delete(),
    "update": lambda shape: Shape.objects.update(score=0.5),
    "update of a selection": lambda shape: Shape.objects.filter(score=None).update(score=0.5),
    "delete of a selection": lambda shape: Shape.objects.all().delete(),
    "bulk_update": bulk_update,
    "bulk_create": lambda shape: Shape.objects.bulk_create(
        [Shape(task=shape.task, image=shape.image, label=shape.label, kind="tag") for _ in range(3)], batch_size=1
    ),
    "bulk_create of a generator": lambda shape: Shape.objects.bulk_create(
        Shape(task=shape.task, image=shape.image, label=shape.label, kind="tag") for _ in range(3)
    ),
    "create through the image": lambda shape: shape.image.shapes.create(task=shape.task, label=shape.label, kind="tag"),
    "update through the image": lambda shape: shape.image.shapes.update(score=0.5),
    "delete through the image": lambda shape: shape.image.shapes.all().delete(),
    "delete through the label": lambda shape: shape.label.shapes.filter(kind="rectangle").delete(),
    "get_or_create": lambda shape: Shape.objects.get_or_create(
        task=shape.task, image=shape.image, label=shape.label, kind="tag"
    ),
    "update_or_create": lambda shape: Shape.objects.update_or_create(pk=shape.pk, defaults={"score": 0.5}),
    "mask, created": lambda shape: Mask.objects.create(shape=shape, png=b"x"),
    "mask, bulk_create": lambda shape: Mask.objects.bulk_create([Mask(shape=shape, png=b"x")]),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_raises_once(task: Task, shape: Shape, other_image: Image, bystander: Image, way: str) -> None:
    before = Task.objects.get(pk=task.pk).updated
    with Raised(task, shape.image, other_image, bystander, bystander.task) as raised:
        WAYS[way](shape)
    assert raised.by == [1, 1, 0, 0, 0]
    assert Task.objects.get(pk=task.pk).updated > before


MASK_WAYS: dict[str, Callable[[Mask], Any]] = {
    "save": lambda mask: mask.save(),
    "delete": lambda mask: mask.delete(),
    "update": lambda mask: Mask.objects.update(png=b"y"),
    "delete of a selection": lambda mask: Mask.objects.all().delete(),
    "bulk_update": lambda mask: Mask.objects.bulk_update([mask], ["png"]),
}


@pytest.mark.parametrize("way", MASK_WAYS)
def test_every_change_of_a_mask_raises_once(task: Task, shape: Shape, way: str) -> None:
    mask = Mask.objects.create(shape=shape, png=b"x")
    with Raised(task, shape.image) as raised:
        MASK_WAYS[way](mask)
    assert raised.by == [1, 1]


def move_by_save(shape: Shape, to: Image) -> None:
    shape.image = to
    shape.save()


def move_by_unread_save(shape: Shape, to: Image) -> None:
    values = {"task": shape.task, "label": shape.label, "kind": shape.kind, "image": to}
    Shape(pk=shape.pk, x_min=0, x_max=1, y_min=0, y_max=1, **values).save()


def move_by_bulk_update(shape: Shape, to: Image) -> None:
    shape.image = to
    Shape.objects.bulk_update([shape], ["image"])


MOVES: dict[str, Callable[[Shape, Image], Any]] = {
    "save": move_by_save,
    "save of a row that was not read": move_by_unread_save,
    "bulk_update": move_by_bulk_update,
    "update": lambda shape, to: Shape.objects.filter(pk=shape.pk).update(image=to),
    "update by key": lambda shape, to: Shape.objects.filter(pk=shape.pk).update(image_id=to.pk),
    "add": lambda shape, to: to.shapes.add(shape),
    "add, one by one": lambda shape, to: to.shapes.add(shape, bulk=False),
    "set": lambda shape, to: to.shapes.set([shape]),
}


@pytest.mark.parametrize("way", MOVES)
def test_moving_a_shape_raises_both_images(task: Task, shape: Shape, other_image: Image, way: str) -> None:
    with Raised(task, shape.image, other_image) as raised:
        MOVES[way](shape, other_image)
    assert Shape.objects.get(pk=shape.pk).image == other_image
    assert raised.by == [1, 1, 1]


def test_moving_a_shape_to_another_task_raises_both(task: Task, shape: Shape, bystander: Image) -> None:
    with Raised(task, bystander.task) as raised:
        Shape.objects.filter(pk=shape.pk).update(task=bystander.task)
    assert raised.by == [1, 1]


def test_batches_of_bulk_update_are_one_change(task: Task, unsaved: Make, other_image: Image) -> None:
    shapes = Shape.objects.bulk_create([unsaved(kind="tag") for _ in range(5)])
    for row in shapes:
        row.score = 0.25
    with Raised(task, shapes[0].image, other_image) as raised:
        assert Shape.objects.bulk_update(shapes, ["score"], batch_size=2) == 5
    assert raised.by == [1, 1, 0]
    assert Shape.objects.filter(score=0.25).count() == 5


def test_bulk_update_keeps_to_its_selection(shape: Shape) -> None:
    shape.score = 0.5
    assert Shape.objects.filter(kind="tag").bulk_update([shape], ["score"]) == 0


def test_what_changes_nothing_raises_nothing(task: Task, shape: Shape) -> None:
    with Raised(task, shape.image) as raised:
        Shape.objects.filter(kind="tag").update(score=0.5)
        Shape.objects.filter(kind="tag").delete()
        Shape.objects.bulk_create([])
        Shape.objects.bulk_update([], ["score"])
    assert raised.by == [0, 0]


def test_rows_that_met_a_conflict_raise_their_task_too(task: Task, label: Label) -> None:
    with Raised(task) as raised:
        Label.objects.bulk_create(
            [Label(task=task, name="new"), Label(task=task, name=label.name)], ignore_conflicts=True
        )
    assert Label.objects.count() == 2
    assert raised.by == [1]


def task_rows(task: Task) -> dict[str, Callable[[], Any]]:
    label = Label.objects.create(task=task, name="one")
    two = Label.objects.create(task=task, name="two")
    spec = AttributeSpec.objects.create(label=label, name="pose", input_type=InputType.TEXT)
    edge = HierarchyEdge.objects.create(parent=label, child=two, kind=EdgeKind.PART)
    image = Image.objects.create(task=task, name="i")
    return {
        "label create": lambda: task.labels.create(name="three"),
        "label bulk_create": lambda: Label.objects.bulk_create([Label(task=task, name="four")]),
        "label save": label.save,
        "label update": lambda: task.labels.update(position=3),
        "label delete": lambda: Label.objects.get(name="three").delete(),
        "spec create": lambda: AttributeSpec.objects.create(label=two, name="x", input_type=InputType.TEXT),
        "spec bulk_create": lambda: AttributeSpec.objects.bulk_create(
            [AttributeSpec(label=label, name="y", input_type=InputType.TEXT)]
        ),
        "spec save": spec.save,
        "spec update": lambda: label.attribute_specs.update(mutable=False),
        "spec delete": spec.delete,
        "edge create": lambda: HierarchyEdge.objects.create(parent=two, child=label, kind=EdgeKind.PART),
        "edge save": edge.save,
        "edge bulk_create": lambda: HierarchyEdge.objects.bulk_create(
            [HierarchyEdge(parent=two, child=label, kind=EdgeKind.SUBCATEGORY)]
        ),
        "edge delete": lambda: HierarchyEdge.objects.all().delete(),
        "label delete with what hangs on it": lambda: Label.objects.filter(name="two").delete(),
        "image create": lambda: task.images.create(name="j"),
        "image save": image.save,
        "image update": lambda: task.images.update(width=5, height=6),
        "image delete": image.delete,
        "images delete": lambda: Image.objects.filter(name="j").delete(),
    }


def test_labels_specs_edges_and_images_raise_their_task_once(task: Task, bystander: Image) -> None:
    for name, change in task_rows(task).items():
        with Raised(task, bystander.task, bystander) as raised:
            change()
        assert raised.by == [1, 0, 0], name


def test_an_old_row_in_memory_does_not_set_a_revision_back(task: Task, image: Image, shape: Shape) -> None:
    stale_task, stale_image = Task.objects.get(pk=task.pk), Image.objects.get(pk=image.pk)
    shape.save()
    with Raised(task, image) as raised:
        stale_task.name = "renamed"
        stale_task.save()
        stale_image.title = "renamed"
        stale_image.save()
    assert raised.by == [1, 0]  # the image is a change of the task; the task's name is none of its annotations
    assert Task.objects.get().name == "renamed"
    assert Image.objects.get().title == "renamed"


def test_a_failed_change_raises_nothing(task: Task, shape: Shape) -> None:
    shape.x_min = 2
    with Raised(task, shape.image) as raised:
        for change in (
            shape.save,
            lambda: Shape.objects.update(x_min=2),
            lambda: Shape.objects.bulk_update([shape], ["x_min"]),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()
    assert raised.by == [0, 0]


def test_touch_takes_many_keys(task: Task) -> None:
    images = Image.objects.bulk_create([Image(task=task, name=str(number)) for number in range(1200)])
    touch("Image", {image.pk for image in images[:1100]})
    assert Image.objects.filter(revision=1).count() == 1100


def test_managers_have_no_delete() -> None:
    for model in (Task, Image, Label, AttributeSpec, HierarchyEdge, Shape, Mask):
        assert not hasattr(model._default_manager, "delete")


def save_a_field(image: Image) -> None:
    image.title = "A cat"
    image.save(update_fields=["title"])


def save_all(image: Image) -> None:
    image.title = "A cat"
    image.save()


def update_in_bulk(image: Image) -> None:
    image.title = "A cat"
    Image.objects.bulk_update([image], ["title"])


def update_rows(image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(title="A cat")


def draw(image: Image) -> None:
    Shape.objects.create(task=image.task, image=image, label=image.task.labels.get(), kind="tag")


def remove_drawn(image: Image) -> None:
    image.shapes.all().delete()


@pytest.mark.parametrize("change", [save_a_field, save_all, update_in_bulk, update_rows, draw, remove_drawn])
def test_when_an_image_was_updated_moves_with_every_change_of_it_or_its_shapes(
    image: Image, other_image: Image, shape: Shape, change: Callable[[Image], None]
) -> None:
    before, before_task = Image.objects.in_bulk(), Task.objects.get(pk=image.task_id)
    change(Image.objects.get(pk=image.pk))
    after = Image.objects.in_bulk()
    assert after[image.pk].updated > before[image.pk].updated
    assert after[other_image.pk].updated == before[other_image.pk].updated
    assert Task.objects.get(pk=image.task_id).updated > before_task.updated
