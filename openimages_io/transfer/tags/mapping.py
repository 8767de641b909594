"""Image-level labels and tags."""

from typing import Final

from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.groups import Group

HUMAN: Final = Group(name="human labels", file=FileKind.LABELS, shapes=(ShapeKind.TAG,), machine=False)
MACHINE: Final = Group(name="machine labels", file=FileKind.LABELS, shapes=(ShapeKind.TAG,), machine=True)
