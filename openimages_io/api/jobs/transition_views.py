"""Cancel a job, confirm a dry run, start again."""

import uuid
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.jobs.base import JobStartView
from openimages_io.api.jobs.requests import EmptyBody
from openimages_io.api.jobs.schema import ACCEPTED, STARTED
from openimages_io.api.jobs.serializers import JobSerializer
from openimages_io.api.permissions import CONTROLS, Rules
from openimages_io.api.schema import write_error_responses
from openimages_io.jobs import transitions
from openimages_io.models import Job


class JobTransitionView(JobStartView):
    """A view that asks something of a job."""

    rules = Rules(post=CONTROLS)

    serializer_class = EmptyBody
    step: ClassVar["staticmethod[..., Job]"]

    def change(self, request: Request, key: uuid.UUID) -> Response:
        """Takes the step. Raises `InvalidTransition` with the reason where it cannot be taken now."""
        job = self.get_job(key)
        EmptyBody(data=request.data).is_valid(raise_exception=True)
        return self.start(lambda claim: type(self).step(job, claim))


class JobCancel(JobTransitionView):
    """Stops a job."""

    step = staticmethod(lambda job, claim: transitions.cancel(job))

    @extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a job",
        tags=["jobs"],
        parameters=ACCEPTED,
        request=EmptyBody,
        responses={202: JobSerializer, **write_error_responses(404, 409)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop the job within seconds. Nothing of it is left."""
        return self.change(request, pk)


class JobConfirm(JobTransitionView):
    """Makes a dry run real."""

    step = staticmethod(transitions.confirm)

    @extend_schema(
        operation_id="jobs_confirm",
        summary="Confirm a dry run",
        tags=["jobs"],
        parameters=STARTED,
        request=EmptyBody,
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write what a dry run has checked. The same job runs again, and checks again if the task has changed."""
        return self.change(request, pk)


class JobRetry(JobTransitionView):
    """Starts a job again."""

    step = staticmethod(transitions.retry)

    @extend_schema(
        operation_id="jobs_retry",
        summary="Start a job again",
        tags=["jobs"],
        parameters=STARTED,
        request=EmptyBody,
        responses={202: JobSerializer, **write_error_responses(404, 409, 422)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Start a job that has failed or was cancelled again, or queue one again that no worker has come for."""
        return self.change(request, pk)
