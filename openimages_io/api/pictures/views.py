"""A picture's file, a thumbnail of it, and its annotations as SVG."""

from typing import Any, Final

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.images import set_picture
from openimages_io.annotations.versions import version_of_image
from openimages_io.api.base import ApiView
from openimages_io.api.errors import PreconditionFailed
from openimages_io.api.etags import expected, tagged
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.parsing import StrictMultiPartParser
from openimages_io.api.permissions import Rules, may
from openimages_io.api.schema import ETAG, error_responses, match, write_error_responses
from openimages_io.api.strict import StrictFormSerializer
from openimages_io.api.tasks.image_creation import uploaded_picture
from openimages_io.api.tasks.image_fields import ImageSerializer, PictureFileSerializer, serialize_images
from openimages_io.api.throttling import UploadThrottle
from openimages_io.format.pictures import BadPicture
from openimages_io.models import Image, Shape
from openimages_io.models.thumbnails import SIZES
from openimages_io.viewing.serving import CONTENT_TYPES, file_response, overlay_response, thumbnail_response

_TAGS: Final = ["images"]
_NO_FILE: Final = "There is no picture file."
_IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETags that the client has."
)
_ETAG: Final = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Strong; it changes with the content."
)
_UNCHANGED: Final = {304: OpenApiResponse(description="The client has the current version.")}


class ThumbnailQuerySerializer(StrictFormSerializer):
    """How large the thumbnail is to be."""

    size = serializers.IntegerField(
        default=256,
        min_value=1,
        max_value=SIZES[-1],
        help_text=f"Pixels of the longest side; the next larger of {', '.join(map(str, SIZES))} is made.",
    )


class FileQuerySerializer(StrictFormSerializer):
    """Whether the file is to be shown rather than kept."""

    as_stored = serializers.ChoiceField(
        choices=("0", "1"),
        default="0",
        help_text="1: with the EXIF orientation “normal”, so that an `<img>` shows the pixels as they are stored, "
        "which is the frame of all coordinates. 0: byte for byte as it came.",
    )


class PictureView(ApiView):
    """A view of one image that answers with something else than JSON."""

    rules = Rules(get=may("view", of=Image))

    content_negotiation_class = IgnoreAccept
    serializer_class = serializers.Serializer

    def get_image(self, pk: int) -> Image:
        """An image that the user may see, with its task. Raises `Http404` and `PermissionDenied`."""
        return self.get_row(Image, pk)


class ImageFile(PictureView):
    """The picture."""

    rules = Rules(get=may("view", of=Image), put=may("change", of=Image))
    parser_classes = (StrictMultiPartParser,)
    throttle_classes = (*ApiView.throttle_classes, UploadThrottle)
    takes_files = True

    @extend_schema(
        operation_id="images_set_file",
        tags=_TAGS,
        summary="Upload the picture of an image that has none",
        parameters=[match("anything of the image but its annotations has changed"), ETAG],
        request={"multipart/form-data": PictureFileSerializer},
        responses={200: ImageSerializer, **write_error_responses(404, 409, 412)},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Stores the picture, of which the size is taken. Another than the one that is there already is a conflict."""
        image = self.get_row(Image, pk)
        image = set_picture(image, uploaded_picture(request, image), expected(request))
        return tagged(request, serialize_images([image], request)[0], version_of_image(image))

    @extend_schema(
        operation_id="images_file",
        tags=_TAGS,
        summary="Download the picture",
        parameters=[
            FileQuerySerializer,
            _IF_NONE_MATCH,
            _ETAG,
            OpenApiParameter("Content-Disposition", str, OpenApiParameter.HEADER, response=[200]),
        ],
        responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES}
        | _UNCHANGED
        | error_responses(400, 404, 412),
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The file as it came. Annotations are in the frame of its pixels, whatever turn an EXIF tag asks for.

        Browsers turn an `<img>` by that tag, and CSS cannot keep them from it across origins: show `?as_stored=1`.
        """
        query = FileQuerySerializer(data=request.query_params)
        image = self.get_image(pk)
        query.is_valid(raise_exception=True)
        try:
            return _answer(file_response(_plain(request), image, as_stored=query.validated_data["as_stored"] == "1"))
        except BadPicture as fault:
            raise NotFound(f"The picture cannot be shown as it is stored, because it {fault}.") from None


class ImageThumbnail(PictureView):
    """The picture, small."""

    @extend_schema(
        operation_id="images_thumbnail",
        tags=_TAGS,
        summary="Get a thumbnail",
        parameters=[ThumbnailQuerySerializer, _IF_NONE_MATCH, _ETAG],
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY, **_UNCHANGED, **error_responses(400, 404, 412)},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """A JPEG in the frame of the annotations. A picture that is smaller is not made larger.

        In the place of one that would take more memory than the site gives there is a grey placeholder that says so.
        """
        query = ThumbnailQuerySerializer(data=request.query_params)
        image = self.get_image(pk)
        query.is_valid(raise_exception=True)
        try:
            return _answer(thumbnail_response(_plain(request), image, query.validated_data["size"]))
        except BadPicture as fault:
            raise NotFound(f"There is no thumbnail, for the picture {fault}.") from None


class ImageOverlay(PictureView):
    """The annotations as SVG."""

    rules = Rules(get=may("view", of=(Image, Shape)))

    @extend_schema(
        operation_id="images_overlay",
        tags=_TAGS,
        summary="Draw the shapes as SVG",
        parameters=[_IF_NONE_MATCH, _ETAG],
        responses={(200, "image/svg+xml"): OpenApiTypes.BINARY, **_UNCHANGED, **error_responses(404, 412)},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Boxes, polygons, ellipses and outlines of masks in their labels' colours, to be laid over the picture.

        The viewBox is in pixels. Each shape has `data-shape`, `data-label` and `data-kind`, and a title.
        """
        image = self.get_image(pk)
        return _answer(overlay_response(_plain(request), image))


def _plain(request: Request) -> Any:
    """Django's request, which its own functions want."""
    return request._request  # noqa: SLF001  (DRF has no other way to it)


def _answer(response: HttpResponseBase | None) -> HttpResponseBase:
    if response is None:
        raise NotFound(_NO_FILE)
    if response.status_code == PreconditionFailed.status_code:
        raise PreconditionFailed("It is another one by now.")
    return response
