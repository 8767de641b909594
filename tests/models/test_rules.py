"""The rules of shapes: every fault has its path, and what has none, the database takes."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openimages_io.error_codes import FaultCode
from openimages_io.models import AttributeSpec, Image, InputType, Label, Shape, Task
from openimages_io.models.rules import BOX, Fault, faults
from openimages_io.value_faults import fault_sentence

Make = Callable[..., Shape]
RING = [0.1, 0.2, 0.5, 0.2, 0.5, 0.6]
NO_BOX = dict.fromkeys(BOX)
HUGE = 10**400
NO_NUMBERS: list[Any] = ["0.5", True, [], {}, HUGE, float("nan"), float("inf")]


def paths(shape: Shape, specs: Mapping[str, AttributeSpec] | None = None) -> list[str]:
    return [fault.path for fault in faults(shape, specs or {})]


NO_TEXTS: list[Any] = [None, 5, [], "a\0", "\ud800"]


def each(name: str, *bad: Any, at: str = "", **others: Any) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Cases that each have one bad value and one fault."""
    return (({name: value, **others}, [at or name]) for value in bad)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"kind": "tag"}, []),
        ({"kind": "mask"}, []),
        ({"kind": "mask", **NO_BOX}, []),
        ({"kind": "polygon", "points": [RING]}, []),
        ({"kind": "ellipse", "points": [0.5, 0.5, 1e6, 0], "rotation": -359.9}, []),
        ({"clicks": [[-1, -1.0], [None, 0], [1, 0.5], [0, 0]]}, []),
        ({"score": 1, "occluded": False, "group": 2**63 - 1, "source": "x" * 64, "attributes": {"box_id": "1"}}, []),
        ({"kind": "track"}, ["kind"]),
        ({"kind": []}, ["kind"]),
        ({"kind": None, "points": 1, "clicks": 1, "rotation": 1}, ["kind", "clicks"]),
        ({"kind": "tag", "x_min": 0, "y_max": 1}, ["x_min", "y_max"]),
        ({"x_min": -0.001, "y_max": 1.001}, ["x_min", "y_max"]),
        ({"x_min": 0.6, "y_min": 0.7}, ["x_max", "y_max"]),
        (NO_BOX, list(BOX)),
        ({"kind": "mask", "x_min": None, "y_max": None}, ["x_min", "y_max"]),
        *each("y_min", *NO_NUMBERS),
        *each("points", None, {}, [], "x", 5, kind="polygon"),
        ({"kind": "polygon", "points": [RING[:4], [*RING, 1], 5]}, ["points[0]", "points[1]", "points[2]"]),
        ({"kind": "polygon", "points": RING}, [f"points[{index}]" for index in range(6)]),
        *each("points", *([[0.5, bad, *RING]] for bad in (*NO_NUMBERS, None, 2)), at="points[0][1]", kind="polygon"),
        *each("points", None, {}, [], [RING], [0.5] * 3, kind="ellipse"),
        ({"kind": "ellipse", "points": [1.5, None, -0.1, 1e7]}, [f"points[{index}]" for index in range(4)]),
        *each("points", *([0, 0, 0, bad] for bad in NO_NUMBERS), at="points[3]", kind="ellipse"),
        *each("kind", "tag", "rectangle", "mask", at="points", points=[RING]),
        *each("clicks", [], {}, "x", 5, [[0, 0]] * 3, [0.1] * 8),
        (
            {"clicks": [[0], [0, 2], 5, [-2, True]]},
            ["clicks[0]", "clicks[1][1]", "clicks[2]", "clicks[3][0]", "clicks[3][1]"],
        ),
        *each("kind", "tag", "mask", at="clicks", clicks=[[0, 0]] * 4),
        *each("rotation", *NO_NUMBERS, 360, -360.0),
        *each("kind", "tag", "mask", at="rotation", rotation=0),
        *each("source", None, 5, [], "x" * 65, "a\0", "\udc00"),
        *each("group", -1, 2**63, 1.0, "1", True, [], HUGE),
        *each("score", *NO_NUMBERS, -0.1, 1.1),
        *each("occluded", 0, 1, "true", []),
        *each("attributes", None, [], "x", 5),
        *each("attributes", *({"box_id": bad} for bad in NO_TEXTS), at="attributes.box_id"),
        ({"attributes": {"score": 1, "a.b[0]": 2}}, ["attributes.score", "attributes.a.b[0]"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_fault_has_its_path(unsaved: Make, values: dict[str, Any], expected: list[str]) -> None:
    found = faults(unsaved(**values), {})
    assert [fault.path for fault in found] == expected
    for fault in found:
        assert fault_sentence(json.loads(json.dumps(fault.as_param(), allow_nan=False))) == fault.message


def test_attributes_against_the_specs(unsaved: Make) -> None:
    specs = {
        "pose": AttributeSpec(name="pose", input_type=InputType.SELECT, values=["left", "right"]),
        "note": AttributeSpec(name="note", input_type=InputType.TEXT),
        "score": AttributeSpec(name="score", input_type=InputType.NUMBER, values=[0.5]),
        "occluded": AttributeSpec(name="occluded", input_type=InputType.TEXT),
    }
    good = unsaved(attributes={"pose": "left", "note": ""}, score=0.5, occluded=True)
    assert faults(good, specs) == []
    bad = unsaved(attributes={"pose": "up", "note": "\0", "mood": 1}, score=0.4)
    assert paths(bad, specs) == ["attributes.pose", "attributes.note", "attributes.mood", "score"]
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    nested = unsaved(attributes={"pose": deep, "note": {"a": deep}})
    assert [fault.message for fault in faults(nested, specs)] == [
        "A list is not a valid value for an attribute.",
        "An object is not a valid value for an attribute.",
    ]


def test_messages_quote_what_was_there_and_stay_short(unsaved: Make) -> None:
    shape = unsaved(kind="x" * 10_000, x_min="y" * 10_000, score=HUGE, group=2**70)
    specs = {"pose": AttributeSpec(name="pose", input_type=InputType.TEXT)}
    shape.attributes = {"pose": 10**4000, "z" * 10_000: 1}
    found = faults(shape, specs)
    assert len(found) == 6
    assert max(len(fault.message) for fault in found) <= 300
    assert Fault("score", "a number of 401 digits is not a number.", code=FaultCode.WRONG_TYPE, params={}) in found


def test_rows_of_another_task_are_told_if_they_are_loaded(unsaved: Make, django_assert_num_queries: Any) -> None:
    other = Task.objects.create(name="other")
    foreign = {"image": Image.objects.create(task=other, name="a"), "label": Label.objects.create(task=other, name="l")}
    shape = unsaved(**foreign)
    shape.save()
    unread = Shape.objects.get(pk=shape.pk)
    with django_assert_num_queries(0):
        assert paths(shape) == ["image", "label"]
        assert paths(unread) == []


NUMBERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.floats(),
    st.sampled_from([HUGE, 360, 2**63, 2**63 - 1, "0", [], {}]),
)
FRACTIONS = st.floats(0, 1)
POINTS = st.one_of(
    st.none(),
    st.lists(st.lists(st.one_of(FRACTIONS, NUMBERS), max_size=8), max_size=2),
    st.lists(st.lists(FRACTIONS, min_size=6, max_size=6), max_size=2),
    st.lists(FRACTIONS, min_size=4, max_size=4),
    st.lists(NUMBERS, min_size=4, max_size=4),
)
VALUES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["tag", "rectangle", "polygon", "mask", "ellipse", "track", ""])},
    optional={
        **dict.fromkeys(BOX, st.one_of(FRACTIONS, NUMBERS)),
        "points": POINTS,
        "clicks": st.one_of(st.none(), st.lists(st.lists(NUMBERS, min_size=2, max_size=2), min_size=4, max_size=4)),
        **dict.fromkeys(("rotation", "score", "group", "occluded"), NUMBERS),
        "source": st.text(max_size=66),
        "attributes": st.dictionaries(st.sampled_from(["box_id", "note", "size"]), st.one_of(st.text(), NUMBERS)),
    },
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_what_has_no_fault_goes_in_and_comes_back(unsaved: Make, values: dict[str, Any]) -> None:
    specs = {
        "note": AttributeSpec(name="note", input_type=InputType.TEXT),
        "size": AttributeSpec(name="size", input_type=InputType.NUMBER),
    }
    shape = unsaved(**values)
    if faults(shape, specs):
        return
    models.QuerySet.bulk_create(models.QuerySet(Shape), [shape])
    stored = Shape.objects.get(pk=shape.pk)
    for name, value in values.items():
        assert getattr(stored, name) == value, name


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_what_the_database_refuses_has_a_fault(unsaved: Make, values: dict[str, Any]) -> None:
    shape = unsaved(**values)
    try:
        with transaction.atomic():
            models.QuerySet.bulk_create(models.QuerySet(Shape), [shape])
    except (DatabaseError, TypeError, ValueError, OverflowError, ValidationError):
        assert faults(shape, {})
