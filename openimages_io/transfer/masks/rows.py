"""Rows of segmentation files, before and after their PNGs are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openimages_io import geometry
from openimages_io.format.masks import MaskHeader
from openimages_io.transfer.masks.mapping import BOX, attributes_of
from openimages_io.transfer.plan import Blob
from openimages_io.transfer.resolving import Resolved
from openimages_io.transfer.row_sorting import Row

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class NewMask:
    """A row that becomes a shape."""

    image: int
    label: int
    box: Box | None
    attributes: dict[str, Any]
    png: bytes
    blob: Blob | None
    """Where the PNG stands; None where no files are at hand."""
    header: MaskHeader | None
    path: str
    clicks: str
    rings: list[list[float]] | None = None

    @property
    def extent(self) -> Box | None:
        """The box that the row says, else that of the outline."""
        return self.box or (geometry.bounds(self.rings) if self.rings else None)


def rows_of(resolved: Resolved) -> list[Row]:
    """What the rows say, as it can be sorted."""
    chunk = resolved.chunk
    rows: list[Row] = []
    for index, (image, label, line) in enumerate(zip(resolved.images, resolved.labels, chunk.lines, strict=True)):
        cells = [chunk.get_one(column, index) for column in BOX]
        box = None if None in cells else tuple(cells)
        names = chunk.values["ImageID"][index], chunk.values["MaskPath"][index]
        rows.append(
            (image, label, attributes_of(chunk, index), line, *names, box, chunk.get_one("Clicks", index) or "")
        )
    return rows


def new_mask(
    image: int,
    label: int,
    _values: dict[str, Any],
    _line: int,
    _image_name: str,
    path: str,
    box: Box | None,
    clicks: str,
    attributes: dict[str, Any],
    blob: Blob | None,
    header: tuple[Any, ...] | None,
    rings: list[list[float]] | None,
) -> NewMask:
    """A sorted row that becomes a shape; its PNG is not needed any more."""
    return NewMask(
        image, label, box, attributes, b"", blob, MaskHeader(*header) if header else None, path, clicks, rings
    )


def places_of(rows: Resolved) -> Iterator[tuple[int, int, str]]:
    """What tells the rows of a segmentation file apart."""
    return zip(rows.images, rows.labels, rows.chunk.values["MaskPath"], strict=True)
