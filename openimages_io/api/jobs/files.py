"""The archive that an export has made: whole, in parts, and only when it is not there already."""

import uuid
from typing import Final

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from openimages_io.annotations.errors import Conflict
from openimages_io.api import errors
from openimages_io.api.jobs.base import JobView
from openimages_io.api.jobs.ranges import ByteRange, RangeNotSatisfiable, if_range_matches, parse_range
from openimages_io.api.jobs.schema import header
from openimages_io.api.jobs.streaming import FilePart, streaming_response
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.permissions import DOWNLOADS, Rules
from openimages_io.api.schema import error_responses
from openimages_io.error_codes import ErrorCode
from openimages_io.jobs.files import result_name
from openimages_io.models import Job, JobKind, JobState

_TYPE: Final = "application/zip"


class JobFile(JobView):
    """The archive of an export."""

    rules = Rules(get=DOWNLOADS)

    content_negotiation_class = IgnoreAccept
    serializer_class = serializers.Serializer

    @extend_schema(
        operation_id="jobs_file",
        summary="Download an export's archive",
        tags=["jobs"],
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range, such as `bytes=100-`."),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The ETag that the client has."),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETags that the client has."),
            header("ETag", "Strong; the SHA-256 of the archive.", [200, 206, 304]),
            header("Content-Disposition", "The name of the file.", [200, 206]),
            header("Content-Range", "The range of bytes, and the size of the file.", [206, 416]),
        ],
        responses={
            (200, _TYPE): OpenApiTypes.BINARY,
            (206, _TYPE): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="The client has the current version."),
            **error_responses(404, 409, 410, 412, 416),
        },
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """The zip that an export has made."""
        job = self.get_job(pk)
        if job.kind != JobKind.EXPORT or job.task is None:
            raise NotFound("Only an export makes a file.")
        _check_is_ready(job)
        etag = f'"{job.result_digest}"'
        # Django's function wants Django's request.
        conditional = get_conditional_response(request._request, etag=etag)  # noqa: SLF001
        if conditional is None:
            return _sent(request, job, etag)
        if conditional.status_code == errors.PreconditionFailed.status_code:
            raise errors.PreconditionFailed("The archive has changed.")
        conditional["ETag"] = etag
        return conditional


def _check_is_ready(job: Job) -> None:
    if job.pruned is not None:
        raise errors.Gone("The archive has been removed; export the task again.")
    if job.state != JobState.SUCCEEDED or not job.result:
        ended = {
            JobState.FAILED.value: ("The export has failed.", ErrorCode.JOB_FAILED),
            JobState.CANCELLED.value: ("The export was cancelled.", ErrorCode.JOB_CANCELLED),
        }
        raise Conflict(*ended.get(job.state, ("The export is not ready.", ErrorCode.NOT_READY)))


def _sent(request: Request, job: Job, etag: str) -> HttpResponseBase:
    try:
        file = job.result.storage.open(str(job.result), "rb")
        size = file.size
    except OSError:
        raise errors.Gone("The archive is missing in the storage; export the task again.") from None
    wanted = request.headers.get("Range") if request.method == "GET" else None
    try:
        span = parse_range(wanted, size) if if_range_matches(request.headers.get("If-Range"), etag) else None
    except RangeNotSatisfiable:
        file.close()
        said = f"The range begins after the end of the file, which has {size:,} bytes."
        raise errors.RangeNotSatisfiable(said, {"Content-Range": f"bytes */{size}", "ETag": etag}) from None
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
    return streaming_response(
        request, FilePart(file, part), _TYPE, status=200 if span is None else 206, headers=headers
    )
