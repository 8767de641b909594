"""Importing the same archive twice with the same options changes nothing, whatever the options are."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from openimages_io.models import HierarchyEdge, Task
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions, MasksAs, Match, Missing, MissingAttributes, Mode, OnError
from tests.transfer.datasets import documented, png, told, write

LABELS = ("/m/a", "/m/b", "/m/c", "/m/d", "Bee", "Dee")
DISPLAY = {"/m/a": "", "/m/b": "Bee", "/m/c": "Bee", "/m/d": "Dee"}
names = st.sampled_from(LABELS)


@st.composite
def hierarchies(draw: st.DrawFn) -> dict[str, Any]:
    """A tree in which a label may stand at several places, with no ring."""
    order = draw(st.permutations(LABELS))
    parents = [set(draw(st.lists(st.integers(0, index), min_size=1, max_size=2))) for index in range(len(order) - 1)]
    kinds = [draw(st.sampled_from(["Part", "Subcategory"])) for _ in order]

    def node(index: int) -> dict[str, Any]:
        children = [node(child + 1) for child, above in enumerate(parents) if index in above]
        return {"LabelName": order[index]} | ({kinds[index]: children} if children else {})

    root = node(0)
    return root if draw(st.integers(0, 1)) else {"LabelName": "/m/0bl9f", "Subcategory": [root]}


@st.composite
def archives(draw: st.DrawFn) -> dict[str, str | bytes]:
    """Class lists, image lists, a hierarchy, tags, boxes and masks of few labels and images, some of them bad."""
    images = st.sampled_from(["a", "b", "c"])
    listed: set[str] = draw(st.sets(st.sampled_from(sorted(DISPLAY))))
    files = documented(classes="".join(f"{name},{DISPLAY[name]}\n" for name in sorted(listed))) if listed else {}
    known: set[str] = draw(st.sets(images))
    subsets: set[str] = draw(st.sets(st.sampled_from(["train", "test", "mine"]), min_size=1))
    for subset in sorted(subsets):
        made: dict[str, Any] = {}
        has_list = draw(st.booleans())
        if known and has_list:
            made["images"] = [f"{name},{subset}{',' * 10}" for name in sorted(known)]
        made["labels"] = [
            f"{draw(images)},verification,{draw(names)},{draw(st.sampled_from(['0', '1', '9']))}"
            for _ in range(draw(st.integers(0, 3)))
        ]
        made["boxes"] = [
            f"{draw(images)},xclick,{draw(names)},1,0.1,0.5,{draw(st.sampled_from(['0.2', '0.3', '7']))},0.6,1,0,-1,0,0"
            for _ in range(draw(st.integers(0, 3)))
        ]
        masks = draw(st.lists(st.tuples(images, names, st.sampled_from(["", "0.1,0.5,0.2,0.6"])), max_size=2))
        made["masks"] = [
            f"m{index}.png,{image},{label},{index},{box or ',,,'},0.5,"
            for index, (image, label, box) in enumerate(masks)
        ]
        for path, content in documented(**made).items():
            files[path.replace("train", subset)] = content
        for index in range(len(masks)):
            files[f"masks/{subset}/m{index}.png"] = png()
    if draw(st.integers(0, 3)):
        files |= documented(hierarchy=json.dumps(draw(hierarchies())))
    return files


options = st.builds(
    ImportOptions,
    mode=st.sampled_from([Mode.MERGE, Mode.MERGE, Mode.REPLACE]),
    missing_images=st.sampled_from([None, *Missing]),
    missing_labels=st.sampled_from([None, *Missing]),
    missing_attributes=st.sampled_from([None, *MissingAttributes]),
    on_error=st.sampled_from([OnError.SKIP, OnError.SKIP, OnError.ABORT]),
    subsets=st.frozensets(st.sampled_from(["train", "test", "mine"]), max_size=2),
    labels=st.frozensets(names, max_size=3),
    match=st.sampled_from(list(Match)),
    masks_as=st.sampled_from(list(MasksAs)),
)


def content(task: Task) -> list[Any]:
    """What a task says, without keys and revisions: what replacing gives anew."""
    edges = HierarchyEdge.objects.filter(parent__task=task).order_by("parent__position", "kind", "position")
    shapes = task.shapes.order_by("pk").values_list(
        *(
            "image__subset",
            "image__name",
            "label__name",
            "kind",
            "x_min",
            "x_max",
            "y_min",
            "y_max",
            "points",
            "clicks",
        ),
        *("source", "score", "occluded", "attributes", *FLAGS, "mask__png", "mask__path", "mask__clicks"),
    )
    return [
        list(task.images.order_by("pk").values_list("subset", "name", "width", "height")),
        list(task.labels.order_by("position").values_list("name", "display_name", "is_listed", "position")),
        list(edges.values_list("parent__name", "child__name", "kind", "position")),
        sorted(map(repr, shapes)),
    ]


def twice(files: dict[str, str | bytes], chosen: ImportOptions, before: dict[str, str | bytes] | None = None) -> None:
    """Imports twice, after another archive it may be; what was written once is there, and stays so."""
    Task.objects.filter(name="t").delete()
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        if before is not None:
            Importer(write(source, before), "t", ImportOptions(on_error=OnError.SKIP)).run()
        first = Importer(write(source, files), "t", chosen).run()
        if not first.committed:
            return
        assert first.task is not None
        there = content(first.task)
        second = Importer(source, "t", chosen).run()
        note("\n".join([*told(first.report), "---", *told(second.report), str(there), str(content(first.task))]))
        assert content(first.task) == there
        stays(second, chosen)


def stays(second: Result, chosen: ImportOptions) -> None:
    """Nothing was changed, and that is what is said."""
    if chosen.mode is Mode.MERGE and second.committed:
        assert not second.changed
        for kind, totals in second.report.totals.items():
            assert not totals.added, kind
            assert not totals.updated, kind


class Twice(TestCase):
    """Whatever the archive and the options are."""

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(archives(), options)
    def test_into_a_new_task(self, files: dict[str, str | bytes], chosen: ImportOptions) -> None:
        twice(files, chosen)

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        st.sets(st.sampled_from(sorted(DISPLAY))),
        hierarchies(),
        st.lists(names, min_size=1, max_size=6),
        st.frozensets(names, min_size=1),
        st.sampled_from([None, Missing.CREATE, Missing.SKIP]),
    )
    def test_hierarchies_and_filters(
        self,
        listed: set[str],
        tree: dict[str, Any],
        rows: list[str],
        labels: frozenset[str],
        missing: Missing | None,
    ) -> None:
        files = documented(
            classes="".join(f"{name},{DISPLAY[name]}\n" for name in sorted(listed)),
            hierarchy=json.dumps(tree),
            boxes=[f"x,xclick,{name},1,0.1,0.5,0.2,0.6,0,0,0,0,0" for name in rows],
        )
        chosen = ImportOptions(labels=labels, missing_labels=missing, on_error=OnError.SKIP)
        twice(files if listed else {path: data for path, data in files.items() if "class" not in path}, chosen)

    @pytest.mark.long
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(archives(), archives(), options)
    def test_into_a_task(
        self, before: dict[str, str | bytes], files: dict[str, str | bytes], chosen: ImportOptions
    ) -> None:
        twice(files, chosen, before)


@pytest.mark.django_db
@pytest.mark.parametrize("labels", [{"/m/a", "/m/b"}, {"/m/b"}, {"/m/a", "/m/b", "/m/c"}])
def test_a_chosen_label_that_only_hierarchy_and_rows_have(tmp_path: Path, labels: set[str]) -> None:
    tree = {"LabelName": "/m/a", "Subcategory": [{"LabelName": "/m/b", "Part": [{"LabelName": "/m/c"}]}]}
    files = documented(
        classes="/m/a,Ay\n",
        hierarchy=json.dumps(tree),
        boxes=["x,xclick,/m/b,1,0.1,0.5,0.2,0.6,0,0,0,0,0", "x,xclick,/m/c,1,0.1,0.5,0.2,0.6,0,0,0,0,0"],
    )
    source = write(tmp_path, files)
    chosen = ImportOptions(labels=frozenset(labels))
    first = Importer(source, "t", chosen).run()
    assert first.task is not None
    edges = HierarchyEdge.objects.filter(parent__task=first.task).values_list("parent__name", "child__name")
    wanted = {("/m/a", "/m/b"), ("/m/b", "/m/c")}
    assert set(edges) == {edge for edge in wanted if labels.issuperset(edge)}
    before = content(first.task)
    second = Importer(source, "t", chosen).run()
    assert second.committed
    assert not second.changed
    assert content(first.task) == before
