"""The class hierarchy: a graph, which its file writes out as a tree.

A class that stands under two parents repeats its whole subtree, so the file is read into one list of edges and
written by following them. Source of the rules: `bbox_labels_600_hierarchy.json`, in which 45 of 602 classes have
several Subcategory parents, 38 are both a subcategory and a part, and `Part` stands before `Subcategory`.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.cells import ID_LENGTH
from openimages_io.format.issue_codes import sentence
from openimages_io.format.issues import Issue, IssueSink
from openimages_io.format.json_size import has_more_values
from openimages_io.format.limits import Limits
from openimages_io.format.names import UNPRINTABLE

VIRTUAL_ROOT = "/m/0bl9f"
"""The official root, a class that no class list has."""
_MADE_UP = re.compile(r"/m/(?:0|[1-9][0-9]*)", re.ASCII)
"""What CVAT, Datumaro and we call a root that has to be made. A real MID begins with `/m/0` and goes on."""


class UnwritableHierarchy(OpenImagesError):
    """A hierarchy has no tree that could be read again. Carries the parameters of the issue `bad-hierarchy`."""

    def __init__(self, form: str, **params: Any) -> None:
        self.params: dict[str, Any] = {"form": form, **params}
        super().__init__(f"{sentence('bad-hierarchy', self.params)}.")


class EdgeKind(StrEnum):
    """What a child is to its parent. Only a subcategory inherits its parent's labels."""

    SUBCATEGORY = "subcategory"
    PART = "part"


_KEYS = {"Part": EdgeKind.PART, "Subcategory": EdgeKind.SUBCATEGORY}
_NODE_KEYS = frozenset(("LabelName", *_KEYS))


@dataclass(frozen=True, slots=True)
class Edge:
    """One class directly below another, both by LabelName."""

    parent: str
    child: str
    kind: EdgeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A class hierarchy without its repetitions."""

    root: str | None
    """The class at the top; None when nobody says, and then it is found from the edges."""
    edges: tuple[Edge, ...]
    """The edges of one parent stand together, parts before subcategories, in the order of the file."""
    names: tuple[str, ...]
    """Every class once, in the order in which the tree shows them."""


class _Repeated(dict[str, Any]):
    """An object in which a key stood twice."""

    keys_twice: tuple[str, ...] = ()


class _Place:
    """A node's place in the document, as a chain to the root, so that a path is spelled only when it is told."""

    __slots__ = ("above", "depth", "name", "step")

    def __init__(self, above: "_Place | None" = None, step: str = "") -> None:
        self.above = above
        self.step = step
        self.depth: int = above.depth + 1 if above else 1
        self.name: str | None = None

    def path(self, key: str = "") -> str:
        steps = [key] if key else []
        place: _Place | None = self
        while place is not None and place.step:
            steps.append(place.step)
            place = place.above
        return ".".join(reversed(steps))

    def is_below(self, name: str) -> bool:
        place = self.above
        while place is not None:
            if place.name == name:
                return True
            place = place.above
        return False


_Children = tuple[tuple[EdgeKind, str], ...]


class _Parser:
    """One reading of one file: walks the tree without recursion and tells every problem."""

    def __init__(self, file: str, limits: Limits, sink: IssueSink) -> None:
        self.file = file
        self.limits = limits
        self.sink = sink
        self.failed = False
        self.known: dict[str, tuple[_Children, str]] = {}
        self.names: dict[str, None] = {}
        self.unknown_keys: dict[str, str] = {}
        self.too_deep = False

    def error(
        self,
        code: str,
        *,
        line: int | None = None,
        column: str = "",
        value: str | None = None,
        **params: Any,
    ) -> None:
        self.failed = True
        place: dict[str, Any] = {"file": self.file, "line": line, "column": column or None}
        self.sink(Issue(code=code, params=params, value=value, **place))

    def parse(self, data: bytes) -> Graph | None:
        document = self.document(data)
        if document is None:
            return None
        top = document[0]
        if not isinstance(top, dict):
            self.error("bad-hierarchy", form="document", kind=_kind(top))
            return None
        self.walk(top)
        if self.unknown_keys:
            key, place = next(iter(self.unknown_keys.items()))
            more = len(self.unknown_keys) - 1
            params: dict[str, Any] = {"form": "more", "others": more} if more else {}
            column = place or None
            self.sink(Issue(code="unknown-key", params=params, file=self.file, column=column, value=key))
        if self.failed:
            return None
        edges = tuple(Edge(name, child, kind) for name, (children, _) in self.known.items() for kind, child in children)
        return Graph(root=top["LabelName"], edges=edges, names=tuple(self.names))

    def document(self, data: bytes) -> tuple[object] | None:
        """The JSON value in a tuple of its own, since null is a value too; None when there is none."""
        limit = self.limits.max_hierarchy_bytes
        if len(data) > limit:
            self.error("too-large", form="hierarchy-bytes", size=len(data), limit=limit)
            return None
        if not data:
            self.error("empty-file", form="part")
            return None
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:2]:
            self.error("not-utf-8", form="utf-16")
            return None
        most = self.limits.max_hierarchy_values
        if has_more_values(data, most):
            self.error("too-large", form="hierarchy-values", limit=most)
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self.error("not-utf-8", line=line, form="byte", byte=f"{data[error.start]:02x}")
            return None
        try:
            return (json.loads(text, object_pairs_hook=_object, parse_int=_number, parse_float=_number),)
        except json.JSONDecodeError as error:
            self.error("bad-json", line=error.lineno, column=f"column {error.colno}", detail=error.msg)
        except RecursionError:
            self.error("too-deep", limit=self.limits.max_hierarchy_depth)
        return None

    def walk(self, top: dict[str, Any]) -> None:
        stack: list[tuple[dict[str, Any], _Place]] = [(top, _Place())]
        while stack:
            node, place = stack.pop()
            place.name = self.label_name(node, place)
            if place.name and place.is_below(place.name):
                self.error("cyclic-hierarchy", column=place.path("LabelName"), value=place.name, form="inside")
                continue
            self.check_keys(node, place)
            children, below = self.children(node, place)
            if place.name is not None:
                self.names.setdefault(place.name)
                self.compare(place.name, children, place)
            if below and place.depth >= self.limits.max_hierarchy_depth:
                if not self.too_deep:
                    self.too_deep = True
                    self.error("too-deep", column=place.path(), limit=self.limits.max_hierarchy_depth)
                continue
            stack.extend(reversed(below))

    def label_name(self, node: dict[str, Any], place: _Place) -> str | None:
        name = node.get("LabelName")
        if "LabelName" not in node:
            self.error("no-label-name", column=place.path("LabelName"))
        elif not isinstance(name, str):
            self.error("bad-label-name", column=place.path("LabelName"), form="kind", kind=_kind(name))
        elif not name.strip():
            self.error("bad-label-name", column=place.path("LabelName"), value=name, form="blank")
        elif len(name) > ID_LENGTH:
            length = len(name)
            column = place.path("LabelName")
            self.error("bad-label-name", column=column, value=name, form="long", length=length, limit=ID_LENGTH)
        elif UNPRINTABLE.search(name):
            self.error("bad-label-name", column=place.path("LabelName"), value=name, form="control")
        else:
            return name
        return None

    def check_keys(self, node: dict[str, Any], place: _Place) -> None:
        if isinstance(node, _Repeated):
            for key in node.keys_twice:
                self.error("duplicate-key", column=place.path(), value=key)
        for key in node:
            if key not in _NODE_KEYS and key not in self.unknown_keys:
                self.unknown_keys[key] = place.path()

    def children(self, node: dict[str, Any], place: _Place) -> tuple[_Children, list[tuple[dict[str, Any], _Place]]]:
        """The names of a node's children that have one, and its child nodes in order with their places."""
        named: dict[tuple[EdgeKind, str], None] = {}
        below: list[tuple[dict[str, Any], _Place]] = []
        for key, kind in _KEYS.items():
            if key not in node:
                continue
            nodes = node[key]
            if not isinstance(nodes, list):
                self.error("bad-hierarchy", column=place.path(key), form="children", kind=_kind(nodes))
                continue
            for index, child in enumerate(nodes):
                step = f"{key}[{index}]"
                if not isinstance(child, dict):
                    self.error("bad-hierarchy", column=place.path(step), form="node", kind=_kind(child))
                    continue
                name = child.get("LabelName")
                if isinstance(name, str) and (kind, name) in named:
                    column = _Place(place, step).path("LabelName")
                    self.error("duplicate-child", column=column, value=name, key=key)
                elif isinstance(name, str):
                    named[kind, name] = None
                below.append((child, _Place(place, step)))
        return tuple(named), below

    def compare(self, name: str, children: _Children, place: _Place) -> None:
        """A class has the same children wherever it occurs, or the tree cannot be told from a graph."""
        if name not in self.known:
            self.known[name] = (children, place.path())
            return
        first, where = self.known[name]
        if first != children:
            form = "order" if sorted(first) == sorted(children) else "children"
            column = place.path("LabelName")
            self.error("different-children", column=column, value=name, form=form, other=where or "the top")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without what stands under keys that no node has, which may be anything."""
    found = {key: value if key in _NODE_KEYS else None for key, value in pairs}
    if len(found) == len(pairs):
        return found
    repeated = _Repeated(found)
    repeated.keys_twice = tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return repeated


def _number(text: str) -> float:
    """No number means anything here, and a hostile one may have more digits than `int` takes."""
    return 0.0


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a number"


def parse(data: bytes, file: str, limits: Limits, sink: IssueSink) -> Graph | None:
    """Reads a hierarchy file; None when it has an error. Every problem goes to `sink` with its path in the document."""
    return _Parser(file, limits, sink).parse(data)


def dump(graph: Graph, limits: Limits, *, taken: Collection[str] = ()) -> bytes:
    """The hierarchy file: UTF-8, indent 4, LF, no line break at the end, `Part` before `Subcategory`.

    Raises OpenImagesError for a graph with a cycle, and for one whose tree `parse` would refuse as too large or deep.
    `taken` are LabelNames that a virtual root must not have, beside those of the graph.
    """
    limit = limits.max_hierarchy_bytes
    parts: list[bytes] = []
    size = 0
    for chunk in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(to_tree(graph, limits, taken=taken)):
        parts.append(chunk.encode())
        size += len(parts[-1])
        if size > limit:
            raise UnwritableHierarchy("bytes", limit=limit)
    return b"".join(parts)


def to_tree(graph: Graph, limits: Limits, *, taken: Collection[str] = ()) -> dict[str, Any]:
    """The graph as nested objects; a class that occurs in several places is one object there.

    Its top is the only class without a parent. Several such classes stand below a virtual root, and of no class at all
    a virtual root is made. A class with neither parents nor children is left out, unless it is the graph's root.
    Raises OpenImagesError as `dump` does.
    """
    edges = tuple(dict.fromkeys(graph.edges))
    below: dict[str, list[Edge]] = {}
    for edge in edges:
        below.setdefault(edge.parent, []).append(edge)
    with_parent = {edge.child for edge in edges}
    tops = [] if graph.root is None or graph.root in with_parent else [graph.root]
    tops += [name for name in below if name not in with_parent and name != graph.root]
    if len(tops) != 1:
        root = _virtual_root({*graph.names, *below, *with_parent, *taken})
        below[root] = [Edge(root, top, EdgeKind.SUBCATEGORY) for top in tops]
    else:
        root = tops[0]
    order = list(_children_first(root, below))
    if below.keys() - set(order):
        raise UnwritableHierarchy("loop")
    _check_size(root, order, below, limits)
    nodes: dict[str, dict[str, Any]] = {}
    for name in order:
        node: dict[str, Any] = {"LabelName": name}
        for key, kind in _KEYS.items():
            if children := [nodes[edge.child] for edge in below.get(name, ()) if edge.kind is kind]:
                node[key] = children
        nodes[name] = node
    return nodes[root]


def is_virtual_root(name: str | None) -> bool:
    """Whether a root stands for no class: the official one, or one that a tool has made up."""
    return name is None or name == VIRTUAL_ROOT or _MADE_UP.fullmatch(name) is not None


def _virtual_root(taken: Collection[str]) -> str:
    candidates = itertools.chain([VIRTUAL_ROOT], (f"/m/{number}" for number in itertools.count()))
    return next(name for name in candidates if name not in taken)


def _children_first(root: str, below: dict[str, list[Edge]]) -> Iterator[str]:
    """Every class under `root` after all its children. Raises OpenImagesError if one is below itself."""
    done: set[str] = set()
    path = {root: iter(below.get(root, ()))}
    while path:
        name, rest = path.popitem()
        edge = next(rest, None)
        if edge is None:
            done.add(name)
            yield name
            continue
        path[name] = rest
        if edge.child in path:
            raise UnwritableHierarchy("below-itself", label=edge.child)
        if edge.child not in done:
            path[edge.child] = iter(below.get(edge.child, ()))


def _check_size(root: str, order: list[str], below: dict[str, list[Edge]], limits: Limits) -> None:
    """Counts the values and levels of the tree without making it: a few hundred edges can unfold into any number."""
    most = limits.max_hierarchy_values
    values: dict[str, int] = {}
    levels: dict[str, int] = {}
    for name in order:
        edges = below.get(name, ())
        kinds = len({edge.kind for edge in edges})
        # The node, its name's key, the keys and lists of its children, and the commas between all of these.
        own = 2 + 3 * kinds + len(edges) - kinds
        values[name] = min(own + sum(values[edge.child] for edge in edges), most + 1)
        levels[name] = 1 + max((levels[edge.child] for edge in edges), default=0)
    if values[root] > most:
        raise UnwritableHierarchy("values", limit=most)
    if levels[root] > limits.max_hierarchy_depth:
        raise UnwritableHierarchy("deep", limit=limits.max_hierarchy_depth)
