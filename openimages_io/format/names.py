"""The names that we write, and which untrusted names are safe to use."""

import re
from dataclasses import dataclass

from openimages_io.format.bad_value import BadValue
from openimages_io.format.cells import ID_LENGTH
from openimages_io.format.known_files import PICTURE_SUFFIXES

UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
"""Control characters, line breaks of every kind, and halves of surrogate pairs (bytes that were not UTF-8)."""

_DRIVE = re.compile("[A-Za-z]:")


def unsafe_word(word: str) -> BadValue | None:
    """Why `word` (a subset, a file name) cannot be one part of a path, as the end of a sentence; None if it can."""
    if word in {".", ".."}:
        return BadValue("bad-name", "folder")
    if "/" in word or "\\" in word:
        return BadValue("bad-name", "slash")
    return _unsafe_text(word)


def unsafe_image_id(image_id: str) -> BadValue | None:
    """Why `image_id` cannot name a picture, as the end of a sentence; None if it can. Folders are allowed in it."""
    if "\\" in image_id:
        return BadValue("bad-name", "backslash")
    if fault := _unsafe_text(image_id):
        return fault
    if image_id.startswith("/"):
        return BadValue("bad-name", "begins-with-slash")
    if "/" not in image_id:
        return BadValue("bad-name", "folder") if image_id in {".", ".."} else None
    if any(part in {"", ".", ".."} for part in image_id.split("/")):
        return BadValue("bad-name", "part")
    return None


def _unsafe_text(text: str) -> BadValue | None:
    if not text:
        return BadValue("bad-name", "empty")
    if UNPRINTABLE.search(text):
        return BadValue("bad-name", "control")
    if _DRIVE.match(text):
        return BadValue("bad-name", "drive")
    if len(text) > ID_LENGTH:
        return BadValue("bad-name", "long", length=len(text), limit=ID_LENGTH)
    return None


def split_ending(text: str) -> tuple[str, str]:
    """Split a name into what is before a picture's extension, and the extension in lower case with its dot."""
    stem, dot, ending = text.rpartition(".")
    ending = f".{ending.lower()}"
    is_ending = dot and stem and not stem.endswith("/") and ending in PICTURE_SUFFIXES
    return (stem, ending) if is_ending else (text, "")


def image_id_of(name: str) -> str:
    """The ImageID of a picture of this name: without the extension, unless what is left could not be a name."""
    stem, _ = split_ending(name)
    return name if unsafe_image_id(stem) else stem


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Where each file of an archive stands, in one layout. Paths are relative and use `/`."""

    image_list_stem: str
    """What follows `<subset>-` in the name of an image list; the layouts differ in nothing else."""

    classes: str = "annotations/class-descriptions.csv"
    hierarchy: str = "annotations/bbox_labels_600_hierarchy.json"
    sizes: str = "annotations/images.meta"

    def image_list(self, subset: str) -> str:
        """The table of a subset's images."""
        return f"annotations/{subset}-{self.image_list_stem}.csv"

    def labels(self, subset: str, *, machine: bool = False) -> str:
        """The image-level labels of a subset: those that people gave, or those of a machine."""
        return f"annotations/{subset}-annotations-{'machine' if machine else 'human'}-imagelabels.csv"

    def boxes(self, subset: str) -> str:
        """The boxes of a subset."""
        return f"annotations/{subset}-annotations-bbox.csv"

    def segmentations(self, subset: str) -> str:
        """The table of a subset's masks."""
        return f"annotations/{subset}-annotations-object-segmentation.csv"

    def picture(self, subset: str, image_id: str, suffix: str) -> str:
        """A picture; `suffix` has its dot, and the folders of an ImageID are folders here."""
        return f"images/{subset}/{image_id}{suffix}"

    def mask(self, subset: str, file_name: str) -> str:
        """A mask, by its MaskPath."""
        return f"masks/{subset}/{file_name}"


DOCUMENTED = Names(image_list_stem="image_ids_and_rotation")
"""The layout of CVAT's manual."""

DATUMARO = Names(image_list_stem="images-with-rotation")
"""The names that CVAT and Datumaro in fact read and write."""
