"""Imports, exports and jobs."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
