"""Images and their pictures."""

from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)

from openimages_io.api.images.serializers import (
    FileQuerySerializer,
    ImageIdField,
    ImageListSerializer,
    ImageSerializer,
    NeighboursSerializer,
    NewImageSerializer,
    PictureFileSerializer,
    SubsetField,
    ThumbnailQuerySerializer,
    UploadSerializer,
)
from openimages_io.api.images.views import ImageViewSet
from openimages_io.api.openapi import examples
from openimages_io.api.openapi.schema import (
    ETAG,
    KNOWN,
    RANGES,
    UNCHANGED,
    error_responses,
    match,
    write_error_responses,
)
from openimages_io.viewing.serving import CONTENT_TYPES

_TAGS: Final = ["images"]
_FORM: Final = "multipart/form-data"
_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_PART: Final = rf"(?!\.{{1,2}}(?:/|$))[^/\\{_CONTROL}]+"
PICTURE_ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Strong; it changes with the content."
)
DISPOSITION: Final = OpenApiParameter("Content-Disposition", str, OpenApiParameter.HEADER, response=[200])

extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": rf"^(?![A-Za-z]:){_PART}(?:/{_PART})*$"}
)(ImageIdField)
extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": rf"^(?![A-Za-z]:)(?!\.{{1,2}}$)[^/\\{_CONTROL}]+$"}
)(SubsetField)
for _method in (ImageSerializer.get_file, ImageSerializer.get_thumbnail):
    extend_schema_field({"type": ["string", "null"], "format": "uri"})(_method)
for _method in (ImageSerializer.get_overlay, ImageSerializer.get_shapes):
    extend_schema_field({"type": "string", "format": "uri"})(_method)

NewImages: Final = PolymorphicProxySerializer(
    component_name="NewImages",
    serializers=[NewImageSerializer, NewImageSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)

extend_schema_view(
    list=extend_schema(
        operation_id="images_list",
        tags=_TAGS,
        summary="List a task's images",
        responses={200: ImageSerializer(many=True), **error_responses(404)},
    ),
    create=extend_schema(
        operation_id="images_create",
        examples=examples.requests("images_create"),
        tags=_TAGS,
        summary="Create images",
        request=NewImages,
        responses={201: ImageListSerializer, **write_error_responses(404, 409)},
    ),
    upload=extend_schema(
        operation_id="images_upload",
        tags=_TAGS,
        summary="Upload pictures as new images",
        request={_FORM: OpenApiRequest(UploadSerializer, encoding={"files": {}})},
        responses={201: ImageListSerializer, **write_error_responses(404, 409)},
    ),
    retrieve=extend_schema(
        operation_id="images_read",
        tags=_TAGS,
        summary="Read an image",
        parameters=[KNOWN, ETAG],
        responses={200: ImageSerializer, **UNCHANGED, **error_responses(404)},
    ),
    partial_update=extend_schema(
        operation_id="images_change",
        examples=examples.requests("images_change"),
        tags=_TAGS,
        summary="Change an image",
        parameters=[match("anything of the image but its annotations has changed"), ETAG],
        request=ImageSerializer,
        responses={200: OpenApiResponse(ImageSerializer), **write_error_responses(404, 409, 412)},
    ),
    destroy=extend_schema(
        operation_id="images_delete",
        tags=_TAGS,
        summary="Delete an image",
        parameters=[match("the image or its annotations have changed")],
        responses={204: None, **error_responses(404, 409, 412, 500, 503)},
    ),
    neighbours=extend_schema(
        operation_id="images_neighbours",
        tags=_TAGS,
        summary="Find the images before and after an image",
        filters=True,
        responses={200: NeighboursSerializer, **error_responses(404)},
    ),
    file=extend_schema(
        operation_id="images_file",
        tags=_TAGS,
        summary="Download the picture",
        parameters=[
            FileQuerySerializer,
            *RANGES,
            KNOWN,
            PICTURE_ETAG,
            DISPOSITION,
        ],
        responses={(code, kind): OpenApiTypes.BINARY for code in (200, 206) for kind in CONTENT_TYPES}
        | UNCHANGED
        | error_responses(404, 412, 416),
    ),
    thumbnail=extend_schema(
        operation_id="images_thumbnail",
        tags=_TAGS,
        summary="Get a thumbnail",
        parameters=[ThumbnailQuerySerializer, KNOWN, PICTURE_ETAG],
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY, **UNCHANGED, **error_responses(404, 412)},
    ),
)(ImageViewSet)
extend_schema(
    operation_id="images_set_file",
    tags=_TAGS,
    summary="Upload the picture of an image that has none",
    parameters=[match("anything of the image but its annotations has changed"), ETAG],
    request={_FORM: PictureFileSerializer},
    responses={200: ImageSerializer, **write_error_responses(404, 409, 412)},
)(ImageViewSet.set_file)
extend_schema(
    operation_id="images_overlay",
    tags=_TAGS,
    summary="Draw the shapes as SVG",
    parameters=[KNOWN, PICTURE_ETAG],
    responses={(200, "image/svg+xml"): OpenApiTypes.BINARY, **UNCHANGED, **error_responses(404, 412)},
)(ImageViewSet.overlay)
