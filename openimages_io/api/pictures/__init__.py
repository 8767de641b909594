"""Pictures: files, thumbnails and overlays."""

from django.urls import URLPattern, path

from openimages_io.api.pictures.views import ImageFile, ImageOverlay, ImageThumbnail

urlpatterns: list[URLPattern] = [
    path("images/<int:pk>/file/", ImageFile.as_view(), name="image-file"),
    path("images/<int:pk>/thumbnail/", ImageThumbnail.as_view(), name="image-thumbnail"),
    path("images/<int:pk>/overlay.svg", ImageOverlay.as_view(), name="image-overlay"),
]
