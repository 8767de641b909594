"""Images: list with filters, create by name and size or by upload, read, change, delete; pictures, small and whole."""

from collections.abc import Sequence
from typing import Any, Final

from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from openimages_io.annotations.images import change_image, delete_image, set_picture
from openimages_io.annotations.versions import version_of_image
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import expected, tagged
from openimages_io.api.images.creation import create, upload, uploaded_picture
from openimages_io.api.images.pictures import send_file, send_overlay, send_thumbnail
from openimages_io.api.images.serializers import (
    ImageSerializer,
    NeighboursSerializer,
    NewImageSerializer,
    PictureFileSerializer,
    UploadSerializer,
    serialize_images,
)
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.pagination import ImagePagination
from openimages_io.api.parsers import StrictMultiPartParser
from openimages_io.api.permissions import may
from openimages_io.api.throttling import UploadThrottle
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.filtersets.keyset import neighbours
from openimages_io.models import Image, Shape

_UPLOADS: Final[dict[str, Any]] = {
    "parser_classes": (StrictMultiPartParser,),
    "throttle_classes": (*ApiViewSet.throttle_classes, UploadThrottle),
    "takes_files": True,
}


class ImageViewSet(ApiViewSet):
    """A task's images."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "list": may("view", of=Image),
        "create": may("add", of=Image),
        "upload": may("add", of=Image),
        "retrieve": may("view", of=Image),
        "partial_update": may("change", of=Image),
        "destroy": may("delete", of=Image),
        "neighbours": may("view", of=Image),
        "file": may("view", of=Image),
        "set_file": may("change", of=Image),
        "thumbnail": may("view", of=Image),
        "overlay": may("view", of=(Image, Shape)),
    }
    below = {  # noqa: RUF012
        "Shapes": ("image-shapes", may("view", of=Shape)),
        "Overlay": ("image-overlay", may("view", of=(Image, Shape))),
    }
    queryset = Image.objects.all()
    filterset_class = ImageFilterSet
    pagination_class = ImagePagination
    reads_query = ("list", "neighbours", "file", "thumbnail")
    shows_pictures = ("file", "thumbnail", "overlay")

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """By the action."""
        of_actions: dict[str, type[BaseSerializer[Any]]] = {
            "create": NewImageSerializer,
            "upload": UploadSerializer,
            "set_file": PictureFileSerializer,
        }
        return of_actions.get(self.action, ImageSerializer)

    def list(self, request: Request, pk: int) -> Response:
        """Lists images. All that is asked of shapes must hold of one and the same shape."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(serialize_images(page, request, may_see=True))  # or the rule had refused

    def create(self, request: Request, pk: int) -> Response:
        """Makes images by name and size alone, one or a list of them, all or none."""
        return self._created(create(self.get_task(pk), request.data))

    @action(detail=False, methods=["post"], **_UPLOADS)
    def upload(self, request: Request, pk: int) -> Response:
        """Makes images of the pictures in `files`, all of them or none.

        The ImageID is the file's name without its extension, unless `names` says another one for each file.
        """
        return self._created(upload(self.get_task(pk), request))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Reads what is known of an image, with the addresses of its picture and its shapes."""
        return self.answer(self.get_object())

    def partial_update(self, request: Request, pk: int) -> Response:
        """Changes name, subset, size, rotation or provenance; the picture stays."""
        image = self.get_object()
        serializer = self.get_serializer(image, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.answer(change_image(image, serializer.validated_data, expected(request)))

    def destroy(self, request: Request, pk: int) -> Response:
        """Deletes the image with its shapes and its picture."""
        delete_image(self.get_object(), expected(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, pagination_class=None)
    def neighbours(self, request: Request, pk: int) -> Response:
        """Finds the images before and after an image among those of its task that the filter has, in its order.

        The image itself need not be among them.
        """
        image = self.get_object()
        before, after = neighbours(self.filter_queryset(image.task.images.all()), image)
        return Response(NeighboursSerializer({"previous": before, "next": after}).data)

    @action(detail=True, content_negotiation_class=IgnoreAccept, **_UPLOADS)
    def file(self, request: Request, pk: int) -> HttpResponseBase:
        """The file as it came. Annotations are in the frame of its pixels, whatever turn an EXIF tag asks for.

        Browsers turn an `<img>` by that tag, and CSS cannot keep them from it across origins: show `?as_stored=1`.
        """
        return send_file(request, self.get_object())

    @file.mapping.put
    def set_file(self, request: Request, pk: int) -> Response:
        """Stores the picture, of which the size is taken. Another than the one that is there already is a conflict."""
        image = self.get_object()
        return self.answer(set_picture(image, uploaded_picture(request, image), expected(request)))

    @action(detail=True, content_negotiation_class=IgnoreAccept)
    def thumbnail(self, request: Request, pk: int) -> HttpResponseBase:
        """A JPEG in the frame of the annotations. A picture that is smaller is not made larger.

        In the place of one that would take more memory than the site gives there is a grey placeholder that says so.
        """
        return send_thumbnail(request, self.get_object())

    def overlay(self, request: Request, pk: int) -> HttpResponseBase:
        """Boxes, polygons, ellipses and outlines of masks in their labels' colours, to be laid over the picture.

        The viewBox is in pixels. Each shape has `data-shape`, `data-label` and `data-kind`, and a title.
        """
        return send_overlay(request, self.get_object())

    def answer(self, image: Image) -> Response:
        """The image with its ETag."""
        return tagged(self.request, serialize_images([image], self.request)[0], version_of_image(image))

    def _created(self, images: Sequence[Image]) -> Response:
        return Response({"results": serialize_images(images, self.request, new=True)}, status.HTTP_201_CREATED)
