"""Attribute specs: what may be set, and which values fit."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from openimages_io.models import AttributeSpec, InputType, Label, Task

CHOICES = ["red", "green"]


def spec(input_type: str, values: Any = None, default: Any = None) -> AttributeSpec:
    label = Label(task=Task(name="t"), name="l")
    values = [] if values is None else values
    return AttributeSpec(label=label, name="x", input_type=input_type, values=values, default_value=default)


def sentence(given: AttributeSpec, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        given.check_value(value)
    (message,) = caught.value.messages
    return message


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (spec("checkbox"), True),
        (spec("checkbox"), False),
        (spec("text"), ""),
        (spec("text"), "line\nbreak, 名 and \x1b"),
        (spec("radio", CHOICES), "red"),
        (spec("select", CHOICES), "green"),
        (spec("number"), 0),
        (spec("number"), -2.5),
        (spec("number", [0, 1]), 0),
        (spec("number", [0, 1]), 1.0),
        (spec("number", [None, 1]), -1e300),
        (spec("number", [0, 1, 0.1]), 0.3),
        (spec("number", [0, 1, 0.1]), 0.7),
        (spec("number", [0.5, None, 0.25]), 1000.75),
        (spec("number", [None, None, 2]), -4),
        (spec("number", [1, 10, None]), 3.3),
    ],
    ids=str,
)
def test_values_that_fit(given: AttributeSpec, value: Any) -> None:
    given.check_value(value)


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        (spec("checkbox"), 1, "1 is not true or false."),
        (spec("checkbox"), "true", "“true” is not true or false."),
        (spec("checkbox"), None, "null is not true or false."),
        (spec("text"), 5, "5 is not a text."),
        (spec("text"), "a\0", "A text must not contain NUL bytes or unpaired surrogates."),
        (spec("text"), "\ud83d", "A text must not contain NUL bytes or unpaired surrogates."),
        (spec("radio", CHOICES), "blue", "“blue” is not one of: “red”, “green”."),
        (spec("select", CHOICES), ["red"], "a list is not one of: “red”, “green”."),
        (spec("select", CHOICES), {}, "an object is not one of: “red”, “green”."),
        (spec("select", ["1"]), 1, "1 is not one of: “1”."),
        (spec("number"), "1", "“1” is not a number."),
        (spec("number"), True, "true is not a number."),
        (spec("number"), float("nan"), "nan is not a number."),
        (spec("number"), float("inf"), "inf is not a number."),
        (spec("number", [0, 1]), -0.1, "-0.1 is below 0."),
        (spec("number", [0, 1]), 1.1, "1.1 is above 1."),
        (spec("number", [0, 1, 0.1]), 0.35, "0.35 is not a whole number of steps of 0.1."),
        (spec("number", [1, None, 2]), 2, "2 is not a whole number of steps of 2."),
    ],
    ids=str,
)
def test_values_that_do_not(given: AttributeSpec, value: Any, reason: str) -> None:
    assert sentence(given, value) == reason


@pytest.mark.parametrize("values", [[], [0, None, 0.1]])
def test_an_integer_beyond_every_float_is_no_number(values: list[Any]) -> None:
    assert sentence(spec("number", values), 10**400).endswith("is not a number.")


@pytest.mark.parametrize("value", [1e308, -1e308, 10**308])
def test_steps_beyond_every_float(value: float) -> None:
    assert "steps" in sentence(spec("number", [None, None, 1e-10]), value)


@pytest.mark.parametrize(
    "given",
    [
        spec("checkbox", default=True),
        spec("text", default="x"),
        spec("radio", CHOICES, "red"),
        spec("select", CHOICES),
        spec("number"),
        spec("number", [0]),
        spec("number", [0, 1, 0.1], 0.5),
        spec("number", [None, None, None], 7),
        spec("number", [3, 3]),
    ],
    ids=str,
)
def test_specs_that_make_sense(given: AttributeSpec) -> None:
    given.clean()


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (spec("checkbox", ["yes"]), "values", "A checkbox or a text has no values to choose from."),
        (spec("text", ["yes"]), "values", "A checkbox or a text has no values to choose from."),
        (spec("radio"), "values", "The choices must be a list of texts, at least one."),
        (spec("select", [1, 2]), "values", "The choices must be a list of texts, at least one."),
        (spec("select", ["a\0"]), "values", "The choices must be a list of texts, at least one."),
        (spec("select", ["a", "b", "a"]), "values", "A choice occurs twice."),
        (spec("select", {"a": 1}), "values", "The values must be a list."),
        (spec("number", "012"), "values", "The values must be a list."),
        (spec("number", [0, 1, 0.1, 5]), "values", "Write the smallest value, the largest and the step."),
        (spec("number", ["zero"]), "values", "Write the smallest value, the largest and the step."),
        (spec("number", [float("nan")]), "values", "Write the smallest value, the largest and the step."),
        (spec("number", [1, 0]), "values", "The smallest value is larger than the largest."),
        (spec("number", [0, 1, 0]), "values", "The step must be above 0."),
        (spec("number", [0, 1, -1]), "values", "The step must be above 0."),
        (spec("checkbox", default="yes"), "default_value", "“yes” is not true or false."),
        (spec("select", CHOICES, "blue"), "default_value", "“blue” is not one of: “red”, “green”."),
        (spec("number", [0, 1], 2), "default_value", "2 is above 1."),
    ],
    ids=str,
)
def test_specs_that_do_not(given: AttributeSpec, field: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        given.clean()
    assert caught.value.message_dict == {field: [reason]}


@pytest.mark.parametrize(
    ("values", "default", "wanted"),
    [
        (["0", "1", "0.1"], "0.5", ([0, 1, 0.1], 0.5)),
        (["-10", "10", "1"], "-3", ([-10, 10, 1], -3)),
        ([None, "100.0"], None, ([None, 100.0], None)),
        (["1000000000000000000000"], None, ([10**21], None)),
    ],
)
def test_numbers_as_cvat_writes_them_are_the_numbers(values: list[Any], default: Any, wanted: Any) -> None:
    given = spec("number", values, default)
    given.check_value(given.number_range[0] or 0)
    given.clean()
    assert repr((given.values, given.default_value)) == repr(wanted)


@pytest.mark.parametrize(
    "text", ["", " 1", "1e3", "0x1", "1_0", "nan", "inf", "0.10000000000000000001", "١", "1" * 500]
)
def test_a_text_that_is_not_exactly_a_number_is_none(text: str) -> None:
    given = spec("number", [text])
    assert sentence(given, 1).startswith("The attribute spec “x” is not valid, so no value fits it: Write the ")
    with pytest.raises(ValidationError):
        given.clean()


@pytest.mark.parametrize(
    ("input_type", "values"),
    [
        ("number", {"a": 1}), ("number", [[0], [1]]), ("number", None), ("number", [5, 1]), ("number", [0, 1, -1]),
        ("number", [True]), ("number", [1, 2, 3, 4]), ("select", None), ("select", []), ("radio", [1, None]),
        ("select", {"red": 1}), ("radio", "red"), ("select", ["a", "a"]), ("select", 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["red", 1, None, [], {}, 10**400])
def test_a_stored_spec_that_is_wrong_itself_is_named(input_type: str, values: Any, value: Any) -> None:
    given = AttributeSpec(label=Label(task=Task(name="t"), name="l"), name="x", input_type=input_type, values=values)
    assert sentence(given, value).startswith("The attribute spec “x” is not valid, so no value fits it: ")


@pytest.mark.parametrize("input_type", ["checkbox", "text"])
def test_values_that_are_not_needed_do_no_harm(input_type: str) -> None:
    given = spec(input_type, ["false"])
    given.check_value(True if input_type == "checkbox" else "a")


def test_an_unknown_input_type_is_no_traceback(label: Label) -> None:
    given = AttributeSpec(label=label, name="x", input_type="slider", default_value=5)
    with pytest.raises(ValidationError) as caught:
        given.full_clean()
    assert "input_type" in caught.value.message_dict


def test_a_spec_round_trips_and_reads_as_its_name(label: Label) -> None:
    made = AttributeSpec.objects.create(label=label, name="size", input_type=InputType.NUMBER, values=[0, None, 0.5])
    made.refresh_from_db()
    assert (str(made), made.number_range, made.default_value, made.mutable) == ("size", (0, None, 0.5), None, True)
