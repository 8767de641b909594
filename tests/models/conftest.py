"""A task with a picture's row, a label and nothing drawn yet."""

from collections.abc import Callable
from typing import Any

import pytest

from openimages_io.models import Image, Label, Shape, ShapeKind, Task

BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


@pytest.fixture
def task(db: None) -> Task:
    return Task.objects.create(name="scenes")


@pytest.fixture
def image(task: Task) -> Image:
    return Image.objects.create(task=task, name="a")


@pytest.fixture
def label(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")


@pytest.fixture
def unsaved(task: Task, image: Image, label: Label) -> Callable[..., Shape]:
    """Makes a rectangle, or what the keywords say, without saving it."""

    def make(**values: Any) -> Shape:
        kind = values.get("kind", ShapeKind.RECTANGLE)
        base: dict[str, Any] = {"task": task, "image": image, "label": label, "kind": kind}
        return Shape(**(base | ({} if kind == ShapeKind.TAG else BOX) | values))

    return make


@pytest.fixture
def shape(unsaved: Callable[..., Shape]) -> Shape:
    made = unsaved()
    made.save()
    return made
