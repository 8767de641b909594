"""Choosing images by what is drawn on them."""

import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openimages_io.models import Image, Label, Shape, ShapeKind, Task
from openimages_io.models.chosen_images import ChosenImages


@pytest.fixture
def car(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/0k4j", display_name="Car")


@pytest.fixture
def names(task: Task, unsaved: Callable[..., Shape], label: Label, car: Label) -> Callable[..., list[str]]:
    """The names of the images that are found: boxes has a cat and a car, tags a tag and a turned pose, bare nothing."""
    boxes = Image.objects.create(task=task, subset="train", name="Boxes", file="x.jpg")
    tags = Image.objects.create(task=task, subset="validation", name="tags%_")
    Image.objects.create(task=task, subset="validation", name="bare")
    Image.objects.exclude(name__in=("Boxes", "tags%_", "bare")).delete()
    unsaved(image=boxes, source="xclick", score=0.3, occluded=True).save()
    unsaved(image=boxes, label=car, source="", attributes={"pose": "left", "3": 1, "é\"'\\": True, "none": None}).save()
    unsaved(
        image=tags, kind=ShapeKind.TAG, source="machine", score=0.9, attributes={"depth": 0.5, "truth": False}
    ).save()

    def find(**wanted: Any) -> list[str]:
        found = list(task.images.annotated(**wanted))
        once = ChosenImages(asked=wanted).found(task.pk, "default").images()
        assert [image.pk for image in found] == [image.pk for image in once], "an export would have others"
        return [image.name for image in found]

    return find


def test_nothing_asked_is_everything(names: Callable[..., list[str]]) -> None:
    assert names() == ["Boxes", "tags%_", "bare"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "Boxes"}, ["Boxes"]),
        ({"name": "boxes"}, []),
        ({"name": "Box"}, []),
        ({"attribute": ["pose=left", "3"]}, ["Boxes"]),
        ({"attribute": ["pose", "occluded"]}, []),  # of one shape, not of two
        ({"attribute": []}, ["Boxes", "tags%_", "bare"]),
        ({"subset": "validation"}, ["tags%_", "bare"]),
        ({"subset": "test"}, []),
        ({"search": "BOX"}, ["Boxes"]),
        ({"search": "%_"}, ["tags%_"]),
        ({"search": ""}, ["Boxes", "tags%_", "bare"]),
        ({"kind": "rectangle"}, ["Boxes"]),
        ({"kind": "tag"}, ["tags%_"]),
        ({"source": "machine"}, ["tags%_"]),
        ({"source": ""}, ["Boxes"]),
        ({"score_min": 0.3}, ["Boxes", "tags%_"]),
        ({"score_min": 0.31}, ["tags%_"]),
        ({"score_max": 0.5}, ["Boxes"]),
        ({"score_min": 0.5, "score_max": 0.4}, []),
        ({"box_size_min": 0.1}, ["Boxes"]),
        ({"box_size_min": 0}, ["Boxes"]),
        ({"box_size_below": 0}, []),
        ({"box_size_min": 0.1, "kind": "tag"}, []),
        ({"box_size_min": 0.5, "box_size_below": 0.5}, []),
        ({"has_file": True}, ["Boxes"]),
        ({"has_file": False}, ["tags%_", "bare"]),
        ({"has_shapes": True}, ["Boxes", "tags%_"]),
        ({"has_shapes": False}, ["bare"]),
        ({"attribute": "pose"}, ["Boxes"]),
        ({"attribute": "pose=left"}, ["Boxes"]),
        ({"attribute": "pose=right"}, []),
        ({"attribute": "pose="}, []),
        ({"attribute": "3"}, ["Boxes"]),
        ({"attribute": "3=1"}, ["Boxes"]),
        ({"attribute": "3=1.0"}, ["Boxes"]),
        ({"attribute": "3=true"}, []),
        ({"attribute": "é\"'\\"}, ["Boxes"]),
        ({"attribute": "é\"'\\=true"}, ["Boxes"]),
        ({"attribute": "é\"'\\=1"}, []),
        ({"attribute": "none"}, ["Boxes"]),
        ({"attribute": "none=null"}, []),
        ({"attribute": "depth=0.50"}, ["tags%_"]),
        ({"attribute": "truth=FALSE"}, ["tags%_"]),
        ({"attribute": "nothing"}, []),
        ({"attribute": "=left"}, []),
        ({"attribute": "score"}, ["Boxes", "tags%_"]),
        ({"attribute": "score=0.9"}, ["tags%_"]),
        ({"attribute": "score=high"}, []),
        ({"attribute": "occluded"}, ["Boxes"]),
        ({"attribute": "occluded=true"}, ["Boxes"]),
        ({"attribute": "occluded=1"}, []),
    ],
)
def test_each_filter_finds_what_it_says(
    names: Callable[..., list[str]], wanted: dict[str, Any], found: list[str]
) -> None:
    assert names(**wanted) == found


def test_a_label_is_given_as_a_row_or_a_key(names: Callable[..., list[str]], car: Label) -> None:
    assert names(label=car) == names(label=car.pk) == ["Boxes"]


def test_several_labels_are_any_of_them_and_all_else_holds_of_the_same_shape(
    names: Callable[..., list[str]], label: Label, car: Label
) -> None:
    bus = Label.objects.create(task=label.task, name="/m/01bjv")
    assert names(label=[label, car.pk]) == ["Boxes", "tags%_"]
    assert names(label=[car, bus]) == ["Boxes"]
    assert names(label=[bus]) == []
    assert names(label=[label.pk, car.pk], attribute="pose") == ["Boxes"]
    assert names(label=[label, bus], attribute="pose") == []
    assert names(label=[]) == ["Boxes", "tags%_", "bare"]


def test_a_label_is_present_absent_or_any(names: Callable[..., list[str]], label: Label, car: Label) -> None:
    bare = Image.objects.get(name="bare")
    Shape.objects.create(task=bare.task, image=bare, label=label, kind=ShapeKind.TAG, score=0)
    Shape.objects.create(task=bare.task, image=bare, label=car, kind=ShapeKind.TAG)  # of no score
    assert names(label=label) == names(label=label, presence="present") == ["Boxes", "tags%_"]
    assert names(label=label, presence="absent") == ["bare"]
    assert names(label=label, presence="any") == ["Boxes", "tags%_", "bare"]
    assert names(label=car) == ["Boxes", "bare"]
    assert names(label=[car, label], presence="absent") == ["bare"]
    assert names(presence="absent") == ["bare"]
    assert names(presence="present") == ["Boxes", "tags%_", "bare"]
    assert names(without_label=label) == ["bare"]
    assert names(without_label=label, presence="any") == []
    assert names(without_label=label, presence="absent") == ["Boxes", "tags%_"]
    assert names(without_label=car, presence="any") == ["tags%_"]
    assert names(label=label, presence="absent", score_min=0.1) == []
    assert names(kind="tag", score_max=0) == ["bare"]  # without a label, whatever is said


def test_a_box_of_score_0_is_present(names: Callable[..., list[str]], label: Label) -> None:
    Shape.objects.filter(kind="rectangle", label=label).update(score=0)
    assert names(label=label) == ["Boxes", "tags%_"]
    assert names(label=label, presence="absent") == []


def test_numbers_are_of_the_shapes_that_are_asked_for(
    names: Callable[..., list[str]], task: Task, label: Label, car: Label
) -> None:
    bare = Image.objects.get(name="bare")
    Shape.objects.create(task=task, image=bare, label=label, kind=ShapeKind.TAG, score=0)

    def numbers(number: str, **asked: Any) -> dict[str, float]:
        return dict(task.images.numbered(number, **asked).values_list("name", number))

    assert numbers("shape_count") == {"Boxes": 2, "tags%_": 1, "bare": 1}
    assert numbers("shape_count", label=label) == {"Boxes": 1, "tags%_": 1, "bare": 0}
    assert numbers("shape_count", label=car, kind="mask") == {"Boxes": 0, "tags%_": 0, "bare": 0}
    assert numbers("score") == {"Boxes": 0.3, "tags%_": 0.9, "bare": 2}
    assert numbers("score", label=car) == {"Boxes": 2, "tags%_": 2, "bare": 2}


def test_yes_and_no_are_true_and_false_as_pages_say_them(names: Callable[..., list[str]]) -> None:
    Shape.objects.filter(kind="tag").update(attributes={"lit": True, "said": "yes"})
    for wanted in ("lit=yes", "lit=Yes", "lit=true", "said=yes"):
        assert names(attribute=wanted) == ["tags%_"]
    assert names(attribute="lit=no") == names(attribute="said=true") == []
    assert names(attribute="occluded=yes") == ["Boxes"]


def test_without_a_label_is_without_any_shape_of_it(names: Callable[..., list[str]], label: Label, car: Label) -> None:
    assert names(without_label=label) == ["bare"]
    assert names(without_label=car.pk) == ["tags%_", "bare"]
    assert names(without_label=[car, label]) == ["bare"]
    assert names(without_label=[]) == ["Boxes", "tags%_", "bare"]
    assert names(label=label, without_label=car) == ["tags%_"]
    assert names(label=label, without_label=label) == []
    assert names(without_label=2**63) == ["Boxes", "tags%_", "bare"]


def test_images_that_changed_since_a_moment(names: Callable[..., list[str]]) -> None:
    tags = Image.objects.get(name="tags%_")
    later = timezone.now() + timedelta(hours=1)
    Image.objects.filter(pk=tags.pk).update(updated=later)
    assert names(updated_since=later) == ["tags%_"]
    assert names(updated_since=later + timedelta(microseconds=1)) == []
    assert names(updated_since=later - timedelta(hours=2)) == ["Boxes", "tags%_", "bare"]


def test_one_shape_must_have_all_that_is_asked(names: Callable[..., list[str]], label: Label, car: Label) -> None:
    assert names(label=label, source="xclick") == ["Boxes"]
    assert names(label=car, source="xclick") == []
    assert names(label=label, attribute="pose") == []
    assert names(kind="rectangle", score_max=0.5, attribute="occluded=true", subset="train") == ["Boxes"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"label": 2**63},
        {"label": [1, 2**63]},
        {"name": "\0"},
        {"attribute": ["pose=left", "a\0"]},
        {"label": -1},
        {"label": 0},
        {"search": "\0"},
        {"search": "x" * 100_000},
        {"subset": "\ud800"},
        {"kind": "tag\0"},
        {"source": "x" * 100_000},
        {"attribute": "a\0=b"},
        {"attribute": "a=\ud800"},
        {"attribute": "depth=nan"},
        {"attribute": "depth=1e999"},
        {"attribute": "depth=" + "9" * 10_000},
        {"attribute": "$.a[0]=1"},
        {"score_min": math.nan},
        {"score_max": math.nan},
        {"box_size_min": math.nan},
        {"box_size_min": math.inf},
        {"box_size_min": 1e308},
        {"box_size_below": math.nan},
        {"box_size_below": -1e308},
        {"box_size_below": 5e-324},
        {"score_min": math.inf},
        {"score_max": -1e308},
    ],
)
def test_hostile_values_find_nothing_and_break_nothing(names: Callable[..., list[str]], wanted: dict[str, Any]) -> None:
    assert names(**wanted) == []


def test_shapes_are_looked_up_by_image_and_never_by_label(names: Callable[..., list[str]], label: Label) -> None:
    """SQLite would walk through all shapes of the label for every image: two minutes where 20 ms are enough."""
    found = Image.objects.annotated(
        label=[label, label.pk + 1], without_label=[label], kind="rectangle", attribute="pose=left"
    )
    with CaptureQueriesContext(connection) as queries:
        list(found)
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        assert "_label_id" not in found.explain()
        assert "image_id" in found.explain()


@pytest.mark.parametrize("ask", ["annotated", "numbered"])
def test_a_misspelt_name_is_refused_rather_than_asking_for_nothing(task: Task, ask: str) -> None:
    given = ("shape_count",) if ask == "numbered" else ()
    with pytest.raises(TypeError, match="labels"):
        getattr(task.images, ask)(*given, labels=[1])


@pytest.mark.parametrize("number", ["shape_count", "score"])
def test_what_is_counted_of_each_image_is_looked_up_by_image(task: Task, label: Label, number: str) -> None:
    """PostgreSQL without statistics would read all shapes of the label for every image."""
    asked = task.images.numbered(number, label=[label.pk]).order_by(number)
    assert re.search(r'\+\S*"label_id"\)? IN', str(asked.query))
