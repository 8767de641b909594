"""ETags: the revision of the picture's annotations, then what else the representation depends on.

`"12"` is revision 12 in fractions, `"12.pixels-640x480.png"` the same in pixels with the PNGs of masks. A save made
from any representation of a revision is one over that revision.
"""

import re
from typing import Final

from django.utils.http import parse_etags
from rest_framework.request import Request

from openimages_io.annotations.shapes.units import Size
from openimages_io.api import errors
from openimages_io.api.shapes.formats import ShapeFormat

_OURS: Final = re.compile(r'(?:W/)?"(\d+)(?:\.[^"]*)?"')


def etag_of(revision: int, form: ShapeFormat, size: Size | None) -> str:
    """The strong ETag of a representation."""
    parts = [str(revision)]
    if form.pixels and size is not None:
        parts.append(f"pixels-{size[0]}x{size[1]}")
    if form.masks:
        parts.append(form.masks)
    return f'"{".".join(parts)}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has this representation: the answer is 304 then."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {tag.removeprefix("W/") for tag in known}


def require_match(request: Request) -> None:
    """Raises `PreconditionRequired` for a save that does not say what it was made from."""
    if not request.headers.get("If-Match", "").strip():
        raise errors.PreconditionRequired


def check_match(request: Request, revision: int) -> None:
    """Raises `PreconditionFailed` unless the request has no If-Match, or one that names this revision.

    A weak ETag will do as well: a proxy that packs the answer weakens it, and the revision in it stays what it is.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return
    found = (_OURS.fullmatch(tag) for tag in parse_etags(given))
    if not any(match is not None and match[1] == str(revision) for match in found):
        raise errors.PreconditionFailed
