"""ETags: what a representation was made from, then what else it depends on.

Of an image's shapes, `"12"` is revision 12 of the annotations in fractions, `"12.pixels-640x480.png"` the same in
pixels with the PNGs of masks; a moment stands behind it if there are signed addresses, which end. Of all else,
`"8c1f03ab-12.77aa"` is the row's own version, then that of what goes with it if it is deleted, then a digest of the
answer or its form. In another format than plain JSON one thing more stands behind it, and a page for people has a weak
one, as it also shows who reads it. A save from any representation of a version is one over that version.
"""

import re
from hashlib import blake2b
from typing import Any, Final

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.versions import Expected, Version
from openimages_io.api import exceptions

_PLAIN: Final = ("json", "application/json")
_OURS: Final = re.compile(r'(?:W/)?"([0-9a-f]+(?:-[0-9a-f]+)?)(?:\.[^"]*)?"')


def etag_of(request: Request, made_from: str) -> str:
    """The ETag of what is made from this, in the format of the answer."""
    renderer, media_type = request.accepted_renderer, request.accepted_media_type
    if (renderer.format, media_type) == _PLAIN:
        return f'"{made_from}"'
    form = blake2b(f"{renderer.format} {media_type}".encode(), digest_size=4).hexdigest()
    return f'{"W/" if _is_page(request) else ""}"{made_from}.{form}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has this representation: the answer is 304 then. A page is never known."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return not etag.startswith("W/") and ("*" in known or etag in {tag.removeprefix("W/") for tag in known})


def tag(request: Request, response: HttpResponse, etag: str) -> None:
    """Gives an answer its ETag: caches may keep it for this user but must ask about it, and may not keep pages."""
    response["ETag"] = etag
    patch_cache_control(response, private=True, **{"no_store" if _is_page(request) else "no_cache": True})


def tagged(request: Request, data: Any, version: Version | None = None, code: int = status.HTTP_200_OK) -> Response:
    """An answer with its ETag; 304 to who has it. What nobody edits has no version."""
    digest = blake2b(repr(data).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    etag = etag_of(request, digest if version is None else f"{version}.{digest}")
    is_here = request.method == "GET" and is_known(request, etag)
    response = Response(None if is_here else data, status.HTTP_304_NOT_MODIFIED if is_here else code)
    tag(request, response, etag)
    return response


def _is_page(request: Request) -> bool:
    """Whether the answer is HTML, in which there is more than the data: who is logged in, tokens of forms."""
    return str(request.accepted_media_type).startswith("text/html")


def require_match(request: Request) -> None:
    """Raises `PreconditionRequired` for a save that does not say what it was made from."""
    if not request.headers.get("If-Match", "").strip():
        raise exceptions.PreconditionRequired


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
