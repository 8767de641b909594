"""The archive that an export has made: whole, in parts, and only when it is not there already."""

import uuid

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from openimages_io.annotations.errors import Conflict
from openimages_io.api import errors
from openimages_io.api.jobs.base import JobView
from openimages_io.api.jobs.schema import header
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.permissions import DOWNLOADS, Rules
from openimages_io.api.schema import error_responses
from openimages_io.error_codes import ErrorCode
from openimages_io.jobs.downloads import CONTENT_TYPE, ArchiveGone, RangeBeyondEnd, archive_response
from openimages_io.models import Job, JobKind, JobState


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
            (200, CONTENT_TYPE): OpenApiTypes.BINARY,
            (206, CONTENT_TYPE): OpenApiTypes.BINARY,
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
        try:
            response = archive_response(request._request, job)  # noqa: SLF001  (Django's functions want Django's request)
        except ArchiveGone as error:
            raise errors.Gone(str(error)) from error
        except RangeBeyondEnd as error:
            raise errors.RangeNotSatisfiable(str(error), error.headers) from error
        if response.status_code == errors.PreconditionFailed.status_code:
            raise errors.PreconditionFailed("The archive has changed.")
        return response


def _check_is_ready(job: Job) -> None:
    if job.pruned is not None:
        raise errors.Gone("The archive has been removed; export the task again.")
    if job.state != JobState.SUCCEEDED or not job.result:
        ended = {
            JobState.FAILED.value: ("The export has failed.", ErrorCode.JOB_FAILED),
            JobState.CANCELLED.value: ("The export was cancelled.", ErrorCode.JOB_CANCELLED),
        }
        raise Conflict(*ended.get(job.state, ("The export is not ready.", ErrorCode.NOT_READY)))
