"""The addresses of version 1 of the API, below its prefix `v1/`."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, path

from openimages_io.api.bulk.views import BODIES, BulkViewSet
from openimages_io.api.images.views import ImageViewSet
from openimages_io.api.jobs.base import STARTS
from openimages_io.api.jobs.requests import NewTaskImportForm
from openimages_io.api.jobs.starting import UPLOADS, TaskJobViewSet
from openimages_io.api.jobs.views import JobViewSet
from openimages_io.api.labels.hierarchy import HierarchyViewSet
from openimages_io.api.labels.views import LabelViewSet
from openimages_io.api.me import MeViewSet
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.root import RootViewSet
from openimages_io.api.routers import ListRouter, Router, RowRouter
from openimages_io.api.shapes.views import ShapeViewSet
from openimages_io.api.signed import SignedViewSet
from openimages_io.api.tasks.views import TaskViewSet

app_name = "openimages_io"

_router, _lists, _rows = Router(), ListRouter(), RowRouter()
_router.register("tasks", TaskViewSet, "task")
_lists.register("tasks/<int:pk>/labels", LabelViewSet, "label")
_rows.register("labels", LabelViewSet, "label")
_lists.register("tasks/<int:pk>/images", ImageViewSet, "image")
_rows.register("images", ImageViewSet, "image")
_rows.register("shapes", ShapeViewSet, "shape")
_rows.register("tasks", TaskJobViewSet, "task")
_router.register("jobs", JobViewSet, "job")

_hierarchy = HierarchyViewSet.as_view({"get": "retrieve", "put": "update"})
_overlay = ImageViewSet.as_view({"get": "overlay"}, detail=True, content_negotiation_class=IgnoreAccept)
_shapes = ShapeViewSet.as_view(
    {"get": "list", "post": "create", "put": "bulk_update", "patch": "partial_bulk_update"}, detail=False, suffix="List"
)
_mask = ShapeViewSet.as_view({"get": "mask"}, detail=True, content_negotiation_class=IgnoreAccept)
_signed = {
    shown: SignedViewSet.as_view({"get": shown}, detail=True, content_negotiation_class=IgnoreAccept)
    for shown in ("file", "thumbnail", "mask")
}
_imports = TaskJobViewSet.as_view(
    {"post": "import_new"}, detail=False, serializer_class=NewTaskImportForm, suffix="Import", **UPLOADS
)
_bulk = {
    name: BulkViewSet.as_view({"post": name}, detail=True, serializer_class=body, suffix="Bulk", **STARTS)
    for name, body in BODIES.items()
}

urlpatterns: list[URLPattern] = [
    path("", RootViewSet.as_view({"get": "retrieve"}), name="api-root"),
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    *_router.urls,  # type: ignore[list-item]  # none of them includes others
    *_lists.urls,  # type: ignore[list-item]
    *_rows.urls,  # type: ignore[list-item]
    path("tasks/<int:pk>/hierarchy/", _hierarchy, name="hierarchy"),
    path("tasks/<int:pk>/images/move/", _bulk["move"], name="images-move"),
    path("tasks/<int:pk>/shapes/relabel/", _bulk["relabel"], name="shapes-relabel"),
    path("tasks/<int:pk>/shapes/delete/", _bulk["remove"], name="shapes-delete"),
    path("images/<int:pk>/overlay.svg", _overlay, name="image-overlay"),
    path("images/<int:pk>/shapes/", _shapes, name="image-shapes"),
    path("shapes/<int:pk>/mask.png", _mask, name="shape-mask"),
    path("images/<int:pk>/file/<str:signature>/", _signed["file"], name="signed-file"),
    path("images/<int:pk>/thumbnail/<str:signature>/", _signed["thumbnail"], name="signed-thumbnail"),
    path("shapes/<int:pk>/mask/<str:signature>/", _signed["mask"], name="signed-mask"),
    path("imports/", _imports, name="imports"),
]

if find_spec("drf_spectacular"):  # the extra `openapi`
    import_module("openimages_io.api.openapi")
