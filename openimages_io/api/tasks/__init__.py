"""Tasks, labels, the hierarchy and images."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
