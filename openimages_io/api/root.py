"""Where the API begins: the addresses of what does not lie below a row."""

from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import tagged
from openimages_io.api.permissions import IMPORTS_NEW, LISTS
from openimages_io.api.reverse import reverse_url
from openimages_io.models import Task

_PLACES: Final = {"me": "me", "tasks": "task-list", "jobs": "job-list"}


class RootSerializer(serializers.Serializer[Any]):
    """The addresses."""

    me = serializers.URLField(help_text="Who is logged in.")
    tasks = serializers.URLField()
    jobs = serializers.URLField()
    imports = serializers.URLField(
        allow_null=True, help_text="Where a task is made from an archive; null if the user may not."
    )


class RootViewSet(ApiViewSet):
    """Where to begin: the lists that the user may ask for, and who asks."""

    name = "API"
    rules = {"retrieve": LISTS}  # noqa: RUF012  (how DRF declares)
    queryset = Task.objects.all()
    serializer_class = RootSerializer

    def retrieve(self, request: Request) -> Response:
        """Says where to begin: who is logged in, the tasks, the jobs, and imports that make a task."""
        imports = IMPORTS_NEW.allows(self.permissions, request.user, None)
        found = {name: reverse_url(view, request) for name, view in _PLACES.items()}
        return tagged(request, found | {"imports": reverse_url("imports", request) if imports else None})
