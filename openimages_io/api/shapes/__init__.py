"""The annotations of a picture."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
