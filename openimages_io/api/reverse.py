"""Addresses of views of the API, by the way that a request came: a site may include it several times, or deep."""

from typing import Any, Final

from django.urls import reverse
from rest_framework.request import Request

_APP: Final = "openimages_io"


def reverse_url(name: str, request: Request, *keys: Any) -> str:
    """The whole URL of a view, or of that of a row, in the namespace that the request came by."""
    match = request.resolver_match
    ours = match is not None and match.app_names[-1:] == [_APP]
    namespace = match.namespace if match is not None and ours else _APP
    return request.build_absolute_uri(reverse(f"{namespace}:{name}", args=keys))
