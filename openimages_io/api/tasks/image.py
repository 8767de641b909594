"""Images: list with filters, create by name and size or by upload, read, change, delete."""

from typing import Final

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiRequest, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from openimages_io.annotations.images import change_image, delete_image
from openimages_io.annotations.versions import version_of_image
from openimages_io.api.base import ApiView
from openimages_io.api.etags import expected, tagged
from openimages_io.api.pagination import ImagePagination
from openimages_io.api.parsing import StrictJSONParser, StrictMultiPartParser
from openimages_io.api.permissions import Rules, may
from openimages_io.api.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses
from openimages_io.api.tasks.image_creation import create, upload
from openimages_io.api.tasks.image_fields import (
    ImageSerializer,
    ImagesSerializer,
    NeighboursSerializer,
    NewImagesSerializer,
    UploadSerializer,
    serialize_images,
)
from openimages_io.api.throttling import UploadThrottle
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.filtersets.keyset import neighbours
from openimages_io.models import Image

_TAGS: Final = ["images"]
_JSON: Final = "application/json"
_FORM: Final = "multipart/form-data"


class ImageList(ApiView):
    """A task's images."""

    rules = Rules(get=may("view", of=Image), post=may("add", of=Image))
    filterset_class = ImageFilterSet
    pagination_class = ImagePagination

    parser_classes = (StrictJSONParser, StrictMultiPartParser)
    takes_files = True

    def get_queryset(self) -> QuerySet[Image]:
        return self.get_task(self.kwargs["pk"]).images.all()

    def get_throttles(self) -> list[BaseThrottle]:
        """Only what brings files counts as an upload."""
        throttles: list[BaseThrottle] = super().get_throttles()
        if str(self.request.content_type).startswith(_FORM):
            throttles.append(UploadThrottle())
        return throttles

    @extend_schema(
        operation_id="images_list",
        tags=_TAGS,
        summary="List a task's images",
        responses={200: ImageSerializer(many=True), **error_responses(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Lists images. All that is asked of shapes must hold of one and the same shape."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(serialize_images(page, request))

    @extend_schema(
        operation_id="images_create",
        tags=_TAGS,
        summary="Create images or upload pictures",
        request={_JSON: NewImagesSerializer, _FORM: OpenApiRequest(UploadSerializer, encoding={"files": {}})},
        responses={201: ImagesSerializer, **write_error_responses(404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Makes images, all of them or none: from JSON by name and size alone, or of pictures that are uploaded.

        JSON is one image or a list of them. An upload has its pictures in `files`; the ImageID is the file's name
        without its extension, unless `names` says another one for each file.
        """
        task = self.get_task(pk)
        is_form = str(request.content_type).startswith(_FORM)
        made = upload(task, request) if is_form else create(task, request.data)
        return Response({"results": serialize_images(made, request, new=True)}, status.HTTP_201_CREATED)


class ImageDetail(ApiView):
    """One image."""

    rules = Rules(
        get=may("view", of=Image),
        patch=may("change", of=Image),
        delete=may("delete", of=Image),
    )

    def answer(self, image: Image) -> Response:
        """The image with its ETag."""
        return tagged(self.request, serialize_images([image], self.request)[0], version_of_image(image))

    @extend_schema(
        operation_id="images_read",
        tags=_TAGS,
        summary="Read an image",
        parameters=[KNOWN, ETAG],
        responses={200: ImageSerializer, **UNCHANGED, **error_responses(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads what is known of an image, with the addresses of its picture and its shapes."""
        image = self.get_row(Image, pk)
        return self.answer(image)

    @extend_schema(
        operation_id="images_change",
        tags=_TAGS,
        summary="Change an image",
        parameters=[match("anything of the image but its annotations has changed"), ETAG],
        request=ImageSerializer,
        responses={200: OpenApiResponse(ImageSerializer), **write_error_responses(404, 409, 412)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Changes name, subset, size, rotation or provenance; the picture stays."""
        image = self.get_row(Image, pk)
        serializer = ImageSerializer(image, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        image = change_image(image, serializer.validated_data, expected(request))
        return self.answer(image)

    @extend_schema(
        operation_id="images_delete",
        tags=_TAGS,
        summary="Delete an image",
        parameters=[match("the image or its annotations have changed")],
        responses={204: None, **error_responses(404, 409, 412, 500, 503)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes the image with its shapes and its picture."""
        image = self.get_row(Image, pk)
        delete_image(image, expected(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImageNeighbours(ApiView):
    """What lies beside an image."""

    rules = Rules(get=may("view", of=Image))
    filterset_class = ImageFilterSet
    pagination_class = None  # type: ignore[assignment]  # DRF takes None

    @extend_schema(
        operation_id="images_neighbours",
        tags=_TAGS,
        summary="Find the images before and after an image",
        filters=True,
        responses={200: NeighboursSerializer, **error_responses(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Finds the images before and after an image among those of its task that the filter has, in its order.

        The image itself need not be among them.
        """
        image = self.get_row(Image, pk)
        before, after = neighbours(self.filter_queryset(image.task.images.all()), image)
        return Response(NeighboursSerializer({"previous": before, "next": after}).data)
