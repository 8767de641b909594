"""The pages of Django's admin site: for those who run a site and never open a terminal.

The mixins are for admin classes of a site's own.
"""

from openimages_io.admin.bulk import BulkMixin
from openimages_io.admin.checking import CheckMixin
from openimages_io.admin.deletion import TaskDeletionMixin
from openimages_io.admin.exporting import ExportMixin
from openimages_io.admin.hierarchy import HierarchyMixin
from openimages_io.admin.image import ImageAdmin
from openimages_io.admin.importing import ImportMixin
from openimages_io.admin.job import JobAdmin
from openimages_io.admin.label import LabelAdmin
from openimages_io.admin.shape import ShapeAdmin
from openimages_io.admin.task import TaskAdmin
from openimages_io.admin.viewing import GalleryMixin

__all__ = [
    "BulkMixin",
    "CheckMixin",
    "ExportMixin",
    "GalleryMixin",
    "HierarchyMixin",
    "ImageAdmin",
    "ImportMixin",
    "JobAdmin",
    "LabelAdmin",
    "ShapeAdmin",
    "TaskAdmin",
    "TaskDeletionMixin",
]
