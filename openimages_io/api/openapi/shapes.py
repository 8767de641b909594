"""Shapes."""

from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from openimages_io.api.openapi import examples
from openimages_io.api.openapi.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses
from openimages_io.api.openapi.shape_components import (
    AnyShape,
    NewShapes,
    ShapeChange,
    ShapeList,
    ShapeListChange,
    ShapeListUpdate,
)
from openimages_io.api.shapes.views import ShapeViewSet

_UNITS: Final = OpenApiParameter(
    "units", str, enum=["fractions", "pixels"], description="Of coordinates, in the request and in the answer."
)
_FORMS: Final = OpenApiParameter("masks", str, enum=["png", "rle"], description="Adds the masks' pixels to the answer.")
DRAW: Final = OpenApiParameter("draw", str, enum=["0", "1"], description="1 to draw a shape that has no PNG.")
_CHANGED: Final = "the annotations have changed"
_SHAPE_CHANGED: Final = "the shape has changed, or, of the ETag of all shapes of its image, any of them"
_TAGS: Final = ["shapes"]

extend_schema_view(
    list=extend_schema(
        operation_id="shapes_list",
        summary="Read all shapes of an image",
        examples=[examples.shapes_of_an_image()],
        tags=_TAGS,
        parameters=[_UNITS, _FORMS, KNOWN, ETAG],
        responses={200: ShapeList, **UNCHANGED, **error_responses(404, 409)},
    ),
    create=extend_schema(
        operation_id="shapes_add",
        summary="Add one shape or several to an image",
        examples=[*examples.requests("shapes_add"), examples.shapes_of_an_image()],
        tags=_TAGS,
        parameters=[_UNITS, _FORMS, match(_CHANGED), ETAG],
        request={"application/json": NewShapes},
        responses={201: ShapeList, **write_error_responses(404, 409, 412)},
    ),
    retrieve=extend_schema(
        operation_id="shapes_read",
        summary="Read a shape",
        tags=_TAGS,
        parameters=[_UNITS, _FORMS, KNOWN, ETAG],
        responses={200: AnyShape, **UNCHANGED, **error_responses(404, 409)},
    ),
    partial_update=extend_schema(
        operation_id="shapes_change",
        summary="Change some fields of a shape",
        examples=examples.requests("shapes_change"),
        tags=_TAGS,
        parameters=[_UNITS, _FORMS, match(_SHAPE_CHANGED), ETAG],
        request={"application/json": ShapeChange},
        responses={200: AnyShape, **write_error_responses(404, 409, 412)},
    ),
    destroy=extend_schema(
        operation_id="shapes_delete",
        summary="Delete a shape with its mask",
        tags=_TAGS,
        parameters=[match(_SHAPE_CHANGED)],
        request=None,
        responses={204: OpenApiResponse(None, "It is gone."), **error_responses(404, 409, 412, 500, 503)},
    ),
)(ShapeViewSet)
extend_schema(
    operation_id="shapes_save",
    summary="Replace all shapes of an image, unless they have changed",
    examples=[*examples.requests("shapes_save"), examples.shapes_of_an_image()],
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, match(_CHANGED, required=True), ETAG],
    request={"application/json": ShapeListUpdate},
    responses={200: ShapeList, **write_error_responses(404, 409, 412, 428)},
)(ShapeViewSet.bulk_update)
extend_schema(
    operation_id="shapes_patch",
    summary="Create, change and delete shapes of an image, all or none",
    examples=[*examples.requests("shapes_patch"), examples.shapes_of_an_image()],
    tags=_TAGS,
    parameters=[_UNITS, _FORMS, match(_CHANGED), ETAG],
    request={"application/json": ShapeListChange},
    responses={200: ShapeList, **write_error_responses(404, 409, 412)},
)(ShapeViewSet.partial_bulk_update)
extend_schema(
    operation_id="shapes_mask",
    summary="Get the PNG of a mask, or of any shape as it is drawn",
    tags=_TAGS,
    parameters=[
        DRAW,
        KNOWN,
        ETAG,
    ],
    responses={(200, "image/png"): OpenApiTypes.BINARY, **UNCHANGED, **error_responses(404, 409)},
)(ShapeViewSet.mask)
