"""Where small copies of pictures lie: named by content, so that equal pictures share them."""

from typing import Final

FOLDER: Final = "openimages-thumbnails"
SIZES: Final = (128, 256, 512, 1024)
"""Pixels of the longest side."""


def thumbnail_name(digest: str, size: int) -> str:
    """The name in the picture storage, of one of `SIZES`; `digest` is the SHA-256 of the whole picture in hex."""
    return f"{FOLDER}/{digest[:2]}/{digest}-{size}.jpg"


def thumbnail_names(digest: str) -> list[str]:
    """All names that thumbnails of a picture may have."""
    return [thumbnail_name(digest, size) for size in SIZES]
