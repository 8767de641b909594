"""The names of Open Images files, each family declared once.

Sources: the format reference, Datumaro's code, and for the challenges of 2018 and 2019 the names in public code that
downloads or reads their files.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
"""Endings of pictures, in lower case."""

MAX_NAME = 1024
"""Characters; no table has a longer name, and patterns are not tried on one."""


class Kind(StrEnum):
    """What an annotation file holds."""

    CLASSES = "classes"
    HIERARCHY = "hierarchy"
    IMAGES = "images"
    SIZES = "sizes"
    LABELS = "labels"
    BOXES = "boxes"
    SEGMENTATIONS = "segmentations"


_SPLIT = r"train|validation|val|test"
_PREFIX = r"oidv[67]|challenge-20(?:18|19)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.ASCII | re.DOTALL)


PREFIXED = _pattern(rf"(?:{_PREFIX})-({_SPLIT})")
DECLARING = _pattern(r"(.+)-image_ids_and_rotation\.csv")
SHARD = _pattern(r"(.+)-masks-([0-9a-f])\.zip")
MASK_FOLDER = _pattern(r"(.+?)-masks(?:-[0-9a-f])?")
SPLIT_SHARD_FOLDER = _pattern(rf"((?:(?:{_PREFIX})-)?(?:{_SPLIT}))-masks-[0-9a-f]")
MASK_NAME_END = _pattern(r"_[0-9a-f]{8}\.png")
CVDF_FOLDER = _pattern(r"train_[0-9a-f]")

HIERARCHIES = (
    _pattern(r"bbox_labels_600_hierarchy\.json"),
    _pattern(r"challenge-2019-label500-hierarchy\.json"),
    _pattern(r"challenge-2019-label300-segmentable-hierarchy\.json"),
    _pattern(r".*hierarchy\.json"),
)
"""The best first: only one is read, since each is a whole of its own."""


@dataclass(frozen=True, slots=True)
class Table:
    """One family of file names. Its first group is the subset."""

    pattern: re.Pattern[str]
    kind: str
    """A `Kind`, or that of a table which is not the format's."""
    rank: int = 0
    """A full file has 0, one that holds a part of its rows more."""
    machine: bool = False
    official: bool = False
    """No user's file is called so: `val` is `validation` here."""


def _own(stem: str, kind: Kind, rank: int = 0, *, machine: bool = False) -> Table:
    return Table(_pattern(rf"(?:(.+)-)?{stem}\.csv"), kind, rank, machine)


def _official(name: str, kind: Kind, rank: int = 0) -> Table:
    return Table(_pattern(name), kind, rank, official=True)


TABLES = (
    _own("image_ids_and_rotation", Kind.IMAGES),
    _own("images-with-rotation", Kind.IMAGES),
    _own("images-with-labels-with-rotation", Kind.IMAGES, 1),
    _own("images-boxable-with-rotation", Kind.IMAGES, 2),
    _official(r"(train|validation|test)-images\.csv", Kind.IMAGES, 3),
    _official(r"(train|validation|test)-images-boxable\.csv", Kind.IMAGES, 4),
    _own("annotations-human-imagelabels", Kind.LABELS),
    _own("annotations-human-imagelabels-boxable", Kind.LABELS, 1),
    _official(rf"challenge-2019-({_SPLIT})-detection-human-imagelabels\.csv", Kind.LABELS, 2),
    _official(rf"challenge-2019-({_SPLIT})-segmentation-labels\.csv", Kind.LABELS, 3),
    _own("annotations-machine-imagelabels", Kind.LABELS, machine=True),
    _own("annotations-machine-imagelabels-boxable", Kind.LABELS, 1, machine=True),
    _own("annotations-bbox", Kind.BOXES),
    _official(rf"challenge-2019-({_SPLIT})-detection-bbox\.csv", Kind.BOXES, 1),
    _official(rf"challenge-2019-({_SPLIT})-segmentation-bbox\.csv", Kind.BOXES, 2),
    _official(rf"open_images_extended_miap_boxes_({_SPLIT})\.csv", Kind.BOXES, 3),
    _own("annotations-object-segmentation", Kind.SEGMENTATIONS),
    _official(rf"challenge-2019-({_SPLIT})-segmentation-masks\.csv", Kind.SEGMENTATIONS, 1),
    _official(r"()(?:oidv[67]-)?class-descriptions\.csv", Kind.CLASSES),
    _official(r"()(?:oidv[67]-)?class-descriptions-boxable\.csv", Kind.CLASSES, 1),
    _official(r"()challenge-2019-classes-description-(?:500|segmentable)\.csv", Kind.CLASSES, 2),
    _official(r"()challenge-2018-class-descriptions-500\.csv", Kind.CLASSES, 2),
    _official(r"()(?:oidv[67]-)?classes-(?:segmentation|(?:bbox-)?trainable)\.txt", Kind.CLASSES, 3),
    _official(r"()images\.meta", Kind.SIZES),
)

NOT_READ = (
    (_pattern(r"(?:.+-)?vrd(?:-labels|-bbox)?\.csv"), "visual relationships"),
    (_pattern(r"(?:.+-)?relationship(?:s-description|-triplets)\.csv"), "the kinds of visual relationships"),
    (_pattern(r"(?:.+-)?attributes-description\.csv"), "the attributes of visual relationships"),
    (_pattern(r"(?:.+-)?point-labels\.csv"), "point labels"),
    (_pattern(r".*localized_narratives.*\.jsonl"), "localized narratives"),
    (_pattern(r"open_images_.*_asr\.jsonl"), "speech recognition of localized narratives"),
    (_pattern(r"open_images_extended_miap_images_.*\.lst"), "a list of MIAP's ImageIDs"),
    (_pattern(r"(?:sample_?)?submission.*\.csv|challenge-20(?:18|19)-.+\.(?:csv|txt)"), "a file of the challenge"),
)
