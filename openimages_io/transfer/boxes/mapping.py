"""Rows of box files and rectangles."""

from typing import Final

from django.db.models import Q
from django.db.models.lookups import Contains

from openimages_io.format.known_files import Kind as FileKind
from openimages_io.models import ShapeKind
from openimages_io.transfer.groups import Group
from openimages_io.transfer.scanning import ATTRIBUTES

BOXES: Final = Group(name="boxes", file=FileKind.BOXES, shapes=(ShapeKind.RECTANGLE,))
PLAIN: Final = Q(kind=ShapeKind.RECTANGLE) & (Q(rotation__isnull=True) | Q(rotation=0))
"""Rectangles that are written as boxes. Turned ones are drawn as masks."""
WITH_CLICKS: Final = PLAIN & Q(clicks__isnull=False)
OF_PERSON: Final = PLAIN & Q(Contains(ATTRIBUTES, 'Presentation"'))
