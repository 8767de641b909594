"""A task with two labels, to put pictures and shapes into."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile

from openimages_io.models import Image, Label, Shape, ShapeKind, Task
from openimages_io.transfer.pictures.storing import digest_of

Draw = Callable[..., Shape]
AddImage = Callable[..., Image]
BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


@pytest.fixture
def task(db: None) -> Task:
    return Task.objects.create(name="scenes")


@pytest.fixture
def cat(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/01yrx", display_name="Cat", color="#aa0000")


@pytest.fixture
def car(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/0k4j", display_name="Car", color="#00aa00", position=1)


@pytest.fixture
def add_image(task: Task) -> AddImage:
    """Adds an image of some name; `content` is its picture's file, stored as an import does."""

    def add(name: str = "a", content: bytes | None = None, **values: Any) -> Image:
        image = Image(task=task, name=name, **values)
        if content is not None:
            image.file.save(f"{name}.jpg", ContentFile(content), save=False)
            image.file_digest, image.file_suffix = digest_of(content), ".jpg"
        image.save()
        return image

    return add


@pytest.fixture
def image(add_image: AddImage) -> Image:
    return add_image()


@pytest.fixture
def draw(cat: Label) -> Draw:
    """Draws a rectangle, or what the keywords say, on an image."""

    def make(image: Image, **values: Any) -> Shape:
        kind = values.get("kind", ShapeKind.RECTANGLE)
        base: dict[str, Any] = {"task_id": image.task_id, "image": image, "label": cat, "kind": kind}
        return Shape.objects.create(**(base | ({} if kind in {"tag", "mask"} else BOX) | values))

    return make
