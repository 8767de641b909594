"""Imports, exports, checks and jobs."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from openimages_io.api.idempotency import HEADER, LONGEST
from openimages_io.api.jobs.requests import (
    ArchiveField,
    ConfirmBody,
    EmptyBody,
    ExportBody,
    ImportForm,
    IssueQuery,
    NewTaskImportForm,
)
from openimages_io.api.jobs.serializers import (
    IssueKindSerializer,
    IssueSerializer,
    JobSerializer,
    OutcomeSerializer,
)
from openimages_io.api.jobs.starting import TaskJobViewSet
from openimages_io.api.jobs.views import JobViewSet
from openimages_io.api.openapi import examples
from openimages_io.api.openapi.schema import (
    ACCEPTED,
    ETAG,
    KNOWN,
    RANGES,
    UNCHANGED,
    error_responses,
    header,
    match,
    write_error_responses,
)
from openimages_io.jobs.downloads import CONTENT_TYPE
from openimages_io.models import JobState

_TAGS: Final = ["jobs"]
KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A key of the client's own, such as a UUID. If the same request comes again within a day, it is "
    "answered with the job that it has started, and starts none.",
)
_ISSUE_PAGE: Final = inline_serializer(
    "PaginatedIssueList",
    {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True, help_text="Always null: pages go forward only."),
        "results": IssueSerializer(many=True),
    },
)

extend_schema_field({"type": "string", "format": "binary", "minLength": 1})(ArchiveField)
for _method, _shown in (
    (JobSerializer.get_state, serializers.ChoiceField(choices=JobState.choices)),
    (JobSerializer.get_outcome, OutcomeSerializer(allow_null=True)),
    (JobSerializer.get_summary, IssueKindSerializer(many=True)),
    (JobSerializer.get_issues, {"type": "string", "format": "uri"}),
    (JobSerializer.get_file, {"type": ["string", "null"], "format": "uri"}),
    (IssueKindSerializer.get_example, IssueSerializer(allow_null=True)),
):
    extend_schema_field(_shown)(_method)


def _starts(name: str, summary: str, request: Any, **more: Any) -> Any:
    """Says of an action that it starts a job."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=_TAGS,
        parameters=[*ACCEPTED, KEY],
        request=request,
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
        **more,
    )


extend_schema_view(
    imports=_starts("tasks_import", "Import into a task", {"multipart/form-data": ImportForm}),
    exports=_starts("tasks_export", "Export a task", ExportBody, examples=examples.requests("tasks_export")),
    checks=_starts("tasks_check", "Check a task", EmptyBody),
)(TaskJobViewSet)
_starts("imports_create", "Create a task from an archive", {"multipart/form-data": NewTaskImportForm})(
    TaskJobViewSet.import_new
)
extend_schema_view(
    list=extend_schema(
        operation_id="jobs_list",
        summary="List jobs",
        tags=_TAGS,
        responses={200: JobSerializer(many=True), **error_responses(404)},
    ),
    retrieve=extend_schema(
        operation_id="jobs_read",
        summary="Read a job",
        tags=_TAGS,
        parameters=[
            header(
                "Retry-After",
                "A hint: seconds to wait. Whether the job has ended, `finished` says.",
                [200, 304],
            ),
            KNOWN,
            ETAG,
        ],
        responses={200: JobSerializer, **UNCHANGED, **error_responses(404)},
    ),
    destroy=extend_schema(
        operation_id="jobs_delete",
        summary="Delete a job",
        tags=_TAGS,
        parameters=[match("it has been started again")],
        request=None,
        responses={204: None, **error_responses(404, 409, 412, 500, 503)},
    ),
    issues=extend_schema(
        operation_id="jobs_issues",
        summary="List the issues of a job",
        tags=_TAGS,
        parameters=[IssueQuery],
        responses={
            (200, "application/json"): _ISSUE_PAGE,
            (200, "text/csv"): OpenApiTypes.STR,
            **error_responses(404, 410),
        },
    ),
    cancel=extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a job",
        tags=_TAGS,
        parameters=ACCEPTED,
        request=EmptyBody,
        responses={202: JobSerializer, **write_error_responses(404, 409)},
    ),
    confirm=_starts("jobs_confirm", "Confirm a dry run", ConfirmBody),
    retry=_starts("jobs_retry", "Start a job again", EmptyBody),
    file=extend_schema(
        operation_id="jobs_file",
        summary="Download an export's archive",
        tags=_TAGS,
        parameters=[
            *RANGES,
            KNOWN,
            header("ETag", "Strong; the SHA-256 of the archive.", [200, 206, 304]),
            header("Content-Disposition", "The name of the file.", [200, 206]),
        ],
        responses={
            (200, CONTENT_TYPE): OpenApiTypes.BINARY,
            (206, CONTENT_TYPE): OpenApiTypes.BINARY,
            302: OpenApiResponse(None, "Where the storage sends it, if the site has it so."),
            **UNCHANGED,
            **error_responses(404, 409, 410, 412, 416),
        },
    ),
)(JobViewSet)
