"""The class hierarchy of a task: read as a graph or as the tree of its file, and replaced by one."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.core.exceptions import PermissionDenied

from openimages_io import conf
from openimages_io.annotations.errors import MOST_SHOWN, Conflict, InvalidData, InvalidValue
from openimages_io.annotations.labels import next_position
from openimages_io.annotations.transactions import changing_task
from openimages_io.annotations.versions import ANY, Expected, Version, version_of_hierarchy
from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.exceptions import OpenImagesError
from openimages_io.format import hierarchy
from openimages_io.format.issues import Issue
from openimages_io.models import HierarchyEdge, Label, Task
from openimages_io.models.primary import primary
from openimages_io.text import quote_text

_DOCUMENT: Final = frozenset({"bad-json", "not-utf-8", "empty-file", "too-large"})
"""Issues of the body as a whole."""


def graph_of(task: Task) -> hierarchy.Graph:
    """The task's hierarchy, in two queries, from where the task was read."""
    using = task._state.db
    labels = list(
        Label.objects.using(using).filter(task=task).order_by("position", "pk").values_list("pk", "name", "is_listed")
    )
    names = {pk: name for pk, name, _ in labels}
    edges = tuple(
        hierarchy.Edge(names[parent], names[child], hierarchy.EdgeKind(kind))
        for parent, child, kind in HierarchyEdge.objects.using(using).of_task(task.pk)
        if parent in names and child in names  # of the same moment
    )
    bare = [name for _, name, is_listed in labels if not is_listed]
    # As in an export: a label that is in no class list is a root, though nothing is below it.
    root = bare[0] if not edges and len(bare) == 1 else None
    return hierarchy.Graph(root=root, edges=edges, names=tuple(names.values()))


def tree_of(task: Task) -> tuple[dict[str, Any], Version]:
    """The hierarchy as a tree, and its version. Raises `Conflict` for a graph that is none."""
    graph = graph_of(task)
    try:
        return hierarchy.to_tree(graph, conf.limits()), version_of_hierarchy(graph)
    except OpenImagesError as error:
        raise Conflict(str(error), ErrorCode.NOT_A_TREE) from error


def replace_hierarchy(task: Task, data: bytes, *, may_add_labels: bool, expected: Expected = ANY) -> None:
    """Makes a tree, as JSON, the hierarchy of a task. Labels must be there already, but for a virtual root.

    Raises `InvalidData` with every fault and its path, `PermissionDenied` where a root is to be made and may not,
    `ChangedMeanwhile`, `NotThere` and `Conflict`.
    """
    graph = _parse(data)
    with changing_task(task) as task:
        expected.check_edit(version_of_hierarchy(graph_of(task)))
        keys = dict(primary(Label).filter(task=task).values_list("name", "pk"))
        if graph.root is not None and graph.root not in keys and graph.root == _virtual_root(keys):
            if graph.edges and not may_add_labels:
                raise PermissionDenied
            keys[graph.root] = _make_root(task, graph.root) if graph.edges else 0
        _check_known(graph, keys, data)
        _replace_edges(task, graph, keys)


def _parse(data: bytes) -> hierarchy.Graph:
    faults: list[InvalidValue] = []
    count = 0

    def sink(issue: Issue) -> None:
        nonlocal count
        count += 1
        if count > MOST_SHOWN:
            return
        path = "" if issue.code in _DOCUMENT else issue.column or ""
        value = "" if issue.value is None else f"{quote_text(issue.value)} "
        faults.append(InvalidValue(path, f"{value}{issue.reason}.", FaultCode(issue.code.replace("-", "_"))))

    graph = hierarchy.parse(data, "", conf.limits(), sink)
    if faults or graph is None:
        raise InvalidData(faults, total=count)
    return graph


def _virtual_root(taken: Mapping[str, int]) -> Any:
    """The root that a tree of several tops is given."""
    return hierarchy.to_tree(hierarchy.Graph(root=None, edges=(), names=()), conf.limits(), taken=taken)["LabelName"]


def _make_root(task: Task, name: str) -> int:
    return Label.objects.create(task=task, name=name, position=next_position(task), is_listed=False).pk


def _check_known(graph: hierarchy.Graph, keys: Mapping[str, int], data: bytes) -> None:
    unknown = {name for name in graph.names if name not in keys}
    if unknown:
        faults = [
            InvalidValue(path, f"{quote_text(name)} is not a label of the task.", FaultCode.UNKNOWN_LABEL)
            for path, name in islice(_places(json.loads(data), unknown), MOST_SHOWN)
        ]
        raise InvalidData(faults, total=len(unknown))


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


def _replace_edges(task: Task, graph: hierarchy.Graph, keys: Mapping[str, int]) -> None:
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
