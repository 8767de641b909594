"""The class hierarchy as the tree of its file: `LabelName`, `Part` and `Subcategory`."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.db.models import Max
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io import conf
from openimages_io.api.base import ApiView
from openimages_io.api.errors import NON_FIELD, Conflict
from openimages_io.api.fields import LARGEST
from openimages_io.api.parsing import read_body
from openimages_io.api.schema import error_responses, write_error_responses
from openimages_io.api.tasks.saving import changing
from openimages_io.exceptions import OpenImagesError
from openimages_io.format import hierarchy
from openimages_io.format.issues import Issue
from openimages_io.models import HierarchyEdge, Label, Task
from openimages_io.models.primary import primary
from openimages_io.text import quote_text

_TAGS: Final = ["labels"]
_DOCUMENT: Final = frozenset({"bad-json", "not-utf-8", "empty-file", "too-large"})
"""Issues of the body as a whole."""
_SHOWN: Final = 1000
"""Faults that an answer names."""


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


def graph_of(task: Task) -> hierarchy.Graph:
    """The task's hierarchy, in two queries, from where the task was read."""
    using = task._state.db
    labels = list(
        Label.objects.using(using).filter(task=task).order_by("position", "pk").values_list("pk", "name", "is_listed")
    )
    names = {pk: name for pk, name, _ in labels}
    rows = HierarchyEdge.objects.using(using).filter(parent__task=task.pk)
    rows = rows.order_by("parent__position", "parent_id", "kind", "position", "pk")
    edges = tuple(
        hierarchy.Edge(names[parent], names[child], hierarchy.EdgeKind(kind))
        for parent, child, kind in rows.values_list("parent_id", "child_id", "kind")
        if parent in names and child in names  # of the same moment
    )
    bare = [name for _, name, is_listed in labels if not is_listed]
    # As in an export: a label that is in no class list is a root, though nothing is below it.
    root = bare[0] if not edges and len(bare) == 1 else None
    return hierarchy.Graph(root=root, edges=edges, names=tuple(names.values()))


def tree_of(task: Task) -> dict[str, Any]:
    """The hierarchy as a tree. Raises `Conflict` for a graph that is none."""
    graph = graph_of(task)
    try:
        return hierarchy.to_tree(graph, conf.limits())
    except OpenImagesError as error:
        raise Conflict(str(error)) from error


class Hierarchy(ApiView):
    """A task's class hierarchy."""

    parser_classes = (TreeBody,)

    @extend_schema(
        operation_id="hierarchy_read",
        tags=_TAGS,
        summary="Read the class hierarchy",
        responses={200: NodeSerializer, **error_responses(404, 409)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Reads the tree as the hierarchy file has it. Several classes at the top stand below a virtual root."""
        task = self.get_task(pk)
        self.require("view", HierarchyEdge, task)
        return Response(tree_of(task))

    @extend_schema(
        operation_id="hierarchy_replace",
        tags=_TAGS,
        summary="Replace the class hierarchy",
        request=NodeSerializer,
        responses={200: NodeSerializer, **write_error_responses(404, 409)},
    )
    def put(self, request: Request, pk: int) -> Response:
        """Replaces the hierarchy by the tree given. Labels must be there already, but for a virtual root.

        A virtual root with something below it becomes a label that is not in the class list, as when a hierarchy file
        is imported. No class may stand below itself, and wherever one occurs it has the same classes below it.
        """
        task = self.get_task(pk)
        for verb in ("add", "change", "delete"):
            self.require(verb, HierarchyEdge, task)
        data: Any = request.data
        data = data if isinstance(data, bytes) else b""  # without a body nothing has been parsed
        graph = parse(data)
        with changing(task) as task:
            keys = dict(primary(Label).filter(task=task).values_list("name", "pk"))
            if graph.root is not None and graph.root not in keys and graph.root == _virtual_root(keys):
                if graph.edges:
                    self.require("add", Label, task)
                    keys[graph.root] = _make_root(task, graph.root)
                else:
                    keys[graph.root] = 0
            _check_known(graph, keys, data)
            replace(task, graph, keys)
        return Response(tree_of(task))


def parse(data: bytes) -> hierarchy.Graph:
    """The graph that a body says. Raises `ValidationError` with every fault and its path."""
    faults: dict[str, list[ErrorDetail]] = {}
    count = 0

    def sink(issue: Issue) -> None:
        nonlocal count
        count += 1
        if count > _SHOWN:
            return
        path = "" if issue.code in _DOCUMENT else issue.column or ""
        value = "" if issue.value is None else f"{quote_text(issue.value)} "
        faults.setdefault(path or NON_FIELD, []).append(ErrorDetail(f"{value}{issue.reason}.", code=issue.code))

    graph = hierarchy.parse(data, "", conf.limits(), sink)
    if count > _SHOWN:
        faults.setdefault(NON_FIELD, []).append(_more(count - _SHOWN))
    if faults or graph is None:
        raise serializers.ValidationError(faults)
    return graph


def _more(count: int) -> ErrorDetail:
    return ErrorDetail(f"There are {count:,} more faults.", code="invalid")


def _virtual_root(taken: Mapping[str, int]) -> Any:
    """The root that a tree of several tops is given."""
    return hierarchy.to_tree(hierarchy.Graph(root=None, edges=(), names=()), conf.limits(), taken=taken)["LabelName"]


def _make_root(task: Task, name: str) -> int:
    last = primary(Label).filter(task=task).aggregate(last=Max("position"))["last"]
    position = 0 if last is None else min(last + 1, LARGEST)
    return Label.objects.create(task=task, name=name, position=position, is_listed=False).pk


def _check_known(graph: hierarchy.Graph, keys: Mapping[str, int], data: bytes) -> None:
    unknown = {name for name in graph.names if name not in keys}
    if unknown:
        faults = {
            path: [ErrorDetail(f"{quote_text(name)} is not a label of the task.", code="unknown-label")]
            for path, name in islice(_places(json.loads(data), unknown), _SHOWN)
        }
        if len(unknown) > _SHOWN:
            faults[NON_FIELD] = [_more(len(unknown) - _SHOWN)]
        raise serializers.ValidationError(faults)


def _places(tree: dict[str, Any], names: set[str]) -> Iterator[tuple[str, str]]:
    """Where each of the names stands first in a tree that has been parsed."""
    pending: list[tuple[str, dict[str, Any]]] = [("", tree)]
    missing = set(names)
    while pending and missing:
        path, node = pending.pop()
        if node["LabelName"] in missing:
            missing.remove(node["LabelName"])
            yield f"{path}LabelName", node["LabelName"]
        below = [
            (f"{path}{key}[{index}].", child)
            for key in ("Part", "Subcategory")
            for index, child in enumerate(node.get(key, ()))
        ]
        pending.extend(reversed(below))


def replace(task: Task, graph: hierarchy.Graph, keys: Mapping[str, int]) -> None:
    """Makes the task's edges those of the graph; one that stays keeps its key. Within the caller's transaction."""
    stored = {
        (edge.parent_id, edge.child_id, edge.kind): edge
        for edge in primary(HierarchyEdge).filter(parent__task=task.pk).order_by("pk")
    }
    positions: dict[tuple[int, str], int] = {}
    new: list[HierarchyEdge] = []
    moved: list[HierarchyEdge] = []
    for edge in graph.edges:
        parent, child, kind = keys[edge.parent], keys[edge.child], edge.kind.value
        position = positions.get((parent, kind), 0)
        positions[parent, kind] = position + 1
        known = stored.pop((parent, child, kind), None)
        if known is None:
            new.append(HierarchyEdge(parent_id=parent, child_id=child, kind=kind, position=position))
        elif known.position != position:
            known.position = position
            moved.append(known)
    gone = [edge.pk for edge in stored.values()]
    for start in range(0, len(gone), 500):
        HierarchyEdge.objects.filter(pk__in=gone[start : start + 500]).delete()
    if moved:
        HierarchyEdge.objects.bulk_update(moved, ["position"], batch_size=200)
    if new:
        HierarchyEdge.objects.bulk_create(new, batch_size=200)
