"""`python -m docs.generate_format`: writes the format reference, `docs/format.md`, from what the code declares."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import django

from docs.patterns import readable
from openimages_io.format import known_files
from openimages_io.format.known_files import Kind
from openimages_io.format.names import DATUMARO, DOCUMENTED
from openimages_io.format.tables import (
    BOXES,
    CLASSES,
    CLICK_COLUMNS,
    IMAGES,
    LABELS,
    PERSON_ATTRIBUTES,
    SEGMENTATIONS,
    Column,
    Table,
)

TARGET: Final = Path(__file__).resolve().parent / "format.md"
_SUBSET: Final = "<subset>"

INTRO: Final = """\
# The format

*This page is written by `python -m docs.generate_format` from the declarations in `openimages_io/format/`; a test compares the two.*

## An archive

A folder, a zip, a tar, or a tar packed with gzip, bzip2 or xz. What it is, is told by its content. One folder around everything is
looked through. The documented tree, which is what an export writes:

{tree}

An export into a folder puts a list of what it wrote on top of it, `.openimages-export`. It is passed over when the folder is read, as is what macOS
and Windows leave in folders (`.DS_Store`, `__MACOSX/`, `._*`, `Thumbs.db`, `desktop.ini`).

`<subset>` is `train`, `validation`, `test` or any other word. A task may hold the same ImageID in two subsets.

A file is known by its name, whatever folder it stands in; upper and lower case make no difference there, but a subset keeps its own.
`oidv6-`, `oidv7-` and `challenge-…-` are official prefixes only before `train`, `val`, `validation` or `test`, and only behind one does
`val` mean `validation`; a user's own subset `val` stays `val`. In the names below `<split>` is one of these four words, `[…]` may be absent,
`{{a,b}}` is one of the two, `<anything>` may be anything, or nothing where it begins or ends a name.

Several files of a kind and subset are united: the first in reading order holds, full files before their parts, unprefixed ones before
those of later versions, and where a later one differs there is a warning. A repeat within one file is an error for images and classes.

## Every table

- UTF-8, with or without a byte order mark; LF, CRLF or CR; blank lines are passed over; standard CSV quoting with commas.
- Rows of nothing but commas and spaces are blank lines, and empty cells behind the last column, as spreadsheets write them, are passed over. A row that
  ends early is read if all that is missing may be empty (`short-rows`, one warning a file with their number), unless the file may be cut
  off in it: it is the last, has no line end, and no row before it was short. A path that begins with `./` is read without it (`dot-folder`).
- A quoted cell may have spaces around it, as in `/m/01yrx, "Cat"`: they are left out (`spaced-quotes`, one note a file with the number of rows). A cell with a quote that
  is not quoted as a whole is read as it stands.
- A flag may be `1.0`, `0.0` or `-1.0`, as pandas writes it in a column that has empty cells; it goes out as `1`, `0` or `-1`.
- A coordinate at most 0.01 outside the image is an error that names `--clip`, which takes it as the edge (`clipped`, counted by column).
- Columns are found by name, whatever their order; case and blanks around a name make no difference. Columns of other names are one
  warning a file. Only what is marked as required must be there.
- Line numbers in messages are the file's own: the line on which a row starts, also after line breaks in quoted cells.
- Written are UTF-8, LF, quotes only where they must be, all columns of the tables below in this order, and each number as the shortest
  text that reads back as the same float64. Columns marked *(if any)* are written for a subset in which a row has them.
- Coordinates are fractions of the image, x from the left and y from the top.
"""

RULES: Final[dict[str, tuple[str, ...]]] = {
    IMAGES.title: (
        "An ImageID is the picture's name without its extension, folders included; it may hold no `..`, backslash or line break.",
        "An image stands in one list once (`image-twice`).",
        "Images that only rows or pictures name are images too, without these cells.",
        "Rotation is written as the official lists have it, `90.0`, and an unknown one as an empty cell.",
    ),
    CLASSES.title: (
        "The header may be missing, and is not written. Columns are then told by their order.",
        "Two different words of a header, such as `label,name`, `text,label` or `class_id,class_name`, are one, too (`header-guessed`, a note). Which column is which is said by the MIDs below, else by words such as `mid`, else by their order.",
        "More columns, such as `index,mid,name`, are read if header or MIDs make clear which is the LabelName and which the DisplayName, and so are two columns of which the second has the MIDs (`columns-guessed`, a note). What is not clear is an error, `bad-header`.",
        "A first row that might be a header and might be a class, such as `person,name`, or one without a MID above rows that all have one, is a class (`perhaps-a-header`, a warning). An export writes the header where its first class would be taken for one.",
        "A label without a display name is written with its LabelName twice, as CVAT and Datumaro do (`name-twice`, a note with the number). A MID that stands twice has no display name.",
        "A list of LabelNames alone, one a line, is a class list as well.",
        "A class stands in one list once (`class-twice`).",
        "Without any class list, labels are the LabelNames that occur.",
        "A row of another table may have a display name for a LabelName; one that several labels share is an issue (`ambiguous-label`).",
    ),
    LABELS.title: (
        "A row becomes a shape of kind `tag`.",
        "On export, tags of source `machine` go to the machine file, all others to the human file. A subset without machine labels has no machine file.",
        "A tag without a score is written with Confidence 1.",
    ),
    BOXES.title: (
        "A row becomes a shape of kind `rectangle`.",
        "XMax below XMin, or YMax below YMin, is an error (`inside-out`); equal ones are a warning (`empty-box`).",
        "A flag of -1 is the attribute's absence, and an attribute that is not there is written as -1.",
        "A box without a score is written with Confidence 1.",
        "Click cells come out as they came, -1 included.",
    ),
    SEGMENTATIONS.title: (
        "A row becomes a shape of kind `mask`, or with `--masks-as polygons` of kind `polygon`, unless its outline has more points than `MAX_SHAPE_POINTS` (`long-outline`).",
        "The four coordinates are all there or all empty (`half-a-box`), and as for boxes not inside out.",
        "A mask belongs to the box of the same image and label whose coordinates agree within 1e-6; they get one `Shape.group`. Of two equal boxes it is the first without a mask.",
        "A row whose PNG is missing is an error (`mask-missing`), but if no mask files are at hand at all that is one warning a file.",
        "Polygons, ellipses and turned rectangles are written here too, drawn as masks.",
    ),
}
"""What holds across cells and rows, by table."""

OUTRO: Final = """\
## Class hierarchy

{hierarchy}

Nested objects `{{"LabelName": …, "Part": […], "Subcategory": […]}}`, both lists optional. A class may stand below several others and be both
a part and a subcategory; its subtree is repeated wherever it stands, and one that differs is an issue. It becomes
`HierarchyEdge.parent`, `child`, `kind` and `position`; a class that the class list doesn't have, such as the official root `/m/0bl9f`, is
a label with `is_listed` off. The first of these files that is there is read, the others are named as not read. A root alone that tools make up (`/m/0bl9f`, `/m/0`) is not a label.

## Image sizes

`{sizes}`: one line an image, `<id> <height> <width>` in pixels, the height first. Ids are quoted as in a POSIX shell, `#` starts a
comment, blank lines are passed over. They become `Image.height` and `Image.width`. Datumaro and CVAT write and need it; official data
has no such file. A size that was measured from a picture holds against them (`size-differs`, or `size-turned` where it is the picture's size as EXIF turns it). An export writes every size that is known. Where two images of one name differ in size, it writes a comment `# subset: NAME` above each subset's lines.

A line below such a comment is of that subset's image alone and goes before one above any comment, which is of the images of that ImageID in every subset. A line that no image
is called by is of an image that the archive names if their names differ in an extension or in folders, as below. Of which image a line is, is seen when all of the archive has been read.

## Masks

PNGs of any kind that Open Images tools write: 1-bit, grey of 8 or 16 bits, palette, RGB; what is not zero is the object. A mask covers
the whole image whatever its own size is. They are found in `masks/<subset>/`, in `masks/`, at the root, in a folder such as
`<subset>-masks` or `<subset>-masks-<digit>`, or in the zips as downloaded, {shards}, by the first digit of the ImageID. Masks that we draw
are 1-bit PNGs.

## Pictures

Files in `images/<subset>/`, where folders below belong to the ImageID; directly in `images/`; in any other top folder, which is then the
subset, and in folders below it if a table or Open Images has that subset; in `data/` or `Dataset/`, as FiftyOne and OIDv4_ToolKit have them, with or without the folder of such a subset; or a .jpg at the root. Endings: {pictures}. Two pictures of one ImageID in a subset are an error (`two-pictures`).

Coordinates are of the pixels as they are stored, and so are sizes and thumbnails, whatever turn an EXIF orientation asks for. Files keep
their tag; who shows one with its boxes takes it with `?as_stored=1` (see [the API](api.md)).

A picture must be whole (`bad-picture`). No pixel is unpacked for that; what is read is that the file goes on to where its format says that it ends:

| format | whole is |
|---|---|
| JPEG | a scan, and after it the end of the image (EOI); what follows that, such as the second picture of an MPO, does not count |
| PNG | every chunk to IEND with its checksum, and enough pixel data for the size |
| GIF | every block to the trailer, with an image |
| WebP | as many bytes as its header says |
| BMP | every row, or of run lengths the mark at their end |
| TIFF | every strip or tile of every page |

## Names that differ

A name of a row or a picture that no image has is matched with the image whose name it differs from in no more than this, if only one fits on either
side and `--match exact` is not given:

| way | the source says | the image is called | issue |
|---|---|---|---|
| extension | `a.jpg`, or a picture `a.jpg` | `a` | `matched-extension` |
| extension | `a` | `a.jpg`, in a task that has it so | `matched-extension` |
| end of a path | a row `a`, and a picture `Cat/a.jpg` | `a`: of a new image, the shorter path without the extension | `matched-suffix` |
| root | `data/a` and `data/Cat/a`, where all paths begin with `data/` | `a` and `Cat/a` | `matched-root` |
| subset | a row of no subset, and a picture in `images/train/` | as it is, in the subset `train` | `matched-subset` |
| subset | pictures in `train/`, no rows of `train`, and rows in `sub-train-annotations-bbox.csv` without pictures: one subset's name ends as the other's does | in the subset that the rows' file says | `matched-folder` |
| bytes | `Cat/a.jpg` and `Dog/a.jpg` with equal bytes, and a row `a` | `a`, once | `same-picture` |

Names are compared as they are: `Cat` is not `cat`, and a composed `é` is not a decomposed one. Extensions alone are the same in upper and lower case. A name that
rows alone have stays as it is, `a.jpg` too, and so does one of a row that a task's image has. Where rows and a picture differ in folders and the picture is not stored,
a new image has the row's name. A picture `a.jpg` is that of an image `a`, and where there is none that of an image `a.jpg`; where a task has both, that of `a.jpg` only if rows name
it and not `a`. This is so with `--match exact`, too. A picture that no row names and no image is called by, with the bytes of one whose path is the end of its own, or the other
way about, is the same image (`same-picture`); in folders that disagree, as `cam1/` and `cam2/`, it is another.

Where the name of a new image would be another's, too, it has the name that its row or its picture has. A picture whose very name is that of an image of the task is no new image's.
An ImageID that the task has in another subset alone is that image's (`other-subset`), unless names in its own subset are as near; with `--missing-images create` it is
a new image. A row of no subset is of the image that rows of other files name so, or that the task has, in `default` if there are several; else its image is in `default`. Two
that fit are `ambiguous-image`.

An export writes the image's name into every row. The picture of an image called `a.jpg` is written as `a.jpg`, not `a.jpg.jpg`, unless another image would have that name
(`extension-twice`, counted). In another task it is called `a` then, as above; an image `a.jpg.jpg` loses one ending each time. Datumaro and CVAT know a picture by the ImageID and one extension, so in their layout an image `a.jpg` goes out as the ImageID `a`
(`extension-left-out`, counted), unless the task has an image `a` or `a.png` in any subset, or the picture is of another type. An import finds it again
in the task that it came from; in a new task it is called `a`, with `--match exact` it is an unknown image, and with `--missing-images create` a new one that `images-look-alike` names.
So an archive whose names were matched goes out under the images' names, and what comes from there goes out the same.

## Known, but not read

These are named in the report:

{not_read}
"""


def becomes() -> dict[str, dict[str, str]]:
    """What becomes of each column, by table, as the kinds' mappings say it."""
    from openimages_io.transfer.boxes.mapping import COORDINATES, FLAGS  # noqa: PLC0415  (needs the settings)
    from openimages_io.transfer.images.mapping import FIELDS  # noqa: PLC0415
    from openimages_io.transfer.masks.mapping import ATTRIBUTES, BOX  # noqa: PLC0415

    row = {"ImageID": "`Shape.image`", "LabelName": "`Shape.label`"}
    return {
        IMAGES.title: {
            "ImageID": "`Image.name`",
            "Subset": "`Image.subset`",
            **{column: f"`Image.{field}`" for column, field in FIELDS.items()},
        },
        CLASSES.title: {"LabelName": "`Label.name`", "DisplayName": "`Label.display_name`"},
        LABELS.title: {
            **row,
            "Source": "`Shape.source`; in a machine file an empty one is `machine`",
            "Confidence": "`Shape.score`",
        },
        BOXES.title: {
            **row,
            "Source": "`Shape.source`",
            "Confidence": "`Shape.score`",
            **{column: f"`Shape.{field}`" for column, field in COORDINATES.items()},
            "IsOccluded": "`Shape.occluded`",
            **{column: f"`Shape.{name}`; not true or false, `Shape.attributes`" for column, name in FLAGS.items()},
            **dict.fromkeys(CLICK_COLUMNS, "`Shape.clicks`"),
            **{name: f"`Shape.attributes`: `{name}`" for name in PERSON_ATTRIBUTES},
        },
        SEGMENTATIONS.title: {
            **row,
            "MaskPath": "`Mask.path`; the PNG itself is `Mask.png`",
            **{column: f"`Shape.{field}`" for column, field in BOX.items()},
            **{column: f"`Shape.attributes`: `{name}`" for column, name in ATTRIBUTES.items()},
            "Clicks": "`Mask.clicks`",
        },
    }


def generate() -> str:
    """The text of the page."""
    from openimages_io.transfer.kinds import KINDS  # noqa: PLC0415  (needs the settings)

    parts = [INTRO.format(tree=_tree())]
    fields = becomes()
    for kind in KINDS:
        for file, table in kind.columns.items():
            parts.append("\n".join(_section(table, Kind(file), fields[table.title])))
    hierarchies = [name for pattern in known_files.HIERARCHIES for name in readable(pattern)]
    not_read = [f"- {_code(name)}: {what}" for pattern, what in known_files.NOT_READ for name in readable(pattern)]
    parts.append(
        OUTRO.format(
            hierarchy=", ".join(map(_code, hierarchies)),
            sizes=DOCUMENTED.sizes,
            shards=", ".join(map(_code, readable(known_files.SHARD))),
            pictures=", ".join(map(_code, sorted(known_files.PICTURE_SUFFIXES))),
            not_read="\n".join(not_read),
        )
    )
    return "\n".join(parts)


def _tree() -> str:
    names = DOCUMENTED
    paths = (
        names.classes,
        names.hierarchy,
        names.sizes,
        names.image_list(_SUBSET),
        names.labels(_SUBSET),
        names.labels(_SUBSET, machine=True),
        names.boxes(_SUBSET),
        names.segmentations(_SUBSET),
        names.picture(_SUBSET, "<ImageID>", ".jpg"),
        names.mask(_SUBSET, "<MaskPath>"),
    )
    return "\n".join(["```", *paths, "```"])


def _section(table: Table, kind: Kind, becomes: dict[str, str]) -> Iterator[str]:
    yield f"## {table.title}"
    yield ""
    yield from _files(kind)
    yield ""
    yield "| column | type | | becomes | meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        yield _row(column, becomes[column.name], "required" if column.required else "")
    for column in table.extra:
        yield _row(column, becomes[column.name], "*(if any)*")
    yield ""
    for rule in RULES[table.title]:
        yield f"- {rule}"
    codes = dict.fromkeys((column.type.name, column.type.code) for column in (*table.columns, *table.extra))
    listed = ", ".join(f"`{code}`" for code in dict.fromkeys(code for _, code in codes))
    yield f"- A cell that its type doesn't allow is an issue: {listed}."
    yield ""


def _files(kind: Kind) -> Iterator[str]:
    yield "| layout | names |"
    yield "|---|---|"
    for title, names in (("documented", DOCUMENTED), ("Datumaro, CVAT", DATUMARO)):
        paths = {
            Kind.IMAGES: [names.image_list(_SUBSET)],
            Kind.CLASSES: [names.classes],
            Kind.LABELS: [names.labels(_SUBSET), names.labels(_SUBSET, machine=True)],
            Kind.BOXES: [names.boxes(_SUBSET)],
            Kind.SEGMENTATIONS: [names.segmentations(_SUBSET)],
        }[kind]
        yield f"| {title} | {_codes(paths)} |"
    read = [name for table in known_files.TABLES if table.kind is kind for name in readable(table.pattern)]
    yield f"| read, in any folder | {_codes(read)} |"


def _row(column: Column, becomes: str, mark: str) -> str:
    name = " or ".join(map(_code, (column.name, *column.aliases)))
    return f"| {name} | {column.type.name} | {mark} | {becomes} | {column.about.replace('|', chr(92) + '|')} |"


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(names: Iterable[str]) -> str:
    return " · ".join(map(_code, names))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    TARGET.write_text(generate(), "utf-8")
