"""Issues about masks and pictures."""

from collections.abc import Mapping
from typing import Final

from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity
_PNG: Final = {
    "empty": "is empty (0 bytes)",
    "truncated": "is truncated",
    "png-chunks": "has more than {limit:,} chunks",
    "png-nameless": "is damaged: a chunk has no name",
    "png-checksum": "is damaged: the checksum of its {chunk} chunk is wrong",
    "png-end": "is damaged: its last chunk (IEND) is not empty",
}
"""What may be wrong with the chunks of a PNG, be it a mask or a picture."""
_BAD_MASK: Final = {
    **_PNG,
    "no-png": "is not a PNG",
    "png-order": "is damaged: other chunks stand between its pixel data (IDAT)",
    "png-palette": "is damaged: its palette (PLTE) is out of place or of no possible size",
    "png-chunk": "has a {chunk} chunk, which is out of place or unknown but needed to read it",
    "png-no-palette": "has no palette (PLTE)",
    "png-no-data": "has no pixel data (IDAT)",
    "png-header": "does not start with the header (IHDR) of a PNG",
    "png-depth": "has {bits} bits in colour type {colour}, which no PNG has",
    "png-method": "is compressed, filtered or interlaced in a way that no PNG is",
    "png-rows": "is truncated: its pixel data ends before its last row",
    "png-filter": "is damaged: a row is filtered in a way that no PNG has",
    "png-more": "holds more pixel data than its header says",
    "png-packed": "is damaged: its pixel data cannot be unpacked",
    "png-no-end": "is truncated: its pixel data has no end",
    "size": "is {width} x {height} pixels, which is not a valid size",
    "mask-pixels": "is {width} x {height} pixels, more than the limit of {limit:,} (MAX_MASK_PIXELS)",
    "unpacked": "unpacks to {size:,} bytes, more than the limit of {limit:,} (MAX_MASK_UNPACKED_BYTES)",
    "decoder": "cannot be decoded: {detail}",
    "archive": "cannot be read: {path}: {fault}",
    "all": "is not unpacked: with it the masks unpack to more than {limit:,} bytes, {ratio:,} times the size of the "
    "archive (MAX_MASK_RATIO, MASK_FREE_BYTES)",
    "stored": "{kind} {shape} on {image}: the PNG {fault}",
}
_BAD_PICTURE: Final = {
    **_PNG,
    "bytes": "has {size:,} bytes, more than the limit of {limit:,}",
    "bomb": "has more pixels than any picture should have",
    "no-picture": "is not a picture that can be read",
    "pixels": "is {width} x {height} pixels, more than the limit of {limit:,}",
    "parts": "is made of more than {limit:,} parts",
    "no-pixels": "is damaged: it has no pixel data",
    "gif-block": "is damaged: a block starts with the byte 0x{byte}",
    "tiff-lengths": "is damaged: it doesn't say how long its strips are (StripByteCounts)",
    "tiff-number": "is damaged: a place or a length in it is not a number",
    "truncated-part": "is truncated: it ends in the middle of a part",
    "truncated-end": "is truncated: it has no end (EOI)",
    "truncated-data": "is truncated: its {packed:,} bytes of pixel data cannot be {width} x {height} pixels",
    "truncated-rows": "is truncated: rows of pixels are missing",
    "truncated-webp": "is truncated: its header says {announced:,} bytes, and there are {size:,}",
    "truncated-strips": "is truncated: strips or tiles of pixels are missing",
    "many-bytes": "has more than {limit:,} bytes",
    "unpacking": "cannot be unpacked: {detail}",
    "thumbnail": "is too large for a thumbnail: {width} x {height} pixels of this kind take {size:,} bytes of memory, "
    "more than {limit:,} (MAX_THUMBNAIL_BYTES)",
}

MASK_CODES: Final[Mapping[str, IssueCode]] = {
    "picture-not-taken": IssueCode(
        _W,
        "A picture that isn't its image's by name, and differs from the one that the image has.",
        "To replace that picture, name it as the image is named.",
        "was matched with the image “{image}” of the subset “{subset}”, whose picture has other bytes, so it is not "
        "taken",
    ),
    "same-picture": IssueCode(
        _N,
        "A picture that is in several folders.",
        "Nothing: it is one image.",
        "{count:picture|pictures} {count:is/are} also in another folder with the same bytes, such as “{path}” and "
        "“{first}”",
    ),
    "bad-mask": IssueCode(_E, "A mask's PNG that cannot be read.", "Save the mask as a PNG again.", forms=_BAD_MASK),
    "bad-outline": IssueCode(
        _E, "A mask that cannot become a polygon.", "Import it as a mask.", "cannot become a polygon: {fault}"
    ),
    "bad-picture": IssueCode(
        _E, "A picture that cannot be read.", "Save the picture again, or remove it.", forms=_BAD_PICTURE
    ),
    "empty-mask": IssueCode(
        _N,
        "A mask without a pixel of an object.",
        "Check whether it is meant.",
        "has no pixels of an object, so there is nothing to trace; it stays a mask",
        forms={"written": "covers the centre of no pixel of {width} x {height}: its mask is empty"},
    ),
    "long-outline": IssueCode(
        _W,
        "A mask whose outline is too long for a polygon.",
        "Nothing: it stays a mask.",
        "has an outline of more than {limit:,} points (MAX_SHAPE_POINTS), so it stays a mask",
    ),
    "mask-missing": IssueCode(
        _E,
        "A row whose mask file is missing.",
        "Add the PNG to masks/<subset>/, or remove the row.",
        "is not among the mask files",
    ),
    "masks-of-many-sizes": IssueCode(
        _W,
        "Masks of one label on one image whose PNGs have many sizes.",
        "Look whether the right ones were changed, or write the masks of an image in one size.",
        "{count:mask was|masks were} not compared with those of other sizes that the task has in the same place: of "
        "one label on one image {limit:,} sizes are compared, and all masks of the same size",
    ),
    "mask-without-box": IssueCode(
        _N,
        "Masks whose box is missing.",
        "Nothing, unless a box file is missing.",
        "{count:mask names|masks name} a box that neither the archive nor the task has; such a mask is imported alone",
    ),
    "no-mask-files": IssueCode(
        _W,
        "A mask table without its files.",
        "Add the PNGs and import again.",
        "There are no mask files; {count:mask has|masks have} no PNG",
    ),
    "no-mask-shard": IssueCode(
        _W,
        "One of the zips with mask files is missing.",
        "Download it and import again.",
        "There are no masks of ImageIDs that start with “{digit}”; {count:mask has|masks have} no PNG",
    ),
    "odd-attributes": IssueCode(
        _W,
        "A stored shape whose attributes are not a JSON object.",
        "Correct the shape in the task.",
        "the attributes of shape {shape} of the task are stored as this, which is not an object",
    ),
}
