"""Labels as JSON, and what may be said of them."""

import re
from typing import Any, Final

from rest_framework import serializers

from openimages_io.api.fields import ModelSerializer, NameField, SingleLineField, StrictCharField
from openimages_io.api.labels.specs import SpecListField
from openimages_io.api.strict import StrictSerializer
from openimages_io.error_codes import FaultCode
from openimages_io.models import EdgeKind, HierarchyEdge, Label
from openimages_io.models.values import LARGEST_POSITION

_COLOR: Final = re.compile("#[0-9a-f]{6}")


class ParentSerializer(ModelSerializer):
    """A label above."""

    label = serializers.IntegerField(  # type: ignore[assignment]  # a field may have the name of a property
        source="parent_id", help_text="The parent's id."
    )
    kind = serializers.ChoiceField(EdgeKind.choices)

    class Meta:
        model = HierarchyEdge
        fields = ("label", "kind", "position")
        read_only_fields = fields


class ChildSerializer(ParentSerializer):
    """A label below."""

    label = serializers.IntegerField(source="child_id", help_text="The child's id.")


class ColorField(StrictCharField):
    """A colour as `#3a86c8`, in letters of either case."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what is not a colour; one has small letters as it is stored."""
        text = super().to_internal_value(data).lower()
        if not _COLOR.fullmatch(text):
            raise serializers.ValidationError("Write a color as #3a86c8.", FaultCode.BAD_COLOR)
        return text


class LabelSerializer(StrictSerializer, ModelSerializer):
    """A class of a task."""

    name = NameField(max_length=255, help_text="The LabelName, such as `/m/01yrx`; unique in the task.")
    display_name = SingleLineField(max_length=255, allow_blank=True, required=False)
    color = ColorField(
        required=False, allow_blank=True, help_text="`#rrggbb`; one that depends on the LabelName if not given."
    )
    attribute_specs = SpecListField(
        required=False,
        help_text="All of them, in their order: a spec that is left out is deleted. Values that break a changed spec "
        "are kept, and are found by a check of the task.",
    )
    parents = ParentSerializer(source="parent_edges", many=True, read_only=True)
    children = ChildSerializer(source="child_edges", many=True, read_only=True)

    class Meta:
        model = Label
        fields = (
            "id",
            "task",
            "name",
            "display_name",
            "color",
            "position",
            "is_listed",
            "attribute_specs",
            "parents",
            "children",
        )
        read_only_fields = ("task",)
        extra_kwargs = {  # noqa: RUF012  (how DRF declares them)
            "position": {
                "max_value": LARGEST_POSITION,
                "help_text": "The place in the class list; the last one if not given.",
            },
        }
        validators = ()
