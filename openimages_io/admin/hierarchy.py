"""A task's class hierarchy as a tree that can be folded. A class may stand in it at several places."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from openimages_io.admin.filters import chosen_key
from openimages_io.admin.label import swatch
from openimages_io.admin.pages import page
from openimages_io.admin.permissions import may_here
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.models import EdgeKind, HierarchyEdge, Label, Task
from openimages_io.models.numbers import Number
from openimages_io.permissions import EDITS, permissions

_DEEPEST: Final = 40
"""Levels that are drawn; a browser's own limit is at a few hundred."""
_SHOWN: Final = 2
"""Levels that are unfolded at first."""
_LOOSE: Final = 500
_NAME: Final = 255
_FOUND: Final = 100
"""Classes that a search names."""


@dataclass(slots=True)
class TreeNode:
    """One place of a class in the tree."""

    label: Label
    swatch: str
    url: str
    """Of the label's page; empty where there is none."""
    shapes: int
    """Shapes of the label itself, as they were last counted."""
    is_part: bool
    is_open: bool
    others: list[Label]
    """The other classes that it stands below."""
    children: list["TreeNode"] = field(default_factory=list)
    seen: bool = False
    """Whether its children are drawn where the class comes first."""
    deeper: bool = False
    """Whether there are children that are too deep to be drawn here."""


@dataclass(slots=True)
class Graph:
    """The labels and edges of a task."""

    labels: dict[int, Label]
    children: dict[int, list[tuple[int, bool]]]
    """By parent: the child, and whether it is a part."""
    parents: dict[int, list[int]]
    address: str
    """Of the page of a label whose key is 0: asking for each of a thousand takes its time."""
    shapes: Mapping[int, int]
    """Shapes by label, as they were last counted; without those of labels that have none."""
    colors: Mapping[int, str]
    """By label, as all pages of the task have them."""

    @classmethod
    def of(cls, task: Task, address: str = "", shapes: Mapping[int, int] | None = None) -> "Graph":
        """Reads the graph in three queries."""
        from openimages_io.viewing.colors import colors_of  # noqa: PLC0415  (slow to load)

        labels = {label.pk: label for label in task.labels.all()}
        children: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        parents: dict[int, list[int]] = defaultdict(list)
        for parent, child, kind in HierarchyEdge.objects.all().of_task(task.pk):
            children[parent].append((child, kind == EdgeKind.PART))
            if parent not in parents[child]:
                parents[child].append(parent)
        for below in children.values():
            below.sort(key=lambda edge: edge[1])  # subcategories before parts
        return cls(labels, children, parents, address, shapes or {}, colors_of(labels.values()))

    def url_of(self, key: int) -> str:
        """The address of a label's page."""
        return self.address.replace("/0/", f"/{key}/")

    def roots(self) -> list[int]:
        """Classes that stand below none; of a ring, which has no such class, the first one."""
        found = [key for key in self.labels if self.children.get(key) and not self.parents.get(key)]
        reached = set(found)
        waiting = list(found)
        for key in [*self.labels, *self.labels]:
            while waiting:
                for child, _part in self.children.get(waiting.pop(), ()):
                    if child not in reached:
                        reached.add(child)
                        waiting.append(child)
            if key not in reached and self.children.get(key):
                found.append(key)
                reached.add(key)
                waiting.append(key)
        return found

    def loose(self) -> list[Label]:
        """Labels that stand in no hierarchy."""
        return [label for key, label in self.labels.items() if not self.children.get(key) and not self.parents.get(key)]

    def search(self, text: str) -> list[tuple[TreeNode, list[Label]]]:
        """Classes whose names have the text, those that begin with it first, each with those above it, from the top."""
        wanted = text.casefold()
        names = {key: f"{label}\n{label.name}".casefold() for key, label in self.labels.items()}
        found = [key for key, name in names.items() if wanted in name]
        found.sort(key=lambda key: not names[key].startswith(wanted))
        places = [self._place(key, None, False, 1, set(self.labels)) for key in found[:_FOUND]]
        return [(place, self._above(place.label.pk)) for place in places]

    def _above(self, key: int) -> list[Label]:
        way: list[int] = []
        while parents := self.parents.get(key):
            key = parents[0]
            if key in way:
                break
            way.append(key)
        return [self.labels[above] for above in reversed(way)]

    def places(self, roots: list[int]) -> list[TreeNode]:
        """The tree. What stands below a class is drawn once, where the class comes first, so that it stays small."""
        drawn: set[int] = set()
        return [self._place(key, None, False, 1, drawn) for key in roots]

    def _place(self, key: int, parent: int | None, is_part: bool, level: int, drawn: set[int]) -> TreeNode:
        label, below = self.labels[key], self.children.get(key, [])
        others = [self.labels[other] for other in self.parents.get(key, ()) if other != parent]
        place = TreeNode(
            label,
            swatch(self.colors[key]),
            self.url_of(key),
            Number(self.shapes.get(key, 0)),
            is_part,
            level < _SHOWN,
            others,
        )
        place.seen = bool(below) and key in drawn
        place.deeper = bool(below) and not place.seen and level >= _DEEPEST
        if below and not place.seen and not place.deeper:
            drawn.add(key)
            place.children = [self._place(child, key, part, level + 1, drawn) for child, part in below]
        return place


class HierarchyMixin(TaskPagesMixin):
    """An admin class of tasks that shows their class hierarchies."""

    def has_hierarchy_permission(self, request: HttpRequest, obj: Task) -> bool:
        """Whether the user may see the task's labels."""
        return permissions().allows(request.user, "view", Label, obj)

    @page("<int:key>/hierarchy/", "hierarchy", permission="hierarchy")
    def hierarchy_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """The page."""
        from openimages_io.viewing.statistics import known  # noqa: PLC0415  (slow to load)

        counted = known(task)
        address = self.url_for(request, task)("label_change", 0)
        graph = Graph.of(task, address, counted.by_label if counted else None)
        wanted = request.GET.get("q", "").strip()[:_NAME]
        root = chosen_key(request.GET.get("root"))
        roots = [root] if root in graph.labels else graph.roots()
        loose = graph.loose()
        context: dict[str, Any] = {
            "title": _("Class hierarchy of “%(task)s”") % {"task": task},
            "task": task,
            "wanted": wanted,
            "found": graph.search(wanted) if wanted else [],
            "most_found": _FOUND,
            "places": graph.places(roots),
            "has_tree": bool(roots),
            "may_change": any(may_here(request, verb, HierarchyEdge, task) for verb in EDITS),
            "is_part_of_it": root in graph.labels,
            "loose": [(label, graph.url_of(label.pk)) for label in loose[:_LOOSE]],
            "more_loose": Number(max(0, len(loose) - _LOOSE)),
        }
        return self.render(request, "task/hierarchy.html", **context)
