"""The pixels of one shape as a PNG."""

from openimages_io import conf
from openimages_io.annotations.errors import Conflict, NotThere
from openimages_io.error_codes import ErrorCode
from openimages_io.format.masks import encode
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.transfer.masks.rasterize import CannotBeWritten, check_size, draw, native_size


def png_of(shape: Shape, *, draws: bool) -> bytes:
    """The stored PNG, or the shape as an export draws it: as large as the mask that it was traced from, or its image.

    Raises `NotThere` if there is none, and `Conflict` if it cannot be drawn.
    """
    mask = Mask.objects.filter(shape=shape).first()
    if mask is not None and mask.png:
        return bytes(mask.png)
    if not draws or shape.kind in {ShapeKind.TAG, ShapeKind.MASK}:
        raise NotThere("The shape has no pixels.")
    image = shape.image
    size = native_size([shape]) or ((image.width, image.height) if image.width and image.height else None)
    try:
        return encode(draw(shape, check_size(size, conf.limits())))
    except CannotBeWritten as fault:
        raise Conflict(f"The {shape.kind} {fault}.", ErrorCode.CANNOT_BE_DRAWN) from None
