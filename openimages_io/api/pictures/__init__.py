"""Pictures: files, thumbnails, overlays and uploads."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
