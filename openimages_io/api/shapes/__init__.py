"""The annotations of a picture."""

from django.urls import URLPattern, path

from openimages_io.api.shapes.views import OneShape, PictureShapes, ShapeMask

urlpatterns: list[URLPattern] = [
    path("images/<int:pk>/shapes/", PictureShapes.as_view(), name="image-shapes"),
    path("shapes/<int:pk>/", OneShape.as_view(), name="shape-detail"),
    path("shapes/<int:pk>/mask.png", ShapeMask.as_view(), name="shape-mask"),
]
