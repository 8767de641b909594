"""The ways into the API. Include it under any prefix: `path("api/", include("openimages_io.urls"))`."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern
from rest_framework.routers import SimpleRouter

from openimages_io.api import jobs, pictures, shapes, tasks
from openimages_io.api.tasks.views import TaskViewSet

app_name = "openimages_io"

router = SimpleRouter(use_regex_path=False)
router.register("tasks", TaskViewSet, "task")

urlpatterns: list[URLPattern] = [
    *router.urls,  # type: ignore[list-item]  # none of them includes others
    *tasks.urlpatterns,
    *pictures.urlpatterns,
    *shapes.urlpatterns,
    *jobs.urlpatterns,
]

if find_spec("drf_spectacular"):  # the extra `openapi`
    import_module("openimages_io.api.openapi")
