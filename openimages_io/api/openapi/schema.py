"""What every operation of the OpenAPI document shares: its errors, and that answers are complete."""

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from openimages_io.api.openapi.enums import ENUM_SCHEMAS, references, with_names
from openimages_io.api.openapi.problems import PROBLEM_SCHEMAS, problem_response
from openimages_io.api.openapi.versions import as_3_0, is_3_0


class Schema(AutoSchema):
    """Says of answers that every field is there, and what texts are: rows may have come on other ways than this one.

    Of requests it says whether they may hold more than the document has. What it adds to the document needs no setting
    of the site's: sets of words have one name everywhere, and OpenAPI 3.0 is said in its own words.
    """

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """The operation; the components that it brings along are finished like itself."""
        before = {key for key, _ in _components(registry)}
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        made = [component for key, component in _components(registry) if key not in before]
        if method == "PATCH":
            operation.get("requestBody", {}).pop("required", None)  # nothing changes nothing
        operation = self._finished(operation)
        for component in made:
            component.schema = self._finished(component.schema)
        used = _used_by(operation, dict(_components(registry)))
        for key, component in _components(registry):
            if key not in used | before and component.type == ResolvedComponent.SCHEMA:
                del registry[component]  # drf-spectacular makes one of fields that are only read, too
        return operation

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        own = getattr(serializer, "component_name", None)  # the same in requests and answers
        return own or str(super()._get_serializer_name(serializer, direction, bypass_extensions))

    def _finished(self, described: Any) -> Any:
        described = with_names(described)
        for ref in set(references(described)):
            name = ref.rpartition("/")[2]
            if name in ENUM_SCHEMAS:
                self._register(ResolvedComponent.SCHEMA, name, ENUM_SCHEMAS[name])
        return as_3_0(described) if is_3_0() else described

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "response" and spectacular_settings.COMPONENT_SPLIT_REQUEST and "properties" in schema:
            schema["required"] = sorted(schema["properties"].keys() - getattr(serializer, "may_be_absent", set()))
            schema["properties"] = {name: _as_stored(value) for name, value in schema["properties"].items()}
        if direction == "request" and getattr(serializer, "is_strict", False):
            schema["additionalProperties"] = False
        for value in schema.get("properties", {}).values():
            value.pop("default", None)  # generators take a field for required that has one
        return schema

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        if not isinstance(serializer, OpenApiResponse) or serializer.response is not _PROBLEM:
            found: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
                serializer, status_code, media_types, direction
            )
            return found
        for name, schema in PROBLEM_SCHEMAS.items():
            self._register(ResolvedComponent.SCHEMA, name, schema)
        name, response = problem_response(int(status_code))
        return self._register(ResolvedComponent.RESPONSE, name, response)

    def _register(self, kind: str, name: str, described: dict[str, Any]) -> dict[str, Any]:
        """Makes it a component of the document, once. Returns the reference to it."""
        component = ResolvedComponent(name, kind, described, object=name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        return component.ref

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        schema, required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        component = str((schema or {}).get("$ref", "")).rpartition("/")[2]
        found = {key[0]: held.schema for key, held in self.registry._components.items()}.get(component)  # noqa: SLF001
        return schema, required or "oneOf" in (found or {})  # no choice between bodies has one that may be absent


_NOT_STORED: Final = {"pattern", "minLength", "maxLength", "readOnly"}
"""Of a field that is received: it is in no request then, so that it need not be said to be only read."""


def _components(registry: Any) -> list[tuple[tuple[str, str], Any]]:
    """What the document has so far, by name and kind."""
    return list(registry._components.items())  # noqa: SLF001  (drf-spectacular has no other way to it)


def _used_by(operation: Any, held: dict[tuple[str, str], Any]) -> set[tuple[str, str]]:
    """The components that an operation refers to, itself or through others."""
    used: set[tuple[str, str]] = set()
    waiting = list(references(operation))
    while waiting:
        kind, name = waiting.pop().split("/")[-2:]
        if (name, kind) in held and (name, kind) not in used:
            used.add((name, kind))
            waiting.extend(references(held[name, kind].schema))
    return used


def _as_stored(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without the limits that hold for texts that are sent."""
    kinds = schema.get("oneOf", ())
    if kinds and all(kind.get("type") == "string" for kind in kinds):  # a text, or an empty one
        schema = {"type": "string", **{key: value for key, value in schema.items() if key != "oneOf"}}
    return {key: value for key, value in schema.items() if key not in _NOT_STORED}


ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201, 304], description="Of this representation."
)
KNOWN: Final = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETags that the client has.")
UNCHANGED: Final = {304: OpenApiResponse(None, "The client has the current version.")}


def header(name: str, description: str, codes: list[int]) -> OpenApiParameter:
    """A header of the answers with these status codes."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, response=codes, description=description)


RANGES: Final = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range, such as `bytes=100-`."),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The ETag that the client has."),
    header("Content-Range", "The range of bytes, and the size of the file.", [206]),
]
"""Of files that are sent in parts, too."""
ACCEPTED: Final = [
    header("Location", "The job.", [202]),
    header("Retry-After", "A hint: seconds to wait before reading the job.", [202]),
]
"""What every answer 202 has."""


def match(what: str, *, required: bool = False) -> OpenApiParameter:
    """The header that names the version which a change is based on; `what` is what must not have changed since."""
    text = f"The ETag of the version that this is based on, or `*`; 412 if {what} since."
    return OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=required, description=text)


_PROBLEM: Final = object()
"""Stands for the answer of an error among the responses of an operation."""


def error_responses(*codes: int) -> dict[int, OpenApiResponse]:
    """The error responses of an operation: these, and those that every operation may give."""
    return {code: OpenApiResponse(_PROBLEM) for code in sorted({400, 401, 403, 429, *codes})}


def write_error_responses(*codes: int) -> dict[int, OpenApiResponse]:
    """The error responses of an operation with a body."""
    return error_responses(413, 415, 500, 500, 503, 507, *codes)
