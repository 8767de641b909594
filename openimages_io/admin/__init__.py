"""The pages of Django's admin site: for those who run a site and never open a terminal."""

from openimages_io.admin.image import ImageAdmin
from openimages_io.admin.job import JobAdmin
from openimages_io.admin.label import LabelAdmin
from openimages_io.admin.shape import ShapeAdmin
from openimages_io.admin.task import TaskAdmin

__all__ = ["ImageAdmin", "JobAdmin", "LabelAdmin", "ShapeAdmin", "TaskAdmin"]
