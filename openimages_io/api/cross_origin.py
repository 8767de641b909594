"""What is surely wrong with the settings of django-cors-headers, where a site has it for frontends of other origins."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from corsheaders.conf import conf as cors
from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004  (Django's name)
from django.urls import NoReverseMatch, reverse
from django.utils.http import is_same_domain
from rest_framework.authentication import SessionAuthentication
from rest_framework.settings import api_settings

_SENT: Final = ("content-type", "if-match")
"""Headers of a save that says which version it is based on."""
_READ: Final = ("etag",)
"""Headers that say it."""
_COOKIES: Final = ("SESSION_COOKIE", "CSRF_COOKIE")
_WITHOUT_SUBDOMAINS: Final = re.compile(r"[0-9.]+|.*:.*|[^.]+")
"""IP addresses, and names of one word."""


def cross_origin_faults() -> Iterator[CheckMessage]:
    """The faults, if any other origin is let in to the API."""
    origins = list(cors.CORS_ALLOWED_ORIGINS)
    if not (origins or cors.CORS_ALLOWED_ORIGIN_REGEXES or cors.CORS_ALLOW_ALL_ORIGINS) or _is_about_others():
        return
    yield from _faults_of_headers()
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    if cors.CORS_ALLOW_CREDENTIALS and any(issubclass(known, SessionAuthentication) for known in classes):
        for origin in map(str, origins):
            yield from _faults_of_sessions(origin)


def _is_about_others() -> bool:
    """Whether the origins are let in to other addresses alone."""
    try:
        return re.match(cors.CORS_URLS_REGEX, reverse("openimages_io:task-list")) is None
    except NoReverseMatch:
        return False


def _faults_of_headers() -> Iterator[CheckMessage]:
    if missing := _missing(_SENT, cors.CORS_ALLOW_HEADERS):
        yield Warning(
            f"CORS_ALLOW_HEADERS lacks {missing}, so browsers block the saves of other origins.",
            hint='Write CORS_ALLOW_HEADERS = [*default_headers, "if-match", "if-none-match", "idempotency-key"], with '
            "default_headers from corsheaders.defaults; see docs/frontend.md.",
            id="openimages_io.W003",
        )
    if missing := _missing(_READ, cors.CORS_EXPOSE_HEADERS):
        yield Warning(
            f"CORS_EXPOSE_HEADERS lacks {missing}, so scripts of other origins can't learn which version they have "
            "read, and save nothing.",
            hint='Write CORS_EXPOSE_HEADERS = ["etag", "location", "retry-after"]; see docs/frontend.md.',
            id="openimages_io.W004",
        )


def _missing(wanted: Sequence[str], given: Sequence[str]) -> str:
    known = {header.lower() for header in given}
    return "" if "*" in known else " and ".join(repr(header) for header in wanted if header not in known)


def _faults_of_sessions(origin: str) -> Iterator[CheckMessage]:
    if not _is_trusted(origin):
        yield Warning(
            f"{origin} may use sessions, by CORS_ALLOW_CREDENTIALS, but CSRF_TRUSTED_ORIGINS lacks it, so whatever it "
            "sends to be saved with a session is refused.",
            hint="Add it to CSRF_TRUSTED_ORIGINS, or set CORS_ALLOW_CREDENTIALS to False and have its users send "
            "tokens; see docs/frontend.md.",
            id="openimages_io.W005",
        )
    kept = [f"{name}_SAMESITE" for name in _COOKIES if not _goes_anywhere(name)]
    if kept and _is_surely_cross_site(urlsplit(origin).hostname or ""):
        yield Warning(
            f"{origin} may use sessions, by CORS_ALLOW_CREDENTIALS, but it is another site than ALLOWED_HOSTS, and "
            f"with {' and '.join(kept)} as they are, its browsers send no cookies.",
            hint="Serve it from a subdomain of the site's, have its users send tokens, or set SESSION_COOKIE_SAMESITE "
            "and CSRF_COOKIE_SAMESITE to 'None' and SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE to True; see "
            "docs/frontend.md.",
            id="openimages_io.W006",
        )


def _goes_anywhere(cookie: str) -> bool:
    """Whether browsers send the cookie with requests of other sites; one that isn't secure they don't even keep."""
    return getattr(settings, f"{cookie}_SAMESITE") == "None" and bool(getattr(settings, f"{cookie}_SECURE"))


def _is_trusted(origin: str) -> bool:
    """Whether Django takes it for one of CSRF_TRUSTED_ORIGINS, where `https://*.example.org` are subdomains."""
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        scheme, _, host = trusted.partition("://")
        is_subdomain = host.startswith("*") and is_same_domain(urlsplit(origin).netloc, host.lstrip("*"))
        if trusted == origin or (is_subdomain and urlsplit(origin).scheme == scheme):
            return True
    return False


def _is_surely_cross_site(host: str) -> bool:
    """Whether no host of ours can be of the same site: the last two words of their names differ."""
    ours = [str(name).strip("[]").lstrip(".") for name in settings.ALLOWED_HOSTS]
    return bool(ours) and "*" not in ours and _site(host) not in map(_site, ours)


def _site(host: str) -> str:
    return host if _WITHOUT_SUBDOMAINS.fullmatch(host) else ".".join(host.lower().split(".")[-2:])
