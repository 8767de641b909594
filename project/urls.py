"""The admin site, the REST API, and the way to them. Pictures have no addresses but theirs, which ask who may see."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerView

from project import problems
from project.favicon import favicon
from project.home import home, style
from project.schema import SchemaView
from project.sessions import SessionViewSet
from project.tokens import TokenViewSet

urlpatterns = [
    path("", home, name="home"),
    path("home.css", style, name="home-style"),
    path("favicon.ico", favicon, name="icon"),
    path("admin/", admin.site.urls),
    path("api/", include("openimages_io.urls")),
    path("api/auth/", include("rest_framework.urls")),
    path("api/token/", TokenViewSet.as_view({"post": "create"}), name="token"),
    path(
        "api/session/",
        SessionViewSet.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="session",
    ),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema", metadata_class=None), name="docs"),
]

handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_error
