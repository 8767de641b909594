"""Who asks, what that user may do, and the limits of the site: what a frontend reads first."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Final, get_args

from django.db.models import Model
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io import conf
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import tagged
from openimages_io.api.permissions import LISTS
from openimages_io.api.strict import StrictFormSerializer, query_of
from openimages_io.api.users import UserSerializer
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Shape, Task
from openimages_io.permissions import TaskPermissions, User, Verb

_MODELS: Final[tuple[type[Model], ...]] = (Task, Label, AttributeSpec, HierarchyEdge, Image, Shape)
_DEEDS: Final[tuple[tuple[Verb, type[Model]], ...]] = tuple(product(get_args(Verb), _MODELS))
_ADD, _IMPORT, _EXPORT, _GIVE = "add_task", "import_task", "export_task", "give_task"


def _word(verb: Verb, model: type[Model]) -> str:
    return f"{verb}_{model._meta.model_name}"


PERMISSIONS: Final = (*(_word(verb, model) for verb, model in _DEEDS), _IMPORT, _EXPORT, _GIVE)
"""The words, which are those of Django's permissions; `give_task`: make somebody else its owner."""
_LIMITS: Final = (
    *("max_body_bytes", "max_body_shapes", "max_body_mask_pixels", "max_upload_bytes", "max_upload_files"),
    *("max_picture_bytes", "max_picture_pixels", "max_mask_pixels", "max_shape_points"),
    *("page_size", "max_page_size"),
)


class MeQuery(StrictFormSerializer):
    """What is asked of oneself."""

    task = serializers.IntegerField(required=False, min_value=1, help_text="Adds what the user may do in this task.")


def _permissions(text: str) -> "serializers.ListField":
    return serializers.ListField(child=serializers.ChoiceField(choices=PERMISSIONS), help_text=text)


class TaskAccessSerializer(serializers.Serializer[Any]):
    """What the user may do in one task."""

    id = serializers.IntegerField()
    permissions = _permissions("What the user may do in this task, as its owner or otherwise.")


class LimitsSerializer(serializers.Serializer[Any]):
    """Settings of the site with these names in capitals; docs say what each of them is."""

    def get_fields(self) -> dict[str, Any]:
        """A number each."""
        return {name: serializers.IntegerField(min_value=1) for name in _LIMITS}


class MeSerializer(UserSerializer):
    """The user who asks."""

    permissions = _permissions(
        "What the user may do in every task that exists for the user; `add_task` and `import_task` are about new ones. "
        "In single tasks, such as the user's own, it may be more: ask with `task`."
    )
    task = TaskAccessSerializer(allow_null=True, help_text="Null if no task was asked about.")
    limits = LimitsSerializer()


class MeViewSet(ApiViewSet):
    """The user who asks."""

    rules = {"retrieve": LISTS}  # noqa: RUF012  (how DRF declares)
    reads_query = ("retrieve",)
    queryset = Task.objects.all()
    serializer_class = MeSerializer

    def retrieve(self, request: Request) -> Response:
        """Who is logged in, what this user may do, and the limits of the site."""
        query = MeQuery(data=query_of(request))
        query.is_valid(raise_exception=True)
        key = query.validated_data.get("task")
        site, user = self.permissions, request.user
        found: dict[str, Any] = {"permissions": list(_everywhere(site, user)), "task": None, "limits": _limits()}
        if key is not None:
            task = self.get_task(key)
            found["task"] = {"id": task.pk, "permissions": list(_in_task(site, user, task))}
        return tagged(request, {**UserSerializer(user).data, **found})


def _limits() -> dict[str, int]:
    places = (conf.options(), conf.limits())
    return {name: next(getattr(place, name) for place in places if hasattr(place, name)) for name in _LIMITS}


def _everywhere(site: TaskPermissions, user: User) -> Iterator[str]:
    """What the user may do whatever the task; a new task is the user's own."""
    yield from _words(lambda verb, model: site.has_model_permission(user, verb, model))
    others = {
        _ADD: site.may_create_tasks(user),
        _IMPORT: site.may_import(user, None),
        _EXPORT: site.may_export(user, None),
        _GIVE: site.may_give(user, None),
    }
    yield from (word for word, may in others.items() if may)


def _in_task(site: TaskPermissions, user: User, task: Task) -> Iterator[str]:
    """What the user may do in a task."""
    site.prefetch_owned(user, [task])
    yield from _words(lambda verb, model: site.allows(user, verb, model, task))
    others = {_IMPORT: site.may_import, _EXPORT: site.may_export, _GIVE: site.may_give}
    yield from (word for word, may in others.items() if may(user, task))


def _words(may: Callable[[Verb, type[Model]], bool]) -> Iterator[str]:
    """The words of what may be done to rows. Nobody adds a task to a task, and who may make one is another rule."""
    yield from (_word(verb, model) for verb, model in _DEEDS if _word(verb, model) != _ADD and may(verb, model))
