"""What OpenAPI says of the ways to shapes."""

from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from openimages_io.api.schema import error_responses, write_error_responses
from openimages_io.api.shapes.components import (
    NewShapes,
    ShapeChange,
    ShapeList,
    ShapeListInput,
    ShapeOutput,
)

_UNITS: Final = OpenApiParameter(
    "units", str, enum=["fractions", "pixels"], description="Of coordinates, in the request and in the answer."
)
_FORMS: Final = OpenApiParameter("masks", str, enum=["png", "rle"], description="Adds the masks' pixels to the answer.")
_ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201, 304], description="Of this representation."
)
_KNOWN: Final = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETags that the client has."
)


def _match(*, required: bool) -> OpenApiParameter:
    text = "The ETag of the version that this is based on, or `*`; 412 if the annotations have changed since."
    return OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=required, description=text)


_UNCHANGED: Final = {304: OpenApiResponse(None, "The client has the current version.")}
_TAGS: Final = ["shapes"]

list_shapes: Final = extend_schema(
    operation_id="shapes_list",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _KNOWN, _ETAG],
    responses={200: ShapeList, **_UNCHANGED, **error_responses(400, 404, 409)},
)
save_shapes: Final = extend_schema(
    operation_id="shapes_save",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=True), _ETAG],
    request={"application/json": ShapeListInput},
    responses={200: ShapeList, **write_error_responses(404, 409, 412, 428)},
)
add_shapes: Final = extend_schema(
    operation_id="shapes_add",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=False), _ETAG],
    request={"application/json": NewShapes},
    responses={201: ShapeList, **write_error_responses(404, 409, 412)},
)
read_shape: Final = extend_schema(
    operation_id="shapes_read",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _KNOWN, _ETAG],
    responses={200: ShapeOutput, **_UNCHANGED, **error_responses(400, 404, 409)},
)
change_shape: Final = extend_schema(
    operation_id="shapes_change",
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, _match(required=False), _ETAG],
    request={"application/json": ShapeChange},
    responses={200: ShapeOutput, **write_error_responses(404, 409, 412)},
)
delete_shape: Final = extend_schema(
    operation_id="shapes_delete",
    tags=_TAGS,
    parameters=[_match(required=False)],
    request=None,
    responses={204: OpenApiResponse(None, "It is gone."), **error_responses(404, 409, 412, 500, 503)},
)
read_mask: Final = extend_schema(
    operation_id="shapes_mask",
    tags=_TAGS,
    parameters=[
        OpenApiParameter("draw", str, enum=["0", "1"], description="1 to draw a shape that has no PNG."),
        _KNOWN,
        _ETAG,
    ],
    responses={(200, "image/png"): OpenApiTypes.BINARY, **_UNCHANGED, **error_responses(400, 404, 409)},
)
