"""Every kind of issue, declared once: how bad it is, what it means, the sentence that says it, and what to do about it.

An issue carries its code and parameters; the sentence is made from this table when it is shown. `docs/issues.md` is
generated from it, and `tests/format/test_issue_codes.py` compares it with the code that reports issues.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from openimages_io.text import printable


class Severity(StrEnum):
    """How bad an issue is: only an error keeps an import from being written."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class IssueCode:
    """One kind of issue."""

    severity: Severity
    """How bad it is unless whoever reports it says otherwise."""
    about: str
    """What it means, for the reference and the summary."""
    advice: str
    """What a person can do about it; an imperative."""
    sentence: str = ""
    """What is said of one: the end of a sentence whose subject is the value, or a whole clause.

    `{name}` is a parameter, `{count:row|rows}` a number with its noun, `{count:is/are}` the word alone. Empty where the
    parameter `reason` has the words, because the details are a decoder's or the operating system's.
    """
    forms: Mapping[str, str] = field(default_factory=dict)
    """Sentences that differ by circumstance; the parameter `form` chooses."""


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_DAMAGED = "Copy or pack the archive again: a part of it is lost or changed."

UNLISTED: Final = "unlisted"

CODES: Final[Mapping[str, IssueCode]] = {
    # The archive
    "damaged": IssueCode(_E, "A file, or the archive, is damaged.", _DAMAGED),
    "duplicate-member": IssueCode(
        _E, "A path is in the archive more than once.", "Pack it again with one file of that path."
    ),
    "empty": IssueCode(_E, "The archive has no files.", "Choose another archive."),
    "encrypted": IssueCode(_E, "A file is encrypted.", "Pack it without a password."),
    "not-found": IssueCode(_E, "The archive, or a file of it, is not there.", "Check the path."),
    "special-file": IssueCode(_E, "A pipe, socket or device.", "Remove it from the archive."),
    "too-large": IssueCode(
        _E, "A file is larger than a limit.", "Split it, or raise the limit in the setting OPENIMAGES_IO."
    ),
    "too-many-members": IssueCode(
        _E, "The archive has more files than allowed.", "Split it, or raise MAX_MEMBERS in OPENIMAGES_IO."
    ),
    UNLISTED: IssueCode(
        _E,
        "Issues that are counted but not listed.",
        "Correct those that are listed first.",
        "These are counted but not listed",
    ),
    "truncated": IssueCode(_E, "The archive, or a file of it, ends too early.", "Copy or download it again."),
    "unknown-format": IssueCode(
        _E, "The archive is not a folder, a zip or a tar.", "Pack the data as one of these, or name the folder."
    ),
    "unreadable": IssueCode(_E, "The operating system refuses to read a file.", "Check its permissions and the disk."),
    "unsafe-link": IssueCode(_E, "A link that is not followed.", "Pack the file itself."),
    "unsafe-path": IssueCode(_E, "A path that could lead out of the archive.", "Rename the file."),
    "unsupported": IssueCode(_E, "A way of packing that is not supported.", "Pack it as a plain zip or tar."),
    "wrong-size": IssueCode(_E, "A file's size differs from the announced one.", _DAMAGED),
    "zip-bomb": IssueCode(
        _E, "The archive unpacks to far more than it packs.", "If that is meant, raise the limits in OPENIMAGES_IO."
    ),
    # Which file is what
    "archive-changed": IssueCode(
        _E,
        "A file of the archive that changed while it was imported. Nothing was written.",
        "Import again when nobody changes the archive.",
        "is not what it was when it was checked, so nothing was written",
    ),
    "bad-image-id": IssueCode(
        _E, "An ImageID, or a picture's name, that cannot be one.", "Rename the image in every file that names it."
    ),
    "bad-subset": IssueCode(_E, "A subset's name that cannot be part of a path.", "Rename the subset."),
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
    "unknown-file": IssueCode(
        _W,
        "A file that is not recognised.",
        "Rename it as docs/format.md lists if it is to be read.",
        "The file is not recognised by its name, and was not read",
    ),
    # Tables
    "bad-header": IssueCode(
        _E, "The first row of a table cannot be its header.", "Correct the first line of the file."
    ),
    "bad-quoting": IssueCode(
        _E, "A row whose quotes are wrong.", "Double the quotes inside a quoted cell, and close each one."
    ),
    "columns-guessed": IssueCode(
        _N,
        "A class list without a header, with its columns in another order.",
        "Nothing, if that is right. Otherwise add the header LabelName,DisplayName above it.",
        "The file has no header, and its MIDs say that the columns are {first} and {second}",
        forms={
            "several": "The file has no header, and its MIDs say that {first} is column {label}, {second} column "
            "{name}",
        },
    ),
    "column-missing": IssueCode(
        _E,
        "A required column is missing.",
        "Add the column, or correct its name.",
        "The column is missing; the file has {columns}",
    ),
    "column-twice": IssueCode(
        _E, "A column occurs twice.", "Remove one of the two columns.", "The column occurs twice"
    ),
    "empty-file": IssueCode(_E, "A file without content.", "Fill the file, or remove it from the archive."),
    "endless-row": IssueCode(_E, "A row that is longer than the limit.", "Look for a quote that is left open."),
    "header-guessed": IssueCode(
        _N,
        "A class list with a header in its own words.",
        "Nothing, unless that line is a class: then add the header LabelName,DisplayName above it.",
        "looks like a header and is not read as a class: the columns are {first} and {second}",
        forms={
            "one": "looks like a header and is not read as a class: the column is {first}",
            "several": "looks like a header and is not read as a class: {first} is column {label}, {second} is column "
            "{name}",
        },
    ),
    "perhaps-a-header": IssueCode(
        _W,
        "A class list whose first class may be a header.",
        "If that line is a header, write LabelName,DisplayName in its place; if it is a class, write that above it.",
        "is read as a class, though it may be a header",
    ),
    "long-row": IssueCode(_E, "A row with more cells than the file has columns.", "Quote cells that have commas."),
    "not-commas": IssueCode(
        _E,
        "Columns that are not separated by commas.",
        "Save the file as CSV with commas.",
        "The columns must be separated by commas; here they seem to be separated by {what}",
    ),
    "not-utf-8": IssueCode(_E, "A file in another encoding than UTF-8.", "Save the file as UTF-8."),
    "short-row": IssueCode(_E, "A row with fewer cells than the file has columns.", "Add the cells that are missing."),
    "short-rows": IssueCode(
        _W,
        "Rows with fewer cells than columns, whose missing cells may be empty.",
        "Nothing, if these cells are meant to be empty.",
        "{count:row has|rows have} fewer cells than the header, the first here; those that are missing may be empty, "
        "and are read as empty",
    ),
    "spaced-quotes": IssueCode(
        _N,
        "Quoted cells with spaces around them.",
        "Nothing: they are read without the spaces and the quotes.",
        "{count:row has|rows have} a quoted cell with spaces around it, the first here; such a cell is "
        "read without them",
    ),
    "unclosed-quote": IssueCode(
        _E, "A quote that is closed only on a later line, or never.", "Close the quote on the line of its row."
    ),
    "unknown-column": IssueCode(
        _W,
        "A column that is not recognised.",
        "Nothing, unless you need what is in it: it is not imported.",
        "is not a column that this file can have, and is not read",
    ),
    "unnamed-column": IssueCode(
        _W,
        "Values in a column without a name.",
        "Name the column if it is to be read.",
        "is in a column without a name, which is not read; {count:row has|rows have} a value there, the first here",
    ),
    # Cells
    "bad-attribute": IssueCode(
        _E, "A value that the label's attribute spec refuses.", "Correct the value, or the label's spec."
    ),
    "bad-box-id": IssueCode(_E, "A BoxID that cannot be one.", "Correct the cell, or leave it empty."),
    "bad-bytes": IssueCode(_E, "A size in bytes that is not a number.", "Correct the cell, or leave it empty."),
    "bad-click": IssueCode(
        _E, "An extreme click that is neither a fraction nor -1.", "Correct the cell; -1 means none."
    ),
    "bad-confidence": IssueCode(_E, "A confidence that is not a number from 0 to 1.", "Correct the cell."),
    "bad-flag": IssueCode(_E, "A flag that is not 1, 0 or -1.", "Correct the cell: 1 yes, 0 no, -1 unknown."),
    "bad-fraction": IssueCode(
        _E,
        "A coordinate that is not a fraction between 0 and 1.",
        "Write coordinates as fractions: pixels divided by the image's width or height.",
    ),
    "bad-label-name": IssueCode(_E, "A LabelName that cannot be one.", "Correct the LabelName."),
    "bad-mask-path": IssueCode(_E, "A MaskPath that cannot be a file's name.", "Correct the cell."),
    "bad-number": IssueCode(_E, "A cell that is not a number.", "Correct the cell."),
    "bad-rotation": IssueCode(_E, "A rotation that is not in degrees.", "Correct the cell, or leave it empty."),
    "bad-source": IssueCode(_E, "A source that cannot be stored.", "Correct the cell."),
    "bad-text": IssueCode(_E, "A text that cannot be stored.", "Save the file as UTF-8, without NUL bytes."),
    "clipped": IssueCode(
        _W,
        "Coordinates slightly outside the image that --clip has moved to its edge.",
        "Nothing, if they come from rounded pixels.",
        "is moved to the image's edge; {count:row has|rows have} such a coordinate in this column, the first here",
    ),
    "dot-folder": IssueCode(
        _N,
        "Paths that begin with “./”.",
        "Nothing: they are read without it.",
        "is read without “./”; {count:row has|rows have} such a path, the first here",
    ),
    "empty-box": IssueCode(
        _W, "A box without area.", "Check it: it is imported as it is.", "equals {low}: the box is empty"
    ),
    "half-a-box": IssueCode(
        _E,
        "A box with only some of its sides.",
        "Fill all four cells, or none.",
        "is empty, but a row has all of {names} or none",
    ),
    "inside-out": IssueCode(
        _E, "A box whose minimum is above its maximum.", "Swap the two values.", "is below {low}, which is {least}"
    ),
    # The class hierarchy
    "bad-hierarchy": IssueCode(_E, "A class hierarchy with an unexpected structure.", "Correct the JSON document."),
    "bad-json": IssueCode(
        _E, "A class hierarchy that is not JSON.", "Correct the JSON document.", "the text is not JSON: {detail}"
    ),
    "cyclic-hierarchy": IssueCode(
        _E,
        "A class that would be below itself.",
        "Remove one edge of the cycle.",
        forms={
            "same": "would be below itself: it is {parent} too",
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
    "bad-size": IssueCode(_E, "A size that no image can have.", "Correct the width and the height, in pixels."),
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
    # Images and labels of the task
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
            "several": "may be any of {number:,} {what}s: {fits}",
            "rivals": "looks like the {what} “{fit}”, but so does another name, and only one can be meant",
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
        "An image that is in an image list twice.",
        "Remove one of the two rows.",
        "is in the image list twice",
    ),
    "images-look-alike": IssueCode(
        _W,
        "New images whose names are much like those of images that the task had.",
        "If they are the same, import with --missing-images error, which matches names with the task's.",
        "{count:new image has|new images have} a name much like that of an image of the task: {hints}",
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
        },
    ),
    "labels-not-found": IssueCode(
        _W,
        "How many labels the task doesn't have, and what their names look like.",
        "Use the task's LabelNames, or its display names.",
        "{rows:row|rows} {rows:names/name} {count:label|labels} that the task doesn't have{hints}",
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
        "Nothing, or choose --match exact if they are different images.",
        "{count:name|names} {count:was/were} matched without the extension, such as “{name}” with “{image}”",
    ),
    "matched-folder": IssueCode(
        _W,
        "Pictures in the folder of a subset that only files of a longer or shorter name have rows of.",
        "Check that they belong together, or choose --match exact.",
        "{count:picture|pictures} in the folder of the subset “{folder}” {count:is/are} taken for those of “{subset}”, "
        "which has rows and no pictures",
    ),
    "matched-suffix": IssueCode(
        _W,
        "Names that differ from their image's in the folders before them.",
        "Check the example, or choose --match exact if they are different images.",
        "{count:name|names} {count:was/were} matched by the end of a path, such as “{name}” with “{image}”",
    ),
    "matched-root": IssueCode(
        _W,
        "Names that differ from their image's in one folder that every path begins with.",
        "Check the example, or choose --match exact if they are different images.",
        "{count:name|names} {count:was/were} matched without the folder that all paths begin with, such as “{name}” "
        "with “{image}”",
    ),
    "matched-subset": IssueCode(
        _W,
        "Names of rows without a subset that are a picture's in a subset.",
        "Check the example, or choose --match exact if they are different images.",
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
        "Check that ids and image names agree, or choose --missing-images create or skip.",
        "is not an image of the task",
    ),
    "unknown-label": IssueCode(
        _E,
        "A LabelName that is not a label of the task.",
        "Check the names, or choose --missing-labels create or skip.",
        "is not a label of the task",
    ),
    "annotations-removed": IssueCode(
        _N,
        "Mode replace removes annotations.",
        "Check whether these should be removed before you import: a dry run reports the same.",
        "Mode replace removes {count:annotation|annotations} of {images:image|images}: {kinds}",
    ),
    "coordinates-kept": IssueCode(
        _N,
        "Boxes whose stored coordinates a merge keeps.",
        "Import with --mode replace to store the archive's coordinates.",
        "{count:box differs|boxes differ} from the stored ones by rounding alone (less than 1e-5, or a hundredth of a "
        "pixel); the stored coordinates stay",
    ),
    "kinds-kept": IssueCode(
        _N,
        "Mode replace keeps kinds of annotations that the archive has no file for.",
        "Choose --replace-all-kinds to remove them, too.",
        "{count:annotation stays|annotations stay} because the archive has no file of their kind: {kinds}",
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
    # Masks and pictures
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
    "bad-mask": IssueCode(_E, "A mask's PNG that cannot be read.", "Save the mask as a PNG again."),
    "bad-outline": IssueCode(
        _E, "A mask that cannot become a polygon.", "Import it as a mask.", "cannot become a polygon: {detail}"
    ),
    "bad-picture": IssueCode(_E, "A picture that cannot be read.", "Save the picture again, or remove it."),
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
    # Exports
    "attribute-unwritten": IssueCode(
        _W,
        "An attribute that the format has no column for.",
        "Keep it elsewhere: the export doesn't have it.",
        "is an attribute that the format has no column for ({kind} with it: {count:,})",
    ),
    "bad-edge": IssueCode(
        _E,
        "A label that the hierarchy cannot have.",
        "Rename the label.",
        "is a label that the hierarchy cannot have: its name is blank or contains a control character",
    ),
    "bad-picture-name": IssueCode(_E, "A picture whose name cannot be written.", "Rename the image."),
    "datumaro-no-size": IssueCode(
        _W,
        "Boxes and masks that Datumaro and CVAT drop because they don't know the image's size.",
        "Import images.meta or the pictures, so that the sizes are known, or export with the pictures.",
        "{count:box or mask|boxes and masks} of {images:image|images} without a known size: Datumaro and CVAT drop "
        "them, or read them as empty",
    ),
    "datumaro-unread": IssueCode(
        _N,
        "Contents of the archive that Datumaro and CVAT do not read.",
        "Keep this task or an export in the documented layout: archives from them do not have it.",
        forms={
            "machine": "{count:machine label|machine labels}: Datumaro and CVAT read no such files",
            "sources": "{count:Source|Sources} of annotations: Datumaro and CVAT drop them",
            "clicks": "Extreme clicks of {count:box|boxes}: Datumaro and CVAT drop them",
            "provenance": "The origin or rotation of {count:image|images}: Datumaro and CVAT drop it",
            "parts": "{count:Part edge|Part edges} of the hierarchy: Datumaro and CVAT drop them",
            "parents": "{count:second parent|second parents} in the hierarchy: Datumaro and CVAT keep one a label",
        },
    ),
    "extension-left-out": IssueCode(
        _W,
        "Images whose ImageIDs are written without the picture's extension for Datumaro.",
        "Nothing: an import finds them again, without --missing-images create and --match exact.",
        "{count:image is|images are} written without the extension, such as “{name}” as “{image}”, because Datumaro "
        "looks for a picture under the ImageID and one extension",
    ),
    "extension-twice": IssueCode(
        _W,
        "Pictures whose names end with an extension twice.",
        "Nothing, or rename one of the images: without the extension another image has the same name.",
        "{count:picture ends|pictures end} with an extension twice, such as “{path}”, because another image would have "
        "the name without it",
    ),
    "group-unwritten": IssueCode(
        _W,
        "Groups that the format cannot express.",
        "Keep them elsewhere: the format can only group a mask and its box.",
        "{count:group has|groups have} no mask that would keep {count:its/their} shapes together, so the archive "
        "does not have the grouping",
    ),
    "mask-renamed": IssueCode(
        _W,
        "A mask that is written under another name.",
        "Nothing: its row has the new name.",
        "is the name of another mask's file, too, or cannot be a file's name; it is {written} here",
    ),
    "misread-subset": IssueCode(
        _W,
        "A subset that would be read as another.",
        "Rename the subset, or export in the documented layout.",
        "is a subset that these file names make look like another when they are read again",
    ),
    "name-twice": IssueCode(
        _N,
        "Labels without a display name.",
        "Give them one, if you want.",
        "Labels without a display name are in the class list with their LabelName twice: {count:,}",
    ),
    "no-display-name": IssueCode(
        _W,
        "Labels without a display name.",
        "Give them one, or export with --label-names mid.",
        "Labels without a display name are written by their LabelName: {count:,}",
    ),
    "no-image-size": IssueCode(
        _W,
        "Masks that could not be scaled to their image.",
        "Import images.meta or the pictures, so that sizes are known.",
        "Masks at their own size, because the size of their image is unknown: {count:,}",
    ),
    "no-place": IssueCode(
        _N,
        "What the format has no place for, in any layout.",
        "Keep this task: what is imported from the archive lacks it.",
        forms={
            "polygon": "{count:polygon is|polygons are} written as {count:a mask/masks}: pixels in the place of points",
            "ellipse": "{count:ellipse is|ellipses are} written as {count:a mask/masks}: pixels in the place of axes",
            "rectangle": "{count:turned box is|turned boxes are} written as {count:a mask/masks}: pixels in the place "
            "of sides and a rotation",
            "colors": "The {count:color/colors} of {count:label|labels} {count:is/are} not in the archive",
            "specs": "{count:attribute spec|attribute specs} with a type, values or a default of {count:its/their} own "
            "{count:is/are} not in the archive; values of attributes that have a column are",
        },
    ),
    "no-png": IssueCode(
        _W,
        "Masks without a PNG.",
        "Import the PNGs.",
        "Masks without a stored PNG, whose rows name no file: {count:,}",
    ),
    "picture-missing": IssueCode(
        _E,
        "A picture that the storage doesn't have.",
        "Import the picture again.",
        forms={
            "missing": "is missing in the storage, where its name is {stored}",
            "unreadable": "cannot be read from the storage, where its name is {stored}",
        },
    ),
    "shape-unwritten": IssueCode(_E, "A shape that cannot be written.", "Correct the shape in the task."),
    "shared-image-id": IssueCode(
        _W,
        "ImageIDs that several subsets have.",
        "Export one subset at a time for Datumaro and CVAT.",
        "ImageIDs that several subsets have, which Datumaro and CVAT do not allow: {count:,}",
    ),
    "similar-picture-name": IssueCode(
        _W,
        "Two pictures whose names are the same on some file systems.",
        "Rename one of the images.",
        "is a name that differs from another picture's in case or composition alone: some file systems treat them as "
        "the same",
    ),
    "value-unwritten": IssueCode(
        _W,
        "Values that do not fit their column.",
        "Keep them elsewhere: the export doesn't have them.",
        "is a column that cannot hold every value: it is left empty ({kind} concerned: {count:,})",
    ),
    # Checks of a task
    "bad-shape": IssueCode(_E, "A stored shape that breaks a rule.", "Correct the shape."),
    "box-differs": IssueCode(_W, "A polygon whose box does not match its points.", "Save the shape again."),
    "hierarchy-cycle": IssueCode(
        _E,
        "A class that is below itself.",
        "Remove one edge of the cycle.",
        "is a class that is below itself; so are {count:class|classes} of the hierarchy",
    ),
    "mask-size": IssueCode(_E, "A stored mask whose size differs from the recorded one.", "Save the mask again."),
    "no-mask": IssueCode(_N, "A mask that has no PNG.", "Import the PNG."),
}

UNKNOWN: Final = IssueCode(_E, "A kind of issue that this version doesn't have.", "Read the issue itself.")
"""Of reports that another version has stored."""


class _Sentences(Formatter):
    """Texts are shortened, and show nothing unprintable: they may come from untrusted archives."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        if "/" in format_spec:
            one, many = format_spec.split("/")
            return one if value == 1 else many
        return printable(value) if isinstance(value, str) else str(format(value, format_spec))


_SENTENCES: Final = _Sentences()


def code_of(name: str) -> IssueCode:
    """What is declared of a code; something general for one that only another version has."""
    return CODES.get(name, UNKNOWN)


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is said of an issue: its parameter `reason` if it has one, else the code's sentence with its parameters."""
    if "reason" in params:
        return str(params["reason"])
    declared = code_of(code)
    try:
        template = declared.forms[params["form"]] if "form" in params else declared.sentence
        said: str = _SENTENCES.vformat(template, (), params)
    except (KeyError, ValueError, TypeError):  # stored by a version with other parameters
        said = ""
    return said or ", ".join([declared.about, *(f"{name}: {value}" for name, value in sorted(params.items()))])
