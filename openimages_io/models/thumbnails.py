"""Where small copies of pictures lie: named by content, so that equal pictures share them."""

from collections.abc import Iterable
from typing import Final

FOLDER: Final = "thumbnails"
"""Within a folder of pictures."""
SIZES: Final = (128, 256, 512, 1024)
"""Pixels of the longest side."""


def thumbnail_name(folder: str, digest: str, size: int) -> str:
    """The name in the picture storage, of one of `SIZES`; `digest` is the SHA-256 of the whole picture in hex."""
    return f"{folder}/{FOLDER}/{digest[:2]}/{digest}-{size}.jpg"


def thumbnail_names(folders: Iterable[str], digest: str) -> list[str]:
    """All names that thumbnails of a picture may have in these folders."""
    return [thumbnail_name(folder, digest, size) for folder in folders for size in SIZES]
