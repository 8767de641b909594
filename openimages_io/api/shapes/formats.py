"""The forms in which shapes are asked for: fractions or pixels, masks as addresses, PNGs or run lengths."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from openimages_io.annotations.shapes.units import Size, size_for, units_of
from openimages_io.annotations.versions import Version
from openimages_io.api.signing import AddressSigner, address_signer
from openimages_io.api.strict import query_of, unknown
from openimages_io.api.validation import fault_detail, readable
from openimages_io.error_codes import FaultCode
from openimages_io.models import Image, Shape, Task
from openimages_io.models.rules import quote
from openimages_io.permissions import permissions

_HAS_PNG: Final = Q(mask__isnull=False) & ~Q(mask__png=b"")
IMAGE_HAS_ADDRESSES: Final = Exists(Shape.objects.filter(_HAS_PNG, image=OuterRef("pk")))
"""The same of all shapes of an image, asked with the image."""


@dataclass(frozen=True, slots=True)
class ShapeFormat:
    """What a client has asked for."""

    pixels: bool = False
    masks: Literal["", "png", "rle"] = ""
    signer: AddressSigner | None = None
    """What the addresses of masks are signed by: a part of the form, since they end."""

    @property
    def units(self) -> str:
        """As query and answer say it."""
        return units_of(in_pixels=self.pixels)


def requested_format(request: Request, task: Task) -> ShapeFormat:
    """The form that the query asks for of shapes of the task. Raises `ValidationError`.

    Addresses are signed for who may see the shapes.
    """
    units, masks = request.query_params.get("units", "fractions"), request.query_params.get("masks", "")
    faults: dict[str, Any] = unknown(query_of(request), ("units", "masks"))
    if units not in {"fractions", "pixels"}:
        faults["units"] = fault_detail(
            f"{readable(quote(units))} is not one of: fractions, pixels.", FaultCode.INVALID_CHOICE
        )
    if masks not in {"png", "rle"} and "masks" in request.query_params:
        faults["masks"] = fault_detail(f"{readable(quote(masks))} is not one of: png, rle.", FaultCode.INVALID_CHOICE)
    if faults:
        raise ValidationError(faults)
    chosen: Literal["", "png", "rle"] = "png" if masks == "png" else "rle" if masks == "rle" else ""
    may_see = permissions().allows(request.user, "view", Shape, task)
    return ShapeFormat(units == "pixels", chosen, address_signer() if may_see else None)


def size_of(image: Image, form: ShapeFormat) -> Size | None:
    """The picture's size if pixels are asked for. Raises `Conflict` if it is not known then."""
    return size_for(image, in_pixels=form.pixels)


def has_addresses(shapes: "QuerySet[Shape]") -> bool:
    """Whether any of these shapes is shown with the address of a PNG."""
    return shapes.filter(_HAS_PNG).exists()


def made_from(version: Version | int, image: Image, form: ShapeFormat, *, has_addresses: bool) -> str:
    """What an answer with shapes of an image is made from, for its ETag: a version, and the form.

    Addresses end, so that it moves when they do; but only where there are any.
    """
    parts = [str(version)]
    size = size_of(image, form)
    if size is not None:
        parts.append(f"pixels-{size[0]}x{size[1]}")
    if form.masks:
        parts.append(form.masks)
    if form.signer is not None and has_addresses:
        parts.append(str(form.signer.until))
    return ".".join(parts)
