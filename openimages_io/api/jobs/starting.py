"""Imports, exports and checks: every POST makes a job that a worker takes up."""

from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.jobs.base import STARTS, StartsJobs
from openimages_io.api.jobs.requests import EmptyBody, ExportBody, ImportForm
from openimages_io.api.parsers import StrictMultiPartParser
from openimages_io.api.permissions import EXPORTS, IMPORTS, IMPORTS_NEW, SEES
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.submission import submit_check, submit_export, submit_import
from openimages_io.models import Job, Task

UPLOADS: Final[dict[str, Any]] = STARTS | {"parser_classes": (StrictMultiPartParser,), "takes_files": True}


class TaskJobViewSet(StartsJobs):
    """What is done with a whole task, or makes one, in the background."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "imports": IMPORTS,
        "import_new": IMPORTS_NEW,
        "exports": EXPORTS,
        "checks": SEES,
    }
    queryset = Task.objects.all()

    @action(detail=True, methods=["post"], serializer_class=ImportForm, **UPLOADS)
    def imports(self, request: Request, pk: int) -> Response:
        """Import an archive into the task, in the background.

        All of it is written or nothing. With `dry_run` it is only checked; the job can be confirmed then.
        """
        return self._import(self.get_object())

    def import_new(self, request: Request) -> Response:
        """Create a task from an archive, in the background.

        The task is made when the archive is written; until then the job's `task` is null.
        """
        return self._import(None)

    @action(detail=True, methods=["post"], serializer_class=ExportBody, **STARTS)
    def exports(self, request: Request, pk: int) -> Response:
        """Export the task as a zip, in the background; the job's `file` is the zip."""
        task, body = self.get_object(), ExportBody(data=request.data)
        body.is_valid(raise_exception=True)
        return self.start(lambda claim: _export(task, body, request.user, claim))

    @action(detail=True, methods=["post"], serializer_class=EmptyBody, **STARTS)
    def checks(self, request: Request, pk: int) -> Response:
        """Hold every annotation of the task against the rules, in the background. Nothing is changed."""
        task = self.get_object()
        self.get_serializer(data=request.data).is_valid(raise_exception=True)
        return self.start(lambda claim: submit_check(task, user=request.user, claim=claim))

    def _import(self, task: Task | None) -> Response:
        def start(claim: Claim | None) -> Job:
            form: Any = self.get_serializer(data=self.request.data)
            form.is_valid(raise_exception=True)
            values = form.validated_data
            return submit_import(
                values["archive"],
                task=task,
                task_name=values.get("task_name", ""),
                options=form.options(),
                dry_run=values.get("dry_run", False),
                user=self.request.user,
                claim=claim,
            )

        return self.start(start)


def _export(task: Task, body: ExportBody, user: Any, claim: Claim | None) -> Job:
    return submit_export(task, body.options(), user=user, images=body.images, claim=claim)
