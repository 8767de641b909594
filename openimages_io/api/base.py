"""What the views of the API share; what else they do is as the site has set it for DRF."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Model, QuerySet
from django.utils import translation
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from openimages_io import conf
from openimages_io.api import exceptions
from openimages_io.api.filtering import StrictFilterBackend
from openimages_io.api.metadata import Metadata
from openimages_io.api.pagination import KeyCursorPagination
from openimages_io.api.parsers import StrictJSONParser, check_length
from openimages_io.api.permissions import DeclaredPermission, Rule
from openimages_io.api.reverse import reverse_url
from openimages_io.api.strict import query_of, unknown
from openimages_io.api.throttling import PictureThrottle, RequestThrottle
from openimages_io.models import Task
from openimages_io.models.primary import primary
from openimages_io.permissions import TaskPermissions, filter_once, permissions
from openimages_io.sentences import LANGUAGE

Row = TypeVar("Row", bound=Model)


class ApiViewSet(GenericViewSet[Any]):
    """A ViewSet of the API. What does not exist for a user is 404, what a user may not do with what exists is 403.

    `queryset` are the rows that it is about; of these, those exist for a user that are in tasks that do. The key in the
    address is that of one of them, or, where it asks for a list, that of the task which they are in.
    """

    permission_classes = (IsAuthenticated, DeclaredPermission)
    rules: ClassVar[Mapping[str, Rule]] = {}
    """Who may call each action."""
    was_asked = False
    """Whether the rules were asked."""
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    throttle_classes = (*GenericAPIView.throttle_classes, RequestThrottle)
    pagination_class = KeyCursorPagination
    filter_backends = (StrictFilterBackend,)
    versioning_class = None
    metadata_class = Metadata
    lookup_value_converter = "int"
    reads_query: ClassVar[Collection[str]] = ("list",)
    """The actions that look at every name of the query themselves; all others refuse any query."""
    shows_pictures: ClassVar[Collection[str]] = ()
    """The actions of which a page asks for many: they are counted by themselves."""
    below: ClassVar[Mapping[str, tuple[str, Rule]]] = {}
    """What other ViewSets have below a row's address, by the word for it: the name of the view, and who may ask."""
    row: Any = None
    """What the rules were last asked about."""
    takes_files = False
    """Whether the larger of the two limits on the size of a request holds."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers in one language, that of our own sentences, whatever the site speaks on its pages."""
        with translation.override(LANGUAGE):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses what is too large before anything of it is read, and a query that nobody would look at.

        Raises `TooLarge` and `ValidationError`.
        """
        super().initial(request, *args, **kwargs)
        options = conf.options()
        limit = options.max_upload_bytes if self.takes_files else options.max_body_bytes
        check_length(request.META.get("CONTENT_LENGTH"), limit)
        if self.action in {None, "metadata", *self.reads_query}:
            return
        if found := unknown(query_of(request), ()):
            raise ValidationError(found)

    def get_renderers(self) -> list[BaseRenderer]:
        """The site's; the browsable API only where the app that has its templates is installed."""
        found = super().get_renderers()
        if apps.is_installed("rest_framework"):
            return found
        return [renderer for renderer in found if not isinstance(renderer, BrowsableAPIRenderer)]

    def get_throttles(self) -> list[BaseThrottle]:
        """Those of the action; what shows pictures is not counted among the other requests."""
        shows = self.action in self.shows_pictures
        classes = [PictureThrottle if shows and found is RequestThrottle else found for found in self.throttle_classes]
        return [found() for found in classes]

    def get_exception_handler(self) -> Callable[..., Any]:
        """Ours, whatever the project has set."""
        return exceptions.exception_handler

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuses to answer what nobody has asked the rules for: a view that looks rows up by another way is a hole."""
        is_ruled = DeclaredPermission in self.permission_classes and request.method != "OPTIONS"
        if is_ruled and response.status_code < status.HTTP_400_BAD_REQUEST and not self.was_asked:
            raise ImproperlyConfigured(f"{type(self).__name__} answers without having asked who may.")
        return super().finalize_response(request, response, *args, **kwargs)

    def get_extra_action_url_map(self) -> dict[str, str]:
        """The menu of the browsable API: what the user may ask for of the row that is shown."""
        if self.row is None:
            return {}
        places = dict(self.below) if self.detail else {}
        extra: Iterable[Any] = self.get_extra_actions()
        for found in extra:
            if found.detail == self.detail:
                for action in found.mapping.values():
                    places[found.kwargs["name"]] = (f"{self.basename}-{found.url_name}", self.rules[action])
        site, user = self.permissions, self.request.user
        return {
            word: reverse_url(view, self.request, self.kwargs["pk"])
            for word, (view, rule) in places.items()
            if rule.allows(site, user, self.row)
        }

    @property
    def permissions(self) -> TaskPermissions:
        """Who may do what."""
        return permissions()

    def get_queryset(self) -> QuerySet[Any]:
        """The rows that exist for the user; in a list, those of one task. From a replica only for who reads."""
        rows = super().get_queryset()
        if self.request.method not in SAFE_METHODS:
            rows = rows.using(router.db_for_write(rows.model))
        if rows.model is Task:
            return filter_once(rows, self.permissions.tasks(self.request.user))
        if not self.detail:
            return rows.filter(task=self.get_task(self.kwargs["pk"]))
        return rows.filter(task__in=self.tasks()).select_related("task")

    def get_object(self) -> Any:
        """The row of the address, if the rule of the action holds for it. Filters of lists are not asked.

        Raises `Http404` and `PermissionDenied`.
        """
        return self.checked_row(get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"]))

    def get_task(self, key: int) -> Task:
        """A task that exists for the user, and whose rule holds. Raises `Http404` and `PermissionDenied`."""
        return self.checked_row(get_object_or_404(self.tasks(), pk=key))

    def get_row(self, model: type[Row], key: int, **annotations: Any) -> Row:
        """An image or label likewise, with its task and what it is annotated with.

        Raises `Http404` and `PermissionDenied`.
        """
        rows = self._rows(model).filter(task__in=self.tasks()).select_related("task").annotate(**annotations)
        row: Row = get_object_or_404(rows, pk=key)
        return self.checked_row(row)

    def checked_row(self, row: Row) -> Row:
        """The row, if the rules hold for it. Raises `PermissionDenied`."""
        self.check_object_permissions(self.request, row)
        self.row = row
        return row

    def tasks(self) -> QuerySet[Task]:
        """The tasks that exist for the user."""
        return filter_once(self._rows(Task), self.permissions.tasks(self.request.user))

    def _rows(self, model: type[Row]) -> QuerySet[Row]:
        return model._default_manager.all() if self.request.method in SAFE_METHODS else primary(model)
