"""Jobs, how they stand, and what was found."""

import uuid

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from openimages_io import conf
from openimages_io.annotations.errors import Conflict
from openimages_io.api.errors import Gone
from openimages_io.api.jobs.base import JobView
from openimages_io.api.jobs.requests import IssueQuery
from openimages_io.api.jobs.schema import header
from openimages_io.api.jobs.serializers import IssuePage, IssueSerializer, JobSerializer, serialize_jobs
from openimages_io.api.negotiation import IgnoreAccept
from openimages_io.api.permissions import CONTROLS, LISTS, SEES, Rules
from openimages_io.api.schema import error_responses
from openimages_io.error_codes import ErrorCode
from openimages_io.filtersets.jobs import JobFilterSet
from openimages_io.format.issues import Severity
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.reports import BadCursor, issues_csv, read_issues
from openimages_io.jobs.streaming import streaming_response
from openimages_io.models import Job
from openimages_io.models.job import FINAL
from openimages_io.models.primary import primary


class JobList(JobView):
    """The jobs that exist for the user."""

    rules = Rules(get=LISTS)
    reads_query = ("get",)

    filterset_class = JobFilterSet
    serializer_class = JobSerializer

    def get_queryset(self) -> QuerySet[Job]:
        return self.jobs()

    @extend_schema(
        operation_id="jobs_list",
        summary="List jobs",
        tags=["jobs"],
        responses={200: JobSerializer(many=True), **error_responses(404)},
    )
    def get(self, request: Request) -> Response:
        """Imports, exports, checks and deletions."""
        jobs = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(serialize_jobs(list(jobs or ()), request))


class JobDetail(JobView):
    """One job."""

    rules = Rules(get=SEES, delete=CONTROLS)

    serializer_class = JobSerializer

    @extend_schema(
        operation_id="jobs_read",
        summary="Read a job",
        tags=["jobs"],
        parameters=[header("Retry-After", "Seconds to wait before reading it again; absent when it is final.", [200])],
        responses={200: JobSerializer, **error_responses(404)},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """How the job stands now."""
        return self.answer(self.get_job(pk))

    @extend_schema(
        operation_id="jobs_delete",
        summary="Delete a job",
        tags=["jobs"],
        request=None,
        responses={204: None, **error_responses(404, 409, 500, 503)},
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Delete a job that has come to an end, and its files. What it has imported stays."""
        job = self.get_job(pk)
        fail_lost_jobs()
        ended = primary(Job).filter(pk=job.pk, state__in=FINAL)
        if not ended.delete()[0]:
            raise Conflict("The job has not ended; cancel it first.", ErrorCode.JOB_NOT_ENDED)
        return Response(status=204)


class JobIssues(JobView):
    """What a job has found."""

    rules = Rules(get=SEES)
    reads_query = ("get",)

    content_negotiation_class = IgnoreAccept
    pagination_class = None  # type: ignore[assignment]  # DRF takes None
    serializer_class = IssueSerializer

    @extend_schema(
        operation_id="jobs_issues",
        summary="List the issues of a job",
        tags=["jobs"],
        parameters=[IssueQuery],
        responses={
            (200, "application/json"): IssuePage,
            (200, "text/csv"): OpenApiTypes.STR,
            **error_responses(404, 410),
        },
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """Every issue with its place, as pages of JSON, or all as one CSV file with `format=csv`."""
        job = self.get_job(pk)
        form = IssueQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        query = form.validated_data
        if job.pruned is not None and job.errors + job.warnings + job.notes:
            raise Gone("The report has been removed; only its totals are kept.")
        if query.get("format") == "csv":
            name = content_disposition_header(True, f"issues-{job.pk}.csv") or ""
            headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
            return streaming_response(request, issues_csv(job), "text/csv; charset=utf-8", headers=headers)
        chosen = conf.options()
        limit = min(query.get("page_size", chosen.page_size), chosen.max_page_size)
        severity = Severity(query["severity"]) if "severity" in query else None
        try:
            page = read_issues(job, cursor=query.get("cursor"), limit=limit, severity=severity)
        except BadCursor:
            raise NotFound("Invalid cursor") from None
        here = request.build_absolute_uri()
        following = None if page.next is None else replace_query_param(here, "cursor", page.next)
        return Response({"next": following, "previous": None, "results": IssueSerializer(page.issues, many=True).data})
