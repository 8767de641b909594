"""The REST API. Include it under any prefix: `path("api/", include("openimages_io.urls"))`.

What version 1 takes and answers stays as it is; it may come to take and answer more.
What would break a client would be version 2.
"""

from django.urls import include, path

from openimages_io.api.urls import app_name
from openimages_io.api.urls import urlpatterns as version_1

__all__ = ["app_name", "urlpatterns"]

urlpatterns = [path("v1/", include(version_1))]
