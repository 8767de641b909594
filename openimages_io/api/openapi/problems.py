"""Problem details as the OpenAPI document has them: a schema, and a response of each status, for all operations."""

from enum import StrEnum
from typing import Any, Final

from openimages_io.api.problems import CODES, PROBLEM_JSON
from openimages_io.error_codes import ErrorCode, FaultCode

_RETRY: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_RESPONSES: Final[dict[int, tuple[str, str, dict[str, Any]]]] = {
    400: ("BadRequest", "A value of the request is wrong; `errors` has every fault with its path.", {}),
    401: ("Unauthorized", "Nobody is logged in.", {}),
    403: ("Forbidden", "This user may not do it, or a signed address is not of this site, or has ended.", {}),
    404: ("NotFound", "It does not exist, or this user may not see it.", {}),
    406: ("NotAcceptable", "The answer cannot be had in the format that was asked for.", {}),
    409: ("Conflict", "What is asked for does not go with the state that things are in.", {}),
    410: ("Gone", "What was there has been removed.", {}),
    412: ("PreconditionFailed", "Somebody else has changed it meanwhile.", {}),
    413: ("ContentTooLarge", "The request is larger than this site allows.", {}),
    415: ("UnsupportedMediaType", "The request's content type is not one that is taken here.", {}),
    416: (
        "RangeNotSatisfiable",
        "The range begins after the end of the file.",
        {"Content-Range": {"description": "The size of the file.", "schema": {"type": "string"}}},
    ),
    422: ("UnprocessableContent", "The Idempotency-Key came with another request before.", {}),
    428: ("PreconditionRequired", "If-Match is needed.", {}),
    429: ("TooManyRequests", "Too many requests; `Retry-After` says when to try again.", _RETRY),
    500: (
        "InternalServerError",
        "With the code `maybe_saved` the database did not say whether it has saved: read what is there first.",
        {},
    ),
    503: (
        "ServiceUnavailable",
        "Somebody else is writing just now; `Retry-After` says when to try again.",
        _RETRY,
    ),
    507: (
        "InsufficientStorage",
        "The server has no disk space for the request, or cannot write to its disk; nothing was saved.",
        {},
    ),
}
"""Of each status: the name of the component, what it means, and headers."""


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _enum(codes: type[StrEnum], description: str) -> dict[str, Any]:
    return {"type": "string", "enum": [code.value for code in codes], "description": description}


def _object(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "required": list(properties), "properties": properties}


PROBLEM_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "ErrorCode": _enum(ErrorCode, "Why a request was refused; docs/api-reference.md says what each word means."),
    "FaultCode": _enum(FaultCode, "What is wrong with a value; docs/api-reference.md says what each word means."),
    "Fault": _object(
        "One fault of a request.",
        {
            "path": {"type": "string", "description": "Where in the request, such as `shapes[3].attributes.pose`."},
            "message": {"type": "string", "description": "A sentence for people."},
            "code": _ref("FaultCode"),
        },
    ),
    "Problem": _object(
        "Why a request was refused (RFC 9457).",
        {
            "type": {"type": "string", "format": "uri", "description": "The code as a URI, which leads nowhere."},
            "title": {"type": "string", "description": "What the code means; always the same."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "A sentence for people."},
            "code": _ref("ErrorCode"),
            "errors": {
                "type": "array",
                "items": _ref("Fault"),
                "description": "Every fault of the request, where values of it are wrong.",
            },
        },
    ),
}
"""The components that responses refer to."""


def problem_response(status: int) -> tuple[str, dict[str, Any]]:
    """The response of this status, with its name as a component."""
    name, description, headers = _RESPONSES[status]
    codes = ", ".join(f"`{code}`" for code in CODES[status])
    response: dict[str, Any] = {
        "description": f"{description} Codes: {codes}.",
        "content": {PROBLEM_JSON: {"schema": _ref("Problem")}},
    }
    return name, response | ({"headers": headers} if headers else {})
