"""A renderer and a throttle as a site may have them."""

from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle


class SlowDown(BaseThrottle):
    """Has one user wait."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether it is another one."""
        return bool(request.user.get_username() != "slow")


class MarkedJSON(JSONRenderer):
    """JSON in an object, as some sites have it."""

    media_type = "application/vnd.site+json"
    format = "marked"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        """The answer within `data`."""
        return super().render({"data": data}, "application/json", renderer_context)
