"""Image-level labels and tags."""

from typing import Final

from django.db.models import Q

from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.groups import Group
from openimages_io.transfer.scanning import WITH_A_FLAG, WITH_ATTRIBUTES

HUMAN: Final = Group(name="human labels", file=FileKind.LABELS, shapes=(ShapeKind.TAG,), machine=False)
MACHINE: Final = Group(name="machine labels", file=FileKind.LABELS, shapes=(ShapeKind.TAG,), machine=True)
WITH_MORE: Final = Q(kind=ShapeKind.TAG) & (WITH_A_FLAG | WITH_ATTRIBUTES)
"""Tags with something that no column of their file can say."""
FIELDS: Final = {"Source": "source", "Confidence": "score"}
"""The columns that say more than which image and label it is, and the shape's fields."""
