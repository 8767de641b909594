"""Fields take the type that the schema says, and no other."""

from typing import Any

import pytest
from rest_framework import serializers

from openimages_io.api.fields import (
    SingleLineField,
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
)

EVERYTHING: list[Any] = [None, True, 0, 1, 5.0, 5.5, 2**70, 10**400, "", "5", "true", "a\nb", [], {}, [5]]


@pytest.mark.parametrize(
    ("field", "taken"),
    [
        (StrictCharField(), ["5", "true", "a\nb"]),
        (StrictCharField(allow_blank=True), ["", "5", "true", "a\nb"]),
        (SingleLineField(), ["5", "true"]),
        (StrictIntegerField(), [0, 1, 5.0, 2**70, 10**400]),
        (StrictIntegerField(max_value=9), [0, 1, 5.0]),
        (StrictFloatField(), [0, 1, 5.0, 5.5, 2**70]),
        (StrictBooleanField(), [True]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_takes_its_type_alone(field: serializers.Field[Any, Any, Any, Any], taken: list[Any]) -> None:
    found = []
    for value in EVERYTHING:
        try:
            field.run_validation(value)
        except serializers.ValidationError:
            continue
        found.append((type(value), value))
    assert found == [(type(value), value) for value in taken]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_is_finite(value: float) -> None:
    with pytest.raises(serializers.ValidationError):
        StrictFloatField(min_value=0).run_validation(value)


def test_blanks_stay_and_control_characters_are_refused() -> None:
    assert StrictCharField().run_validation("  a ") == "  a "
    for character in "\0\n\r\x1b\x7f\x85\u2028":
        with pytest.raises(serializers.ValidationError):
            SingleLineField().run_validation(f"a{character}")
