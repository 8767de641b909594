"""Labels, attribute specs and the hierarchy."""

from typing import Final

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view

from openimages_io.api.labels.hierarchy import HierarchyViewSet, NodeSerializer
from openimages_io.api.labels.serializers import ColorField, LabelSerializer
from openimages_io.api.labels.specs import AttributeSpecSerializer, ChoiceValueField, DefaultValueField, SpecListField
from openimages_io.api.labels.views import LabelViewSet
from openimages_io.api.openapi import examples
from openimages_io.api.openapi.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses

_TAGS: Final = ["labels"]

extend_schema_field({"type": "string", "pattern": "^(#[0-9a-fA-F]{6})?$"})(ColorField)
extend_schema_field({"type": ["string", "number", "boolean"], "title": "Default value"})(DefaultValueField)
extend_schema_field({"type": ["string", "number"]})(ChoiceValueField)
extend_schema_field(AttributeSpecSerializer(many=True))(SpecListField)

extend_schema_view(
    list=extend_schema(
        operation_id="labels_list",
        tags=_TAGS,
        summary="List a task's labels",
        description="Lists the labels; `position` is their place in the class list.",
        responses={200: LabelSerializer(many=True), **error_responses(404)},
    ),
    create=extend_schema(
        operation_id="labels_create",
        examples=examples.requests("labels_create"),
        tags=_TAGS,
        summary="Create a label",
        request=LabelSerializer,
        responses={201: LabelSerializer, **write_error_responses(404, 409)},
    ),
    retrieve=extend_schema(
        operation_id="labels_read",
        tags=_TAGS,
        summary="Read a label",
        parameters=[KNOWN, ETAG],
        responses={200: LabelSerializer, **UNCHANGED, **error_responses(404)},
    ),
    partial_update=extend_schema(
        operation_id="labels_change",
        examples=examples.requests("labels_change"),
        tags=_TAGS,
        summary="Change a label",
        parameters=[match("the label or its attribute specs have changed"), ETAG],
        request=LabelSerializer,
        responses={200: LabelSerializer, **write_error_responses(404, 409, 412, 428)},
    ),
    destroy=extend_schema(
        operation_id="labels_delete",
        tags=_TAGS,
        summary="Delete a label",
        parameters=[match("the label, its attribute specs or its places in the hierarchy have changed")],
        responses={204: None, **error_responses(404, 409, 412, 500, 503)},
    ),
)(LabelViewSet)

extend_schema_view(
    retrieve=extend_schema(
        operation_id="hierarchy_read",
        tags=_TAGS,
        summary="Read the class hierarchy",
        parameters=[KNOWN, ETAG],
        responses={200: NodeSerializer, **UNCHANGED, **error_responses(404, 409)},
    ),
    update=extend_schema(
        operation_id="hierarchy_replace",
        examples=examples.requests("hierarchy_replace"),
        tags=_TAGS,
        summary="Replace the class hierarchy",
        parameters=[match("the hierarchy or the labels have changed", required=True), ETAG],
        request=NodeSerializer,
        responses={200: NodeSerializer, **write_error_responses(404, 409, 412, 428)},
    ),
)(HierarchyViewSet)
