"""The rows: tasks, images, labels, attribute specs, shapes and jobs, with their querysets."""

from openimages_io.models.attribute import AttributeSpec, InputType
from openimages_io.models.colors import color_of
from openimages_io.models.idempotency import IdempotencyKey
from openimages_io.models.image import Image, picture_storage
from openimages_io.models.installation import Installation
from openimages_io.models.job import Job, JobKind, JobState, job_storage
from openimages_io.models.kinds import ShapeKind
from openimages_io.models.label import EdgeKind, HierarchyEdge, Label
from openimages_io.models.shape import Mask, Shape
from openimages_io.models.statistics import TaskStatistics
from openimages_io.models.task import Task

__all__ = [
    "AttributeSpec",
    "EdgeKind",
    "HierarchyEdge",
    "IdempotencyKey",
    "Image",
    "InputType",
    "Installation",
    "Job",
    "JobKind",
    "JobState",
    "Label",
    "Mask",
    "Shape",
    "ShapeKind",
    "Task",
    "TaskStatistics",
    "color_of",
    "job_storage",
    "picture_storage",
]
