"""The task that every case of `losses.py` begins with: a value in every column of every kind of annotation."""

from typing import Any

import numpy as np
from django.core.files.base import ContentFile

from openimages_io.format.masks import encode
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape, Task
from openimages_io.models.image import PROVENANCE
from tests.transfer import datasets

_BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
_RING = [0.1, 0.2, 0.5, 0.2, 0.5, 0.6]
_SPECS: tuple[tuple[str, str, list[Any]], ...] = (
    ("truncated", "checkbox", []),
    ("predicted_iou", "number", [0, 1, 0.01]),
    ("pose", "select", ["left", "right"]),
    ("score", "text", []),
)


def whole_task() -> Task:
    """Makes it."""
    task = Task.objects.create(name="t")
    cat = Label.objects.create(task=task, name="/m/cat", display_name="Cat", color="#ff0000", position=0)
    dog = Label.objects.create(task=task, name="/m/dog", display_name="Dog", position=1)
    bare = Label.objects.create(task=task, name="/m/bare", position=2, is_listed=False)
    HierarchyEdge.objects.create(parent=dog, child=cat, kind="subcategory")
    HierarchyEdge.objects.create(parent=dog, child=bare, kind="part")
    for name, kind, values in _SPECS:
        AttributeSpec.objects.create(label=cat, name=name, input_type=kind, values=values)
    a, b, c = _images(task)
    _draw(task, a, cat, dog, bare)
    _shape(task, b, cat, "rectangle", **_BOX)
    _shape(task, b, dog, "polygon", **_BOX, points=[_RING])
    Mask.objects.create(shape=_shape(task, b, dog, "mask"), path="lone.png")
    _shape(task, c, cat, "rectangle", **_BOX, group=2)
    _shape(task, c, cat, "polygon", **_BOX, points=[_RING], group=2)
    task.refresh_from_db()
    return task


def pixels_of_mask() -> bytes:
    """The PNG of the task's mask."""
    return encode(datasets.pixels())


def other_pixels() -> bytes:
    """A PNG of the same size."""
    return encode(np.roll(datasets.pixels(), 2, axis=1))


def picture(size: tuple[int, int], color: str) -> bytes:
    """A picture as a file."""
    return datasets.picture(*size, color, "PNG")


def _images(task: Task) -> tuple[Image, Image, Image]:
    from_where = {field: "x" for field in PROVENANCE.values() if field != "original_size"}
    size = {"width": 40, "height": 20}
    a = Image(
        task=task, subset="train", name="a", **size, rotation=90, original_size=5, file_suffix=".png", **from_where
    )
    a.file.save("a.png", ContentFile(picture((40, 20), "red")))
    b = Image.objects.create(task=task, subset="train", name="b")
    return a, b, Image.objects.create(task=task, subset="val", name="c", **size)


def _draw(task: Task, image: Image, cat: Label, dog: Label, bare: Label) -> None:
    clicks = [[0.1, 0.3], [0.2, 0.2], [0.5, 0.4], [0.3, 0.6]]
    known = {"truncated": "true", "pose": "left"}
    _shape(task, image, cat, "tag", score=1, source="verification")
    _shape(task, image, dog, "tag", score=0.3, source="machine")
    given = {"source": "xclick", "score": 0.5, "occluded": True, "attributes": known, "clicks": clicks, "group": 1}
    _shape(task, image, cat, "rectangle", **_BOX, **given)
    held = {"predicted_iou": 0.75, "box_id": "0a"}
    mask = _shape(task, image, cat, "mask", **_BOX, group=1, attributes=held)
    Mask.objects.create(shape=mask, png=pixels_of_mask(), width=8, height=6, path="m.png", clicks="0.5 0.5 1")
    _shape(task, image, dog, "rectangle", **_BOX, rotation=30, source="ours")
    ours = {"source": "ours", "score": 0.5, "occluded": True, "attributes": {"pose": "left"}}
    _shape(task, image, dog, "polygon", **_BOX, points=[_RING], **ours)
    _shape(task, image, bare, "ellipse", **_BOX, points=[0.3, 0.4, 0.2, 0.2], rotation=10)


def _shape(task: Task, image: Image, label: Label, kind: str, **values: Any) -> Shape:
    return Shape.objects.create(task=task, image=image, label=label, kind=kind, **values)
