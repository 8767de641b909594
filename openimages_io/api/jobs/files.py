"""The archive that an export has made: whole, in parts, and only when it is not there already."""

from django.http.response import HttpResponseBase
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from openimages_io.annotations.errors import Conflict
from openimages_io.api import exceptions
from openimages_io.error_codes import ErrorCode
from openimages_io.jobs.downloads import ArchiveGone, archive_response
from openimages_io.models import Job, JobKind, JobState


def archive_of(job: Job, request: Request) -> HttpResponseBase:
    """The zip of a job. Raises `NotFound`, `Gone`, `Conflict`, `RangeBeyondEnd` and `PreconditionFailed`."""
    if job.kind != JobKind.EXPORT or job.task is None:
        raise NotFound("Only an export makes a file.")
    _check_is_ready(job)
    try:
        response = archive_response(request._request, job)  # noqa: SLF001  (Django's functions want Django's request)
    except ArchiveGone as error:
        raise exceptions.Gone(str(error)) from error
    if response.status_code == exceptions.PreconditionFailed.status_code:
        raise exceptions.PreconditionFailed("The archive has changed.")
    return response


def _check_is_ready(job: Job) -> None:
    if job.pruned is not None:
        raise exceptions.Gone("The archive has been removed; export the task again.")
    if job.state != JobState.SUCCEEDED or not job.result:
        ended = {
            JobState.FAILED.value: ("The export has failed.", ErrorCode.JOB_FAILED),
            JobState.CANCELLED.value: ("The export was cancelled.", ErrorCode.JOB_CANCELLED),
        }
        raise Conflict(*ended.get(job.state, ("The export is not ready.", ErrorCode.NOT_READY)))
