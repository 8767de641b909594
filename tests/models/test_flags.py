"""The four flags that are columns and yet attributes: where each value stands, and who finds it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from openimages_io.models import AttributeSpec, Image, InputType, Label, Shape, Task
from openimages_io.models.flags import FLAGS, split_flags

Make = Callable[..., Shape]


def spec(label: Label, name: str, kind: InputType = InputType.CHECKBOX, values: Any = ()) -> None:
    AttributeSpec.objects.create(label=label, name=name, input_type=kind, values=list(values))


def test_true_and_false_are_columns_and_all_else_stays_an_attribute(unsaved: Make) -> None:
    given = {"truncated": True, "pose": "left", "is_inside": False, "is_group_of": "yes", "is_depiction": 1}
    rest, flags = split_flags(given)
    assert rest == {"pose": "left", "is_group_of": "yes", "is_depiction": 1}
    assert flags == {"truncated": True, "is_group_of": None, "is_depiction": None, "is_inside": False}
    assert unsaved(attributes=rest, **flags).all_attributes == given


@pytest.mark.parametrize("stored", [{}, {"pose": 1}, [], ["what"], 5, None])
def test_without_flags_the_attributes_are_what_is_stored(unsaved: Make, stored: Any) -> None:
    assert unsaved(attributes=stored).all_attributes == stored


def test_a_column_counts_more_than_an_attribute_of_its_name(unsaved: Make) -> None:
    shape = unsaved(attributes={"truncated": "no", "pose": "left"}, truncated=True)
    assert shape.all_attributes == {"truncated": True, "pose": "left"}
    assert unsaved(attributes=["what"], truncated=False).all_attributes == {"truncated": False, "attributes": ["what"]}


def test_specs_say_what_a_column_may_be(unsaved: Make, label: Label) -> None:
    spec(label, "truncated")
    spec(label, "is_inside", InputType.SELECT, ["true", "false"])
    unsaved(truncated=True).full_clean()
    with pytest.raises(ValidationError) as caught:
        unsaved(truncated=False, is_inside=True, is_depiction=False).full_clean()
    assert caught.value.message_dict == {
        "attributes": [
            "is_depiction: The label has no attribute “is_depiction”.",
            "is_inside: true is not one of: “true”, “false”.",
        ]
    }


@pytest.mark.parametrize("name", FLAGS)
def test_a_column_is_true_false_or_nothing(unsaved: Make, label: Label, name: str) -> None:
    spec(label, name, InputType.TEXT)
    shape = unsaved()
    setattr(shape, name, "yes")
    with pytest.raises(ValidationError) as caught:
        shape.clean()
    assert caught.value.message_dict == {name: ["“yes” is not true, false or null."]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("truncated", ["false", "text", "true"]),
        ("truncated=true", ["text", "true"]),
        ("truncated=True", ["true"]),
        ("truncated=false", ["false"]),
        ("truncated=yes", ["true"]),
        ("truncated=maybe", []),
        ("truncated=1", []),
        ("is_inside", ["other"]),
        ("is_inside=1", ["other"]),
        ("is_depiction", []),
    ],
)
def test_images_are_found_by_columns_and_by_attributes(task: Task, label: Label, wanted: str, names: list[str]) -> None:
    rows: dict[str, dict[str, Any]] = {
        "true": {"truncated": True},
        "false": {"truncated": False},
        "text": {"attributes": {"truncated": "true"}},
        "other": {"attributes": {"is_inside": 1}},
        "bare": {},
    }
    for name, values in rows.items():
        image = Image.objects.create(task=task, name=name)
        Shape.objects.create(task=task, image=image, label=label, kind="tag", **values)
    found = Image.objects.filter(task=task).annotated(attribute=wanted).values_list("name", flat=True)
    assert sorted(found) == names
