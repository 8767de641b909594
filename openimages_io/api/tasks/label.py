"""Labels with their attribute specs, and where they stand in the hierarchy."""

from typing import Any, Final

from django.db.models import Max, Prefetch, QuerySet, RestrictedError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.api.base import ApiView
from openimages_io.api.errors import Conflict
from openimages_io.api.fields import LARGEST, ModelSerializer, NameField, SingleLineField
from openimages_io.api.schema import error_responses, write_error_responses
from openimages_io.api.strict import PageQuery, StrictSerializer
from openimages_io.api.tasks.saving import changing, fault
from openimages_io.api.tasks.specs import SpecListField, write_specs
from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Label, Shape, Task
from openimages_io.models.primary import primary

_TAGS: Final = ["labels"]


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


class LabelSerializer(StrictSerializer, ModelSerializer):
    """A class of a task."""

    name = NameField(max_length=255, help_text="The LabelName, such as `/m/01yrx`; unique in the task.")
    display_name = SingleLineField(max_length=255, allow_blank=True, required=False)
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
            "position": {"max_value": LARGEST, "help_text": "The place in the class list; the last one if not given."},
            "color": {"help_text": "`#rrggbb`; one that depends on the LabelName if not given."},
        }
        validators = ()


def with_details(labels: QuerySet[Label]) -> QuerySet[Label]:
    """The labels with what is shown of them, in a constant number of queries."""
    edges = HierarchyEdge.objects.using(labels.db)
    labels = labels.prefetch_related(Prefetch("attribute_specs", AttributeSpec.objects.using(labels.db)))
    return labels.prefetch_related(Prefetch("parent_edges", edges), Prefetch("child_edges", edges))


class _LabelView(ApiView):
    """What both views of labels share."""

    def save(self, request: Request, task: Task, label: Label | None) -> Label:
        """Writes what the request says, and returns the label as it is then."""
        with changing(task) as task:
            if label is not None:
                label = get_object_or_404(primary(Label), pk=label.pk)
            serializer = LabelSerializer(label, data=request.data, partial=label is not None)
            serializer.is_valid(raise_exception=True)
            values = dict(serializer.validated_data)
            specs = values.pop("attribute_specs", None)
            if specs is not None:
                for verb in ("add", "change", "delete"):
                    self.require(verb, AttributeSpec, task)
            self._check_name(task, label, values)
            if label is None:
                last = primary(Label).filter(task=task).aggregate(last=Max("position"))["last"]
                values.setdefault("position", 0 if last is None else min(last + 1, LARGEST))
                label = Label.objects.create(task=task, **values)
            elif values:
                for name, value in values.items():
                    setattr(label, name, value)
                label.save(update_fields=[*values])
            if specs is not None:
                write_specs(label, specs)
        return get_object_or_404(with_details(primary(Label)), pk=label.pk)

    def _check_name(self, task: Task, label: Label | None, values: dict[str, Any]) -> None:
        others = primary(Label).filter(task=task, name=values["name"]) if "name" in values else Label.objects.none()
        if (others.exclude(pk=label.pk) if label else others).exists():
            raise fault("name", "The task has a label with that name already.", "unique")


class LabelList(_LabelView):
    """A task's labels."""

    @extend_schema(
        operation_id="labels_list",
        tags=_TAGS,
        summary="List a task's labels",
        parameters=[PageQuery],
        responses={200: LabelSerializer(many=True), **error_responses(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Lists the labels in the order in which they were made; `position` is their place in the class list."""
        task = self.get_task(pk)
        self.require("view", Label, task)
        PageQuery(data=request.query_params).is_valid(raise_exception=True)
        page = self.paginate_queryset(with_details(task.labels.all()))
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
        self.require("add", Label, task)
        return Response(LabelSerializer(self.save(request, task, None)).data, status.HTTP_201_CREATED)


class LabelDetail(_LabelView):
    """One label."""

    @extend_schema(
        operation_id="labels_read",
        tags=_TAGS,
        summary="Read a label",
        responses={200: LabelSerializer, **error_responses(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads a label with its attribute specs, and where it stands in the hierarchy."""
        label = self.get_row(Label, pk)
        self.require("view", Label, label.task)
        return Response(LabelSerializer(label).data)

    @extend_schema(
        operation_id="labels_change",
        tags=_TAGS,
        summary="Change a label",
        request=LabelSerializer,
        responses={200: LabelSerializer, **write_error_responses(404, 409)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. Attribute specs are replaced as a whole; one that keeps its name keeps its key."""
        label = self.get_row(Label, pk)
        self.require("change", Label, label.task)
        return Response(LabelSerializer(self.save(request, label.task, label)).data)

    @extend_schema(
        operation_id="labels_delete",
        tags=_TAGS,
        summary="Delete a label",
        responses={204: None, **error_responses(404, 409, 500, 503)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes a label that no shape has, with its attribute specs and its place in the hierarchy."""
        label = self.get_row(Label, pk)
        self.require("delete", Label, label.task)
        with changing(label.task):
            # Django would load all of them before it refuses.
            used = primary(Shape).filter(label=label).count()
            if used:
                noun = "shape has" if used == 1 else "shapes have"
                raise Conflict(f"{used:,} {noun} this label; delete them or give them another one first.")
            try:
                label.delete()
            except RestrictedError:
                raise Conflict("Shapes have this label.") from None
        return Response(status=status.HTTP_204_NO_CONTENT)
