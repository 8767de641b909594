"""Tags to the CSV files of image-level labels."""

from functools import partial
from typing import Final

from openimages_io.format import writing
from openimages_io.format.tables import LABELS
from openimages_io.transfer.cell_values import SAID, first_cells, flags_and_attributes, said_of
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.scanning import FileKind, scan, write_files, written
from openimages_io.transfer.tags.mapping import FIELDS, HUMAN, MACHINE, WITH_MORE

_TAG: Final = ("image_id", "label_id", *FIELDS.values())


def write_tags(out: ExportState) -> None:
    """Writes the human labels of every subset, and the machine labels of those that have any."""
    human = FileKind(
        name=HUMAN.name,
        columns=_TAG,
        condition=HUMAN.condition,
        path=out.names.labels,
        header=lambda _: writing.names_of(LABELS),
        cells=lambda _, columns: first_cells(out, HUMAN.name, columns),
    )
    write_files(out, human)
    if MACHINE.condition in out.kinds:
        machine = FileKind(
            name=MACHINE.name,
            columns=_TAG,
            condition=MACHINE.condition,
            path=partial(out.names.labels, machine=True),
            header=human.header,
            cells=lambda _, columns: first_cells(out, MACHINE.name, columns),
            always=False,
        )
        write_files(out, machine)
    if WITH_MORE in out.kinds:
        _count_losses(out)


def _count_losses(out: ExportState) -> None:
    for page in scan(out, ("image_id", "label_id", *SAID), WITH_MORE):
        for (occluded, *_), attributes in map(flags_and_attributes, said_of(written(out, page))):
            for name in (*attributes, *(() if occluded is None else ("occluded",))):
                out.lose_attribute("tags", name)
