"""An import that people save during comes to what it would be if they had saved before, with one plan where it may."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from openimages_io.format.masks import encode
from openimages_io.models import AttributeSpec, Image, Label, Mask, Shape, Task
from openimages_io.transfer import planning
from openimages_io.transfer.basis import Basis
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.labels.importing import report_awaited_labels
from openimages_io.transfer.masks import importing, looks
from openimages_io.transfer.options import ImportOptions, MasksAs, Match, Missing, MissingAttributes, Mode, OnError
from openimages_io.transfer.plan_again import plan_again
from openimages_io.transfer.planning import Planner
from tests.transfer.datasets import (
    BOXES_HEADER,
    LABELS_HEADER,
    MASKS_HEADER,
    accounted,
    csv_text,
    documented,
    totals,
    write,
)

NAMES = "abc"
LABELS = ("/m/x", "/m/y")
COORDINATES = ("x_min", "x_max", "y_min", "y_max")
PNGS = [encode(np.eye(number, dtype=np.bool_)) for number in (4, 5, 6)]
BOX_IDS = ("", "00000000", "aaaaaaaa", "bbbbbbbb")

# Some are equal, some within the tolerance, some neither.
steps = st.sampled_from([0.3, 0.300004, 0.30004])
corners = st.tuples(steps, st.sampled_from([0.5, 0.500004]), st.just(0.2), st.just(0.7))
names, labels = st.sampled_from([*NAMES, "new"]), st.sampled_from([*LABELS, "/m/z"])
flags = st.sampled_from(["", "0", "1"])
box_rows = st.builds(
    lambda name, source, label, score, box, *flags: ",".join([name, source, label, score, *map(str, box), *flags]),
    *(names, st.sampled_from(["xclick", "freeform", ""]), labels, st.sampled_from(["1", "0.5", "7"]), corners),
    *[flags] * 5,
)
tag_rows = st.builds(
    lambda name, source, label, score: f"{name},{source},{label},{score}",
    *(names, st.sampled_from(["verification", ""]), labels, st.sampled_from(["1", "0.5", ""])),
)
mask_rows = st.tuples(
    *(st.sampled_from(NAMES), st.sampled_from(LABELS), st.sampled_from(BOX_IDS)),
    *(st.sampled_from([None, (0.3, 0.5, 0.2, 0.7), (0.300004, 0.5, 0.2, 0.7)]), st.integers(0, len(PNGS) - 1)),
)
options = st.builds(
    lambda **said: ImportOptions(on_error=OnError.SKIP, **said),
    mode=st.sampled_from(Mode),
    replace_all_kinds=st.booleans(),
    masks_as=st.sampled_from(MasksAs),
    match=st.sampled_from(Match),
    missing_images=st.sampled_from([Missing.CREATE, Missing.SKIP]),
    missing_attributes=st.sampled_from(MissingAttributes),
    missing_labels=st.sampled_from([Missing.CREATE, Missing.SKIP]),
)


@dataclass(frozen=True)
class Save:
    """What a person does with a task."""

    what: str
    name: str
    label: str
    box: tuple[float, ...]
    number: int

    def __call__(self, task: Task) -> None:
        image, label = task.images.filter(name=self.name).first(), task.labels.filter(name=self.label).first()
        if image is None or label is None:
            return
        shapes = list(image.shapes.order_by("pk"))
        shape = shapes[self.number % len(shapes)] if shapes else None
        new: dict[str, Any] = {"task": task, "image": image, "label": label}
        box = dict(zip(COORDINATES, self.box, strict=True))
        score = (None, 0.5, 1)[self.number % 3]
        group = (None, 1, 2)[self.number % 3]
        match self.what:
            case "box":
                Shape.objects.create(kind="rectangle", source="xclick", group=group, **new, **box)
            case "tag":
                Shape.objects.create(kind="tag", source=("machine", "", "verification")[self.number % 3], **new)
            case "polygon":
                Shape.objects.create(kind="polygon", points=[[0.3, 0.2, 0.5, 0.2, 0.5, 0.7]], group=group, **new, **box)
            case "mask":
                attributes = {"box_id": BOX_IDS[self.number % len(BOX_IDS)]}
                mask = Shape.objects.create(kind="mask", attributes=attributes, group=group, **new, **box)
                png = self.number % len(PNGS)
                Mask.objects.create(shape=mask, png=PNGS[png], width=4 + png, height=4 + png, path="a.png")
            case "a new image":
                Image.objects.get_or_create(task=task, subset="train", name="new")
            case "an image less":
                image.delete()
            case "a title":
                Image.objects.filter(pk=image.pk).update(title=f"title {self.number}")
            case "a spec":
                AttributeSpec.objects.get_or_create(label=label, name="is_inside", input_type="checkbox")
            case _ if shape is not None:
                self._change(shape, image, score, group)

    def _change(self, shape: Shape, image: Image, score: float | None, group: int | None) -> None:
        if self.what == "less":
            shape.delete()
        elif self.what == "nothing left":
            image.shapes.all().delete()
        elif self.what == "group":
            shape.group = group
            shape.save()
        elif self.what == "score":
            shape.score = score
            shape.save()
        elif self.what == "odd":
            Shape.objects.filter(pk=shape.pk).update(attributes=["what"])
        elif self.what == "another image":
            others = image.task.images.exclude(pk=image.pk).order_by("pk")
            shape.image = others[self.number % len(others)] if others else image
            shape.save()


ON_SHAPES = ("box", "box", "tag", "polygon", "mask", "less", "less", "nothing left", "group", "score", "another image")
RARE = ("odd", "a new image", "an image less", "a title", "a spec")
saves = st.builds(
    Save,
    st.sampled_from([*ON_SHAPES, *ON_SHAPES, *RARE]),
    *(st.sampled_from(NAMES), st.sampled_from(LABELS), corners, st.integers(0, 5)),
)
shape_saves = st.builds(
    Save, st.sampled_from(ON_SHAPES), st.sampled_from(NAMES), st.sampled_from(LABELS), corners, st.integers(0, 5)
)
MOMENTS = ("basis", "read", "planned", "forgotten", "planned again")


def task_named(name: str, before: list[Save]) -> Task:
    task = Task.objects.create(name=name)
    for label in LABELS:
        Label.objects.create(task=task, name=label, display_name=f"{label} shown")
    for image in (*NAMES, "d"):
        Image.objects.create(task=task, subset="train", name=image, width=10, height=10)
    for save in before:
        save(task)
    return task


def archive(folder: Path, boxes: list[str], tags: list[str], machine: list[str], masks: list[tuple[Any, ...]]) -> Path:
    files: dict[str, Any] = {}
    tables = {"boxes": csv_text(BOXES_HEADER, *boxes), "labels": csv_text(LABELS_HEADER, *tags)}
    rows = [row.split(",") for row in machine]
    tables["machine"] = csv_text(LABELS_HEADER, *(f"{name},machine,{label},{score}" for name, _, label, score in rows))
    lines = []
    for number, (name, label, box_id, box, png) in enumerate(masks):
        path = f"m{number}.png"
        files[f"masks/train/{path}"] = PNGS[png]
        lines.append(f"{path},{name},{label},{box_id},{','.join(map(str, box or [''] * 4))},,")
    if masks:
        tables["masks"] = csv_text(MASKS_HEADER, *lines)
    return write(folder, documented(**tables) | files)


@contextmanager
def happening(moments: dict[str, list[Save]], task: Task, done: list[Save]) -> Iterator[Counter[str]]:
    """People save at these moments of an import; counts the plans."""
    plans: Counter[str] = Counter()

    def act(moment: str) -> None:
        if waiting := moments.get(moment):
            save = waiting.pop(0)
            done.append(save)
            save(task)

    def after(original: Callable[..., Any], moment: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            found = original(*args, **kwargs)
            act(moment)
            return found

        return call

    def plan(self: Planner, *args: Any, **kwargs: Any) -> Any:
        plans["whole"] += 1
        return original_plan(self, *args, **kwargs)

    def again(*args: Any) -> None:
        plans["again"] += 1
        act("forgotten")
        plan_again(*args)
        act("planned again")

    original_plan = Planner.plan
    with (
        mock.patch.object(Basis, "of", after(Basis.of, "basis")),
        mock.patch.object(planning, "report_awaited_labels", after(report_awaited_labels, "read")),
        mock.patch.object(Importer, "_plan", after(Importer._plan, "planned")),
        mock.patch.object(Planner, "plan", plan),
        mock.patch.object(planning, "plan_again", again),
    ):
        yield plans


def content(task: Task) -> Any:
    """All that the task has but for keys and numbers of groups."""
    images = []
    for image in task.images.order_by("subset", "name"):
        shapes = list(image.shapes.select_related("label", "mask"))
        said = {shape.pk: _said(shape) for shape in shapes}
        groups: dict[int | None, list[Any]] = {}
        for shape in shapes:
            groups.setdefault(shape.group, []).append(said[shape.pk])
        known = sorted((said[s.pk], sorted(groups[s.group]) if s.group is not None else []) for s in shapes)
        images.append((image.subset, image.name, image.title, known))
    specs = sorted(AttributeSpec.objects.filter(label__task=task).values_list("label__name", "name"))
    return images, sorted(task.labels.values_list("name", "display_name")), specs


def _said(shape: Shape) -> str:
    mask = (bytes(shape.mask.png), shape.mask.path, shape.mask.clicks) if hasattr(shape, "mask") else None
    fields = ("kind", *COORDINATES, "points", "clicks", "source", "score", "occluded", "truncated", "is_group_of")
    columns = [getattr(shape, name) for name in (*fields, "is_depiction", "is_inside", "attributes")]
    return repr((shape.label.name, columns, mask))


def outcome(result: Result) -> Any:
    accounted(result.report)
    said = Counter(re.sub(r"shape \d+", "shape", str(issue)) for issue in result.report.issues())
    return result.committed, result.refused, result.changed, totals(result.report), said


archives = st.fixed_dictionaries(
    {
        "boxes": st.lists(box_rows, max_size=6),
        "tags": st.lists(tag_rows, max_size=3),
        "machine": st.lists(tag_rows, max_size=2),
        "masks": st.lists(mask_rows, max_size=6),
    }
)
# Several masks in one spot, in no order of images: which of them a row meets is told by BoxIDs and pixels.
one_spot = st.fixed_dictionaries(
    {
        "boxes": st.lists(box_rows, max_size=2),
        "tags": st.just([]),
        "machine": st.just([]),
        "masks": st.lists(
            st.tuples(
                *(st.sampled_from("ab"), st.just(LABELS[0]), st.sampled_from(BOX_IDS)),
                *(st.sampled_from([None, (0.3, 0.5, 0.2, 0.7)]), st.integers(0, len(PNGS) - 1)),
            ),
            min_size=3,
            max_size=9,
        ),
    }
)
spot_saves = st.builds(
    Save,
    st.sampled_from(["mask", "mask", "mask", "polygon", "box", "less", "group"]),
    *(st.sampled_from("ab"), st.just(LABELS[0]), st.just((0.3, 0.5, 0.2, 0.7)), st.integers(0, 11)),
)
# Rows as they come, all sorted by image, and as they come in more than one block.
WAYS = {"whole": ("_CHUNK_ROWS", 256), "sorted": ("SCATTERED", -1), "in blocks": ("_CHUNK_ROWS", 2)}
Meanwhile = dict[str, list[Save]]


def compared(before: list[Save], files: dict[str, Any], chosen: ImportOptions, meanwhile: Meanwhile) -> Counter[str]:
    """Holds an import that people save during against one after the same saves. Returns its number of plans."""
    done: list[Save] = []
    with TemporaryDirectory() as folder:
        source = archive(Path(folder), **files)
        task = task_named("during", before)
        with happening({moment: list(of) for moment, of in meanwhile.items()}, task, done) as plans:
            result = Importer(source, "during", chosen).run()
        twin = task_named("before", before)
        for save in done:
            save(twin)
        expected = Importer(source, "before", chosen).run()
    assert outcome(result) == outcome(expected)
    assert content(task) == content(twin)
    return plans


class PlanAgain(TestCase):
    """Each example is rolled back."""

    @pytest.mark.long
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
    @given(
        st.lists(saves, max_size=6),
        archives,
        options,
        st.dictionaries(st.sampled_from(MOMENTS), st.lists(saves, max_size=3), min_size=1),
    )
    def test_the_end_is_that_of_a_plan_made_after_the_last_save(
        self, before: list[Save], files: dict[str, Any], chosen: ImportOptions, meanwhile: Meanwhile
    ) -> None:
        compared(before, files, chosen, meanwhile)

    @pytest.mark.long
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
    @given(
        st.lists(shape_saves, max_size=8),
        archives,
        options,
        st.dictionaries(st.sampled_from(MOMENTS), st.lists(shape_saves, min_size=1, max_size=4), min_size=2),
    )
    def test_whoever_saves_annotations_has_their_images_alone_planned_again(
        self, before: list[Save], files: dict[str, Any], chosen: ImportOptions, meanwhile: Meanwhile
    ) -> None:
        plans = compared(before, files, chosen, meanwhile)
        assert plans["whole"] == 1

    @pytest.mark.thorough
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
    @given(
        st.lists(spot_saves, min_size=2, max_size=9),
        one_spot,
        options,
        st.dictionaries(st.sampled_from(MOMENTS), st.lists(spot_saves, min_size=1, max_size=4), min_size=1),
        st.sampled_from(sorted(WAYS)),
        st.integers(1, 2),
    )
    def test_many_masks_in_one_spot_are_planned_again_alike(
        self,
        before: list[Save],
        files: dict[str, Any],
        chosen: ImportOptions,
        meanwhile: Meanwhile,
        way: str,
        sizes: int,
    ) -> None:
        with mock.patch.object(looks, "MOST_SIZES", sizes), mock.patch.object(importing, *WAYS[way]):
            plans = compared(before, files, chosen, meanwhile)
        assert plans["whole"] == 1
