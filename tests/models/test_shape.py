"""Shapes: what `clean` says, how attributes are shown, and which tags are a machine's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from openimages_io.models import AttributeSpec, Image, InputType, Label, Mask, Shape, Task

Make = Callable[..., Shape]
RING = [0.1, 0.2, 0.5, 0.2, 0.5, 0.6]


def faults(shape: Shape) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        shape.full_clean()
    return caught.value.message_dict


@pytest.fixture
def specs(label: Label) -> list[AttributeSpec]:
    return [
        AttributeSpec.objects.create(label=label, name="is_group_of", input_type=InputType.CHECKBOX),
        AttributeSpec.objects.create(label=label, name="pose", input_type=InputType.SELECT, values=["left", "right"]),
    ]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"attributes": {"is_group_of": True, "pose": "left"}},
        {"attributes": {"box_id": "9a041d52"}},
        {"score": 0.5, "occluded": True},
        {"clicks": [[0.1, 0.2], [-1, -1], [None, None], [1, 0.0]]},
        {"rotation": 20.0},
        {"kind": "tag", "score": 0.0},
        {"kind": "polygon", "points": [RING, [0.2, 0.3, 0.3, 0.3, 0.3, 0.4, 0.2, 0.4]]},
        {"kind": "ellipse", "points": [0.3, 0.4, 3.5, 0.2], "rotation": 90.0},
        {"kind": "mask"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("specs")
def test_good_shapes(unsaved: Make, values: dict[str, Any]) -> None:
    unsaved(**values).full_clean()


def test_rows_of_another_task(unsaved: Make) -> None:
    other = Task.objects.create(name="other")
    foreign = {"image": Image.objects.create(task=other, name="a"), "label": Label.objects.create(task=other, name="l")}
    for name, row in foreign.items():
        assert faults(unsaved(**{name: row})) == {name: ["It belongs to another task."]}


@pytest.mark.parametrize("field", ["image", "label", "task"])
def test_a_form_without_its_rows_is_no_traceback(unsaved: Make, field: str) -> None:
    shape = unsaved()
    setattr(shape, f"{field}_id", None)
    assert field in faults(shape)


@pytest.mark.usefixtures("specs")
def test_every_bad_attribute_is_named(unsaved: Make) -> None:
    shape = unsaved(attributes={"is_group_of": "yes", "pose": "up", "mood": 1, "score": 0.5})
    assert faults(shape) == {
        "attributes": [
            "is_group_of: “yes” is not true or false.",
            "pose: “up” is not one of: “left”, “right”.",
            "mood: The label has no attribute “mood”.",
            "score: “score” has its own field.",
        ]
    }


@pytest.mark.parametrize("attributes", [[], "x", 5, None])
def test_attributes_are_an_object(unsaved: Make, attributes: Any) -> None:
    assert "attributes" in faults(unsaved(attributes=attributes))


@pytest.mark.parametrize("name", ["score", "occluded"])
def test_columns_are_no_attributes(unsaved: Make, label: Label, name: str) -> None:
    AttributeSpec.objects.create(label=label, name=name, input_type=InputType.NUMBER)
    assert faults(unsaved(attributes={name: 1})) == {"attributes": [f"{name}: “{name}” has its own field."]}


def test_a_score_fits_its_spec(unsaved: Make, label: Label) -> None:
    AttributeSpec.objects.create(label=label, name="score", input_type=InputType.NUMBER, values=[0.5, 1, 0.1])
    unsaved(score=0.7).full_clean()
    unsaved(score=None).full_clean()
    assert faults(unsaved(score=0.4)) == {"score": ["0.4 is below 0.5."]}


def test_every_bad_number_is_named(unsaved: Make) -> None:
    shape = unsaved(kind="polygon", points=[RING, [0.2, 0.3, 2, 0.3, "0", 0.4]], x_max=0.05, rotation=5.0)
    assert faults(shape) == {
        "x_max": ["0.05 is below x_min, 0.1."],
        "points": ["[1][2]: 2 is not between 0 and 1.", "[1][4]: “0” is not a number."],
        "rotation": ["Only rectangles and ellipses are turned."],
    }


@pytest.mark.parametrize(
    ("input_type", "score", "occluded", "shown"),
    [
        (InputType.NUMBER, 0.0, None, {"score": 0.0}),
        (InputType.TEXT, 0.0, None, {"score": "0"}),
        (InputType.TEXT, 1.0, False, {"score": "1", "occluded": "false"}),
        (InputType.TEXT, 0.30000000000000004, True, {"score": "0.30000000000000004", "occluded": "true"}),
        (InputType.SELECT, 0.5, True, {"score": "0.5", "occluded": "true"}),
        (InputType.NUMBER, 2e-06, None, {"score": 2e-06}),
        (InputType.CHECKBOX, None, False, {"occluded": False}),
        (InputType.TEXT, None, None, {}),
    ],
)
def test_score_and_occluded_are_shown_as_their_specs_say(
    input_type: str, score: float | None, occluded: bool | None, shown: dict[str, Any]
) -> None:
    specs = [AttributeSpec(name=name, input_type=input_type) for name in ("score", "occluded")]
    shape = Shape(score=score, occluded=occluded, attributes={"pose": "left"})
    result = shape.shown_attributes(specs)
    assert result == {"pose": "left"} | shown
    assert list(map(type, result.values())) == [str, *map(type, shown.values())]
    assert shape.attributes == {"pose": "left"}


def test_without_a_spec_they_are_not_shown() -> None:
    shape = Shape(score=0.5, occluded=True)
    assert shape.shown_attributes([AttributeSpec(name="pose", input_type=InputType.TEXT)]) == {}


def test_values_come_back_from_the_database_as_they_went_in(unsaved: Make) -> None:
    values = {
        "x_min": 2e-06,
        "x_max": 0.4345020000000001,
        "score": 0.0,
        "clicks": [[-1, None], [0.1, 0], [0, 0], [1, 1]],
    }
    shape = unsaved(**values, attributes={"text": "ß名\u2028\x1b", "number": 0.1, "flag": False}, group=2**40)
    shape.save()
    shape.refresh_from_db()
    assert {name: getattr(shape, name) for name in values} == values
    assert shape.attributes == {"text": "ß名\u2028\x1b", "number": 0.1, "flag": False}


def test_tags_of_machines_and_of_people(unsaved: Make) -> None:
    for source in ("machine", "verification", "", "Machine"):
        unsaved(kind="tag", source=source).save()
    unsaved(source="machine").save()
    assert [tag.source for tag in Shape.objects.machine_tags()] == ["machine"]
    assert [tag.source for tag in Shape.objects.human_tags()] == ["verification", "", "Machine"]


def test_a_mask_keeps_its_bytes(shape: Shape) -> None:
    png = bytes(range(256))
    mask = Mask.objects.create(shape=shape, png=png, width=3, height=2, path="a_b_c.png", clicks="0.1 0.2 1")
    mask.refresh_from_db()
    assert bytes(mask.png) == png
    assert (str(mask), str(shape)) == ("a_b_c.png", f"rectangle {shape.pk}")
    assert str(Mask(shape=shape)) == f"mask {shape.pk}"
