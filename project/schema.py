"""The OpenAPI document, as a site serves it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class SchemaView(SpectacularJSONAPIView):
    """Names the site that serves it as the server: a client that is generated from its address asks there."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The document."""
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data = response.data | {"servers": [{"url": request.build_absolute_uri("/").removesuffix("/")}]}
        return response
