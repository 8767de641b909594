"""What the OpenAPI document says of the views, in drf-spectacular's words. Only imported where that is installed."""

from openimages_io.api.base import ApiViewSet
from openimages_io.api.openapi import bulk, filtering, images, jobs, labels, me, root, shapes, signed, tasks, users
from openimages_io.api.openapi.schema import Schema

ApiViewSet.schema = Schema()

__all__ = ["bulk", "filtering", "images", "jobs", "labels", "me", "root", "shapes", "signed", "tasks", "users"]
