"""The ways into the API. Include it under any prefix: `path("api/", include("openimages_io.urls"))`."""

from openimages_io.api import jobs, pictures, shapes, tasks

app_name = "openimages_io"

urlpatterns = [*tasks.urlpatterns, *pictures.urlpatterns, *shapes.urlpatterns, *jobs.urlpatterns]
