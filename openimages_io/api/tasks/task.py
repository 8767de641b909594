"""Tasks: list, create, read with counts, change, delete."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from openimages_io.annotations.tasks import NAME_TAKEN, change_task
from openimages_io.annotations.versions import version_of_task
from openimages_io.api.base import ApiView
from openimages_io.api.etags import expected, tagged
from openimages_io.api.fields import ModelSerializer, NameField, StrictCharField
from openimages_io.api.jobs.base import job_response
from openimages_io.api.jobs.schema import ACCEPTED
from openimages_io.api.jobs.serializers import JobSerializer
from openimages_io.api.permissions import CREATES_TASKS, LISTS, SEES, Rules, may
from openimages_io.api.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses
from openimages_io.api.strict import PageQuery, StrictSerializer
from openimages_io.api.tasks.saving import fault
from openimages_io.api.users import OwnerField, UserSerializer, key_of
from openimages_io.jobs.deletion import delete_or_submit
from openimages_io.models import Task
from openimages_io.permissions import filter_once
from openimages_io.viewing.statistics import known


class UniqueName(UniqueValidator):
    """Asks where names are written."""

    def filter_queryset(self, value: Any, queryset: QuerySet[Any], field_name: str) -> QuerySet[Any]:
        """The rows that have the value."""
        return super().filter_queryset(value, queryset.using(router.db_for_write(queryset.model)), field_name)


_TAGS = ["tasks"]
_NAME: dict[str, Any] = {"max_length": 255, "validators": [UniqueName(Task.objects.all(), NAME_TAKEN)]}


class TaskSerializer(StrictSerializer, ModelSerializer):
    """A task."""

    name = NameField(**_NAME)
    owner = UserSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Task
        fields = ("id", "name", "owner", "created", "updated", "revision")
        read_only_fields = ("revision",)


class SubsetCountsSerializer(serializers.Serializer[Any]):
    """What there is in a subset."""

    images = serializers.IntegerField(min_value=0)
    shapes = serializers.IntegerField(min_value=0)


class CountsSerializer(serializers.Serializer[Any]):
    """The numbers of a task; words that nothing has are left out."""

    revision = serializers.IntegerField(min_value=0, help_text="The task's revision that was counted.")
    stale = serializers.BooleanField(help_text="Whether the task has changed since it was counted.")
    images = serializers.IntegerField(min_value=0)
    shapes = serializers.IntegerField(min_value=0)
    without_shapes = serializers.IntegerField(min_value=0, help_text="Images without annotations.")
    without_file = serializers.IntegerField(min_value=0, help_text="Images without a picture file.")
    by_subset = serializers.DictField(child=SubsetCountsSerializer())
    by_kind = serializers.DictField(child=serializers.IntegerField(min_value=0), help_text="Shapes by kind.")
    by_label = serializers.DictField(child=serializers.IntegerField(min_value=0), help_text="Shapes by the label's id.")
    by_source = serializers.DictField(child=serializers.IntegerField(min_value=0), help_text="Shapes by source.")


class TaskDetailSerializer(TaskSerializer):
    """A task with its numbers."""

    counts = serializers.SerializerMethodField(
        help_text="What there is in the task; of a large one when an import or a check last counted it, null before."
    )

    class Meta(TaskSerializer.Meta):
        fields = (*TaskSerializer.Meta.fields, "counts")  # type: ignore[assignment]

    @extend_schema_field(CountsSerializer(allow_null=True))
    def get_counts(self, task: Task) -> Any:
        """The numbers that are kept; those of a small task as they are now."""
        try:
            counted = known(task)
        except Task.DoesNotExist:  # deleted meanwhile
            raise Http404 from None
        if counted is None:
            return None
        return CountsSerializer(counted.as_dict() | {"stale": counted.revision != task.revision}).data


class TaskChangeSerializer(TaskDetailSerializer):
    """What may be changed of a task, among what may be sent back."""

    name = NameField(**_NAME, required=False)
    owner = OwnerField(  # type: ignore[assignment]  # given by key
        queryset=get_user_model()._default_manager.all(),
        required=False,
        allow_null=True,
        help_text="The user's id. Only staff may change the owner of a task.",
    )


class TaskQuerySerializer(PageQuery):
    """What tasks to list."""

    search = StrictCharField(
        required=False, allow_blank=True, max_length=255, help_text="Part of the name, case-insensitive."
    )


class TaskList(ApiView):
    """The tasks that exist for the user."""

    rules = Rules(get=LISTS, post=CREATES_TASKS)

    def get_queryset(self) -> QuerySet[Task]:
        return filter_once(Task.objects.all(), self.permissions.tasks(self.request.user)).select_related("owner")

    @extend_schema(
        operation_id="tasks_list",
        tags=_TAGS,
        summary="List tasks",
        parameters=[TaskQuerySerializer],
        responses={200: TaskSerializer(many=True), **error_responses(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """Lists the tasks that exist for the user, in the order in which they were made."""
        query = TaskQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        tasks = self.get_queryset()
        if search := query.validated_data.get("search"):
            tasks = tasks.filter(name__icontains=search)
        page = self.paginate_queryset(tasks)
        return self.get_paginated_response(TaskSerializer(page, many=True).data)

    @extend_schema(
        operation_id="tasks_create",
        tags=_TAGS,
        summary="Create a task",
        request=TaskSerializer,
        responses={201: TaskSerializer, **write_error_responses(409)},
    )
    def post(self, request: Request) -> Response:
        """Makes an empty task, whose owner is the user."""
        serializer = TaskSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            with transaction.atomic(using=router.db_for_write(Task)):
                task = serializer.save(owner=request.user)
        except IntegrityError:
            raise fault("name", NAME_TAKEN, "unique") from None  # by somebody, a moment ago
        location = self.request.build_absolute_uri(f"{task.pk}/")
        return Response(TaskSerializer(task).data, status.HTTP_201_CREATED, headers={"Location": location})


class TaskDetail(ApiView):
    """One task."""

    rules = Rules(get=SEES, patch=may("change", of=Task), delete=may("delete", of=Task))

    def answer(self, task: Task) -> Response:
        """The task with its ETag."""
        return tagged(self.request, TaskDetailSerializer(task).data, version_of_task(task))

    @extend_schema(
        operation_id="tasks_read",
        tags=_TAGS,
        summary="Read a task with its counts",
        parameters=[KNOWN, ETAG],
        responses={200: TaskDetailSerializer, **UNCHANGED, **error_responses(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads a task, with the numbers of its images and shapes by subset, kind, label and source."""
        return self.answer(self.get_task(pk))

    @extend_schema(
        operation_id="tasks_change",
        tags=_TAGS,
        summary="Rename a task or change its owner",
        parameters=[match("name or owner have changed"), ETAG],
        request=TaskChangeSerializer,
        responses={200: TaskDetailSerializer, **write_error_responses(404, 409, 412)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Changes the name; staff may also change the owner."""
        task = self.get_task(pk)
        self._check_gift(request, task)
        serializer = TaskChangeSerializer(task, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.answer(change_task(task, serializer.validated_data, expected(request)))

    def _check_gift(self, request: Request, task: Task) -> None:
        """Asks who may give tasks before the new owner is looked for: nobody else learns which users there are."""
        owner = request.data.get("owner", ...) if isinstance(request.data, dict) else ...
        own = UserSerializer(task.owner).data["id"] if task.owner else None
        if owner is not ... and key_of(owner) != own and not self.permissions.may_give(request.user, task):
            raise PermissionDenied("Only staff may change the owner of a task.")

    @extend_schema(
        operation_id="tasks_delete",
        tags=_TAGS,
        summary="Delete a task",
        parameters=[match("anything of the task has changed"), *ACCEPTED],
        responses={202: JobSerializer, 204: None, **error_responses(404, 409, 412, 500, 503)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes the task with its images, labels, shapes, files and jobs. There is no way back.

        A task of more than DELETE_AT_ONCE shapes and images is gone for everybody at once, and its name is free; a job
        deletes what belongs to it.
        """
        task = self.get_task(pk)
        job = delete_or_submit(task, expected(request), user=request.user)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return job_response(job, request, status.HTTP_202_ACCEPTED)
