"""`include("openimages_io.urls")` is the REST API."""

from openimages_io.api.urls import app_name, urlpatterns

__all__ = ["app_name", "urlpatterns"]
