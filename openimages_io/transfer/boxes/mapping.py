"""Rows of box files and rectangles."""

from typing import Final

from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.groups import Group

BOXES: Final = Group(name="boxes", file=FileKind.BOXES, shapes=(ShapeKind.RECTANGLE,))
