"""Issues about which file is what."""

from collections.abc import Mapping
from typing import Final

from openimages_io.format.issue_codes.tables import file_name_forms, name_forms
from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity
UNLISTED: Final = "unlisted"


FILE_CODES: Final[Mapping[str, IssueCode]] = {
    UNLISTED: IssueCode(
        _E,
        "Issues that are counted but not listed.",
        "Correct those that are listed first.",
        "These are counted but not listed",
    ),
    "archive-changed": IssueCode(
        _E,
        "A file of the archive that changed while it was imported. Nothing was written.",
        "Import again when nobody changes the archive.",
        "is not what it was when it was checked, so nothing was written",
    ),
    "bad-image-id": IssueCode(
        _E,
        "An ImageID, or a picture's name, that cannot be one.",
        "Rename the image in every file that names it.",
        forms={
            **name_forms("an ImageID"),
            "backslash": "contains a backslash, which an ImageID may not: write folders with /",
            "slash": "starts with a slash, which an ImageID may not",
            "part": "has “{part}” as a folder or file name, which an ImageID may not",
            "picture": "as an ImageID {fault}",
        },
    ),
    "bad-name": IssueCode(
        _E,
        "Why a name cannot be a file's or a folder's; a part of other issues.",
        "Rename what is called so.",
        forms={
            "empty": "is empty",
            "folder": "is a way to another folder",
            "slash": "contains a slash",
            "backslash": "contains a backslash",
            "begins-with-slash": "begins with a slash",
            "control": "contains a control character, a line break or bytes that are not UTF-8",
            "drive": "begins with a drive letter",
            "part": "holds an empty folder name or a way to another folder",
            "long": "has {length} characters, more than the {limit} that it may have",
            "long-file": "is too long for the name of a file",
            "unreadable": "could not be read again",
            "passed-over": "is that of files which are passed over when an archive is read",
        },
    ),
    "bad-subset": IssueCode(
        _E,
        "A subset's name that cannot be part of a path.",
        "Rename the subset.",
        forms={
            **file_name_forms("a Subset"),
            "path": "as a subset's name {fault}",
            "sizes": "{fault}",
            "written": "is a subset whose name cannot be written: it {fault}",
        },
    ),
    "not-read": IssueCode(
        _W,
        "A file of the Open Images data set whose kind is not read.",
        "Nothing, unless you need what is in it: it is not imported.",
        "{what}: not read yet",
    ),
    "nothing-known": IssueCode(
        _E,
        "The archive has no file that is recognised.",
        "Name the files as docs/format.md lists them.",
        "No file of the archive is recognised. Looked for: class-descriptions.csv, bbox_labels_600_hierarchy.json, "
        "images.meta, <subset>-image_ids_and_rotation.csv, <subset>-images-with-rotation.csv, "
        "<subset>-annotations-bbox.csv, <subset>-annotations-human-imagelabels.csv, "
        "<subset>-annotations-machine-imagelabels.csv, <subset>-annotations-object-segmentation.csv, the official "
        "names of these in V4 to V7, and pictures in images/",
    ),
    "pictures-elsewhere": IssueCode(
        _W,
        "Pictures outside the folder images/.",
        "Move them to images/<subset>/ if they are to be imported.",
        "{count:picture|pictures} outside the folder images/ {count:is/are} not read, such as “{first}”",
    ),
    "two-masks": IssueCode(
        _E,
        "Two mask files of one name.",
        "Remove or rename one of them.",
        'is the name of a second mask{where}; the first is "{first}"',
    ),
    "two-pictures": IssueCode(
        _E,
        "Two pictures of one image.",
        "Remove or rename one of them.",
        'is the ImageID of a second picture{where}; the first is "{first}"',
    ),
    "rows-of-other-apps": IssueCode(
        _W,
        "Rows of another app of the site that point to annotations which are removed, and go with them.",
        "Nothing, if they may go: a dry run reports the same. A foreign key with PROTECT keeps them, and nothing is"
        " changed then.",
        "{count:row|rows} of “{model}” {count:points/point} to annotations that are removed, and {count:goes/go} with"
        " them",
    ),
    "unknown-file": IssueCode(
        _W,
        "A file that is not recognised.",
        "Rename it as docs/format.md lists if it is to be read.",
        "The file is not recognised by its name, and was not read",
    ),
}
