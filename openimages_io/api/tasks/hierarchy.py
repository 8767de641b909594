"""The class hierarchy as the tree of its file: `LabelName`, `Part` and `Subcategory`."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.hierarchy import replace_hierarchy, tree_of
from openimages_io.api.base import ApiView
from openimages_io.api.etags import expected, require_match, tagged
from openimages_io.api.parsing import read_body
from openimages_io.api.permissions import Rules, may
from openimages_io.api.schema import ETAG, KNOWN, UNCHANGED, error_responses, match, write_error_responses
from openimages_io.models import HierarchyEdge, Label, Task

_TAGS: Final = ["labels"]


class NodeSerializer(serializers.Serializer[Any]):
    """A class, and what is below it. A class with several parents occurs below each, with all that is below it."""

    may_be_absent = frozenset({"Part", "Subcategory"})
    LabelName = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The node's own kind, again and again."""
        below = {name: NodeSerializer(many=True, required=False) for name in ("Part", "Subcategory")}
        return {**super().get_fields(), **below}


class TreeBody(BaseParser):
    """The body as it came: the format's own parser has more to say of it than one for JSON."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """All of it."""
        return read_body(stream)


class Hierarchy(ApiView):
    """A task's class hierarchy."""

    rules = Rules(
        get=may("view", of=HierarchyEdge),
        put=may("add", "change", "delete", of=HierarchyEdge),
    )

    parser_classes = (TreeBody,)

    @extend_schema(
        operation_id="hierarchy_read",
        tags=_TAGS,
        summary="Read the class hierarchy",
        parameters=[KNOWN, ETAG],
        responses={200: NodeSerializer, **UNCHANGED, **error_responses(404, 409)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads the tree as the hierarchy file has it. Several classes at the top stand below a virtual root."""
        task = self.get_task(pk)
        return self.answer(task)

    @extend_schema(
        operation_id="hierarchy_replace",
        tags=_TAGS,
        summary="Replace the class hierarchy",
        parameters=[match("the hierarchy or the labels have changed", required=True), ETAG],
        request=NodeSerializer,
        responses={200: NodeSerializer, **write_error_responses(404, 409, 412, 428)},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Replaces the hierarchy by the tree given. Labels must be there already, but for a virtual root.

        A virtual root with something below it becomes a label that is not in the class list, as when a hierarchy file
        is imported. No class may stand below itself, and wherever one occurs it has the same classes below it.
        """
        task = self.get_task(pk)
        data: Any = request.data
        data = data if isinstance(data, bytes) else b""  # without a body nothing has been parsed
        require_match(request)
        may_add = self.permissions.allows(request.user, "add", Label, task)
        replace_hierarchy(task, data, may_add_labels=may_add, expected=expected(request))
        return self.answer(task)

    def answer(self, task: Task) -> Response:
        """The tree with its ETag."""
        return tagged(self.request, *tree_of(task))
