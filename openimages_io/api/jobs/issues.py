"""What a job has found, as pages of JSON or as one CSV file."""

from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from openimages_io import conf
from openimages_io.api.exceptions import Gone
from openimages_io.api.jobs.requests import IssueQuery
from openimages_io.api.jobs.serializers import IssueSerializer
from openimages_io.api.option_names import api_name
from openimages_io.format.issues import Severity
from openimages_io.jobs.reports import BadCursor, issues_csv, read_issues
from openimages_io.models import Job
from openimages_io.viewing.streaming import streaming_response


def issues_response(job: Job, request: Request) -> HttpResponseBase:
    """The issues of a job that the query asks for. Raises `ValidationError`, `Gone`, and `NotFound` for a cursor."""
    form = IssueQuery(data=request.query_params)
    form.is_valid(raise_exception=True)
    query = form.validated_data
    if job.pruned is not None and job.errors + job.warnings + job.notes:
        raise Gone("The report has been removed; only its totals are kept.")
    if query.get("format") == "csv":
        name = content_disposition_header(True, f"issues-{job.pk}.csv") or ""
        headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
        table = issues_csv(job, api_name)
        return streaming_response(request, table, "text/csv; charset=utf-8", headers=headers)
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
