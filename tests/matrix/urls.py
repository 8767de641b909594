"""The admin site and the API, mounted twice."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("openimages_io.urls")),
    path("second/", include("openimages_io.urls", namespace="second")),
]
