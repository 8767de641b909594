"""The class hierarchy as the tree of its file: `LabelName`, `Part` and `Subcategory`."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.hierarchy import replace_hierarchy, tree_of
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import expected, require_match, tagged
from openimages_io.api.parsers import read_body
from openimages_io.api.permissions import may
from openimages_io.models import HierarchyEdge, Label, Task


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


class HierarchyViewSet(ApiViewSet):
    """A task's class hierarchy."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "retrieve": may("view", of=HierarchyEdge),
        "update": may("add", "change", "delete", of=HierarchyEdge),
    }
    queryset = HierarchyEdge.objects.all()
    serializer_class = NodeSerializer
    parser_classes = (TreeBody,)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Reads the tree as the hierarchy file has it. Several classes at the top stand below a virtual root."""
        return self.answer(self.get_task(pk))

    def update(self, request: Request, pk: int) -> Response:
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
