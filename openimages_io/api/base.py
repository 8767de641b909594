"""What every view of the API shares: its own choices, so that a project's defaults for DRF don't change it."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from rest_framework import status
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from openimages_io import conf
from openimages_io.api import errors
from openimages_io.api.pagination import KeyCursorPagination
from openimages_io.api.parsing import StrictJSONParser, check_length
from openimages_io.api.permissions import DeclaredPermission, Rules
from openimages_io.api.schema import Schema
from openimages_io.models import Task
from openimages_io.models.primary import primary
from openimages_io.permissions import TaskPermissions, filter_once, permissions

Row = TypeVar("Row", bound=Model)


class RequestThrottle(UserRateThrottle):
    """All requests of one user."""

    scope = "openimages"

    def get_rate(self) -> str:
        """The site's setting."""
        return conf.options().throttle_rate


class UploadThrottle(UserRateThrottle):
    """What costs more than a request: uploads, imports and exports."""

    scope = "openimages-uploads"

    def get_rate(self) -> str:
        """The site's setting."""
        return conf.options().upload_rate

    def allow_request(self, request: Request, view: Any) -> bool:
        """Counts requests that write."""
        return request.method in SAFE_METHODS or super().allow_request(request, view)


class ApiView(GenericAPIView[Any]):
    """A view of the API. What does not exist for a user is 404, what a user may not do with what exists is 403."""

    permission_classes = (IsAuthenticated, DeclaredPermission)
    rules: ClassVar[Rules] = Rules()
    """Who may call each method."""
    was_asked = False
    """Whether the rules of the method were asked."""
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    throttle_classes = (RequestThrottle,)
    pagination_class = KeyCursorPagination
    filter_backends = ()
    versioning_class = None
    metadata_class = None  # OPTIONS is 405: what there is, the OpenAPI document says
    schema = Schema()
    takes_files: ClassVar[bool] = False
    """Whether the larger of the two limits on the size of a request holds."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses what is too large before anything of it is read. Raises `TooLarge`."""
        super().initial(request, *args, **kwargs)
        options = conf.options()
        limit = options.max_upload_bytes if self.takes_files else options.max_body_bytes
        check_length(request.META.get("CONTENT_LENGTH"), limit)

    def get_exception_handler(self) -> Callable[..., Any]:
        """Ours, whatever the project has set."""
        return errors.handle

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuses to answer what nobody has asked the rules for: a view that looks rows up by another way is a hole."""
        is_ruled = DeclaredPermission in self.permission_classes
        if is_ruled and response.status_code < status.HTTP_400_BAD_REQUEST and not self.was_asked:
            raise ImproperlyConfigured(f"{type(self).__name__} answers without having asked who may.")
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def permissions(self) -> TaskPermissions:
        """Who may do what."""
        return permissions()

    def get_task(self, key: int) -> Task:
        """A task that exists for the user, and whose rule holds. Raises `Http404` and `PermissionDenied`."""
        return self.checked_row(get_object_or_404(self._tasks(), pk=key))

    def get_row(self, model: type[Row], key: int, *others: str) -> Row:
        """An image, label or shape likewise, with its task and these others. Raises `Http404`, `PermissionDenied`."""
        rows = self._rows(model).select_related("task", *others)
        return self.checked_row(get_object_or_404(rows.filter(task__in=self._tasks()), pk=key))

    def checked_row(self, row: Row) -> Row:
        """The row, if the rules of the method hold for it. Raises `PermissionDenied`."""
        self.check_object_permissions(self.request, row)
        return row

    def _tasks(self) -> QuerySet[Task]:
        return filter_once(self._rows(Task), self.permissions.tasks(self.request.user))

    def _rows(self, model: type[Row]) -> QuerySet[Row]:
        return model._default_manager.all() if self.request.method in SAFE_METHODS else primary(model)
