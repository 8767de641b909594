"""Files of a storage as answers over HTTP: whole or in part, without fetching more of them than is sent."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.files.base import File
from django.core.files.storage import Storage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from openimages_io.viewing.ranges import (
    ByteRange,
    RangeBeyondEnd,
    RangeNotSatisfiable,
    if_range_matches,
    parse_range,
)
from openimages_io.viewing.streaming import FilePart, Readable, streaming_response

START: Final = 16
"""Bytes by which a kind of file is recognised."""
_READING: Final = {"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", "RequestPayer", "VersionId"}
"""Of an object's parameters those that S3 wants of who reads it, too."""

Headers = Mapping[str, str] | Callable[[bytes], Mapping[str, str]]
"""`Content-Type` and others, or what makes them of the first bytes of the file."""


def stored_response(
    request: HttpRequest, storage: Storage, name: str, etag: str, headers: Mapping[str, str]
) -> HttpResponseBase:
    """Answer with a file of a storage, or with the part that `Range` and `If-Range` ask for; HEAD opens nothing.

    Raises `OSError` if it is not there, and `RangeBeyondEnd`.
    """
    if request.method == "HEAD":
        return _head(size_of(storage, name), etag, headers)
    return file_answer(request, storage.open(name, "rb"), etag, headers, storage)


def file_answer(
    request: HttpRequest, file: "File[Any]", etag: str, headers: Headers, storage: Storage | None = None
) -> HttpResponseBase:
    """Answer with an opened file, or a part of it, by headers that its first bytes may decide. Raises `RangeBeyondEnd`.

    The file is closed with the answer.
    """
    size = file.size
    wanted = request.headers.get("Range") if request.method == "GET" else None
    try:
        span = parse_range(wanted, size) if if_range_matches(request.headers.get("If-Range"), etag) else None
    except RangeNotSatisfiable:
        file.close()
        raise RangeBeyondEnd(size, etag) from None
    part = span or ByteRange(0, size)
    first = ByteRange(0, min(START, size))
    if callable(headers) and (request.method == "HEAD" or part.start or part.stop < first.stop):
        headers = headers(_fetched_or_read(storage, file, first))
    if request.method == "HEAD":
        file.close()
        assert not callable(headers)
        return _head(size, etag, headers)
    body = FilePart(file, part, _fetched(storage, file, part))
    if callable(headers):
        headers = headers(body.peek()[:START])
    said = {**_common(etag), **headers, "Content-Length": str(len(part))}
    if span is not None:
        said["Content-Range"] = span.content_range(size)
    return streaming_response(request, body, said.pop("Content-Type"), status=206 if span else 200, headers=said)


def size_of(storage: Storage, name: str) -> int:
    """The size of a file in bytes, asked of the storage where it can say."""
    try:
        return int(storage.size(name))
    except NotImplementedError:
        with storage.open(name, "rb") as file:
            return int(file.size)


def _head(size: int, etag: str, headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(headers={**_common(etag), **headers, "Content-Length": str(size)})


def _common(etag: str) -> dict[str, str]:
    return {"Accept-Ranges": "bytes", "ETag": etag, "X-Content-Type-Options": "nosniff"}


def _fetched_or_read(storage: Storage | None, file: "File[Any]", span: ByteRange) -> bytes:
    fetched = _fetched(storage, file, span)
    if fetched is None:
        file.seek(span.start)
        return bytes(file.read(len(span)))
    try:
        return bytes(fetched.read(len(span)))
    finally:
        fetched.close()


def _fetched(storage: Any, file: Any, span: ByteRange) -> Readable | None:
    """The bytes of the span as S3 sends them; None for the files of other storages, which are read.

    The file of django-storages would fetch the whole object for its first byte.
    """
    key: Any = getattr(file, "obj", None)
    if not span or not hasattr(key, "get") or not hasattr(storage, "get_object_parameters"):
        return None
    if key.content_encoding == "gzip":  # what is stored is not what is read
        return None
    parameters = {name: value for name, value in storage.get_object_parameters(file.name).items() if name in _READING}
    body: Readable = key.get(Range=f"bytes={span.start}-{span.stop - 1}", **parameters)["Body"]
    return body
