"""Issues about images and labels of the task, and names that fit several."""

from collections.abc import Mapping
from typing import Final

from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity

_LOOKS: Final = "; “{name}” looks like the task's “{image}” but for "
_ALIKE: Final[Mapping[str, str]] = {
    "subset": f"{_LOOKS}the subset ({{number:,}} such)",
    "extension": f"{_LOOKS}the extension ({{number:,}} such)",
    "case": f"{_LOOKS}letter case ({{number:,}} such)",
    "composition": f"{_LOOKS}how its accents are composed (NFC or NFD) ({{number:,}} such)",
    "folder": f"{_LOOKS}the folders ({{number:,}} such)",
}
"""What names of images look like, each a part of a sentence; the likeliest first."""
_RIVAL: Final = "“{fit}”, but so does another name, and only one can be meant"

NAME_CODES: Final[Mapping[str, IssueCode]] = {
    "ambiguous-chosen-label": IssueCode(
        _E,
        "A chosen label is the display name of several labels.",
        "Choose it by its LabelName.",
        "is the display name of several labels: {labels}",
    ),
    "ambiguous-image": IssueCode(
        _E,
        "A name that fits several images or pictures.",
        "Say the subset, in the file's name or in an image list, or write the names as the images have them.",
        "is an image of several subsets of the task",
        forms={
            "images": "may be any of {number:,} images, such as {fits}",
            "pictures": "may be any of {number:,} pictures, such as {fits}",
            "rival-image": f"looks like the image {_RIVAL}",
            "rival-picture": f"looks like the picture {_RIVAL}",
            "used": "looks like the picture “{fit}”, but other rows or pictures have its name",
            "taken": "looks like the picture “{fit}”, but the task already has an image “{image}” with another picture",
            "rows": "is the name of an image of the task, which may be another one: rows name this picture “{row}”, "
            "and none name the image",
            "file": "is an image of several subsets of the task, and the file does not say which",
            "subset": "is an image of several subsets of the task, and none of them is “{subset}”",
        },
    ),
    "ambiguous-label": IssueCode(
        _E,
        "A display name that several labels have.",
        "Use the LabelName in its place.",
        "is the display name of several labels: {labels}",
        forms={"written": "is the name of several labels; {label} is written as it is"},
    ),
    "class-differs": IssueCode(
        _W,
        "A display name that differs from an earlier one.",
        "Check which is right; the earlier one is used.",
        "differs from “{earlier}” in {other}, which is used",
    ),
    "class-twice": IssueCode(
        _E, "A class that is in the class list twice.", "Remove one of the two lines.", "is in the class list twice"
    ),
    "image-differs": IssueCode(
        _W,
        "An image's row that differs from that of an earlier image list.",
        "Check which is right; the earlier one is used.",
        "differs from “{earlier}” in an earlier image list, which is used",
    ),
    "image-twice": IssueCode(
        _E,
        "An image that is in image lists twice.",
        "Remove one of the two rows.",
        "is in the image lists twice",
    ),
    "images-look-alike": IssueCode(
        _W,
        "New images whose names are much like those of images that the task had.",
        "If they are the same, import with {--missing-images error}, which matches names with the task's.",
        "{count:new image has|new images have} a name much like that of an image of the task{hints}",
        forms=_ALIKE,
    ),
    "images-not-found": IssueCode(
        _W,
        "How many images the task doesn't have, and what their names look like.",
        "Check that ids and image names agree.",
        forms={
            "rows": "{rows:row|rows} {rows:names/name} {count:image|images} that the task doesn't have{hints}",
            "pictures": "{pictures:picture|pictures} of {count:image|images} that the task doesn't have{hints}",
            "both": "{rows:row|rows} and {pictures:picture|pictures} name {count:image|images} that the task doesn't "
            "have{hints}",
            **_ALIKE,
        },
    ),
    "labels-not-found": IssueCode(
        _W,
        "How many labels the task doesn't have, and what their names look like.",
        "Use the task's LabelNames, or its display names.",
        "{rows:row|rows} {rows:names/name} {count:label|labels} that the task doesn't have{hints}",
        forms={
            "display": "; “{name}” is called “{display}” in the class list, which looks like the task's “{label}” "
            "({number:,} such)",
            "name": "; “{name}” looks like the task's “{label}” but for letter case ({number:,} such)",
        },
    ),
    "pictures-without-rows": IssueCode(
        _W,
        "Many pictures that no row names, and many images of rows without a picture.",
        "If they are the same images, write their names alike.",
        "{pictures:picture|pictures} that no row names, such as “{picture}”, and {images:image|images} of rows that no "
        "picture is of, such as “{image}”",
    ),
    "matched-extension": IssueCode(
        _N,
        "Names that differ from their image's in a picture's extension.",
        "Nothing, or choose {--match exact} if they are different images.",
        "{count:name|names} {count:was/were} matched without the extension, such as “{name}” with “{image}”",
    ),
    "matched-folder": IssueCode(
        _W,
        "Pictures in the folder of a subset that only files of a longer or shorter name have rows of.",
        "Check that they belong together, or choose {--match exact}.",
        "{count:picture|pictures} in the folder of the subset “{folder}” {count:is/are} taken for those of “{subset}”, "
        "which has rows and no pictures",
    ),
    "matched-suffix": IssueCode(
        _W,
        "Names that differ from their image's in the folders before them.",
        "Check the example, or choose {--match exact} if they are different images.",
        "{count:name|names} {count:was/were} matched by the end of a path, such as “{name}” with “{image}”",
    ),
    "matched-root": IssueCode(
        _W,
        "Names that differ from their image's in one folder that every path begins with.",
        "Check the example, or choose {--match exact} if they are different images.",
        "{count:name|names} {count:was/were} matched without the folder that all paths begin with, such as “{name}” "
        "with “{image}”",
    ),
    "matched-subset": IssueCode(
        _W,
        "Names of rows without a subset that are a picture's in a subset.",
        "Check the example, or choose {--match exact} if they are different images.",
        "{count:name|names} {count:was/were} matched in another subset, such as “{name}” with “{image}”",
    ),
    "other-subset": IssueCode(
        _W,
        "Images that the task has in another subset.",
        "Check that they are the same images.",
        "{count:image|images} of the subset “{subset}” {count:was/were} found in other subsets of the task, by ImageID",
    ),
    "row-differs": IssueCode(
        _W,
        "A row that differs from the same row of an earlier file.",
        "Check which is right; the earlier one is used.",
        "differs from “{earlier}” in an earlier file, which is used",
    ),
    "unknown-chosen-label": IssueCode(
        _E,
        "A chosen label does not exist.",
        "Check its spelling: LabelName or display name.",
        "is not a label of the task or the archive",
    ),
    "unknown-chosen-subset": IssueCode(
        _E,
        "A chosen subset does not exist.",
        "Check its spelling.",
        "is not a subset that the archive or the task has",
    ),
    "unknown-image": IssueCode(
        _E,
        "An ImageID that is not an image of the task.",
        "Check that ids and image names agree, or choose {--missing-images create or skip}.",
        "is not an image of the task",
    ),
    "unknown-label": IssueCode(
        _E,
        "A LabelName that is not a label of the task.",
        "Check the names, or choose {--missing-labels create or skip}.",
        "is not a label of the task",
    ),
    "annotations-removed": IssueCode(
        _N,
        "Mode replace removes annotations.",
        "Check whether these should be removed before you import: a dry run reports the same.",
        "Mode replace removes {count:annotation|annotations} of {images:image|images} ({kinds})",
    ),
    "coordinates-kept": IssueCode(
        _N,
        "Boxes whose stored coordinates a merge keeps.",
        "Import with {--mode replace} to store the archive's coordinates.",
        "{count:box differs|boxes differ} from the stored ones by rounding alone (less than 1e-5, or a hundredth of a "
        "pixel); the stored coordinates stay",
    ),
    "kinds-kept": IssueCode(
        _N,
        "Mode replace keeps kinds of annotations that the archive has no file for.",
        "Choose {--replace-all-kinds} to remove them, too.",
        "{count:annotation stays|annotations stay} because the archive has no file of their kind ({kinds})",
    ),
    "rows-kept": IssueCode(
        _W,
        "Mode replace keeps annotations because bad rows were skipped.",
        "Correct the bad rows and import again.",
        forms={
            "some": "{count:image keeps all|images keep all} annotations of a kind with a skipped row; good rows "
            "of that kind are merged there",
            "all": "All images keep what they have of these kinds, because rows were skipped whose image cannot be "
            "read ({kinds}); good rows are merged",
        },
    ),
}
