import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.hierarchy import VIRTUAL_ROOT, Edge, EdgeKind, Graph, dump, parse, to_tree
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.limits import Limits

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("OPENIMAGES_SHARED", ROOT.parent / "shared"))
REAL = SHARED / "data" / "bbox_labels_600_hierarchy.json"
LIMITS = Limits()
SUB, PART = EdgeKind.SUBCATEGORY, EdgeKind.PART


def read(data: bytes | str | dict[str, Any], limits: Limits = LIMITS) -> tuple[Graph | None, list[Issue]]:
    if isinstance(data, dict):
        data = json.dumps(data)
    issues: list[Issue] = []
    graph = parse(data.encode() if isinstance(data, str) else data, "h.json", limits, issues.append)
    assert all(issue.file == "h.json" for issue in issues)
    return graph, issues


def bad(data: bytes | str | dict[str, Any], limits: Limits = LIMITS) -> list[tuple[str, str | None, str | None]]:
    """The errors as code, place and value; there must be some, and no graph."""
    graph, issues = read(data, limits)
    assert graph is None
    assert issues
    return [(issue.code, issue.column, issue.value) for issue in issues if issue.severity is Severity.ERROR]


def good(data: bytes | str | dict[str, Any]) -> Graph:
    graph, issues = read(data)
    assert not issues
    assert graph is not None
    return graph


def graph_of(*edges: tuple[str, str, EdgeKind], root: str | None = None, names: tuple[str, ...] = ()) -> Graph:
    return Graph(root=root, edges=tuple(Edge(*edge) for edge in edges), names=names)


real = pytest.mark.skipif(not REAL.exists(), reason="the real hierarchy file is not here")


@real
def test_the_real_file() -> None:
    graph = good(REAL.read_bytes())
    assert graph.root == "/m/0bl9f"
    assert len(graph.names) == len(set(graph.names)) == 602
    parents = Counter(edge.child for edge in graph.edges if edge.kind is SUB)
    parts = {edge.child for edge in graph.edges if edge.kind is PART}
    assert sum(count > 1 for count in parents.values()) == 45
    assert len(parts & parents.keys()) == 38


@real
def test_the_real_file_is_written_as_it_was() -> None:
    data = REAL.read_bytes()
    graph = good(data)
    written = dump(graph, LIMITS)
    assert written == data.replace(b"\r\n", b"\n")
    kinds: Counter[str] = Counter()
    stack = [json.loads(written)]
    while stack:
        node = stack.pop()
        for key in ("Subcategory", "Part"):
            kinds[key] += len(node.get(key, ()))
            stack += node.get(key, ())
    assert kinds == {"Subcategory": 794, "Part": 53}
    assert good(written) == graph


def test_parts_stand_before_subcategories_whatever_the_order_of_keys() -> None:
    nodes = {"Subcategory": [{"LabelName": "b"}, {"LabelName": "c"}], "Part": [{"LabelName": "d"}], "LabelName": "a"}
    graph = good(nodes)
    assert graph == Graph(
        root="a",
        edges=(Edge("a", "d", PART), Edge("a", "b", SUB), Edge("a", "c", SUB)),
        names=("a", "d", "b", "c"),
    )
    assert list(to_tree(graph, LIMITS)) == ["LabelName", "Part", "Subcategory"]


def test_a_repeated_subtree_is_read_once() -> None:
    twice = {"LabelName": "c", "Part": [{"LabelName": "d"}]}
    tree = {
        "LabelName": "a",
        "Subcategory": [{"LabelName": "b", "Subcategory": [twice], "Part": [{"LabelName": "d"}]}, twice],
    }
    graph = good(tree)
    assert [(edge.parent, edge.child) for edge in graph.edges] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "d"),
        ("b", "c"),
        ("c", "d"),
    ]
    assert to_tree(graph, LIMITS) == tree


def test_bom_and_other_scripts() -> None:
    graph = good(b"\xef\xbb\xbf" + '{"LabelName": "Бобёр"}'.encode())
    assert graph == Graph(root="Бобёр", edges=(), names=("Бобёр",))
    assert dump(graph, LIMITS) == '{\n    "LabelName": "Бобёр"\n}'.encode()


def test_one_child_may_be_part_and_subcategory_of_one_parent() -> None:
    assert len(good({"LabelName": "a", "Part": [{"LabelName": "b"}], "Subcategory": [{"LabelName": "b"}]}).edges) == 2


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty-file", None),
        (b'{"LabelName": "a",\n "Part": [}', "bad-json", 2),
        (b"not json", "bad-json", 1),
        ('{"LabelName": "a"}'.encode("utf-16"), "not-utf-8", None),
        ('{"LabelName": "a"}'.encode("utf-16-be"), "not-utf-8", None),
        ('{"LabelName": "a"}'.encode("utf-16-le"), "not-utf-8", None),
        (b'{\n"LabelName":\n"\xff"}', "not-utf-8", 3),
    ],
)
def test_what_is_no_json(data: bytes, code: str, line: int | None) -> None:
    graph, (issue,) = read(data)
    assert graph is None
    assert (issue.code, issue.line) == (code, line)


def test_place_of_a_syntax_error() -> None:
    _, (issue,) = read(b'{"LabelName": "a",\n "Part": [}')
    assert str(issue).startswith("h.json:2: column 11: the text is not JSON")


@pytest.mark.parametrize("data", ["null", "[]", "3", '"a"', "true", "[" + "9" * 5000 + "]", "NaN"])
def test_what_is_no_object(data: str) -> None:
    assert bad(data) == [("bad-hierarchy", None, None)]


def test_every_problem_is_told_with_its_path() -> None:
    tree = {
        "LabelName": "a",
        "Part": {"LabelName": "b"},
        "Subcategory": [
            {"LabelName": 3},
            {"Subcategory": [{"LabelName": ""}, {}]},
            7,
            {"LabelName": "c", "Part": [{"LabelName": "d\u0000"}, {"LabelName": "e\n"}]},
            {"LabelName": "f"},
            {"LabelName": "f"},
        ],
    }
    data = json.dumps(tree)[:-1] + ', "Subcategory2": [], "x": 1}'
    data = data.replace('"f"}]', '"f"}, {"LabelName": "\\ud800"}, {"LabelName": "g", "LabelName": "g"}]')
    assert bad(data) == [
        ("bad-hierarchy", "Part", None),
        ("bad-hierarchy", "Subcategory[2]", None),
        ("duplicate-child", "Subcategory[5].LabelName", "f"),
        ("bad-label-name", "Subcategory[0].LabelName", None),
        ("no-label-name", "Subcategory[1].LabelName", None),
        ("bad-label-name", "Subcategory[1].Subcategory[0].LabelName", ""),
        ("no-label-name", "Subcategory[1].Subcategory[1].LabelName", None),
        ("bad-label-name", "Subcategory[3].Part[0].LabelName", "d\0"),
        ("bad-label-name", "Subcategory[3].Part[1].LabelName", "e\n"),
        ("bad-label-name", "Subcategory[6].LabelName", "\ud800"),
        ("duplicate-key", "Subcategory[7]", "LabelName"),
    ]
    warnings = [issue for issue in read(data)[1] if issue.severity is Severity.WARNING]
    assert [(issue.code, issue.value) for issue in warnings] == [("unknown-key", "Subcategory2")]
    assert "nor is 1 other" in warnings[0].reason


def test_unknown_keys_are_one_warning() -> None:
    graph, (issue,) = read({"LabelName": "a", "Part": [{"LabelName": "b", "x": 1}, {"LabelName": "c", "x": [2]}]})
    assert graph is not None
    assert (issue.code, issue.severity, issue.column, issue.value) == ("unknown-key", Severity.WARNING, "Part[0]", "x")


@pytest.mark.parametrize("above", [[], ["b"], ["b", "c"]])
def test_a_class_below_itself(above: list[str]) -> None:
    node: dict[str, Any] = {"LabelName": "a"}
    for name in above:
        node = {"LabelName": name, "Part": [node]}
    place = "Subcategory[0]" + ".Part[0]" * len(above) + ".LabelName"
    assert bad({"LabelName": "a", "Subcategory": [node]}) == [("cyclic-hierarchy", place, "a")]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({}, "other children than"),
        ({"Part": [{"LabelName": "d"}]}, "other children than"),
        ({"Subcategory": [{"LabelName": "e"}, {"LabelName": "d"}]}, "in another order than"),
    ],
)
def test_a_class_with_other_children_elsewhere(second: dict[str, Any], words: str) -> None:
    first = {"LabelName": "c", "Subcategory": [{"LabelName": "d"}, {"LabelName": "e"}]}
    nodes = {"LabelName": "a", "Part": [{"LabelName": "b", "Part": [first]}, {"LabelName": "c", **second}]}
    graph, (issue,) = read(nodes)
    assert graph is None
    assert (issue.code, issue.column, issue.value) == ("different-children", "Part[1].LabelName", "c")
    assert words in issue.reason
    assert issue.reason.endswith("at Part[0].Part[0]")


@pytest.mark.parametrize("depth", [201, 10_000])
def test_too_deep(depth: int) -> None:
    data = "".join(f'{{"LabelName":"{n}","Part":[' for n in range(depth)) + "]}" * depth
    assert [code for code, _, _ in bad(data)] == ["too-deep"]


def test_too_deep_is_told_once() -> None:
    branches = ",".join(f'{{"LabelName":"{n}","Part":[{{"LabelName":"{n}x"}}]}}' for n in range(3))
    limits = Limits(max_hierarchy_depth=2)
    assert bad(f'{{"LabelName":"a","Part":[{branches}]}}', limits) == [("too-deep", "Part[0]", None)]


def test_as_deep_as_allowed() -> None:
    data = "".join(f'{{"LabelName":"{n}","Part":[' for n in range(200)) + "]}" * 200
    graph = good(data)
    assert good(dump(graph, LIMITS)) == graph
    with pytest.raises(OpenImagesError, match="deeper than 199"):
        dump(graph, Limits(max_hierarchy_depth=199))


def test_too_large() -> None:
    assert bad({"LabelName": "a"}, Limits(max_hierarchy_bytes=17)) == [("too-large", None, None)]
    with pytest.raises(OpenImagesError, match="more than 17 bytes"):
        dump(graph_of(root="a"), Limits(max_hierarchy_bytes=17))


@pytest.mark.parametrize("content", ["[]", "{}", '{"":1}', "1", '""'])
def test_what_stands_under_an_unknown_key_is_bounded_by_its_values(content: str) -> None:
    inner = ",".join([content] * 600_000)
    assert bad(f'{{"LabelName":"a","more":[{inner}]}}') == [("too-large", None, None)]


def test_what_stands_under_an_unknown_key_is_not_kept() -> None:
    graph, (issue,) = read({"LabelName": "a", "more": {"LabelName": "b", "Part": [{"deep": [1, 2]}]}})
    assert graph == graph_of(root="a", names=("a",))
    assert (issue.code, issue.value, issue.severity) == ("unknown-key", "more", Severity.WARNING)


def test_what_is_written_can_be_read_again_by_its_number_of_values() -> None:
    graph = graph_of(("a", "b", PART), ("a", "c", SUB), ("a", "d", SUB), ("d", "b", SUB))
    text = dump(graph, LIMITS)
    most = sum(map(text.count, (b",", b":", b"[", b"{")))
    assert read(text, Limits(max_hierarchy_values=most))[0]
    assert dump(graph, Limits(max_hierarchy_values=most)) == text
    assert bad(text, Limits(max_hierarchy_values=most - 1)) == [("too-large", None, None)]
    with pytest.raises(OpenImagesError, match=f"more than {most - 1} values"):
        dump(graph, Limits(max_hierarchy_values=most - 1))


def test_the_only_top_is_the_root() -> None:
    graph = graph_of(("b", "c", SUB), ("a", "b", SUB), names=("alone", "a", "b", "c"))
    assert to_tree(graph, LIMITS) == {
        "LabelName": "a",
        "Subcategory": [{"LabelName": "b", "Subcategory": [{"LabelName": "c"}]}],
    }


def test_no_class_makes_a_bare_virtual_root() -> None:
    assert to_tree(graph_of(names=("a",)), LIMITS) == {"LabelName": VIRTUAL_ROOT}
    assert to_tree(graph_of(root="a"), LIMITS) == {"LabelName": "a"}
    assert to_tree(graph_of(), LIMITS, taken=[VIRTUAL_ROOT]) == {"LabelName": "/m/0"}


def test_several_tops_get_an_unused_virtual_root() -> None:
    graph = graph_of(("b", "c", PART), (VIRTUAL_ROOT, "c", SUB))
    assert to_tree(graph, LIMITS, taken={"/m/0"}) == {
        "LabelName": "/m/1",
        "Subcategory": [
            {"LabelName": "b", "Part": [{"LabelName": "c"}]},
            {"LabelName": VIRTUAL_ROOT, "Subcategory": [{"LabelName": "c"}]},
        ],
    }


@pytest.mark.parametrize(
    "graph",
    [
        graph_of(("a", "a", SUB)),
        graph_of(("a", "b", SUB), ("b", "a", PART)),
        graph_of(("top", "a", SUB), ("a", "b", SUB), ("b", "a", SUB)),
        graph_of(("top", "x", SUB), ("a", "b", SUB), ("b", "a", SUB)),
        graph_of(("a", "b", SUB), ("b", "a", SUB), root="a"),
    ],
)
def test_a_cycle_cannot_be_written(graph: Graph) -> None:
    with pytest.raises(OpenImagesError, match="below itself"):
        dump(graph, LIMITS)


def test_a_tree_that_would_explode_is_not_written() -> None:
    diamonds = [
        edge
        for n in range(60)
        for edge in [
            (f"{n}", f"{n}l", SUB),
            (f"{n}", f"{n}r", SUB),
            (f"{n}l", f"{n + 1}", SUB),
            (f"{n}r", f"{n + 1}", SUB),
        ]
    ]
    with pytest.raises(OpenImagesError, match="more than 500,000 values"):
        dump(graph_of(*diamonds), LIMITS)


@given(st.data())
def test_any_graph_without_cycles_comes_back(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 7))
    pairs = [(parent, child) for child in range(1, count) for parent in range(child)]
    chosen = (
        data.draw(st.lists(st.tuples(st.sampled_from(pairs), st.sampled_from(EdgeKind)), unique=True)) if pairs else []
    )
    chosen += [((0, child), SUB) for child in range(1, count) if ((0, child), SUB) not in chosen]
    graph = graph_of(*((str(parent), str(child), kind) for (parent, child), kind in chosen), root="0")
    written = dump(graph, LIMITS)
    again = good(written)
    assert set(again.edges) == set(graph.edges)
    assert len(again.edges) == len(graph.edges)
    assert dump(again, LIMITS) == written
    for name in again.names:
        for kind in EdgeKind:
            order = [edge.child for edge in again.edges if (edge.parent, edge.kind) == (name, kind)]
            assert order == [edge.child for edge in graph.edges if (edge.parent, edge.kind) == (name, kind)]


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["a", "b", "", "\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["LabelName", "Part", "Subcategory", "x"]), inner, max_size=4)
    ),
)


@given(JSON | st.fixed_dictionaries({"LabelName": st.just("a"), "Part": JSON, "Subcategory": JSON}))
def test_any_json_is_read_or_has_an_issue(value: object) -> None:
    graph, issues = read(json.dumps(value))
    assert (graph is None) == any(issue.severity is Severity.ERROR for issue in issues)
    if graph is not None:
        assert read(dump(graph, LIMITS)) == (graph, [])


@given(st.binary())
def test_any_bytes_are_read_or_have_an_issue(data: bytes) -> None:
    graph, issues = read(data)
    assert graph is not None or issues
