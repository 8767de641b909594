"""Pictures, thumbnails and overlays as answers over HTTP: untrusted bytes, so a browser may only ever show them."""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from openimages_io import __version__, conf
from openimages_io.format import orientation
from openimages_io.format.pictures import BadPicture
from openimages_io.models import Image
from openimages_io.viewing.drawables import drawable, labels_of
from openimages_io.viewing.overlay import overlay
from openimages_io.viewing.stored import file_answer
from openimages_io.viewing.thumbnails import TooLargeToShow, placeholder, size_for, thumbnail

UNKNOWN: Final = "application/octet-stream"
_TYPES: Final = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", (".png",)),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", (".webp",)),
    (re.compile(rb"GIF8[79]a"), "image/gif", (".gif",)),
    (re.compile(rb"II\*\0|MM\0\*|II\+\0|MM\0\+"), "image/tiff", (".tif", ".tiff")),
    (re.compile(rb"BM"), "image/bmp", (".bmp", ".dib")),
)
"""What each kind of picture begins with, its type, and its extensions, of which the first is the usual one."""
CONTENT_TYPES: Final = (*(kind for _, kind, _ in _TYPES), UNKNOWN)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ASK: Final = "private, no-cache"
"""Of what caches may keep for one user, and must ask about each time."""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def file_response(
    request: HttpRequest, image: Image, *, as_stored: bool = False, cache_control: str = ASK
) -> HttpResponseBase | None:
    """The picture's file, of the type that its content is; None if there is none or the storage has lost it.

    With `as_stored` its EXIF orientation is “normal”, so that a browser shows the pixels in the frame that annotations
    are in. Raises `BadPicture` for one too large for that. Anything but a picture of a known kind is offered as a
    download. 304 and 412 are answered, and parts; raises `RangeBeyondEnd`.
    """
    name = image.file.name if image.file else None
    if name is None:
        return None
    etag = f'"{image.file_digest or hashlib.sha256(name.encode()).hexdigest()}{"-as-stored" * as_stored}"'
    if (known := _conditional(request, etag, cache_control)) is not None:
        return known
    storage = image.file.storage

    def describe(start: bytes) -> dict[str, str]:
        found = ((kind, suffixes) for magic, kind, suffixes in _TYPES if magic.match(start))
        kind, suffixes = next(found, (UNKNOWN, ()))
        said = content_disposition_header(kind == UNKNOWN, _file_name(image, suffixes)) or "inline"
        return _HEADERS | {"Cache-Control": cache_control, "Content-Disposition": said, "Content-Type": kind}

    try:
        file: File[bytes] = storage.open(name, "rb")
        if as_stored:
            with file:
                file = ContentFile(orientation.as_stored(_all_of(file)))
        return file_answer(request, file, etag, describe, storage)
    except FileNotFoundError:
        return None


def _all_of(file: Any) -> bytes:
    limit = conf.limits().max_picture_bytes
    if file.size > limit:
        raise BadPicture("many-bytes", limit=limit)
    return bytes(file.read())


def thumbnail_response(
    request: HttpRequest, image: Image, size: int, *, cache_control: str = ASK
) -> HttpResponseBase | None:
    """A small picture, as `thumbnail` makes it; None if there is no picture. Raises `BadPicture`.

    In the place of one that would take too much memory there is a drawn placeholder, about which caches always ask.
    """
    if image.file and image.file_digest:
        etag = _etag_of(f"{image.file_digest}-{size_for(size)}")
        if (known := _conditional(request, etag, cache_control)) is not None:
            return known
    try:
        file = thumbnail(image, size)
    except TooLargeToShow:
        return _whole(placeholder(image, size), "image/jpeg", _etag_of(f"placeholder-{image.pk}-{size_for(size)}"))
    if file is None:
        return None
    etag = _etag_of(PurePosixPath(str(file.name)).stem)
    return _conditional(request, etag, cache_control) or _whole(file.read(), "image/jpeg", etag, cache_control)


def overlay_response(request: HttpRequest, image: Image) -> HttpResponseBase:
    """The annotations as SVG; its ETag is the revision of the task, which the image must come with."""
    etag = f'"{__version__}-{image.pk}-{image.task.revision}"'
    if (known := _conditional(request, etag)) is not None:
        return known
    found = drawable([image])
    drawn = found[image.pk]
    document = overlay(image, drawn.shapes, labels_of(found.values()), left=drawn.left)
    return _whole(document.encode(), "image/svg+xml", etag)


def _whole(content: bytes, kind: str, etag: str, cache_control: str = ASK) -> HttpResponse:
    headers = _HEADERS | {"ETag": etag, "Cache-Control": cache_control}
    return HttpResponse(content, content_type=kind, headers=headers)


def _conditional(request: HttpRequest, etag: str, cache_control: str = ASK) -> HttpResponse | None:
    """The answer to who has it already."""
    response = get_conditional_response(request, etag=etag)
    if response is not None:
        response["ETag"] = etag
        response["Cache-Control"] = cache_control
    return response


def _etag_of(name: str) -> str:
    return f'"{name.rpartition("/")[2].removesuffix(".jpg")}"'


def _file_name(image: Image, suffixes: tuple[str, ...]) -> str:
    """The ImageID without its folders, with the extension that it came with unless that is another kind's."""
    stem = _CONTROL.sub("_", image.name.rstrip("/").rpartition("/")[2]) or "picture"
    suffix = _CONTROL.sub("_", image.file_suffix)
    return stem + (suffix if suffix.lower() in suffixes else "".join(suffixes[:1]))
