"""Rows that no import makes, put in by the ORM: what cannot be written is told, and what is written can be read."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from openimages_io.models import EdgeKind, HierarchyEdge, Image, Label, Task
from tests.transfer.exporting import WHOLE, Made, lines, read_again, told

pytestmark = pytest.mark.django_db

BAD_SUBSETS = ["..", "a..b", "a/b", "a\\b", "a\nb", "C:x", "x" * 240, "é" * 120, "__MACOSX", "._x", "a\u0085b", "a\tb"]
BAD_IMAGES = ["../a", "/a", "a\\b", "a\nb", "a//b", "a/", ".", "a\u2028b"]


@pytest.mark.parametrize("subset", BAD_SUBSETS)
def test_subsets_whose_names_cannot_be_written(tmp_path: Path, subset: str) -> None:
    made = Made()
    for image in (made.image, made.add_image("b", subset), made.add_image("c", subset)):
        made.add("tag", image=image)
        made.add("rectangle", image=image, **WHOLE)
        made.add_mask(image=image)

    report = made.export(tmp_path / "out")

    assert told(report) == [f"bad-subset: {subset}"]
    assert report.totals["images"].skipped == {"the subset's name cannot be written": 2}
    for kind in ("human labels", "boxes", "masks"):
        assert report.totals[kind].skipped == {"bad-image-name": 2}
        assert report.totals[kind].written == 1
    assert read_again(tmp_path / "out").images.count() == 1


def test_a_task_of_nothing_but_a_bad_subset(tmp_path: Path) -> None:
    made = Made(subset="..")
    made.add("tag")
    report = made.export(tmp_path / "out")
    assert report.totals["human labels"].skipped.total() == 1
    read_again(tmp_path / "out")


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_images_whose_names_cannot_be_written(tmp_path: Path, name: str) -> None:
    made = Made()
    bad = made.add_image(name, width=3, height=3)
    made.add("rectangle", image=bad, **WHOLE)
    made.add("polygon", image=bad, points=[[0, 0, 1, 0, 1, 1]], **WHOLE)

    report = made.export(tmp_path / "out")

    assert told(report) == [f"bad-image-id: {name}"]
    assert report.totals["images"].skipped == {"bad-name": 1}
    assert report.totals["boxes"].skipped == report.totals["masks"].skipped == {"bad-image-name": 1}
    assert read_again(tmp_path / "out").images.count() == 1


@pytest.mark.parametrize("name", ["C:x", "._x", "a\x80b", "é" * 127, "__MACOSX/x"])
def test_images_whose_pictures_alone_cannot_be_written(tmp_path: Path, name: str) -> None:
    made = Made(image=name)
    made.image.file.save("x.jpg", ContentFile(b"x"))
    made.add("rectangle", **WHOLE)

    report = made.export(tmp_path / "out")

    assert [issue.code for issue in report.issues()] == ["bad-picture-name"]
    assert report.totals["pictures"].skipped == {"bad-name": 1}
    again = read_again(tmp_path / "out")
    assert (again.images.get().name, again.shapes.count()) == (name, 1)


@pytest.mark.parametrize("suffix", [".txt", "/../x.jpg", ".", ""])
def test_pictures_without_the_ending_of_one(tmp_path: Path, suffix: str) -> None:
    made = Made()
    made.image.file.save("x", ContentFile(b"x"))
    Image.objects.update(file_suffix=suffix)
    assert [issue.code for issue in made.export(tmp_path / "out").issues()] == ["bad-picture-name"]
    read_again(tmp_path / "out")


@pytest.mark.parametrize("name", ["a\nb", "\r", "x\x1cy"])
def test_labels_whose_names_cannot_be_written(tmp_path: Path, name: str) -> None:
    made = Made()
    bad = made.add_label(name)
    HierarchyEdge.objects.create(parent=made.label, child=bad, kind=EdgeKind.PART)
    made.add("tag", label=bad)
    made.add_mask(label=bad)

    report = made.export(tmp_path / "out")

    assert told(report) == [f"bad-label-name: {name}"]
    assert report.totals["labels"].skipped == {"bad-name": 1}
    for kind in ("human labels", "masks"):
        assert report.totals[kind].skipped == {"bad-label-name": 1}
    assert read_again(tmp_path / "out").labels.count() == 1


@pytest.mark.parametrize("name", [" ", "a\tb"])
def test_labels_that_only_a_hierarchy_cannot_have(tmp_path: Path, name: str) -> None:
    made = Made()
    child = made.add_label(name, "shown")
    for kind in EdgeKind.values:
        HierarchyEdge.objects.create(parent=made.label, child=child, kind=kind)
    report = made.export(tmp_path / "out")
    assert told(report) == [f"bad-edge: {name}"]
    assert report.totals["hierarchy edges"].skipped == {"bad-label-name": 2}
    assert read_again(tmp_path / "out").labels.filter(name=name, is_listed=True).exists()


def test_texts_that_no_cell_can_hold(tmp_path: Path) -> None:
    made = Made()
    Label.objects.update(display_name="two\nlines")
    Image.objects.update(title="long" * 50_000, author="fine")
    made.add("tag", source="two\nlines")
    made.add("tag", source="fine")
    made.add("rectangle", **WHOLE, clicks={"not": "clicks"}, attributes={"AgePresentation": "two\nlines"})
    made.add("rectangle", **WHOLE, clicks=[[2, 0]] * 4, attributes=[1])

    report = made.export(tmp_path / "out")

    assert told(report) == [
        "attribute-unwritten: attributes",
        "value-unwritten: AgePresentation",
        "value-unwritten: XClick1X to XClick4Y",
        "value-unwritten: Source",
        "value-unwritten: Title",
        "value-unwritten: DisplayName",
    ]
    assert lines(tmp_path / "out", "train-annotations-human-imagelabels.csv") == ["a,,/m/01yrx,1", "a,fine,/m/01yrx,1"]
    assert (again := read_again(tmp_path / "out").images.get()).author == "fine"
    assert again.title == ""


def test_clicks_that_cannot_be_beside_some_that_can(tmp_path: Path) -> None:
    made = Made()
    for clicks in ([[0, 0]], [[0.5, 0.25]] * 4, [["x", 0]] * 4, [[True, 0]] * 4):
        made.add("rectangle", **WHOLE, clicks=clicks)
    report = made.export(tmp_path / "out")
    assert [issue.reason[-4:] for issue in report.issues()] == [": 3)"]
    rows = lines(tmp_path / "out", "train-annotations-bbox.csv")
    assert [row.partition("-1,-1,-1,-1,-1,")[2] for row in rows] == [
        ",,,,,,,",
        "0.5,0.5,0.5,0.5,0.25,0.25,0.25,0.25",
        *[",,,,,,,"] * 2,
    ]


def test_clicks_that_say_null(tmp_path: Path) -> None:
    made = Made()
    made.add("rectangle", **WHOLE, clicks=[[0, 0]] * 4)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE openimages_io_shape SET clicks = 'null'")
    assert told(made.export(tmp_path / "out")) == []


def test_a_size_that_no_picture_has(tmp_path: Path) -> None:
    made = Made(width=20_000_000, height=1)
    made.add_image("b", width=1, height=1)
    report = made.export(tmp_path / "out")
    assert told(report) == ["bad-size: train/a"]
    assert report.totals["image sizes"].skipped == {"too-large": 1}
    assert read_again(tmp_path / "out").images.filter(width=1).count() == 1


def test_shapes_of_another_task_s_images_and_labels(tmp_path: Path) -> None:
    made = Made()
    other = Task.objects.create(name="other")
    label = Label.objects.create(task=other, name="/m/x")
    image = Image.objects.create(task=other, subset="train", name="a")
    made.add("rectangle", label=label, **WHOLE)
    made.add("rectangle", image=image, **WHOLE)
    made.add("rectangle", **WHOLE)

    report = made.export(tmp_path / "out")

    skipped = {"label-elsewhere": 1, "image-elsewhere": 1}
    assert report.totals["boxes"].skipped == skipped
    assert report.totals["boxes"].written == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('a1-\n,"', max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["truncated", "is_group_of", "is_inside", "GenderPresentation", "AgePresentation", "box_id", "predicted_iou", "own"]
)


class TestAttributes(TestCase):
    """Each example in a transaction of its own."""

    @pytest.mark.long
    @settings(max_examples=40)
    @given(st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=3), JSON)
    def test_any_attributes_make_an_archive_that_can_be_read(self, attributes: list[Any], clicks: Any) -> None:
        made = Made()
        for values in attributes:
            made.add("rectangle", **WHOLE, attributes=values, clicks=clicks)
            made.add_mask(attributes=values)
        with TemporaryDirectory() as folder:
            report = made.export(Path(folder) / "first.zip")
            assert report.errors == 0
            again = read_again(Path(folder) / "first.zip")
            made.task, task = again, made.task
            made.export(Path(folder) / "second.zip")
            assert (Path(folder) / "first.zip").read_bytes() == (Path(folder) / "second.zip").read_bytes()
        assert again.shapes.count() == 2 * len(attributes)
        task.delete()
        again.delete()
