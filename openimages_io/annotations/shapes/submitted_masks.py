"""Masks as a request gives them: a PNG in base64, or run lengths as COCO has them."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from openimages_io import conf
from openimages_io.annotations.errors import TooLarge
from openimages_io.error_codes import FaultCode
from openimages_io.format.masks import BadMask, check_png, decode, encode_rows, png_size, unpacked_bytes
from openimages_io.geometry import check_rle, decode_rle, rows_of_rle
from openimages_io.models import Image
from openimages_io.models.rules import quote
from openimages_io.models.values import is_storable

ReportFault = Callable[[str, str, FaultCode], None]
"""Takes the field, what is wrong with it, and the code of that."""
_MOST_TIMES: Final = 4
"""The image's width or height that a mask may have. Official masks have up to 1,600 pixels where images have 1,024."""
_FIELDS: Final = ("png", "rle", "clicks", "width", "height", "url")


class PixelBudget:
    """What the masks of one request, or of one answer, may unpack to in all: few bytes may be very many pixels."""

    def __init__(self) -> None:
        self._most = conf.options().max_body_mask_pixels
        self._spent = 0

    def spend(self, pixels: int) -> None:
        """Raises `TooLarge` when there are too many."""
        self._spent += pixels
        if self._spent > self._most:
            raise TooLarge(f"These masks have more than {self._most:,} pixels, the most that this site allows at once.")


@dataclass(slots=True)
class SubmittedMask:
    """What a request says of a mask."""

    png: bytes = b""
    counts: str | list[Any] | None = None
    width: int | None = None
    height: int | None = None
    """The size of the PNG or of the run lengths."""
    clicks: str | None = None
    stated: tuple[tuple[str, Any], ...] = ()
    """Width and height as the request says them; they are read from the pixels."""
    is_bad: bool = False
    """Whether a fault of it was told already."""
    encoded: bytes = b""
    """The PNG of run lengths."""

    @property
    def has_pixels(self) -> bool:
        """Whether new pixels were given."""
        return bool(self.png) or self.counts is not None

    def as_png(self) -> bytes:
        """The pixels as they are stored."""
        if self.counts is not None and not self.encoded:
            assert self.width
            assert self.height
            rows = rows_of_rle(self.counts, self.width, self.height, conf.limits().max_mask_pixels)
            self.encoded = encode_rows(rows, self.width)
        return self.encoded or self.png

    def is_same_as(self, png: bytes) -> bool:
        """Whether a stored PNG is the one that was given, or has the very pixels of the run lengths."""
        if png == self.as_png() or self.counts is None:
            return png == self.as_png()
        try:
            stored = decode(png, conf.limits())
        except BadMask:
            return False
        assert self.width
        assert self.height
        given = decode_rle(self.counts, self.width, self.height, conf.limits().max_mask_pixels)
        return stored.shape == given.shape and bool((stored == given).all())


def read_mask(given: Any, report: ReportFault, budget: PixelBudget) -> SubmittedMask:
    """Takes what is said of a mask, and the size of its pixels from what they begin with; none is looked at yet.

    Faults go to `report`. Raises `TooLarge`.
    """
    mask = SubmittedMask()

    def fault(name: str, message: str, code: FaultCode) -> None:
        mask.is_bad = True
        report(f"mask.{name}" if name else "mask", message, code)

    if not isinstance(given, dict):
        said = f"{quote(given).capitalize()} is not a mask: write an object with png or rle."
        fault("", said, FaultCode.WRONG_TYPE)
        return mask
    for name in given:
        if name not in _FIELDS:
            fault(name, f"A mask has no such field; it has: {', '.join(_FIELDS)}.", FaultCode.UNKNOWN)
    png, rle = given.get("png"), given.get("rle")
    if png is not None and rle is not None:
        fault("rle", "There is also a PNG: give only one of them.", FaultCode.REPEATED)
    elif png is not None:
        _read_png(png, mask, fault, budget)
    elif rle is not None:
        _read_rle(rle, mask, fault, budget)
    if "clicks" in given:
        if not isinstance(given["clicks"], str):
            fault("clicks", f"{quote(given['clicks']).capitalize()} is not a text.", FaultCode.WRONG_TYPE)
        elif not is_storable(given["clicks"]):
            fault("clicks", "A text must not contain NUL bytes or unpaired surrogates.", FaultCode.UNSTORABLE)
        else:
            mask.clicks = given["clicks"]
    if not isinstance(given.get("url"), str | None):
        fault("url", f"{quote(given['url']).capitalize()} is not an address.", FaultCode.WRONG_TYPE)
    mask.stated = tuple((name, given[name]) for name in ("width", "height") if name in given)
    return mask


def _read_png(text: Any, mask: SubmittedMask, fault: ReportFault, budget: PixelBudget) -> None:
    limits = conf.limits()
    if not isinstance(text, str):
        fault("png", f"{quote(text).capitalize()} is not base64.", FaultCode.WRONG_TYPE)
        return
    if len(text) > (limits.max_mask_bytes + 2) // 3 * 4:
        fault("png", f"The PNG has more than {limits.max_mask_bytes:,} bytes.", FaultCode.BAD_PNG)
        return
    try:
        png = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        fault("png", "It is not base64.", FaultCode.BAD_PNG)
        return
    try:
        mask.width, mask.height = png_size(png, limits)
        budget.spend(max(mask.width * mask.height, unpacked_bytes(png, limits)))
    except BadMask as bad:
        fault("png", f"The PNG {bad}.", FaultCode.BAD_PNG)
        return
    mask.png = png


def _read_rle(given: Any, mask: SubmittedMask, fault: ReportFault, budget: PixelBudget) -> None:
    if not isinstance(given, dict) or given.keys() != {"size", "counts"}:
        fault("rle", "Write an object with size and counts.", FaultCode.WRONG_TYPE)
        return
    size, counts = given["size"], given["counts"]
    if not isinstance(size, list) or len(size) != 2 or any(type(side) is not int for side in size):
        fault("rle.size", "Write height and width, in this order, as whole numbers.", FaultCode.WRONG_TYPE)
        return
    if not isinstance(counts, str | list):
        said = f"Write a text or a list of whole numbers, not {quote(counts)}."
        fault("rle.counts", said, FaultCode.WRONG_TYPE)
        return
    height, width = size
    most = conf.limits().max_mask_pixels
    if width > 0 and height > 0 and width * height <= most:
        budget.spend(width * height)
    mask.counts, mask.width, mask.height = counts, width, height


def check_scale(mask: SubmittedMask, image: Image, report: ReportFault) -> None:
    """Holds the size of given pixels against the image's, if that is known. Faults go to `report`.

    A mask covers the whole image whatever its own size is; one of many times its size is a mistake, or made to cost.
    What has more pixels than any mask may have is told later.
    """
    if not (mask.has_pixels and mask.width and mask.height and image.width and image.height):
        return
    if mask.width * mask.height > conf.limits().max_mask_pixels:
        return
    if mask.width > _MOST_TIMES * image.width or mask.height > _MOST_TIMES * image.height:
        said = (
            f"The mask is {mask.width:,} × {mask.height:,} pixels, and the image {image.width:,} × {image.height:,}; "
            f"a mask may be {_MOST_TIMES} times as wide and high."
        )
        mask.is_bad = True
        name, code = ("png", FaultCode.BAD_PNG) if mask.png else ("rle.size", FaultCode.BAD_RLE)
        report(f"mask.{name}", said, code)


def check_pixels(mask: SubmittedMask, report: ReportFault) -> None:
    """Looks at the pixels of a mask that were given. Faults go to `report`."""
    limits = conf.limits()
    try:
        if mask.png:
            check_png(mask.png, limits)
        elif mask.counts is not None:
            check_rle(mask.counts, mask.width or 0, mask.height or 0, limits.max_mask_pixels)
    except BadMask as bad:
        mask.is_bad = True
        report("mask.png", f"The PNG {bad}.", FaultCode.BAD_PNG)
    except ValueError as bad:
        mask.is_bad = True
        report("mask.rle", f"The run lengths {bad}.", FaultCode.BAD_RLE)
