"""The kinds of annotations, in the one order in which they are exported and reported.

What the app knows of a kind of file stands in its folder, both directions over one mapping; here it is named. An import
goes over the kinds three times: what rows of others refer to is read first, then the rows, then what has to wait for
all of them. An export prepares what others are written with, and writes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q

from openimages_io.format import known_files, tables
from openimages_io.format.known_files import Kind as FileKind
from openimages_io.transfer.boxes.exporting import write_boxes
from openimages_io.transfer.boxes.importing import read_boxes
from openimages_io.transfer.boxes.mapping import BOXES as BOX_GROUP
from openimages_io.transfer.boxes.mapping import OF_PERSON, PLAIN, WITH_CLICKS
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.groups import Group
from openimages_io.transfer.images.exporting import prepare_images, write_images
from openimages_io.transfer.images.importing import read_images
from openimages_io.transfer.labels.exporting import prepare_labels, write_labels
from openimages_io.transfer.labels.importing import plan_specs, read_labels
from openimages_io.transfer.masks.exporting import write_masks
from openimages_io.transfer.masks.importing import join_boxes, read_masks
from openimages_io.transfer.masks.mapping import MASKS as MASK_GROUP
from openimages_io.transfer.masks.mapping import WITH_PIXELS
from openimages_io.transfer.pictures.exporting import write_pictures
from openimages_io.transfer.pictures.importing import read_pictures
from openimages_io.transfer.run import Run
from openimages_io.transfer.tags.exporting import write_tags
from openimages_io.transfer.tags.importing import read_tags
from openimages_io.transfer.tags.mapping import HUMAN, MACHINE, WITH_MORE


def _nothing(_: Run | ExportState) -> None:
    """Does nothing: most kinds need no preparation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of annotations: the files that it is read from, the shapes that it is, and how it goes in and out."""

    name: str
    """That of its folder."""
    rows: tuple[str, ...]
    """Its kinds of rows, by the names that the report counts them under."""
    columns: Mapping[str, tables.Table] = field(default_factory=dict)
    """The columns of its CSV files, by kind of file."""
    files: tuple[known_files.Table, ...] = ()
    """The names of its files."""
    groups: tuple[Group, ...] = ()
    """The shapes that its rows stand for."""
    written: Q | None = None
    """The shapes that are written to its files, of which none is written to another kind's."""
    rare: tuple[Q, ...] = ()
    """Shapes of which most tasks have none, all of them `UNUSUAL`: an export asks once whether there are any."""
    prepare_import: Callable[[Run], None] = _nothing
    """Reads what rows of other kinds need."""
    read: Callable[[Run], None] = _nothing
    """Reads its rows."""
    finish: Callable[[Run], None] = _nothing
    """Does what has to wait until all rows are read."""
    prepare_export: Callable[[ExportState], None] = _nothing
    """Finds what other kinds are written with."""
    write: Callable[[ExportState], None] = _nothing
    """Writes its files."""


def _files(*kinds: FileKind) -> tuple[known_files.Table, ...]:
    return tuple(table for table in known_files.TABLES if table.kind in kinds)


LABELS: Final = Kind(
    name="labels",
    rows=("labels", "hierarchy edges", "attribute specs"),
    columns={FileKind.CLASSES: tables.CLASSES},
    files=_files(FileKind.CLASSES),
    prepare_import=read_labels,
    finish=plan_specs,
    prepare_export=prepare_labels,
    write=write_labels,
)
IMAGES: Final = Kind(
    name="images",
    rows=("images", "image sizes"),
    columns={FileKind.IMAGES: tables.IMAGES},
    files=_files(FileKind.IMAGES, FileKind.SIZES),
    prepare_import=read_images,
    prepare_export=prepare_images,
    write=write_images,
)
TAGS: Final = Kind(
    name="tags",
    rows=(HUMAN.name, MACHINE.name),
    columns={FileKind.LABELS: tables.LABELS},
    files=_files(FileKind.LABELS),
    groups=(HUMAN, MACHINE),
    written=HUMAN.condition | MACHINE.condition,
    rare=(MACHINE.condition, WITH_MORE),
    read=read_tags,
    write=write_tags,
)
BOXES: Final = Kind(
    name="boxes",
    rows=(BOX_GROUP.name,),
    columns={FileKind.BOXES: tables.BOXES},
    files=_files(FileKind.BOXES),
    groups=(BOX_GROUP,),
    written=PLAIN,
    rare=(WITH_CLICKS, OF_PERSON),
    read=read_boxes,
    write=write_boxes,
)
MASKS: Final = Kind(
    name="masks",
    rows=(MASK_GROUP.name,),
    columns={FileKind.SEGMENTATIONS: tables.SEGMENTATIONS},
    files=_files(FileKind.SEGMENTATIONS),
    groups=(MASK_GROUP,),
    written=WITH_PIXELS,
    rare=(WITH_PIXELS,),
    prepare_import=read_masks,  # before boxes, which get the groups of their masks while they are inserted
    finish=join_boxes,
    write=write_masks,
)
PICTURES: Final = Kind(name="pictures", rows=("pictures",), finish=read_pictures, write=write_pictures)

KINDS: Final = (LABELS, IMAGES, TAGS, BOXES, MASKS, PICTURES)


def rows_of(kinds: Iterable[Kind]) -> list[str]:
    """The kinds of rows in the order of reports."""
    return [row for kind in kinds for row in kind.rows]
