"""Labels with their attribute specs, and where they stand in the hierarchy."""

import re
from typing import Any, Final

from django.db.models import QuerySet, prefetch_related_objects
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.labels import (
    LARGEST_POSITION,
    change_label,
    create_label,
    delete_label,
    details,
)
from openimages_io.annotations.versions import version_of_label
from openimages_io.api.base import ApiView
from openimages_io.api.etags import expected, require_match, tagged
from openimages_io.api.fields import ModelSerializer, NameField, SingleLineField, StrictCharField
from openimages_io.api.permissions import Rules, may
from openimages_io.api.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses
from openimages_io.api.strict import StrictSerializer
from openimages_io.api.tasks.specs import SpecListField
from openimages_io.filtersets.labels import LabelFilterSet
from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Label, Task
from openimages_io.models.primary import primary

_TAGS: Final = ["labels"]
_COLOR: Final = re.compile("#[0-9a-f]{6}")
_CHANGES_SPECS: Final = may("add", "change", "delete", of=AttributeSpec)


class ParentSerializer(ModelSerializer):
    """A label above."""

    label = serializers.IntegerField(  # type: ignore[assignment]  # a field may have the name of a property
        source="parent_id", help_text="The parent's id."
    )
    kind = serializers.ChoiceField(EdgeKind.choices)

    class Meta:
        model = HierarchyEdge
        fields = ("label", "kind", "position")
        read_only_fields = fields


class ChildSerializer(ParentSerializer):
    """A label below."""

    label = serializers.IntegerField(source="child_id", help_text="The child's id.")


@extend_schema_field({"type": "string", "pattern": "^(#[0-9a-fA-F]{6})?$"})
class ColorField(StrictCharField):
    """A colour as `#3a86c8`, in letters of either case."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what is not a colour; one has small letters as it is stored."""
        text = super().to_internal_value(data).lower()
        if not _COLOR.fullmatch(text):
            raise serializers.ValidationError("Write a color as #3a86c8.", "invalid")
        return text


class LabelSerializer(StrictSerializer, ModelSerializer):
    """A class of a task."""

    name = NameField(max_length=255, help_text="The LabelName, such as `/m/01yrx`; unique in the task.")
    display_name = SingleLineField(max_length=255, allow_blank=True, required=False)
    color = ColorField(
        required=False, allow_blank=True, help_text="`#rrggbb`; one that depends on the LabelName if not given."
    )
    attribute_specs = SpecListField(
        required=False,
        help_text="All of them: a spec that is left out is deleted. Values that break a changed spec are kept, "
        "and are found by a check of the task.",
    )
    parents = ParentSerializer(source="parent_edges", many=True, read_only=True)
    children = ChildSerializer(source="child_edges", many=True, read_only=True)

    class Meta:
        model = Label
        fields = (
            "id",
            "task",
            "name",
            "display_name",
            "color",
            "position",
            "is_listed",
            "attribute_specs",
            "parents",
            "children",
        )
        read_only_fields = ("task",)
        extra_kwargs = {  # noqa: RUF012  (how DRF declares them)
            "position": {
                "max_value": LARGEST_POSITION,
                "help_text": "The place in the class list; the last one if not given.",
            },
        }
        validators = ()


class _LabelView(ApiView):
    """What both views of labels share."""

    def checked(self, request: Request, task: Task, label: Label | None) -> tuple[dict[str, Any], Any]:
        """What the request says of the label, and its specs, None if it says nothing of them."""
        serializer = LabelSerializer(label, data=request.data, partial=label is not None)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        specs = values.pop("attribute_specs", None)
        if specs is not None and not _CHANGES_SPECS.allows(self.permissions, request.user, task):
            raise PermissionDenied
        return values, specs

    def current(self, label: Label) -> Label:
        """The label as it is now."""
        return get_object_or_404(primary(Label), pk=label.pk)

    def answer(self, label: Label, code: int = status.HTTP_200_OK) -> Response:
        """The label with its ETag."""
        prefetch_related_objects([label], *details(label._state.db))  # read once for both
        return tagged(self.request, LabelSerializer(label).data, version_of_label(label), code)


class LabelList(_LabelView):
    """A task's labels."""

    rules = Rules(get=may("view", of=Label), post=may("add", of=Label))
    filterset_class = LabelFilterSet

    def get_queryset(self) -> QuerySet[Label]:
        labels = self.get_task(self.kwargs["pk"]).labels.all()
        return labels.prefetch_related(*details(labels.db))

    @extend_schema(
        operation_id="labels_list",
        tags=_TAGS,
        summary="List a task's labels",
        responses={200: LabelSerializer(many=True), **error_responses(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Lists the labels; `position` is their place in the class list."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(LabelSerializer(page, many=True).data)

    @extend_schema(
        operation_id="labels_create",
        tags=_TAGS,
        summary="Create a label",
        request=LabelSerializer,
        responses={201: LabelSerializer, **write_error_responses(404, 409)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Makes a label, with its attribute specs. It stands nowhere in the hierarchy yet."""
        task = self.get_task(pk)
        label = create_label(task, *self.checked(request, task, None))
        return self.answer(self.current(label), status.HTTP_201_CREATED)


class LabelDetail(_LabelView):
    """One label."""

    rules = Rules(
        get=may("view", of=Label),
        patch=may("change", of=Label),
        delete=may("delete", of=Label),
    )

    @extend_schema(
        operation_id="labels_read",
        tags=_TAGS,
        summary="Read a label",
        parameters=[KNOWN, ETAG],
        responses={200: LabelSerializer, **UNCHANGED, **error_responses(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads a label with its attribute specs, and where it stands in the hierarchy."""
        label = self.get_row(Label, pk)
        return self.answer(label)

    @extend_schema(
        operation_id="labels_change",
        tags=_TAGS,
        summary="Change a label",
        parameters=[match("the label or its attribute specs have changed"), ETAG],
        request=LabelSerializer,
        responses={200: LabelSerializer, **write_error_responses(404, 409, 412, 428)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. Attribute specs are replaced as a whole; one that keeps its name keeps its key.

        A change of the specs needs If-Match, so that nobody's specs vanish.
        """
        label = self.get_row(Label, pk)
        values, specs = self.checked(request, label.task, label)
        if specs is not None:
            require_match(request)
        change_label(label, values, specs, expected(request))
        return self.answer(self.current(label))

    @extend_schema(
        operation_id="labels_delete",
        tags=_TAGS,
        summary="Delete a label",
        parameters=[match("the label, its attribute specs or its places in the hierarchy have changed")],
        responses={204: None, **error_responses(404, 409, 412, 500, 503)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes a label that no shape has, with its attribute specs and its place in the hierarchy."""
        label = self.get_row(Label, pk)
        delete_label(label, expected(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
