"""Which images a request is about: some by their ids, or those that a filter has, by the names of lists of images."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict
from rest_framework import serializers

from openimages_io.annotations.bulk.changes import ASKED_OF_SHAPES
from openimages_io.api.fields import BoundedListField, StrictIntegerField
from openimages_io.api.strict import faults_of, unknown
from openimages_io.api.validation import fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.filtersets.fields import LARGEST_KEY
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Image
from openimages_io.models.chosen_images import MOST_KEYS, ChosenImages

_FILTERS: Final[Mapping[str, Any]] = {
    name: found for name, found in ImageFilterSet.base_filters.items() if name != "ordering"
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class FilterField(serializers.Field[Any, Any, Any, Any]):
    """An object with some of the names that a list of images is asked by, and values as JSON has them."""

    def __init__(self, names: Iterable[str] = tuple(_FILTERS), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = tuple(names)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """What is asked. Raises `ValidationError` with every fault."""
        if not isinstance(data, dict):
            raise serializers.ValidationError(fault_detail("This must be an object.", FaultCode.WRONG_TYPE))
        found: dict[str, Any] = dict(unknown(data, self.names))
        query = QueryDict(mutable=True)
        for name, value in data.items():
            if name in self.names:
                texts = _texts(value, _FILTERS[name].field.schema)
                if texts is None:
                    said = "This is not of the type that the OpenAPI document says."
                    found[name] = fault_detail(said, FaultCode.WRONG_TYPE)
                elif texts:
                    query.setlist(name, texts)
        wanted = ImageFilterSet(query, Image.objects.none())
        if not wanted.is_valid():
            found |= {name: faults for name, faults in faults_of(wanted.form).items() if name not in found}
        if found:
            raise serializers.ValidationError(found)
        return wanted.asked

    def to_representation(self, value: Any) -> Any:
        """As it is."""
        return value

    @property
    def schema(self) -> dict[str, Any]:
        """What it takes, as JSON Schema has it."""
        fields = {
            name: {**_FILTERS[name].field.schema, "description": str(_FILTERS[name].field.help_text)}
            for name in self.names
        }
        return {"type": "object", "properties": fields, "additionalProperties": False}


def _texts(value: Any, schema: Mapping[str, Any]) -> list[str] | None:
    """A value as a query has it; None if it is not of the schema's type."""
    if schema["type"] == "array":
        if not isinstance(value, list):
            return None
        texts = [_texts(one, schema["items"]) for one in value]
        return None if None in texts else [text[0] for text in texts if text]
    wanted = _TYPES[schema["type"]]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        return None
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def choosing_fields() -> dict[str, Any]:
    """The fields of a body that say which images."""
    ids = StrictIntegerField(min_value=1, max_value=LARGEST_KEY)
    return {
        "images": BoundedListField(
            child=ids,
            required=False,
            min_length=1,
            max_length=MOST_KEYS,
            help_text=f"The ids of the images, {MOST_KEYS} at most; of more, `filter` says which.",
        ),
        "filter": FilterField(
            required=False,
            help_text="In the place of `images`: those that this finds, by the names of the list of images. An empty "
            "object is all images of the task.",
        ),
    }


def annotations_field() -> FilterField:
    """What is asked of annotations besides their label."""
    return FilterField(
        ASKED_OF_SHAPES,
        required=False,
        help_text="Only these annotations of the label, by the names of the list of images; all of them, absent ones "
        "too, if not given.",
    )


def chosen(values: Mapping[str, Any], *, may_be_all: bool = False) -> ChosenImages:
    """What a valid body chooses. Raises `ValidationError` where it says both, or nothing though it must."""
    if "images" in values and "filter" in values:
        raise serializers.ValidationError({"filter": fault_detail("Give images or a filter.", FaultCode.MISMATCH)})
    if "images" in values:
        return ChosenImages(keys=tuple(dict.fromkeys(values["images"])))
    if "filter" in values or may_be_all:
        return ChosenImages(asked=values.get("filter", {}))
    said = "Give the ids of images, or a filter; an empty filter is all images."
    raise serializers.ValidationError({"images": fault_detail(said, FaultCode.REQUIRED)})
