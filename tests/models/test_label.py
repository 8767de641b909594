"""Labels, and the hierarchy as a graph."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from openimages_io.models import EdgeKind, HierarchyEdge, Image, Label, Task, color_of


def test_a_label_gets_a_colour_on_every_way_in_and_keeps_its_own(task: Task) -> None:
    Label.objects.create(task=task, name="one")
    Label.objects.bulk_create([Label(task=task, name="two"), Label(task=task, name="three", color="#000000")])
    Label.objects.get_or_create(task=task, name="four")
    colors = dict(Label.objects.values_list("name", "color"))
    assert colors == {"one": color_of("one"), "two": color_of("two"), "three": "#000000", "four": color_of("four")}


@pytest.mark.parametrize("color", ["red", "#fff", "#12345g", "#3A86C8", "3a86c8", "#3a86c8\n", " #3a86c", "#3a86c80"])
def test_what_is_no_colour(task: Task, color: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Label(task=task, name="l", color=color).full_clean()
    assert list(caught.value.message_dict) == ["color"]


def test_a_label_may_come_without_a_colour_or_display_name(task: Task) -> None:
    Label(task=task, name="l").full_clean()
    Label(task=task, name="l", color="#3a86c8").full_clean()


def test_display_names_need_not_be_unique(task: Task) -> None:
    for name in ("/m/1", "/m/2"):
        Label.objects.create(task=task, name=name, display_name="Football")
    assert Label.objects.filter(display_name="Football").count() == 2


def test_how_rows_read(task: Task, label: Label) -> None:
    root = Label.objects.create(task=task, name="/m/0bl9f", is_listed=False)
    edge = HierarchyEdge.objects.create(parent=root, child=label, kind=EdgeKind.PART)
    assert (str(task), str(label), str(root)) == ("scenes", "Cat", "Entity")
    assert str(edge) == f"{root.pk} > {label.pk} (part)"
    assert str(Image(task=task, name="a/b")) == "default/a/b"


def test_an_edge_stays_within_its_task(label: Label) -> None:
    other = Label.objects.create(task=Task.objects.create(name="other"), name="l")
    with pytest.raises(ValidationError, match="another task"):
        HierarchyEdge(parent=label, child=other, kind=EdgeKind.PART).full_clean()
    with pytest.raises(ValidationError) as caught:
        HierarchyEdge(parent=label, kind=EdgeKind.PART).full_clean()
    assert list(caught.value.message_dict) == ["child"]


def test_the_real_hierarchy_fits(task: Task, shared: Path) -> None:
    tree = json.loads((shared / "bbox_labels_600_hierarchy.json").read_text())
    edges: dict[tuple[str, str, EdgeKind], int] = {}

    def walk(node: dict[str, Any]) -> None:
        for key, kind in (("Subcategory", EdgeKind.SUBCATEGORY), ("Part", EdgeKind.PART)):
            for position, child in enumerate(node.get(key, ())):
                edges[node["LabelName"], child["LabelName"], kind] = position
                walk(child)

    walk(tree)
    names = {name for parent, child, _ in edges for name in (parent, child)}
    labels = {
        label.name: label for label in Label.objects.bulk_create(Label(task=task, name=name) for name in sorted(names))
    }
    HierarchyEdge.objects.bulk_create(
        HierarchyEdge(parent=labels[parent], child=labels[child], kind=kind, position=position)
        for (parent, child, kind), position in edges.items()
    )
    parents: dict[str, set[str]] = {}
    for parent, child, kind in HierarchyEdge.objects.values_list("parent__name", "child__name", "kind"):
        if kind == EdgeKind.SUBCATEGORY:
            parents.setdefault(child, set()).add(parent)
    assert len(names) == 602
    assert sum(len(found) > 1 for found in parents.values()) == 45
    parts = {child for _, child, kind in edges if kind == EdgeKind.PART}
    assert len(parts & set(parents)) == 38
