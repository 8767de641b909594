"""Labels: list, create with attribute specs, read with the place in the hierarchy, change, delete."""

from typing import Any, Final

from django.db.models import QuerySet, prefetch_related_objects
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.labels import change_label, create_label, delete_label, details
from openimages_io.annotations.versions import version_of_label
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import expected, require_match, tagged
from openimages_io.api.labels.serializers import LabelSerializer
from openimages_io.api.permissions import may
from openimages_io.filtersets.labels import LabelFilterSet
from openimages_io.models import AttributeSpec, Label, Task
from openimages_io.models.primary import primary

_CHANGES_SPECS: Final = may("add", "change", "delete", of=AttributeSpec)


class LabelViewSet(ListModelMixin, ApiViewSet):
    """A task's labels."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "list": may("view", of=Label),
        "create": may("add", of=Label),
        "retrieve": may("view", of=Label),
        "partial_update": may("change", of=Label),
        "destroy": may("delete", of=Label),
    }
    queryset = Label.objects.all()
    serializer_class = LabelSerializer
    filterset_class = LabelFilterSet

    def get_queryset(self) -> QuerySet[Any]:
        """A list is read with all that goes with it."""
        labels = super().get_queryset()
        return labels.prefetch_related(*details(labels.db)) if self.action == "list" else labels

    def create(self, request: Request, pk: int) -> Response:
        """Makes a label, with its attribute specs. It stands nowhere in the hierarchy yet."""
        task = self.get_task(pk)
        label = create_label(task, *self._checked(request, task, None))
        return self.answer(_current(label), status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Reads a label with its attribute specs, and where it stands in the hierarchy."""
        return self.answer(self.get_object())

    def partial_update(self, request: Request, pk: int) -> Response:
        """Changes what is given. Attribute specs are replaced as a whole; one that keeps its name keeps its key.

        A change of the specs needs If-Match, so that nobody's specs vanish.
        """
        label = self.get_object()
        values, specs = self._checked(request, label.task, label)
        if specs is not None:
            require_match(request)
        change_label(label, values, specs, expected(request))
        return self.answer(_current(label))

    def destroy(self, request: Request, pk: int) -> Response:
        """Deletes a label that no shape has, with its attribute specs and its place in the hierarchy."""
        delete_label(self.get_object(), expected(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def answer(self, label: Label, code: int = status.HTTP_200_OK) -> Response:
        """The label with its ETag."""
        prefetch_related_objects([label], *details(label._state.db))  # read once for both
        return tagged(self.request, LabelSerializer(label).data, version_of_label(label), code)

    def _checked(self, request: Request, task: Task, label: Label | None) -> tuple[dict[str, Any], Any]:
        """What the request says of the label, and its specs, None if it says nothing of them."""
        serializer = self.get_serializer(label, data=request.data, partial=label is not None)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        specs = values.pop("attribute_specs", None)
        if specs is not None and not _CHANGES_SPECS.allows(self.permissions, request.user, task):
            raise PermissionDenied
        return values, specs


def _current(label: Label) -> Label:
    """The label as it is now."""
    return get_object_or_404(primary(Label), pk=label.pk)
