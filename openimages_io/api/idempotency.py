"""The header `Idempotency-Key`: what makes a request the same as an earlier one."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from rest_framework.request import Request

from openimages_io.api.exceptions import BadIdempotencyKey
from openimages_io.jobs.idempotency import Claim

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255
_KEY: Final = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


def claim_of(request: Request) -> Claim | None:
    """The request's key with what was sent; None without a key. Raises `BadIdempotencyKey`."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadIdempotencyKey
    match = request.resolver_match
    assert match is not None
    route = " ".join(map(str, (match.url_name, *match.kwargs.values())))
    return Claim(user=request.user, route=route, key=key, digest=digest_of(request.data))


def digest_of(data: Any) -> str:
    """The SHA-256 of a body; of a form whatever the order of its fields is, with the bytes of its files."""
    digest = sha256()
    if not isinstance(data, MultiValueDict):
        digest.update(json.dumps(data, sort_keys=True).encode())
        return digest.hexdigest()
    for name, values in sorted(data.lists()):
        for value in values:
            for part in _parts(name, value):
                digest.update(part)
    return digest.hexdigest()


def _parts(name: str, value: Any) -> Iterator[bytes]:
    """A field in pieces that no other field has, a large file by and by."""
    if isinstance(value, UploadedFile):
        yield _framed(name, value.name, value.size)
        yield from value.chunks()
        value.seek(0)
    else:
        yield _framed(name, value)


def _framed(*values: Any) -> bytes:
    return json.dumps(values).encode()
