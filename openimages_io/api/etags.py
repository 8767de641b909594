"""ETags: what a representation was made from, then what else it depends on.

Of shapes, `"12"` is revision 12 of the annotations in fractions, `"12.pixels-640x480.png"` the same in pixels with the
PNGs of masks. Of all else, `"8c1f03ab-12.77aa"` is the row's own version, then that of what goes with it if it is
deleted, then a digest of the answer. A save from any representation of a version is one over that version.
"""

import re
from hashlib import blake2b
from typing import Any, Final

from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.versions import Expected, Version
from openimages_io.api import errors

_OURS: Final = re.compile(r'(?:W/)?"([0-9a-f]+(?:-[0-9a-f]+)?)(?:\.[^"]*)?"')


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has this representation: the answer is 304 then."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {tag.removeprefix("W/") for tag in known}


def tagged(request: Request, data: Any, version: Version, code: int = status.HTTP_200_OK) -> Response:
    """An answer with its ETag, which caches may keep for this user but must ask about; 304 to who has it."""
    etag = f'"{version}.{blake2b(repr(data).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()}"'
    is_here = request.method == "GET" and is_known(request, etag)
    response = Response(None if is_here else data, status.HTTP_304_NOT_MODIFIED if is_here else code)
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def require_match(request: Request) -> None:
    """Raises `PreconditionRequired` for a save that does not say what it was made from."""
    if not request.headers.get("If-Match", "").strip():
        raise errors.PreconditionRequired


def expected(request: Request) -> Expected:
    """The versions that If-Match names; any without it, and with `*`.

    A weak ETag will do as well: a proxy that packs the answer weakens it, and the version in it stays what it is.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return Expected()
    return Expected([match[1] for tag in parse_etags(given) if (match := _OURS.fullmatch(tag))])


def check_match(request: Request, revision: int) -> None:
    """Raises `ChangedMeanwhile` unless the request has no If-Match, or one that names this revision."""
    expected(request).check_edit(Version(str(revision)))
