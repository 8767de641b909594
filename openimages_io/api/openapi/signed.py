"""Pictures and masks at signed addresses."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from openimages_io.api.images.serializers import FileQuerySerializer, ThumbnailQuerySerializer
from openimages_io.api.openapi.images import DISPOSITION, PICTURE_ETAG
from openimages_io.api.openapi.schema import KNOWN, RANGES, UNCHANGED, error_responses
from openimages_io.api.openapi.shapes import DRAW
from openimages_io.api.signed import SignedViewSet
from openimages_io.viewing.serving import CONTENT_TYPES

_PATH: Final = OpenApiParameter(
    "signature", str, OpenApiParameter.PATH, description="As the address has it; it says until when it is good."
)
_CACHE: Final = OpenApiParameter(
    "Cache-Control", str, OpenApiParameter.HEADER, response=[200, 304], description="`max-age` is when it ends."
)
_NO_LOGIN: Final[list[Any]] = []


def _responses(*kinds: str, codes: tuple[int, ...] = (404, 412)) -> dict[Any, Any]:
    refused = {code: answer for code, answer in error_responses(*codes).items() if code != 401}
    return {(200, kind): OpenApiTypes.BINARY for kind in kinds} | UNCHANGED | refused


extend_schema(
    operation_id="signed_file",
    tags=["images"],
    summary="Download the picture without a login",
    auth=_NO_LOGIN,
    parameters=[_PATH, FileQuerySerializer, *RANGES, KNOWN, PICTURE_ETAG, DISPOSITION, _CACHE],
    responses=_responses(*CONTENT_TYPES, codes=(404, 412, 416))
    | {(206, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES},
)(SignedViewSet.file)
extend_schema(
    operation_id="signed_thumbnail",
    tags=["images"],
    summary="Get a thumbnail without a login",
    auth=_NO_LOGIN,
    parameters=[_PATH, ThumbnailQuerySerializer, KNOWN, PICTURE_ETAG, _CACHE],
    responses=_responses("image/jpeg"),
)(SignedViewSet.thumbnail)
extend_schema(
    operation_id="signed_mask",
    tags=["shapes"],
    summary="Get the PNG of a mask without a login",
    auth=_NO_LOGIN,
    parameters=[_PATH, DRAW, KNOWN, PICTURE_ETAG, _CACHE],
    responses={code: answer for code, answer in _responses("image/png").items() if code != 412},
)(SignedViewSet.mask)
