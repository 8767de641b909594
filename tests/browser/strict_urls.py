"""The demo site's addresses, and the static files that were collected."""

from django.conf import settings
from django.urls import re_path
from django.views.static import serve

from project.urls import urlpatterns as _project

urlpatterns = [re_path(r"^static/(?P<path>.*)$", serve, {"document_root": settings.STATIC_ROOT}), *_project]
