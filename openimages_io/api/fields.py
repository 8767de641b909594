"""Fields that take what the schema says and nothing else: 5 is not a text, "5" and true are not numbers."""

from typing import Any, ClassVar, Final

from django.core.validators import RegexValidator
from django.db import models
from rest_framework import serializers

from openimages_io.error_codes import FaultCode

LARGEST_BIG: Final = 2**63 - 1
_LINE: Final = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z"
_CODE: Final = FaultCode.CONTROL_CHARACTERS
_NAME: Final = r"\A(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"


class StrictCharField(serializers.CharField):
    """A text as it was given, blanks at its ends too."""

    default_error_messages = {"wrong_type": "This must be a string."}  # noqa: RUF012  (how DRF declares them)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"trim_whitespace": False} | kwargs))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuses a number before it is made a text."""
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("wrong_type")
        return super().run_validation(data)


class SingleLineField(StrictCharField):
    """A text without line breaks and other control characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(_LINE, "This must not contain line breaks or control characters.", _CODE))


class NameField(StrictCharField):
    """A line that is not blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        said = "This must not be blank, or contain line breaks or other control characters."
        self.validators.append(RegexValidator(_NAME, said, _CODE))


class StrictIntegerField(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: Any) -> int:
        """Refuses "5", true and 5.5; 5.0 is 5, as JSON has one type of numbers."""
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class StrictFloatField(serializers.FloatField):
    """A number, which is neither NaN nor infinite."""

    def to_internal_value(self, data: Any) -> float:
        """Refuses "5", true and what no float can be."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            value = float(data)
        except OverflowError:
            self.fail("invalid")
        if value - value != 0:  # infinite or NaN
            self.fail("invalid")
        return value


class StrictBooleanField(serializers.BooleanField):
    """True or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuses "yes" and 1."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class BoundedListField(serializers.ListField):
    """A list that is looked into only if it isn't too long: each of very many faults costs memory."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Refuses a list of more than `max_length` before its values."""
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(
                str(self.error_messages["max_length"]).format(max_length=self.max_length), "max_length"
            )
        values: list[Any] = super().to_internal_value(data)
        return values


class ModelSerializer(serializers.ModelSerializer[Any]):
    """A serializer of a model whose fields are these."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = serializers.ModelSerializer.serializer_field_mapping | {
        models.CharField: StrictCharField,
        models.TextField: StrictCharField,
        models.BooleanField: StrictBooleanField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveBigIntegerField: StrictIntegerField,
        models.FloatField: StrictFloatField,
    }
