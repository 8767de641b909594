"""How often one user may ask; beside what the site itself has set."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from openimages_io import conf


class RequestThrottle(UserRateThrottle):
    """All requests of one user."""

    scope = "openimages"

    def get_rate(self) -> str:
        """The site's setting."""
        return conf.options().throttle_rate


class PictureThrottle(UserRateThrottle):
    """What a page shows many of: pictures, thumbnails, overlays and masks, which so never keep anybody from saving.

    Of one user, or where nobody has logged in, of one address.
    """

    scope = "openimages-pictures"

    def get_rate(self) -> str:
        """The site's setting."""
        return conf.options().picture_rate


class UploadThrottle(UserRateThrottle):
    """What costs more than a request: uploads, imports and exports."""

    scope = "openimages-uploads"

    def get_rate(self) -> str:
        """The site's setting."""
        return conf.options().upload_rate

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts requests that write."""
        return request.method in SAFE_METHODS or super().allow_request(request, view)
