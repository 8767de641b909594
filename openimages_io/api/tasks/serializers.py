"""Tasks as JSON, what may be said of them, and what may be asked of a list of them."""

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from openimages_io.annotations.tasks import NAME_TAKEN
from openimages_io.api.fields import ModelSerializer, NameField
from openimages_io.api.strict import StrictSerializer
from openimages_io.api.users import OwnerField, UserSerializer
from openimages_io.models import Task
from openimages_io.viewing.statistics import known


class UniqueName(UniqueValidator):
    """Asks where names are written."""

    def filter_queryset(self, value: Any, queryset: QuerySet[Any], field_name: str) -> QuerySet[Any]:
        """The rows that have the value."""
        return super().filter_queryset(value, queryset.using(router.db_for_write(queryset.model)), field_name)


_NAME: Final[dict[str, Any]] = {"max_length": 255, "validators": [UniqueName(Task.objects.all(), NAME_TAKEN)]}


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
