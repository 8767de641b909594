"""The archive of an export as an answer over HTTP: whole, in parts, and only when it is not there already."""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs.files import result_name
from openimages_io.jobs.ranges import ByteRange, RangeNotSatisfiable, if_range_matches, parse_range
from openimages_io.jobs.streaming import FilePart, streaming_response
from openimages_io.models import Job, JobState

CONTENT_TYPE: Final = "application/zip"


class ArchiveGone(OpenImagesError):
    """The archive is not there, or not there any more."""


class RangeBeyondEnd(OpenImagesError):
    """The range that is asked for begins after the end of the archive."""

    def __init__(self, size: int, etag: str) -> None:
        super().__init__(f"The range begins after the end of the file, which has {size:,} bytes.")
        self.headers = {"Content-Range": f"bytes */{size}", "ETag": etag}
        """Of the answer, which is 416."""


def archive_response(request: HttpRequest, job: Job) -> HttpResponseBase:
    """Answer with the archive of an export, or with 304 or 412 by what the client has.

    Its ETag is its SHA-256. Raises `ArchiveGone` and `RangeBeyondEnd`.
    """
    if not job.result or job.state != JobState.SUCCEEDED:
        raise ArchiveGone("There is no archive: it is not ready, or was removed.")
    etag = f'"{job.result_digest}"'
    conditional = get_conditional_response(request, etag=etag)
    if conditional is not None:
        conditional["ETag"] = etag
        return conditional
    try:
        file = job.result.storage.open(str(job.result), "rb")
        size = file.size
    except OSError:
        raise ArchiveGone("The archive is missing in the storage; export the task again.") from None
    wanted = request.headers.get("Range") if request.method == "GET" else None
    try:
        span = parse_range(wanted, size) if if_range_matches(request.headers.get("If-Range"), etag) else None
    except RangeNotSatisfiable:
        file.close()
        raise RangeBeyondEnd(size, etag) from None
    part = span or ByteRange(0, size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": content_disposition_header(True, result_name(job.task_name)) or "attachment",
        "Content-Length": str(len(part)),
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    if span is not None:
        headers["Content-Range"] = span.content_range(size)
    status = 200 if span is None else 206
    return streaming_response(request, FilePart(file, part), CONTENT_TYPE, status=status, headers=headers)
