"""Attribute specs within their label: read as a list, written as the whole list."""

from typing import Any, Final

from rest_framework import serializers

from openimages_io.api.fields import BoundedListField, ModelSerializer, NameField, StrictBooleanField
from openimages_io.api.strict import BoundedListSerializer, StrictSerializer
from openimages_io.api.validation import check, fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.models import AttributeSpec

MOST_SPECS: Final = 500
"""Of one label."""
MOST_VALUES: Final = 10_000
"""Choices of one spec."""


class DefaultValueField(serializers.JSONField):
    """A value of an attribute, of the spec's type."""


class ChoiceValueField(serializers.JSONField):
    """One choice, or a number's smallest value, largest value or step."""


class AttributeSpecSerializer(StrictSerializer, ModelSerializer):
    """What may be said of a label's shapes."""

    name = NameField(max_length=64)
    mutable = StrictBooleanField(default=True)
    default_value = DefaultValueField(allow_null=True, default=None, help_text="It must fit the other fields.")
    values = BoundedListField(
        child=ChoiceValueField(allow_null=True),
        max_length=MOST_VALUES,
        default=list,
        help_text="The choices of `radio` and `select`; `[min, max, step]` of `number`, each of which may be null and "
        "the last of which may be left out, and which may be written as text, as CVAT does; empty for `checkbox` and "
        "`text`.",
    )

    class Meta:
        list_serializer_class = BoundedListSerializer
        model = AttributeSpec
        fields = ("name", "input_type", "mutable", "default_value", "values")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Asks the model, which makes numbers of CVAT's texts."""
        spec = AttributeSpec(**attrs)
        check(spec)
        return attrs | {"values": spec.values, "default_value": spec.default_value}


class SpecListField(serializers.Field[Any, Any, Any, Any]):
    """All specs of a label. Each is complete, in a PATCH too, which is why this is not a nested serializer."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        """Checks each spec, and that no two have one name."""
        serializer: Any = AttributeSpecSerializer(data=data, many=True, max_length=MOST_SPECS)  # type: ignore[call-arg]
        serializer.is_valid(raise_exception=True)
        faults: dict[Any, Any] = {}
        seen: set[str] = set()
        for index, spec in enumerate(serializer.validated_data):
            if spec["name"] in seen:
                faults[index] = {
                    "name": fault_detail("An earlier attribute of this label has that name.", FaultCode.REPEATED)
                }
            seen.add(spec["name"])
        if faults:
            raise serializers.ValidationError(faults)
        specs: list[dict[str, Any]] = serializer.validated_data
        return specs

    def to_representation(self, value: Any) -> Any:
        """The specs in their order."""
        # A serializer for each label would take most of the time of a list.
        specs = sorted(value.all(), key=lambda spec: (spec.position, spec.pk))
        return [{name: getattr(spec, name) for name in AttributeSpecSerializer.Meta.fields} for spec in specs]
