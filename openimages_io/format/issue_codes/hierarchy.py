"""Issues about the class hierarchy and images.meta."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from openimages_io.archives.problem_codes import PROBLEM_CODES
from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity
_UNWRITABLE: Final = {
    "bytes": "as a tree it has more than {limit:,} bytes",
    "values": "as a tree it has more than {limit:,} values (MAX_HIERARCHY_VALUES), since classes with several parents "
    "repeat all below them",
    "deep": "its classes are nested deeper than {limit}",
    "loop": "it has a class that is below itself",
    "below-itself": 'the class "{label}" is below itself',
}
_TOO_LARGE: Final = {
    "hierarchy-bytes": "the file has {size:,} bytes; at most {limit:,} are read (MAX_HIERARCHY_BYTES)",
    "hierarchy-values": "the file has more than {limit:,} values (MAX_HIERARCHY_VALUES)",
}
_ARCHIVE_S: Final = PROBLEM_CODES["too-large"]

HIERARCHY_CODES: Final[Mapping[str, IssueCode]] = {
    "too-large": replace(_ARCHIVE_S, forms={**_ARCHIVE_S.forms, **_TOO_LARGE}),
    # The class hierarchy
    "bad-hierarchy": IssueCode(
        _E,
        "A class hierarchy with an unexpected structure.",
        "Correct the JSON document.",
        forms={
            **{form: f"The class hierarchy cannot be written: {words}" for form, words in _UNWRITABLE.items()},
            "document": "the document is {kind} where an object is expected",
            "children": "the children are {kind} where a list is expected",
            "node": "the node is {kind} where an object is expected",
        },
    ),
    "bad-json": IssueCode(
        _E, "A class hierarchy that is not JSON.", "Correct the JSON document.", "the text is not JSON: {detail}"
    ),
    "cyclic-hierarchy": IssueCode(
        _E,
        "A class that would be below itself.",
        "Remove one edge of the cycle.",
        forms={
            "same": "would be below itself: it is {parent} too",
            "inside": "is below itself",
            "above": "would be below itself: the task's hierarchy has it above {parent}",
        },
    ),
    "different-children": IssueCode(
        _E,
        "A class that is in the hierarchy twice, with other children.",
        "Make the two the same.",
        forms={
            "order": "has the same children in another order than at {other}",
            "children": "has other children than at {other}",
        },
    ),
    "duplicate-child": IssueCode(
        _E, "A child that is in one list twice.", "Remove one of the two.", "occurs twice in one {key} list"
    ),
    "duplicate-key": IssueCode(
        _E, "A key that is in one JSON object twice.", "Remove one of the two.", "occurs twice in one object"
    ),
    "no-label-name": IssueCode(
        _E, "A class of the hierarchy without a LabelName.", "Add it.", "the node has no LabelName"
    ),
    "too-deep": IssueCode(
        _E,
        "A hierarchy that is nested too deeply.",
        "Make it flatter, or raise MAX_HIERARCHY_DEPTH in OPENIMAGES_IO.",
        "the classes are nested deeper than {limit}",
    ),
    "unknown-key": IssueCode(
        _W,
        "A key that the class hierarchy doesn't have.",
        "Nothing: it is not read.",
        "is not a key of a class hierarchy and is not read",
        forms={"more": "is not a key of a class hierarchy and is not read (nor {others:is/are} {others:other|others})"},
    ),
    # images.meta
    "bad-size": IssueCode(
        _E,
        "A size that no image can have.",
        "Correct the width and the height, in pixels.",
        forms={
            "number": "is not a whole number of pixels",
            "none": "is not a size: at least one pixel is expected",
            "large": "is more than {limit:,} pixels",
            "side": "is {width} x {height} pixels, more than the {limit:,} that a side may have",
        },
    ),
    "bad-size-line": IssueCode(
        _E,
        "A line of images.meta that is not an id, a height and a width.",
        "Write `id height width`, and quote an id with a space.",
        "has {words:word|words} where three are expected: id, height, width (an id with a space is quoted)",
    ),
    "empty-id": IssueCode(_E, "A line of images.meta without an id.", "Add the id.", "the id is empty"),
    "long-line": IssueCode(
        _E,
        "A line of images.meta that is too long.",
        "Correct the line.",
        "the line is longer than {limit:,} characters",
    ),
    "nul": IssueCode(_E, "A line with a NUL byte.", "Save the file as text.", "the line contains a NUL byte"),
    "size-differs": IssueCode(
        _W,
        "An image of two different sizes.",
        "Check which is right: images.meta, the picture or the task.",
        forms={
            "file": "is {width} x {height} pixels in an earlier file, which is used",
            "picture": "is {width} x {height} pixels, which is used, but images.meta says {meta_width} x {meta_height}",
            "swapped": "is {width} x {height} pixels, which is used, but images.meta says {meta_width} x "
            "{meta_height}: width and height are swapped",
        },
    ),
    "size-turned": IssueCode(
        _W,
        "An image whose size in images.meta is that of its picture when it is turned by EXIF.",
        "Check that the annotations are in the frame of the stored pixels; if not, they must be turned.",
        "is {width} x {height} pixels, which is used, but images.meta says {meta_width} x {meta_height}: that is its "
        "size when it is turned as its EXIF orientation ({turn}) asks, and coordinates are of the stored pixels",
    ),
    "two-sizes": IssueCode(
        _E,
        "An image with two sizes in images.meta.",
        "Remove the wrong line.",
        "is {earlier_width} x {earlier_height} pixels in line {earlier_line} and {width} x {height} here",
    ),
}
