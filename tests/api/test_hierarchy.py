"""The class hierarchy over HTTP: the tree of its file."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from fixtures.draw_scenes import FOLDER
from openimages_io.format.hierarchy import VIRTUAL_ROOT
from openimages_io.models import HierarchyEdge, Label, Task
from openimages_io.transfer.importer import Importer
from tests.api.responses import faults, ok, overwrite, refusal

Tree = dict[str, Any]


@pytest.fixture
def url(task: Task) -> str:
    for name in "abcde":
        Label.objects.create(task=task, name=name)
    return f"/api/v1/tasks/{task.pk}/hierarchy/"


def node(name: str, *subcategories: Tree, parts: tuple[Tree, ...] = ()) -> Tree:
    return {
        "LabelName": name,
        **({"Part": list(parts)} if parts else {}),
        **({"Subcategory": list(subcategories)} if subcategories else {}),
    }


def edges() -> set[tuple[str, str, str, int]]:
    return set(HierarchyEdge.objects.values_list("parent__name", "child__name", "kind", "position"))


def test_without_edges_there_is_a_root_alone(api: APIClient, url: str) -> None:
    empty = {"LabelName": VIRTUAL_ROOT}
    assert ok(api.get(url)) == empty
    assert ok(overwrite(api, "PUT", url, empty)) == empty
    assert Label.objects.count() == 5


def test_a_tree_is_put_and_read_and_put_again(api: APIClient, url: str, task: Task) -> None:
    shared = node("d")
    tree = node("a", node("b", shared), node("c", shared, parts=(node("e"),)), parts=(node("b", shared),))
    assert ok(overwrite(api, "PUT", url, tree)) == tree
    assert edges() == {
        ("a", "b", "part", 0),
        ("a", "b", "subcategory", 0),
        ("a", "c", "subcategory", 1),
        ("b", "d", "subcategory", 0),
        ("c", "e", "part", 0),
        ("c", "d", "subcategory", 0),
    }
    assert ok(api.get(url)) == tree
    task.refresh_from_db()
    before, keys = task.revision, set(HierarchyEdge.objects.values_list("pk", flat=True))
    ok(overwrite(api, "PUT", url, tree))
    task.refresh_from_db()
    assert task.revision == before
    assert set(HierarchyEdge.objects.values_list("pk", flat=True)) == keys


def test_an_edge_that_stays_keeps_its_key_and_takes_its_new_place(api: APIClient, url: str, task: Task) -> None:
    ok(overwrite(api, "PUT", url, node("a", node("b"), node("c"), node("d"))))
    kept = HierarchyEdge.objects.get(child__name="d").pk
    task.refresh_from_db()
    before = task.revision
    ok(overwrite(api, "PUT", url, node("a", node("d"), node("b"))))
    assert edges() == {("a", "d", "subcategory", 0), ("a", "b", "subcategory", 1)}
    assert HierarchyEdge.objects.get(child__name="d").pk == kept
    task.refresh_from_db()
    assert task.revision > before


def test_several_tops_stand_below_a_root_that_becomes_a_label(api: APIClient, url: str, task: Task) -> None:
    labels = {label.name: label for label in task.labels.all()}
    for parent, child in ("ab", "cd"):
        HierarchyEdge.objects.create(parent=labels[parent], child=labels[child], kind="subcategory")
    tree = node(VIRTUAL_ROOT, node("a", node("b")), node("c", node("d")))
    assert ok(api.get(url)) == tree
    tree["Subcategory"].append(node("e"))
    assert ok(overwrite(api, "PUT", url, tree)) == tree
    root = Label.objects.get(name=VIRTUAL_ROOT)
    assert (root.is_listed, root.position) == (False, 1)
    assert ok(overwrite(api, "PUT", url, tree)) == tree
    assert Label.objects.count() == 6


def test_the_hierarchy_of_an_archive_comes_out_as_it_was(api: APIClient, owner: Any) -> None:
    Importer(FOLDER / "scenes", "scenes").run()
    task = Task.objects.get(name="scenes")
    Task.objects.update(owner=owner)
    url = f"/api/v1/tasks/{task.pk}/hierarchy/"
    tree = json.loads((FOLDER / "scenes/annotations/bbox_labels_600_hierarchy.json").read_text())
    assert ok(api.get(url)) == tree
    before = edges()
    assert ok(overwrite(api, "PUT", url, tree)) == tree
    assert edges() == before


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        (node("a", node("b"), node("c"), node("b")), {"Subcategory[2].LabelName": "duplicate_child"}),
        (node("a", node("x", node("y"))), {
            "Subcategory[0].LabelName": "unknown_label", "Subcategory[0].Subcategory[0].LabelName": "unknown_label"}),
        (node("x", node("a")), {"LabelName": "unknown_label"}),
        (node("a", parts=(node("b", node("x")),)), {"Part[0].Subcategory[0].LabelName": "unknown_label"}),
        (node("a", node("b", node("a"))), {"Subcategory[0].Subcategory[0].LabelName": "cyclic_hierarchy"}),
        (node("a", node("a")), {"Subcategory[0].LabelName": "cyclic_hierarchy"}),
        (node("a", node("b", node("d")), node("c", node("b"))), {
            "Subcategory[1].Subcategory[0].LabelName": "different_children"}),
        ({}, {"LabelName": "no_label_name"}),
        ({"LabelName": 5}, {"LabelName": "bad_label_name"}),
        ({"LabelName": "a\ud800"}, {"LabelName": "bad_label_name"}),
        ({"LabelName": "a\0"}, {"LabelName": "bad_label_name"}),
        ({"LabelName": "a", "Part": {}}, {"Part": "bad_hierarchy"}),
        ({"LabelName": "a", "Part": [1, {"LabelName": ""}]}, {
            "Part[0]": "bad_hierarchy", "Part[1].LabelName": "bad_label_name"}),
        ({"LabelName": "a", "Parts": []}, {"": "unknown_key"}),
        ([], {"": "bad_hierarchy"}),
        (None, {"": "bad_hierarchy"}),
    ],
    ids=str,
)  # fmt: skip
def test_trees_that_are_none(api: APIClient, url: str, tree: Any, paths: dict[str, str]) -> None:
    assert faults(overwrite(api, "PUT", url, tree)) == paths
    assert not HierarchyEdge.objects.exists()
    assert Label.objects.count() == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "empty_file"), (b"{", "bad_json"), (b"NaN", "bad_hierarchy"), (b'"\xff"', "not_utf_8"),
     (b"[" * 90_000, "too_deep"),
     (b'{"LabelName": "a", "LabelName": "b"}', "duplicate_key"), (b"9" * 9000, "bad_hierarchy")],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_bodies_that_are_no_tree(api: APIClient, url: str, body: bytes, code: str) -> None:
    assert faults(api.put(url, body, content_type="application/json", headers={"If-Match": "*"})) == {"": code}


def test_no_body_at_all_and_another_type(api: APIClient, url: str) -> None:
    assert list(faults(api.generic("PUT", url, headers={"If-Match": "*"}))) == [""]
    refusal(api.put(url, b"a", content_type="text/plain"), 415)


def test_depth_and_size_are_limited(api: APIClient, url: str, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_HIERARCHY_DEPTH": 2, "MAX_BODY_BYTES": 200}
    assert list(faults(overwrite(api, "PUT", url, node("a", node("b", node("c")))))) == ["Subcategory[0]"]
    refusal(overwrite(api, "PUT", url, node("a" * 300)), 413)
    settings.OPENIMAGES_IO = {}
    ok(overwrite(api, "PUT", url, node("a", node("b", node("c")))))
    settings.OPENIMAGES_IO = {"MAX_HIERARCHY_DEPTH": 2}
    assert "deeper than 2" in refusal(api.get(url), 409)


def test_a_graph_with_a_circle_cannot_be_read_but_replaced(api: APIClient, url: str, task: Task) -> None:
    a, b = task.labels.order_by("pk")[:2]
    HierarchyEdge.objects.create(parent=a, child=b, kind="part")
    HierarchyEdge.objects.create(parent=b, child=a, kind="part")
    assert "is below itself" in refusal(api.get(url), 409)
    assert ok(overwrite(api, "PUT", url, node("a", node("b")))) == node("a", node("b"))


TREES = st.recursive(
    st.builds(node, st.sampled_from("abcdex")),
    lambda inner: st.builds(
        lambda name, below, parts: node(name, *below, parts=tuple(parts)),
        st.sampled_from("abcde"),
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=2),
    ),
    max_leaves=6,
)


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_any_tree_is_taken_as_it_is_or_refused_as_a_whole(api: APIClient, url: str, tree: Tree) -> None:
    before = ok(api.get(url))
    response = overwrite(api, "PUT", url, tree)
    if response.status_code == 200:
        # A class that nothing is below or above is in no hierarchy.
        assert response.json() == (tree if len(tree) > 1 else {"LabelName": VIRTUAL_ROOT})
    else:
        assert faults(response)
        assert ok(api.get(url)) == before


@pytest.mark.parametrize("number", [3, 30])
def test_reading_takes_three_queries(
    api: APIClient, task: Task, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    labels = [Label.objects.create(task=task, name=f"{index}") for index in range(number)]
    for label in labels[1:]:
        HierarchyEdge.objects.create(parent=labels[0], child=label, kind="part")
    with django_assert_num_queries(3):  # the task, its labels, their edges
        assert len(ok(api.get(f"/api/v1/tasks/{task.pk}/hierarchy/"))["Part"]) == number - 1
