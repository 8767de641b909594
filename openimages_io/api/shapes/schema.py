"""What OpenAPI says of the ways to shapes."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from openimages_io.api.shapes.components import (
    NewShapes,
    ShapeChange,
    ShapeError,
    ShapeList,
    ShapeListInput,
    ShapeOutput,
)

_ERRORS: Final = {
    400: "The request is wrong; every fault with its path.",
    401: "Nobody is logged in.",
    403: "Nobody is logged in, or the user may not do this.",
    404: "It does not exist for this user.",
    409: "The picture's size is not known, or others are writing.",
    412: "Somebody else has changed the picture's annotations meanwhile.",
    413: "The request is too large.",
    415: "The request is not JSON.",
    428: "The request has no If-Match.",
    429: "There were too many requests.",
}
_ALWAYS: Final = (401, 403, 404, 429)
_UNITS: Final = OpenApiParameter(
    "units", str, enum=["fractions", "pixels"], description="Of coordinates, in the request and in the answer."
)
_FORMS: Final = OpenApiParameter("masks", str, enum=["png", "rle"], description="Adds the masks' pixels to the answer.")
_ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201, 304], description="Of this representation."
)
_KNOWN: Final = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETags that are at hand.")


def _match(*, required: bool) -> OpenApiParameter:
    text = "The ETag that this was made from, or `*`: a change of the picture's annotations since is 412."
    return OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=required, description=text)


def _responses(good: dict[Any, Any], *errors: int) -> dict[Any, Any]:
    told = {code: OpenApiResponse(ShapeError, _ERRORS[code]) for code in sorted((*_ALWAYS, *errors))}
    return {**good, **told}


_UNCHANGED: Final = {304: OpenApiResponse(None, "It is what If-None-Match names.")}
_TAGS: Final = ["shapes"]

list_shapes: Final = extend_schema(
    operation_id="shapes_list",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _KNOWN, _ETAG],
    responses=_responses({200: ShapeList, **_UNCHANGED}, 400, 409),
)
save_shapes: Final = extend_schema(
    operation_id="shapes_save",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=True), _ETAG],
    request={"application/json": ShapeListInput},
    responses=_responses({200: ShapeList}, 400, 409, 412, 413, 415, 428),
)
add_shapes: Final = extend_schema(
    operation_id="shapes_add",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=False), _ETAG],
    request={"application/json": NewShapes},
    responses=_responses({201: ShapeList}, 400, 409, 412, 413, 415),
)
read_shape: Final = extend_schema(
    operation_id="shapes_read",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _KNOWN, _ETAG],
    responses=_responses({200: ShapeOutput, **_UNCHANGED}, 400, 409),
)
change_shape: Final = extend_schema(
    operation_id="shapes_change",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=False), _ETAG],
    request={"application/json": ShapeChange},
    responses=_responses({200: ShapeOutput}, 400, 409, 412, 413, 415),
)
delete_shape: Final = extend_schema(
    operation_id="shapes_delete",
    tags=_TAGS,
    parameters=[_match(required=False)],
    request=None,
    responses=_responses({204: OpenApiResponse(None, "It is gone.")}, 409, 412),
)
read_mask: Final = extend_schema(
    operation_id="shapes_mask",
    tags=_TAGS,
    parameters=[
        OpenApiParameter("draw", str, enum=["0", "1"], description="1 to have a shape without a PNG drawn."),
        _KNOWN,
        _ETAG,
    ],
    responses=_responses({(200, "image/png"): OpenApiTypes.BINARY, **_UNCHANGED}, 400, 409),
)
