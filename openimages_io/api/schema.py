"""What every operation of the OpenAPI document shares: its errors, and that answers are complete."""

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class Schema(AutoSchema):
    """Says of answers that every field is there, and what texts are: rows may have come on other ways than this one.

    Of requests it says whether they may hold more than the document has.
    """

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "response" and spectacular_settings.COMPONENT_SPLIT_REQUEST and "properties" in schema:
            schema["required"] = sorted(schema["properties"].keys() - getattr(serializer, "may_be_absent", set()))
            schema["properties"] = {name: _as_stored(value) for name, value in schema["properties"].items()}
        if direction == "request" and getattr(serializer, "is_strict", False):
            schema["additionalProperties"] = False
        return schema

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        schema, required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        component = str((schema or {}).get("$ref", "")).rpartition("/")[2]
        found = {key[0]: held.schema for key, held in self.registry._components.items()}.get(component)  # noqa: SLF001
        return schema, required or "oneOf" in (found or {})  # no choice between bodies has one that may be absent


def _as_stored(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without the limits that hold for texts that are sent."""
    kinds = schema.get("oneOf", ())
    if kinds and all(kind.get("type") == "string" for kind in kinds):  # a text, or an empty one
        schema = {"type": "string", **{key: value for key, value in schema.items() if key != "oneOf"}}
    return {key: value for key, value in schema.items() if key not in {"pattern", "minLength", "maxLength"}}


class FaultSerializer(serializers.Serializer[object]):
    """One fault of a request."""

    path = serializers.CharField(
        allow_blank=True, help_text="Where in the request, such as `shapes[3].attributes.pose`."
    )
    message = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="A stable name for machines.")


class ErrorSerializer(serializers.Serializer[object]):
    """Why a request was refused."""

    detail = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="A stable name for machines.")
    errors = FaultSerializer(  # type: ignore[assignment]  # a field may have the name of a property
        many=True, help_text="Every fault of the request, where values of it are wrong."
    )


ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201, 304], description="Of this representation."
)
KNOWN: Final = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETags that the client has.")
UNCHANGED: Final = {304: OpenApiResponse(None, "The client has the current version.")}


def match(what: str, *, required: bool = False) -> OpenApiParameter:
    """The header that names the version which a change is based on; `what` is what must not have changed since."""
    text = f"The ETag of the version that this is based on, or `*`; 412 if {what} since."
    return OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=required, description=text)


_MEANINGS: Final = {
    400: "A value of the request is wrong; `errors` has every fault with its path.",
    401: "Nobody is logged in.",
    403: "What is there may not be done by this user.",
    404: "It does not exist, or this user may not see it.",
    406: "The answer cannot be had in the format that was asked for.",
    409: "What is asked for does not go with the state that things are in.",
    410: "What was there has been removed.",
    412: "Somebody else has changed it meanwhile.",
    413: "The request is larger than this site allows.",
    415: "The request's content type is not one that is taken here.",
    416: "The range begins after the end of the file.",
    428: "If-Match is needed.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "With the code `maybe_saved` the database did not say whether it has saved: read what is there first.",
    503: "Somebody else is writing just now; `Retry-After` says when to try again.",
    507: "The server has no disk space for the request, or cannot write to its disk; nothing was saved.",
}


def error_responses(*codes: int) -> dict[int, OpenApiResponse]:
    """The error responses of an operation: these, and those that every operation may give."""
    return {code: OpenApiResponse(ErrorSerializer, _MEANINGS[code]) for code in sorted({401, 403, 429, *codes})}


def write_error_responses(*codes: int) -> dict[int, OpenApiResponse]:
    """The error responses of an operation with a body."""
    return error_responses(400, 413, 415, 500, 500, 503, 507, *codes)
