"""The PNG of a mask as an answer, whichever address it was asked for by."""

from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from openimages_io.annotations.shapes.pixels import png_of
from openimages_io.api.etags import is_known
from openimages_io.api.strict import unknown
from openimages_io.api.validation import fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.models import Shape
from openimages_io.viewing.serving import ASK


def send_mask(request: Request, shape: Shape, cache_control: str = ASK) -> HttpResponse:
    """The stored PNG, or with `draw=1` any shape that covers pixels, drawn. Raises `ValidationError` and `NotThere`."""
    drawn = request.query_params.get("draw", "0")
    faults: dict[str, Any] = unknown(request.query_params, ("draw",))
    if drawn not in {"0", "1"}:
        faults["draw"] = fault_detail("Write 1 to draw the shape, or 0.", FaultCode.INVALID_CHOICE)
    if faults:
        raise ValidationError(faults)
    png = png_of(shape, draws=drawn == "1")
    etag = f'"{blake2b(png, digest_size=16).hexdigest()}"'
    if is_known(request, etag):
        response = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
    else:
        response = HttpResponse(png, content_type="image/png")
        response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = etag
    response["Cache-Control"] = cache_control
    return response
