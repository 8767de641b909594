"""What the ViewSets of jobs share."""

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.versions import Version, digest_of
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import tagged
from openimages_io.api.idempotency import claim_of
from openimages_io.api.jobs.serializers import serialize_job
from openimages_io.api.reverse import reverse_url
from openimages_io.api.throttling import UploadThrottle
from openimages_io.jobs.idempotency import Claim, start_once
from openimages_io.models import Job
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.primary import primary
from openimages_io.permissions import filter_once

STARTS: Final[dict[str, Any]] = {"throttle_classes": (*ApiViewSet.throttle_classes, UploadThrottle)}
"""What every action has that starts a job, or stops one."""
_RUN: Final = ("state", "dry_run", "queued", "started")


def job_response(job: Job, request: Request, code: int = status.HTTP_200_OK) -> Response:
    """The job as JSON, with its ETag; while it goes on, with the time after which to look again."""
    data = serialize_job(job, request)
    if code == status.HTTP_202_ACCEPTED:
        response = Response(data, code, headers={"Location": reverse_url("job-detail", request, job.pk)})
    else:
        response = tagged(request, data, version_of(data), code)
    if data["state"] in UNDER_WAY:
        response["Retry-After"] = "1"
    return response


def version_of(data: dict[str, Any]) -> Version:
    """The version of a job as it is shown: which run of it this is, and whether that has ended."""
    return Version(digest_of([tuple(data[name] for name in _RUN)]))


class StartsJobs(ApiViewSet):
    """A ViewSet with actions that start a job, once for all requests that have the same Idempotency-Key."""

    def jobs(self) -> QuerySet[Job]:
        """The jobs that exist for the user, with task and creator; never from a replica, which may lag behind."""
        return filter_once(primary(Job), self.permissions.jobs(self.request.user)).select_related("task", "created_by")

    def start(self, start: Callable[[Claim | None], Job]) -> Response:
        """The job that is started, or that the same request has started before, if it still exists for the user."""
        claim = claim_of(self.request)
        job = start_once(claim, lambda: start(claim))
        if claim is not None:
            job = get_object_or_404(self.jobs(), pk=job.pk)
        return job_response(job, self.request, status.HTTP_202_ACCEPTED)
