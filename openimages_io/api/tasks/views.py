"""Tasks: list, create, read with counts, change, delete."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, router, transaction
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import CreateModelMixin, ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from openimages_io.annotations.tasks import NAME_TAKEN, change_task
from openimages_io.annotations.versions import version_of_task
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import expected, tagged
from openimages_io.api.jobs.base import job_response
from openimages_io.api.permissions import CREATES_TASKS, EXPORTS, IMPORTS, LISTS, SEES, may
from openimages_io.api.tasks.serializers import (
    TaskChangeSerializer,
    TaskDetailSerializer,
    TaskSerializer,
)
from openimages_io.api.users import UserSerializer, key_of
from openimages_io.api.validation import fault
from openimages_io.error_codes import FaultCode
from openimages_io.filtersets.tasks import TaskFilterSet
from openimages_io.jobs.deletion import delete_or_submit
from openimages_io.models import HierarchyEdge, Image, Label, Task


class TaskViewSet(ListModelMixin, CreateModelMixin, ApiViewSet):
    """The tasks that exist for the user."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "list": LISTS,
        "create": CREATES_TASKS,
        "retrieve": SEES,
        "partial_update": may("change", of=Task),
        "destroy": may("delete", of=Task),
    }
    below = {  # noqa: RUF012
        "Labels": ("label-list", may("view", of=Label)),
        "Hierarchy": ("hierarchy", may("view", of=HierarchyEdge)),
        "Images": ("image-list", may("view", of=Image)),
        "Imports": ("task-imports", IMPORTS),
        "Exports": ("task-exports", EXPORTS),
        "Checks": ("task-checks", SEES),
    }
    queryset = Task.objects.select_related("owner")
    filterset_class = TaskFilterSet

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Lists are without counts."""
        if self.action == "partial_update":
            return TaskChangeSerializer
        return TaskDetailSerializer if self.detail else TaskSerializer

    def perform_create(self, serializer: BaseSerializer[Task]) -> None:
        """The new task is the user's own."""
        try:
            with transaction.atomic(using=router.db_for_write(Task)):
                serializer.save(owner=self.request.user)
        except IntegrityError:
            raise fault("name", NAME_TAKEN, FaultCode.UNIQUE) from None  # by somebody, a moment ago

    def get_success_headers(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Where the new task is."""
        return {"Location": self.request.build_absolute_uri(f"{data['id']}/")}

    def retrieve(self, request: Request, pk: int) -> Response:
        """Reads a task, with the numbers of its images and shapes by subset, kind, label and source."""
        return self.answer(self.get_object())

    def partial_update(self, request: Request, pk: int) -> Response:
        """Changes the name; staff may also change the owner."""
        task = self.get_object()
        self._check_gift(request, task)
        serializer = self.get_serializer(task, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.answer(change_task(task, serializer.validated_data, expected(request)))

    def destroy(self, request: Request, pk: int) -> Response:
        """Deletes the task with its images, labels, shapes, files and jobs. There is no way back.

        A task of more than DELETE_AT_ONCE shapes and images is gone for everybody at once, and its name is free; a job
        deletes what belongs to it.
        """
        task = self.get_object()
        job = delete_or_submit(task, expected(request), user=request.user)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return job_response(job, request, status.HTTP_202_ACCEPTED)

    def answer(self, task: Task) -> Response:
        """The task with its ETag."""
        return tagged(self.request, TaskDetailSerializer(task).data, version_of_task(task))

    def _check_gift(self, request: Request, task: Task) -> None:
        """Asks who may give tasks before the new owner is looked for: nobody else learns which users there are."""
        owner = request.data.get("owner", ...) if isinstance(request.data, dict) else ...
        own = UserSerializer(task.owner).data["id"] if task.owner else None
        if owner is not ... and key_of(owner) != own and not self.permissions.may_give(request.user, task):
            raise PermissionDenied("Only staff may change the owner of a task.")
