"""Jobs: how they stand, what they have found and made; cancelled, confirmed, started again, deleted."""

import uuid

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_202_ACCEPTED

from openimages_io.annotations.errors import Conflict
from openimages_io.api.etags import expected
from openimages_io.api.jobs.base import STARTS, StartsJobs, job_response, version_of
from openimages_io.api.jobs.files import archive_of
from openimages_io.api.jobs.issues import issues_response
from openimages_io.api.jobs.requests import ConfirmBody, EmptyBody
from openimages_io.api.jobs.serializers import IssueSerializer, JobSerializer, serialize_job, serialize_jobs
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.permissions import CONTROLS, DOWNLOADS, LISTS, SEES
from openimages_io.error_codes import ErrorCode
from openimages_io.filtersets.jobs import JobFilterSet
from openimages_io.jobs import transitions
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.models import Job
from openimages_io.models.job import FINAL
from openimages_io.models.primary import primary
from openimages_io.transfer.options import OnError


class JobViewSet(StartsJobs):
    """The jobs that exist for the user."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "list": LISTS,
        "retrieve": SEES,
        "destroy": CONTROLS,
        "issues": SEES,
        "cancel": CONTROLS,
        "confirm": CONTROLS,
        "retry": CONTROLS,
        "file": DOWNLOADS,
    }
    queryset = Job.objects.all()
    lookup_value_converter = "uuid"
    reads_query = ("list", "issues")
    filterset_class = JobFilterSet
    serializer_class = JobSerializer

    def get_queryset(self) -> QuerySet[Job]:
        """The jobs that exist for the user."""
        return self.jobs()

    def list(self, request: Request) -> Response:
        """Imports, exports, checks and deletions."""
        jobs = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(serialize_jobs(jobs or (), request))

    def retrieve(self, request: Request, pk: uuid.UUID) -> Response:
        """How the job stands now."""
        return job_response(self.get_object(), request)

    def destroy(self, request: Request, pk: uuid.UUID) -> Response:
        """Delete a job that has come to an end, and its files. What it has imported stays."""
        self.get_object()
        fail_lost_jobs()
        job = self.get_object()
        expected(request).check_deletion(version_of(serialize_job(job, request)))
        ended = primary(Job).filter(pk=pk, state__in=FINAL, queued=job.queued)
        if not ended.delete()[0]:
            raise Conflict("The job has not ended; cancel it first.", ErrorCode.JOB_NOT_ENDED)
        return Response(status=204)

    @action(
        detail=True,
        serializer_class=IssueSerializer,
        content_negotiation_class=IgnoreAccept,
        pagination_class=None,
        filter_backends=(),
    )
    def issues(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """Every issue with its place, as pages of JSON, or all as one CSV file with `format=csv`."""
        return issues_response(self.get_object(), request)

    @action(detail=True, methods=["post"], serializer_class=EmptyBody, **STARTS)
    def cancel(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop the job within seconds. Nothing of it is left."""
        return job_response(transitions.cancel(self._job()), request, HTTP_202_ACCEPTED)

    @action(detail=True, methods=["post"], serializer_class=ConfirmBody, **STARTS)
    def confirm(self, request: Request, pk: uuid.UUID) -> Response:
        """Write what a dry run has checked. The same job runs again, and checks again if the task has changed."""
        job: Job = self.get_object()
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        skips = body.validated_data.get("on_error") == OnError.SKIP
        return self.start(lambda claim: transitions.confirm(job, claim, without_bad_rows=skips))

    @action(detail=True, methods=["post"], serializer_class=EmptyBody, **STARTS)
    def retry(self, request: Request, pk: uuid.UUID) -> Response:
        """Start a job that has failed or was cancelled again, or queue one again that no worker has come for."""
        job = self._job()
        return self.start(lambda claim: transitions.retry(job, claim))

    @action(detail=True, content_negotiation_class=IgnoreAccept)
    def file(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """The zip that an export has made."""
        return archive_of(self.get_object(), request)

    def _job(self) -> Job:
        """The job, of a request whose body is as empty as it must be. Raises `ValidationError`."""
        job: Job = self.get_object()
        self.get_serializer(data=self.request.data).is_valid(raise_exception=True)
        return job
