"""Rows of box files and rectangles."""

import json
from typing import Any, Final

from django.db.models import Q
from django.db.models.lookups import Contains

from openimages_io.format import writing
from openimages_io.format.chunk import Chunk
from openimages_io.format.flag_names import FLAGS as FLAGS_OF_FILES
from openimages_io.format.known_files import Kind as FileKind
from openimages_io.format.tables import CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.models import ShapeKind, flags
from openimages_io.transfer.groups import Group
from openimages_io.transfer.scanning import ATTRIBUTES as JSON

BOXES: Final = Group(name="boxes", file=FileKind.BOXES, shapes=(ShapeKind.RECTANGLE,))
PLAIN: Final = Q(kind=ShapeKind.RECTANGLE) & (Q(rotation__isnull=True) | Q(rotation=0))
"""Rectangles that are written as boxes. Turned ones are drawn as masks."""
WITH_CLICKS: Final = PLAIN & Q(clicks__isnull=False)
OF_PERSON: Final = PLAIN & Q(Contains(JSON, 'Presentation"'))

COORDINATES: Final = {"XMin": "x_min", "XMax": "x_max", "YMin": "y_min", "YMax": "y_max"}
"""Columns of numbers, and the shape's fields."""
FLAGS: Final = {column: name for column, name in FLAGS_OF_FILES.items() if name in flags.FLAGS}
"""Columns whose true and false are columns of a shape, and other values attributes of the same name."""
FIELDS: Final = {"Source": "source", "Confidence": "score", "IsOccluded": "occluded"}
"""Other columns that a file may lack, and the shape's fields."""
MAY_HAVE_SPECS: Final = {column: field for column, field in FIELDS.items() if field != "source"}
"""Those that a label's spec may restrict, under the name of the field."""
ATTRIBUTES: Final = {**FLAGS, **{column: column for column in PERSON_ATTRIBUTES}}
"""Columns that become attributes, and their names."""
_NO_CLICKS: Final = ("",) * len(CLICK_COLUMNS)


def clicks_of(chunk: Chunk) -> list[str | None] | None:
    """The extreme clicks as JSON, `[[x, y], …]`; None for a row that has none, and None if no row of the file has."""
    if not any(column in chunk.values for column in CLICK_COLUMNS):
        return None
    made: list[str | None] = []
    for cells in zip(*map(chunk.get, CLICK_COLUMNS), strict=True):
        points = list(zip(cells[:4], cells[4:], strict=True))
        made.append(None if set(cells) == {None} else json.dumps(points))
    return made


def click_cells(text: str | None) -> tuple[str, ...] | None:
    """The eight cells of a box's extreme clicks, four x and then four y; None if what is stored can be none."""
    points = json.loads(text) if text else None
    if points is None:
        return _NO_CLICKS
    if not isinstance(points, list) or len(points) != len(CLICK_COLUMNS) // 2:
        return None
    if not all(isinstance(point, list) and len(point) == 2 and all(map(_is_click, point)) for point in points):
        return None
    return tuple("" if point[axis] is None else writing.number(point[axis]) for axis in (0, 1) for point in points)


def _is_click(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and (value == -1 or 0 <= value <= 1)
