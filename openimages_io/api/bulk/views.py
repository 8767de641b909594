"""Changes of many images of a task: at once, or in the background where they are large."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_202_ACCEPTED

from openimages_io import conf
from openimages_io.annotations.bulk.changes import Change, Delete, Move, Relabel
from openimages_io.annotations.bulk.planning import make_plan
from openimages_io.api.bulk.serializers import BulkBody, DeleteBody, MoveBody, RelabelBody, bulk_change_data
from openimages_io.api.etags import expected, tagged
from openimages_io.api.idempotency import claim_of
from openimages_io.api.jobs.base import StartsJobs, job_response
from openimages_io.api.permissions import Rule
from openimages_io.jobs.bulk import change_or_submit
from openimages_io.jobs.rows import database
from openimages_io.models import Job, Task


def _makes(least: Change) -> Rule:
    """The user may make such a change as it needs least; what else a body asks for is asked then."""
    return Rule(lambda site, user, task: site.may_make(user, least, task))


class BulkViewSet(StartsJobs):
    """What is done to many images of a task."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "move": _makes(Move(subset="-")),
        "relabel": _makes(Relabel(label=0, new_label=0)),
        "remove": _makes(Delete(label=0)),
    }
    queryset = Task.objects.all()

    def move(self, request: Request, pk: int) -> Response:
        """Moves images to another subset; one whose ImageID is there already stays.

        With `dry_run` it is only said what would be done. A change of more than BULK_AT_ONCE rows is made by a job, all
        of it or nothing: the answer is 202 then.
        """
        return self._change(MoveBody)

    def relabel(self, request: Request, pk: int) -> Response:
        """Gives annotations of a label another one, with all else that is said of them.

        Nothing is lost: what cannot have the new label keeps its own, is counted, and is named among the issues. With
        `dry_run` it is only said what would be done. A change of more than BULK_AT_ONCE rows is made by a job, all of
        it or nothing: the answer is 202 then.
        """
        return self._change(RelabelBody)

    def remove(self, request: Request, pk: int) -> Response:
        """Deletes annotations of a label, with their masks.

        With `dry_run` it is only said what would be done. A change of more than BULK_AT_ONCE rows is made by a job, all
        of it or nothing: the answer is 202 then.
        """
        return self._change(DeleteBody)

    def _change(self, body_class: type[BulkBody]) -> Response:
        request, task = self.request, self.get_object()
        claim = claim_of(request)
        if claim is not None and (earlier := claim.job()) is not None:
            return job_response(get_object_or_404(self.jobs(), pk=earlier.pk), request, HTTP_202_ACCEPTED)
        body: Any = body_class(data=request.data)
        body.is_valid(raise_exception=True)
        change, images = body.change(), body.images
        if not self.permissions.may_make(request.user, change, task):
            raise PermissionDenied
        if body.validated_data.get("dry_run"):
            plan = make_plan(task, change, images, database(), most=conf.options().bulk_at_once)
            return tagged(request, bulk_change_data(plan, dry_run=True), plan.version)
        done = change_or_submit(task, change, images, expected(request), user=request.user, claim=claim)
        if isinstance(done, Job):
            return job_response(done, request, HTTP_202_ACCEPTED)
        return Response(bulk_change_data(done, dry_run=False))


BODIES: Final = {"move": MoveBody, "relabel": RelabelBody, "remove": DeleteBody}
