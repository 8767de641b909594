"""What becomes of the mask that is stored with a shape."""

from dataclasses import dataclass
from typing import Any

from openimages_io.annotations.shapes.items import Item
from openimages_io.annotations.shapes.submitted_masks import SubmittedMask
from openimages_io.error_codes import FaultCode
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.models.rules import quote


@dataclass(slots=True)
class MaskChange:
    """A mask that is made, changed or dropped."""

    shape: Shape
    columns: dict[str, Any]
    """What is written, but for the PNG."""
    pixels: SubmittedMask | None = None
    """Where the PNG comes from, if it changes."""
    is_new: bool = False
    is_dropped: bool = False

    @property
    def all_columns(self) -> dict[str, Any]:
        """What is written. The PNG is made here, so that none is made for a request that is refused."""
        return self.columns if self.pixels is None else {**self.columns, "png": self.pixels.as_png()}


def mask_change(item: Item, shape: Shape, stored: Mask | None, png: bytes, *, was_mask: bool) -> MaskChange | None:
    """What is to be done, if anything; what is wrong is told to the item.

    `png` is the stored PNG, read only if other pixels are given; `was_mask` whether the shape had this kind before.
    """
    has_png = bool(getattr(shape, "png_bytes", 0))
    is_mask, given = shape.kind == ShapeKind.MASK, item.mask
    if given is not None and given.is_bad:
        return None
    if is_mask:
        return _of_a_mask(item, shape, stored, png, needs_pixels=stored is None or not (was_mask or has_png))
    if given is not None and given.has_pixels:
        item.fault("mask", "Only a mask has its own pixels.", FaultCode.NOT_APPLICABLE)
        return None
    if item.drops_mask:
        return MaskChange(shape, {}, is_dropped=True) if stored is not None else None
    if has_png:
        said = "The shape has the pixels of a mask; give null as its mask to drop them."
        item.fault("kind", said, FaultCode.HAS_PIXELS)
        return None
    if given is None:
        return None
    if stored is None:
        item.fault("mask", "Only a mask, or a shape that was traced from one, has it.", FaultCode.NOT_APPLICABLE)
        return None
    return _change(item, shape, stored)


def _of_a_mask(item: Item, shape: Shape, stored: Mask | None, png: bytes, *, needs_pixels: bool) -> MaskChange | None:
    given = item.mask
    if given is None or not given.has_pixels:
        if needs_pixels or item.drops_mask:
            item.fault("mask", "A mask needs its pixels: give a PNG, or run lengths.", FaultCode.REQUIRED)
            return None
        return None if given is None or stored is None else _change(item, shape, stored)
    if stored is not None and png and given.is_same_as(png):
        return _change(item, shape, stored)
    return _change(item, shape, stored, given)


def _change(item: Item, shape: Shape, stored: Mask | None, pixels: SubmittedMask | None = None) -> MaskChange | None:
    given = item.mask
    assert given is not None
    columns: dict[str, Any] = {"width": pixels.width, "height": pixels.height} if pixels is not None else {}
    final = {name: columns.get(name, getattr(stored, name, None)) for name in ("width", "height")}
    for name, value in given.stated:
        if value != final[name] or isinstance(value, bool):
            said = f"It is {quote(final[name])} according to the pixels, not {quote(value)}."
            item.fault(f"mask.{name}", said, FaultCode.MISMATCH)
    if given.clicks is not None and given.clicks != getattr(stored, "clicks", ""):
        columns["clicks"] = given.clicks
    return MaskChange(shape, columns, pixels, is_new=stored is None) if columns else None
