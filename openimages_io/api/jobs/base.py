"""What the views of jobs share."""

from collections.abc import Callable

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.base import ApiView
from openimages_io.api.idempotency import claim_of
from openimages_io.api.jobs.serializers import serialize_job
from openimages_io.api.reverse import reverse_url
from openimages_io.api.throttling import UploadThrottle
from openimages_io.jobs.idempotency import Claim, start_once
from openimages_io.models import Job
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.primary import primary
from openimages_io.permissions import filter_once


def job_response(job: Job, request: Request, code: int = status.HTTP_200_OK) -> Response:
    """The job as JSON; while it goes on, with the time after which to look again."""
    response = Response(serialize_job(job, request), code)
    if response.data["state"] in UNDER_WAY:
        response["Retry-After"] = "1"
    if code == status.HTTP_202_ACCEPTED:
        response["Location"] = reverse_url("job-detail", request, job.pk)
    return response


class JobView(ApiView):
    """A view of jobs that exist for the user."""

    def jobs(self) -> QuerySet[Job]:
        """The jobs that exist for the user, with task and creator; never from a replica, which may lag behind."""
        return filter_once(primary(Job), self.permissions.jobs(self.request.user)).select_related("task", "created_by")

    def get_job(self, key: object) -> Job:
        """A job that exists for the user, and whose rule holds. Raises `Http404` and `PermissionDenied`."""
        return self.checked_row(get_object_or_404(self.jobs(), pk=key))

    def answer(self, job: Job, code: int = status.HTTP_200_OK) -> Response:
        """The job as JSON; while it goes on, with the time after which to look again."""
        return job_response(job, self.request, code)


class JobStartView(JobView):
    """A view that starts a job, once for all requests that have the same Idempotency-Key."""

    throttle_classes = (*ApiView.throttle_classes, UploadThrottle)

    def start(self, start: Callable[[Claim | None], Job]) -> Response:
        """The job that is started, or that the same request has started before, if it still exists for the user."""
        claim = claim_of(self.request)
        job = start_once(claim, lambda: start(claim))
        if claim is not None:
            job = get_object_or_404(self.jobs(), pk=job.pk)
        return self.answer(job, status.HTTP_202_ACCEPTED)
