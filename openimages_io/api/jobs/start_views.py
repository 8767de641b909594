"""Imports, exports and checks: every POST makes a job that a worker takes up."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.jobs.base import JobStartView
from openimages_io.api.jobs.requests import EmptyBody, ExportBody, ImportForm, NewTaskImportForm
from openimages_io.api.jobs.schema import STARTED
from openimages_io.api.jobs.serializers import JobSerializer
from openimages_io.api.parsing import StrictMultiPartParser
from openimages_io.api.permissions import EXPORTS, IMPORTS, IMPORTS_NEW, SEES, Rules
from openimages_io.api.schema import write_error_responses
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.submission import submit_check, submit_export, submit_import
from openimages_io.models import Job


class TaskImports(JobStartView):
    """Imports into a task."""

    rules = Rules(post=IMPORTS)

    parser_classes = (StrictMultiPartParser,)
    takes_files = True
    serializer_class = ImportForm

    @extend_schema(
        operation_id="tasks_import",
        summary="Import into a task",
        tags=["jobs"],
        parameters=STARTED,
        request={"multipart/form-data": ImportForm},
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Import an archive into the task, in the background.

        All of it is written or nothing. With `dry_run` it is only checked; the job can be confirmed then.
        """
        task = self.get_task(pk)

        def start(claim: Claim | None) -> Job:
            form = ImportForm(data=request.data)
            form.is_valid(raise_exception=True)
            return submit_import(
                form.validated_data["archive"],
                task=task,
                task_name=task.name,
                options=form.options(),
                dry_run=form.validated_data.get("dry_run", False),
                user=request.user,
                claim=claim,
            )

        return self.start(start)


class Imports(JobStartView):
    """Imports into tasks that are yet to be made."""

    rules = Rules(post=IMPORTS_NEW)

    parser_classes = (StrictMultiPartParser,)
    takes_files = True
    serializer_class = NewTaskImportForm

    @extend_schema(
        operation_id="imports_create",
        summary="Create a task from an archive",
        tags=["jobs"],
        parameters=STARTED,
        request={"multipart/form-data": NewTaskImportForm},
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request) -> Response:
        """Create a task from an archive, in the background.

        The task is made when the archive is written; until then the job's `task` is null.
        """

        def start(claim: Claim | None) -> Job:
            form = NewTaskImportForm(data=request.data)
            form.is_valid(raise_exception=True)
            return submit_import(
                form.validated_data["archive"],
                task=None,
                task_name=form.validated_data["task_name"],
                options=form.options(),
                dry_run=form.validated_data.get("dry_run", False),
                user=request.user,
                claim=claim,
            )

        return self.start(start)


class TaskExports(JobStartView):
    """Exports of a task."""

    rules = Rules(post=EXPORTS)

    serializer_class = ExportBody

    @extend_schema(
        operation_id="tasks_export",
        summary="Export a task",
        tags=["jobs"],
        parameters=STARTED,
        request=ExportBody,
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Export the task as a zip, in the background; the job's `file` is the zip."""
        task = self.get_task(pk)
        body = ExportBody(data=request.data)
        body.is_valid(raise_exception=True)
        return self.start(lambda claim: submit_export(task, body.options(), user=request.user, claim=claim))


class TaskChecks(JobStartView):
    """Checks of a task."""

    rules = Rules(post=SEES)

    serializer_class = EmptyBody

    @extend_schema(
        operation_id="tasks_check",
        summary="Check a task",
        tags=["jobs"],
        parameters=STARTED,
        request=EmptyBody,
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Hold every annotation of the task against the rules, in the background. Nothing is changed."""
        task = self.get_task(pk)
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        return self.start(lambda claim: submit_check(task, user=request.user, claim=claim))
