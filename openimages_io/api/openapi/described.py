"""Components of the OpenAPI document that are described by hand: their JSON is made and read without serializers."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework.serializers import Serializer

Schema = dict[str, Any]


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"oneOf": [schema, {"type": "null"}]}


def object_of(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
        **more,
    }


def ref(described: type["Described"]) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{described.component_name}"}


class Described(Serializer[Any]):
    """A component of the OpenAPI document that is written as it is, with one name in requests and answers."""

    described: ClassVar[Schema] = {}
    uses: ClassVar[tuple[type["Described"], ...]] = ()
    """The components that it refers to."""
    component_name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.component_name = cls.__dict__.get("component_name", cls.__name__)


class DescribedExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's own
    """Has drf-spectacular take the component's own words."""

    target_class = "openimages_io.api.openapi.described.Described"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        """The description, after those that it refers to."""
        for used in self.target.uses:
            auto_schema.resolve_serializer(used, direction)
        described: Schema = self.target.described
        return described
