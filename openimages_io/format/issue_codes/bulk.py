"""Issues about bulk changes: what they have left as it was."""

from collections.abc import Mapping
from typing import Final

from openimages_io.sentences import IssueCode, Severity

BULK_CODES: Final[Mapping[str, IssueCode]] = {
    "image-stays": IssueCode(
        Severity.WARNING,
        "An image that was not moved, because a subset has each ImageID once.",
        "Rename one of the two images, or delete one, and move the other then.",
        forms={
            "taken": "stays in its subset: “{subset}” has an image of that name already",
            "shared": "stays in its subset: another image of that name was to be moved to “{subset}”, too",
        },
    ),
    "annotation-stays": IssueCode(
        Severity.WARNING,
        "An annotation that was not relabelled.",
        "Look at the image: delete one of the two annotations, or change the specs of the new label.",
        forms={
            "same": "keeps its label ({kind} {shape}): the image has the same one of “{label}” already",
            "other": "keeps its label ({kind} {shape}): the image has one of “{label}” there that says something else",
            "attributes": "keeps its label ({kind} {shape}): “{label}” does not take its {attribute}: {fault}",
        },
    ),
}
