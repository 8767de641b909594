"""Issues about exports and checks of a task."""

from collections.abc import Mapping
from typing import Final

from openimages_io.sentences import IssueCode, Severity

_E, _W, _N = Severity

EXPORT_CODES: Final[Mapping[str, IssueCode]] = {
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
    "bad-picture-name": IssueCode(
        _E,
        "A picture whose name cannot be written.",
        "Rename the image.",
        "{fault}",
        forms={
            "ending": "does not end as a picture does: {endings}",
            "passed-over": "is a name that is passed over when an archive is read",
            "long": "has a part that is too long for the name of a file",
            "taken": "is the name of another picture, too, or of its folder",
            "below": "would stand in a folder that has the name of another picture",
        },
    ),
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
        "Nothing: an import finds them again, without {--missing-images create} and {--match exact}.",
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
        "Give them one, or export with {--label-names mid}.",
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
    "shape-unwritten": IssueCode(
        _E,
        "A shape that cannot be written.",
        "Correct the shape in the task.",
        forms={
            "no-size": "cannot be drawn: the size of its image is not known",
            "large": "would be a mask of {width} x {height} pixels, more than {limit:,}",
            "drawing": "cannot be drawn: {detail}",
            "no-mask": "has no mask",
            "no-png": "has a mask that is not a PNG",
            "png": "has a PNG that {fault}",
        },
    ),
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
    "bad-shape": IssueCode(
        _E,
        "A stored shape that breaks a rule.",
        "Correct the shape.",
        "{kind} {shape} on {image}: {fault}",
        forms={
            "missing": "{kind} {shape} on {image}: there is no {what} {key}",
            "task": "{kind} {shape} on {image}: it says the task {task}, but its image is of the task {other}",
        },
    ),
    "box-differs": IssueCode(
        _W,
        "A polygon whose box does not match its points.",
        "Save the shape again.",
        "{kind} {shape} on {image}: the box is {box}, but the points lie in {drawn}",
    ),
    "hierarchy-cycle": IssueCode(
        _E,
        "A class that is below itself.",
        "Remove one edge of the cycle.",
        "is a class that is below itself; so are {count:class|classes} of the hierarchy",
    ),
    "mask-size": IssueCode(
        _E,
        "A stored mask whose size differs from the recorded one.",
        "Save the mask again.",
        "{kind} {shape} on {image}: the PNG is {width} x {height} pixels, but {noted_width} x {noted_height} "
        "are noted of it",
    ),
    "no-mask": IssueCode(
        _N, "A mask that has no PNG.", "Import the PNG.", "{kind} {shape} on {image}: the mask has no PNG"
    ),
}
