"""The demo site's settings, with a strict content security policy and static files by a manifest."""

import os
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from tests.site_settings import *  # noqa: F403  (a settings module is its names)
from tests.site_settings import MIDDLEWARE as _MIDDLEWARE
from tests.site_settings import STORAGES as _STORAGES

DEBUG = False
SECRET_KEY = "of a site that nobody reaches"  # noqa: S105
ROOT_URLCONF = "tests.browser.strict_urls"
STATIC_ROOT = Path(os.environ["MEDIA_ROOT"]).parent / "static"
STORAGES = _STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
MIDDLEWARE = ["tests.browser.strict_settings.send_policy", *_MIDDLEWARE]


def send_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that sends the policy with every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return middleware
