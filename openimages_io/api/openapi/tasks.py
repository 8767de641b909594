"""Tasks."""

from typing import Final

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer, extend_schema_view

from openimages_io.api.jobs.serializers import JobSerializer
from openimages_io.api.openapi import examples
from openimages_io.api.openapi.schema import (
    ACCEPTED,
    ETAG,
    KNOWN,
    UNCHANGED,
    error_responses,
    match,
    write_error_responses,
)
from openimages_io.api.tasks.serializers import (
    CountsSerializer,
    TaskChangeSerializer,
    TaskDetailSerializer,
    TaskSerializer,
)
from openimages_io.api.tasks.views import TaskViewSet

_TAGS: Final = ["tasks"]

extend_schema_field(CountsSerializer(allow_null=True))(TaskDetailSerializer.get_counts)
extend_schema_serializer(component_name="Task")(TaskChangeSerializer)

extend_schema_view(
    list=extend_schema(
        operation_id="tasks_list",
        tags=_TAGS,
        summary="List tasks",
        description="Lists the tasks that exist for the user.",
        responses={200: TaskSerializer(many=True), **error_responses(404)},
    ),
    create=extend_schema(
        operation_id="tasks_create",
        examples=examples.requests("tasks_create"),
        tags=_TAGS,
        summary="Create a task",
        description="Makes an empty task, whose owner is the user.",
        request=TaskSerializer,
        responses={201: TaskSerializer, **write_error_responses(409)},
    ),
    retrieve=extend_schema(
        operation_id="tasks_read",
        tags=_TAGS,
        summary="Read a task with its counts",
        parameters=[KNOWN, ETAG],
        responses={200: TaskDetailSerializer, **UNCHANGED, **error_responses(404)},
    ),
    partial_update=extend_schema(
        operation_id="tasks_change",
        examples=examples.requests("tasks_change"),
        tags=_TAGS,
        summary="Rename a task or change its owner",
        parameters=[match("name or owner have changed"), ETAG],
        request=TaskChangeSerializer,
        responses={200: TaskDetailSerializer, **write_error_responses(404, 409, 412)},
    ),
    destroy=extend_schema(
        operation_id="tasks_delete",
        tags=_TAGS,
        summary="Delete a task",
        parameters=[match("anything of the task has changed"), *ACCEPTED],
        responses={202: JobSerializer, 204: None, **error_responses(404, 409, 412, 500, 503)},
    ),
)(TaskViewSet)
