"""Every CSV table of the format, declared once: columns, types, aliases, and the rule that holds across a box's cells.

The reader, the writer, the messages and `docs/format.md` all come from these declarations. Column sets differ by
version of Open Images, so a table has every column that any version has, and a file may lack each that is not required.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, le
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from openimages_io.format import cells
from openimages_io.format.cells import CellType
from openimages_io.format.issues import Params

Values = Mapping[str, Sequence[Any]]
"""Parsed values by column name, all of one length."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Names are compared without regard to case."""

    name: str
    type: CellType
    required: bool = False
    aliases: tuple[str, ...] = ()
    about: str = ""
    """For the reference page: what the name doesn't say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row, beyond its single cells."""

    code: str
    column: str
    params: Params
    """Of the code's sentence."""


@dataclass(frozen=True, slots=True)
class BoxRule:
    """The four coordinates of a row: all or none of them, and none of them inside out."""

    x_min: str
    x_max: str
    y_min: str
    y_max: str

    @property
    def names(self) -> tuple[str, str, str, str]:
        """The four columns, in the files' order."""
        return self.x_min, self.x_max, self.y_min, self.y_max

    def holds(self, values: Values) -> bool:
        """Whether no row needs a look of its own: quick, and True only where `faults` would find nothing."""
        columns = [values[name] for name in self.names]
        if any(None in column for column in columns):
            boxes = list(zip(*columns, strict=True))
            missing = [box.count(None) for box in boxes if None in box]
            if set(missing) != {len(columns)}:
                return False
            columns = list(zip(*(box for box in boxes if None not in box), strict=True))
            if not columns:
                return True
        x_min, x_max, y_min, y_max = columns
        return (
            all(map(le, x_min, x_max))
            and all(map(le, y_min, y_max))
            and not any(map(eq, x_min, x_max))
            and not any(map(eq, y_min, y_max))
        )

    def holds_everywhere(self, numbers: Mapping[str, NDArray[np.float64]]) -> bool:
        """The same as `holds`, of rows that have all four."""
        return bool(
            (numbers[self.x_min] < numbers[self.x_max]).all() and (numbers[self.y_min] < numbers[self.y_max]).all()
        )

    def faults(self, values: Values, row: int) -> list[Fault]:
        """What is wrong with the box of the row of this index."""
        missing = [name for name in self.names if values[name][row] is None]
        if len(missing) == len(self.names):
            return []
        if missing:
            return [Fault("half-a-box", missing[0], {"names": ", ".join(self.names)})]
        found = []
        for low, high in ((self.x_min, self.x_max), (self.y_min, self.y_max)):
            least, most = values[low][row], values[high][row]
            if least > most:
                found.append(Fault("inside-out", high, {"low": low, "least": least}))
            elif least == most:
                found.append(Fault("empty-box", high, {"low": low}))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of CSV file."""

    title: str
    columns: tuple[Column, ...]
    extra: tuple[Column, ...] = ()
    """Columns that some version has and that we read, but that are written only when there is something in them."""
    box: BoxRule | None = None
    header: bool = True
    """False: the header may be missing and is not written; columns are then told by their order."""
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        names = {
            name.casefold(): column
            for column in (*self.columns, *self.extra)
            for name in (column.name, *column.aliases)
        }
        object.__setattr__(self, "by_name", names)

    @property
    def key(self) -> Column:
        """The first column that is required."""
        return next(column for column in self.columns if column.required)


IMAGES: Final = Table(
    title="Image list",
    columns=(
        Column("ImageID", cells.IMAGE_ID, required=True),
        Column("Subset", cells.SUBSET, about="train, validation, test, or any word; empty: the one in the file's name"),
        Column("OriginalURL", cells.TEXT),
        Column("OriginalLandingURL", cells.TEXT),
        Column("License", cells.TEXT),
        Column("AuthorProfileURL", cells.TEXT),
        Column("Author", cells.TEXT),
        Column("Title", cells.TEXT),
        Column("OriginalSize", cells.BYTES),
        Column("OriginalMD5", cells.TEXT, about="base64 of 16 bytes"),
        Column("Thumbnail300KURL", cells.TEXT),
        Column("Rotation", cells.ROTATION, about="by which picture and boxes are to be turned for display"),
    ),
)

CLASSES: Final = Table(
    title="Class list",
    columns=(
        Column("LabelName", cells.LABEL_NAME, required=True),
        Column("DisplayName", cells.SHORT_TEXT, about="not unique"),
    ),
    header=False,
)

LABELS: Final = Table(
    title="Image-level labels",
    columns=(
        Column("ImageID", cells.IMAGE_ID, required=True),
        Column("Source", cells.SOURCE, about="verification, crowdsource-verification, machine, …"),
        Column("LabelName", cells.LABEL_NAME, required=True),
        Column("Confidence", cells.CONFIDENCE, about="of a human label 1 (present) or 0 (verified to be absent)"),
    ),
)

PERSON_ATTRIBUTES: Final = ("GenderPresentation", "AgePresentation")
"""MIAP's two columns, which become attributes of the same names."""

CLICK_COLUMNS: Final = tuple(f"XClick{number}{axis}" for axis in "XY" for number in range(1, 5))
"""Four x, then four y."""

BOXES: Final = Table(
    title="Boxes",
    columns=(
        Column("ImageID", cells.IMAGE_ID, required=True),
        Column("Source", cells.SOURCE, about="xclick, activemil, freeform, …"),
        Column("LabelName", cells.LABEL_NAME, required=True),
        Column("Confidence", cells.CONFIDENCE),
        Column("XMin", cells.FRACTION, required=True),
        Column("XMax", cells.FRACTION, required=True),
        Column("YMin", cells.FRACTION, required=True),
        Column("YMax", cells.FRACTION, required=True),
        Column("IsOccluded", cells.FLAG),
        Column("IsTruncated", cells.FLAG),
        Column("IsGroupOf", cells.FLAG),
        Column("IsDepiction", cells.FLAG, aliases=("IsDepictionOf",)),
        Column("IsInside", cells.FLAG, aliases=("IsInsideOf",)),
    ),
    extra=(
        *(Column(name, cells.CLICK, about="extreme click (V6 train)") for name in CLICK_COLUMNS),
        *(Column(name, cells.SHORT_TEXT, about="MIAP") for name in PERSON_ATTRIBUTES),
    ),
    box=BoxRule("XMin", "XMax", "YMin", "YMax"),
)

SEGMENTATIONS: Final = Table(
    title="Segmentation masks",
    columns=(
        Column("MaskPath", cells.MASK_PATH, required=True, about="the PNG's name"),
        Column("ImageID", cells.IMAGE_ID, required=True),
        Column("LabelName", cells.LABEL_NAME, required=True),
        Column("BoxID", cells.BOX_ID, about="8 hex digits, unique within the image"),
        Column("BoxXMin", cells.FRACTION_OR_NONE),
        Column("BoxXMax", cells.FRACTION_OR_NONE),
        Column("BoxYMin", cells.FRACTION_OR_NONE),
        Column("BoxYMax", cells.FRACTION_OR_NONE),
        Column("PredictedIoU", cells.NUMBER),
        Column("Clicks", cells.TEXT, about="`x y t;…`, fractions, t 1 foreground or 0 background; kept as it is"),
    ),
    box=BoxRule("BoxXMin", "BoxXMax", "BoxYMin", "BoxYMax"),
)

TABLES: Final = (IMAGES, CLASSES, LABELS, BOXES, SEGMENTATIONS)
