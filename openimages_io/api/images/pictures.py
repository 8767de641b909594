"""Files, thumbnails and overlays of images as answers, whichever address they were asked for by."""

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from openimages_io.api.exceptions import PreconditionFailed
from openimages_io.api.images.serializers import FileQuerySerializer, ThumbnailQuerySerializer
from openimages_io.format.pictures import BadPicture
from openimages_io.models import Image
from openimages_io.viewing.serving import ASK, file_response, overlay_response, thumbnail_response


def send_file(request: Request, image: Image, cache_control: str = ASK) -> HttpResponseBase:
    """The picture, or a part. Raises `ValidationError`, `NotFound`, `PreconditionFailed` and `RangeBeyondEnd`."""
    as_stored = _query(request, FileQuerySerializer)["as_stored"] == "1"
    try:
        return _sent(file_response(_plain(request), image, as_stored=as_stored, cache_control=cache_control))
    except BadPicture as fault:
        raise NotFound(f"The picture cannot be shown as it is stored, because it {fault}.") from None


def send_thumbnail(request: Request, image: Image, cache_control: str = ASK) -> HttpResponseBase:
    """A small picture. Raises as `send_file` does."""
    size = _query(request, ThumbnailQuerySerializer)["size"]
    try:
        return _sent(thumbnail_response(_plain(request), image, size, cache_control=cache_control))
    except BadPicture as fault:
        raise NotFound(f"There is no thumbnail, for the picture {fault}.") from None


def send_overlay(request: Request, image: Image) -> HttpResponseBase:
    """The shapes as SVG. Raises `PreconditionFailed`."""
    return _sent(overlay_response(_plain(request), image))


def _query(request: Request, asked: type[BaseSerializer[Any]]) -> dict[str, Any]:
    query = asked(data=request.query_params)
    query.is_valid(raise_exception=True)
    found: dict[str, Any] = query.validated_data
    return found


def _plain(request: Request) -> Any:
    """Django's request, which its own functions want."""
    return request._request  # noqa: SLF001  (DRF has no other way to it)


def _sent(response: HttpResponseBase | None) -> HttpResponseBase:
    if response is None:
        raise NotFound("There is no picture file.")
    if response.status_code == PreconditionFailed.status_code:
        raise PreconditionFailed("It is another one by now.")
    return response
