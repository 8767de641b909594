"""The archive that an export writes: which files, with what in them."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openimages_io.archives.export_marker import MARKER
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import EdgeKind, HierarchyEdge, Image, Label, Shape
from openimages_io.transfer import scanning
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.options import ExportOptions, LabelNames, LayoutName
from tests.transfer.exporting import WHOLE, Made, lines, read_again, told

pytestmark = pytest.mark.django_db

SUBSET_FILES = [
    "annotations/{}-annotations-bbox.csv",
    "annotations/{}-annotations-human-imagelabels.csv",
    "annotations/{}-annotations-object-segmentation.csv",
]


def names(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found - {MARKER}


def tree(*subsets: str, images: str = "image_ids_and_rotation") -> set[str]:
    files = {"annotations/class-descriptions.csv", "annotations/bbox_labels_600_hierarchy.json"}
    for subset in subsets:
        files |= {name.format(subset) for name in [*SUBSET_FILES, f"annotations/{{}}-{images}.csv"]}
    return files


def test_every_file_of_the_tree_for_every_subset(tmp_path: Path) -> None:
    made = Made(width=None, height=None)
    made.add_image("b", "val")
    made.add("tag", source="machine", score=0.5)

    made.export(tmp_path / "out")

    assert names(tmp_path / "out") == tree("train", "val") | {"annotations/train-annotations-machine-imagelabels.csv"}
    assert lines(tmp_path / "out", "val-annotations-bbox.csv") == []
    header = (tmp_path / "out" / "annotations" / "val-annotations-bbox.csv").read_text()
    assert header.startswith("ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded")


def test_zip_and_folder_hold_the_same(tmp_path: Path) -> None:
    made = Made()
    made.add_mask()
    made.add("rectangle", **WHOLE)
    made.export(tmp_path / "out")
    made.export(tmp_path / "out.ZIP")

    with zipfile.ZipFile(tmp_path / "out.ZIP") as archive:
        assert set(archive.namelist()) == names(tmp_path / "out")
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "out" / name).read_bytes()


def test_members_of_a_zip_stand_in_one_order_whatever_the_rows(tmp_path: Path) -> None:
    made = Made(subset="z")
    for subset in ("b", "a", "c"):
        made.add("tag", source="machine", image=made.add_image("x", subset))
    made.export(tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        machine = [name for name in archive.namelist() if "machine" in name]
    assert machine == [f"annotations/{subset}-annotations-machine-imagelabels.csv" for subset in "abc"]


def test_more_subsets_than_files_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_OPEN_AT_ONCE", 2)
    monkeypatch.setattr(scanning, "_PAGE", 3)
    made = Made(subset="s0")
    images = [made.image, *(made.add_image("a", f"s{number}") for number in range(1, 5))]
    for image in images * 2:
        made.add("tag", image=image, score=1)
        made.add("rectangle", image=image, **WHOLE)

    report = made.export(tmp_path / "out")

    assert report.totals["boxes"].written == report.totals["human labels"].written == 10
    for number in range(5):
        assert lines(tmp_path / "out", f"s{number}-annotations-human-imagelabels.csv") == ["a,,/m/01yrx,1"] * 2
        assert len(lines(tmp_path / "out", f"s{number}-annotations-bbox.csv")) == 2


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_nothing_is_overwritten_without_force(tmp_path: Path, ending: str) -> None:
    made, dest = Made(), tmp_path / f"out{ending}"
    made.export(dest)
    before = dest.stat().st_ino

    with pytest.raises(OpenImagesError, match="--force"):
        Exporter(made.task, dest).run()
    assert dest.stat().st_ino == before

    Exporter(made.task, dest, force=True).run()
    assert dest.stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == [dest.name]


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, ending: str) -> None:
    made = Made()
    made.add("tag")

    def fail(phase: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Exporter(made.task, tmp_path / f"out{ending}", progress=fail).run()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_what_was_there(tmp_path: Path) -> None:
    made, dest = Made(), tmp_path / "out.zip"
    made.export(dest)
    before = dest.read_bytes()
    with pytest.raises(OpenImagesError, match="no subset “none”"):
        Exporter(made.task, dest, ExportOptions(subsets=frozenset({"none", "train"})), force=True).run()
    assert dest.read_bytes() == before


def test_a_task_that_is_gone(tmp_path: Path) -> None:
    made = Made()
    type(made.task).objects.all().delete()
    with pytest.raises(OpenImagesError, match="no longer there"):
        Exporter(made.task, tmp_path / "out").run()


def test_progress_ends_with_everything_done(tmp_path: Path) -> None:
    made, seen = Made(), []
    made.add("tag")
    made.add("rectangle", **WHOLE)
    made.add_mask()
    Exporter(made.task, tmp_path / "out", progress=lambda *told: seen.append(told)).run()
    assert seen[-1] == ("export", 3, 3)


# Labels


def test_the_class_list_has_display_names_and_every_label_in_use(tmp_path: Path) -> None:
    made = Made()
    made.add_label("/m/plain")
    made.add_label('a "b", c', "Ünï, “x”")
    made.add_label("/m/0bl9f", listed=False)
    made.add("tag", label=made.add_label("/m/used", listed=False))

    report = made.export(tmp_path / "out")

    text = (tmp_path / "out" / "annotations" / "class-descriptions.csv").read_text("utf-8")
    assert text == '/m/01yrx,Cat\n/m/plain,/m/plain\n"a ""b"", c","Ünï, “x”"\n/m/used,/m/used\n'
    assert report.totals["labels"].skipped == {"not-listed": 1}
    assert [str(issue).partition(": ")[2] for issue in report.issues()] == [
        "Labels without a display name are in the class list with their LabelName twice: 2"
    ]
    names = dict(read_again(tmp_path / "out").labels.values_list("name", "display_name"))
    assert (names["/m/plain"], names["/m/used"]) == ("", "")


@pytest.mark.parametrize(
    ("name", "display"),
    [
        ("LabelName", "x"),
        ("cat", "DisplayName"),
        ("cat", " displayname "),
        ("label", "name"),
        ("Class", "Display Name"),
        ("cat", "/m/01yrx"),
        ("/m/01yrx;", "x"),
        ("text", "label"),
    ],
)
def test_a_first_label_that_looks_like_a_header(tmp_path: Path, name: str, display: str) -> None:
    made = Made(label=name)
    Label.objects.filter(pk=made.label.pk).update(display_name=display)
    made.export(tmp_path / "out")
    again = read_again(tmp_path / "out").labels.get()
    assert (again.name, again.display_name) == (name, display)


@pytest.mark.parametrize(("layout", "has_header"), [(LayoutName.DOCUMENTED, True), (LayoutName.DATUMARO, False)])
def test_a_class_without_a_mid_above_those_with_mids(tmp_path: Path, layout: LayoutName, *, has_header: bool) -> None:
    """Datumaro would take a header for a class."""
    made = Made(label="own")
    made.add_label("/m/01yrx", "Cat")
    made.add_label("/m/0k4j", "Car")
    made.export(tmp_path / "out", layout=layout)
    text = (tmp_path / "out/annotations/class-descriptions.csv").read_text()
    assert text.startswith("LabelName,DisplayName\n") is has_header
    assert list(read_again(tmp_path / "out").labels.values_list("name", flat=True).order_by("position")) == [
        "own",
        "/m/01yrx",
        "/m/0k4j",
    ]


def test_a_label_of_spaces_alone_would_be_a_blank_line(tmp_path: Path) -> None:
    made = Made()
    made.add_label(" ")
    report = made.export(tmp_path / "out")
    assert told(report) == ["bad-label-name:  "]
    assert read_again(tmp_path / "out").labels.count() == 1


def test_the_hierarchy_is_a_tree_that_repeats_what_has_several_parents(tmp_path: Path) -> None:
    made = Made()
    root, part = made.add_label("/m/0bl9f", listed=False), made.add_label("part")
    for parent, child, kind, position in (
        (root, made.label, EdgeKind.SUBCATEGORY, 1),
        (root, part, EdgeKind.SUBCATEGORY, 0),
        (made.label, part, EdgeKind.PART, 0),
    ):
        HierarchyEdge.objects.create(parent=parent, child=child, kind=kind, position=position)
    made.export(tmp_path / "out")

    data = (tmp_path / "out" / "annotations" / "bbox_labels_600_hierarchy.json").read_text()
    cat = {"LabelName": "/m/01yrx", "Part": [{"LabelName": "part"}]}
    expected = {"LabelName": "/m/0bl9f", "Subcategory": [{"LabelName": "part"}, cat]}
    assert data == json.dumps(expected, indent=4)


def test_a_hierarchy_that_is_no_tree_is_an_issue(tmp_path: Path) -> None:
    made = Made()
    other = made.add_label("other")
    for parent, child in ((made.label, other), (other, made.label)):
        HierarchyEdge.objects.create(parent=parent, child=child, kind=EdgeKind.PART)

    report = made.export(tmp_path / "out")

    assert told(report) == ["name-twice", "bad-hierarchy"]
    assert report.totals["hierarchy edges"].skipped == {"unwritable": 2}
    read_again(tmp_path / "out")


def test_display_names_as_label_names(tmp_path: Path) -> None:
    made = Made()
    for name, display in (("/m/1", "Two"), ("/m/2", "Two"), ("/m/3", ""), ("/m/4", "/m/3"), ("Five", "Five")):
        made.add("tag", label=made.add_label(name, display), score=1)
    HierarchyEdge.objects.create(parent=made.label, child=made.task.labels.get(name="Five"), kind=EdgeKind.SUBCATEGORY)

    report = made.export(tmp_path / "out", label_names=LabelNames.DISPLAY)

    classes = (tmp_path / "out" / "annotations" / "class-descriptions.csv").read_text().splitlines()
    assert classes == ["Cat,Cat", "/m/1,Two", "/m/2,Two", "/m/3,/m/3", "/m/4,/m/3", "Five,Five"]
    tags = lines(tmp_path / "out", "train-annotations-human-imagelabels.csv")
    assert [row.split(",")[2] for row in tags] == ["/m/1", "/m/2", "/m/3", "/m/4", "Five"]
    assert '"LabelName": "Cat"' in (tmp_path / "out" / "annotations" / "bbox_labels_600_hierarchy.json").read_text()
    ambiguous = ["ambiguous-label: Two", "ambiguous-label: Two", "ambiguous-label: /m/3"]
    assert told(report) == [*ambiguous, "no-display-name", "name-twice"]


# What was chosen


def test_only_some_subsets(tmp_path: Path) -> None:
    made = Made()
    for subset in ("val", "test"):
        image = made.add_image("a", subset)
        made.add("rectangle", image=image, **WHOLE)
        made.add_mask(image=image)
    report = made.export(tmp_path / "out", subsets=frozenset({"train", "val"}))

    written = names(tmp_path / "out")
    assert tree("train", "val") < written
    assert not any("test" in name for name in written)
    assert report.totals["boxes"].written == report.totals["masks"].written == 1


def test_only_some_labels(tmp_path: Path) -> None:
    made = Made()
    dog = made.add_label("/m/dog", "Dog")
    HierarchyEdge.objects.create(parent=made.label, child=dog, kind=EdgeKind.SUBCATEGORY)
    for label in (made.label, dog):
        made.add("tag", label=label)
        made.add("rectangle", label=label, **WHOLE)
        made.add_mask(label=label, path="one name.png")

    report = made.export(tmp_path / "out", labels=frozenset({"Dog"}))

    assert (tmp_path / "out" / "annotations" / "class-descriptions.csv").read_text() == "/m/dog,Dog\n"
    for kind in ("human-imagelabels", "bbox", "object-segmentation"):
        (row,) = lines(tmp_path / "out", f"train-annotations-{kind}.csv")
        assert "/m/dog" in row
    assert told(report) == []  # a mask that is not written takes no name from another


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "no label “none”"), ("Two", "display name of several labels; say which, by LabelName: “/m/1”, “/m/2”")],
)
def test_labels_that_cannot_be_chosen(tmp_path: Path, name: str, message: str) -> None:
    made = Made()
    made.add_label("/m/1", "Two")
    made.add_label("/m/2", "Two")
    with pytest.raises(OpenImagesError, match=message):
        made.export(tmp_path / "out", labels=frozenset({name}))


def test_a_label_name_is_meant_before_a_display_name(tmp_path: Path) -> None:
    made = Made()
    made.add_label("Cat", "Other")
    made.export(tmp_path / "out", labels=frozenset({"Cat"}))
    assert (tmp_path / "out" / "annotations" / "class-descriptions.csv").read_text() == "Cat,Other\n"


# Layouts


def test_the_names_that_datumaro_reads(tmp_path: Path) -> None:
    made = Made()
    made.add_image("a", "val")
    report = made.export(tmp_path / "out", layout=LayoutName.DATUMARO)
    assert names(tmp_path / "out") == tree("train", "val", images="images-with-rotation") | {"annotations/images.meta"}
    assert told(report) == ["shared-image-id"]


def test_a_subset_that_the_names_make_look_like_another_is_told(tmp_path: Path) -> None:
    made = Made(subset="oidv7-val")
    assert told(made.export(tmp_path / "one", layout=LayoutName.DATUMARO)) == ["misread-subset: oidv7-val"]
    assert told(made.export(tmp_path / "two")) == []


# Sizes and pictures


def test_sizes_of_every_image_whose_size_is_known(tmp_path: Path) -> None:
    made = Made(image="b/c 1")
    made.add_image("unknown")
    made.export(tmp_path / "out")
    text = (tmp_path / "out" / "annotations" / "images.meta").read_text()
    assert text == "# <image name> <height> <width>\n\n'b/c 1' 20 40\n"


def test_one_name_with_two_sizes_is_told_apart_by_its_subset(tmp_path: Path) -> None:
    made = Made()
    made.add_image("a", "val", width=7, height=8)
    made.add_image("a", "test")
    made.export(tmp_path / "out")
    again = read_again(tmp_path / "out").images.order_by("subset").values_list("subset", "width", "height")
    assert list(again) == [("test", None, None), ("train", 40, 20), ("val", 7, 8)]


def give_picture(image: Image, name: str, suffix: str, data: bytes = b"a picture") -> None:
    image.file.save(name, ContentFile(data), save=False)
    Image.objects.filter(pk=image.pk).update(file=image.file.name, file_suffix=suffix)


def test_pictures_are_copied_under_their_own_names(tmp_path: Path) -> None:
    made = Made(image="b/c")
    give_picture(made.image, "x.jpg", ".JPEG", b"one")
    give_picture(made.add_image("d", "val"), "y.png", "", b"two" * 10**6)

    report = made.export(tmp_path / "out")

    assert (tmp_path / "out" / "images" / "train" / "b" / "c.JPEG").read_bytes() == b"one"
    assert (tmp_path / "out" / "images" / "val" / "d.png").read_bytes() == b"two" * 10**6
    assert report.totals["pictures"].written == 2
    made.export(tmp_path / "without", pictures=False)
    assert not (tmp_path / "without" / "images").exists()


def test_a_picture_that_the_storage_has_lost_is_an_issue(tmp_path: Path) -> None:
    made = Made()
    give_picture(made.image, "x.jpg", ".jpg")
    made.image.file.storage.delete(str(made.image.file))
    Image.objects.filter(pk=made.add_image("b").pk).update(file="../../etc/passwd", file_suffix=".jpg")

    report = made.export(tmp_path / "out")

    assert told(report) == ["picture-missing: images/train/a.jpg", "picture-missing: images/train/b.jpg"]
    assert report.totals["pictures"].skipped.total() == 2


def test_pictures_never_share_a_name(tmp_path: Path) -> None:
    made = Made(image="a")
    give_picture(made.image, "1.jpg", ".jpg")
    for number, (name, suffix) in enumerate(
        [("a.jpg/b", ".png"), ("A", ".JPG"), ("d/e.png/f", ".png"), ("d/e", ".png")]
    ):
        give_picture(made.add_image(name), f"{number}.png", suffix)

    report = made.export(tmp_path / "out")

    written = {name for name in names(tmp_path / "out") if name.startswith("images/")}
    assert written == {"images/train/a.jpg", "images/train/A.JPG", "images/train/d/e.png/f.png"}
    assert told(report) == [
        "bad-picture-name: images/train/a.jpg/b.png",
        "similar-picture-name: images/train/A.JPG",
        "bad-picture-name: images/train/d/e.png",
    ]


# Boxes


def test_boxes_with_every_column(tmp_path: Path) -> None:
    made = Made()
    box = {"x_min": 0.1, "x_max": 1.0, "y_min": 0.0, "y_max": 1 / 3}
    flags = {"truncated": True, "is_group_of": False, "is_depiction": "true", "is_inside": 0}
    clicks = [[0.5, -1], [None, 0], [1, 1], [0, 0.25]]
    made.add("rectangle", **box, source="xclick", score=0.5, occluded=True, attributes=flags, clicks=clicks)
    made.add("rectangle", **box, attributes={"AgePresentation": "Young, or so"}, rotation=0)
    made.export(tmp_path / "out")

    header, *rows = (tmp_path / "out" / "annotations" / "train-annotations-bbox.csv").read_text().splitlines()
    clicked = "XClick1X,XClick2X,XClick3X,XClick4X,XClick1Y,XClick2Y,XClick3Y,XClick4Y"
    assert header.endswith(f"IsInside,{clicked},AgePresentation")
    assert rows == [
        "a,xclick,/m/01yrx,0.5,0.1,1,0,0.3333333333333333,1,1,0,1,0,0.5,,1,0,-1,0,1,0.25,",
        'a,,/m/01yrx,1,0.1,1,0,0.3333333333333333,-1,-1,-1,-1,-1,,,,,,,,,"Young, or so"',
    ]


def test_flags_that_are_columns_and_flags_that_are_attributes(tmp_path: Path) -> None:
    made = Made()
    flags = {"truncated": True, "is_group_of": False}
    made.add("rectangle", **WHOLE, **flags)
    made.add(
        "rectangle", **WHOLE, **flags, attributes={"is_depiction": "yes", "is_inside": 0, "AgePresentation": "Old"}
    )
    made.add("rectangle", **WHOLE, **flags, attributes={"truncated": "perhaps", "depth": 1})
    made.add("tag", is_inside=True)
    made.add_mask(truncated=False)
    report = made.export(tmp_path / "out")

    assert lines(tmp_path / "out", "train-annotations-bbox.csv") == [
        "a,,/m/01yrx,1,0,1,0,1,-1,1,0,-1,-1,",
        "a,,/m/01yrx,1,0,1,0,1,-1,1,0,1,0,Old",
        "a,,/m/01yrx,1,0,1,0,1,-1,1,0,-1,-1,",
    ]
    issues = [issue for issue in report.issues() if issue.code.endswith("-unwritten")]
    assert [(issue.value, issue.reason.partition("(")[2]) for issue in issues] == [
        ("depth", "boxes with it: 1)"),
        ("truncated", "masks with it: 1)"),
        ("is_inside", "tags with it: 1)"),
    ]


def test_columns_that_would_be_empty_are_not_there(tmp_path: Path) -> None:
    made = Made()
    nothing: dict[str, Any] = {"AgePresentation": "", "GenderPresentation": None}
    made.add("rectangle", **WHOLE, clicks=[[None, None]] * 4, attributes=nothing)
    made.add("rectangle", **WHOLE, rotation=5, clicks=[[0, 0]] * 4)
    report = made.export(tmp_path / "out")
    assert lines(tmp_path / "out", "train-annotations-bbox.csv") == ["a,,/m/01yrx,1,0,1,0,1,-1,-1,-1,-1,-1"]
    assert told(report) == ["attribute-unwritten: clicks", "no-place"]  # of the box that became a mask


def test_what_the_format_has_no_column_for_is_counted(tmp_path: Path) -> None:
    made = Made()
    for attributes in ({"depth": 1, "truncated": "perhaps"}, {"depth": 2, "is_inside": [1]}):
        made.add("rectangle", **WHOLE, attributes=attributes)
    made.add("tag", occluded=False, attributes={"depth": 1})
    made.add_mask(source="me", score=0.5, occluded=True, attributes={"depth": 1, "predicted_iou": "good"})
    made.add_mask(score=1)

    report = made.export(tmp_path / "out")

    issues = [issue for issue in report.issues() if issue.code.endswith("-unwritten")]
    assert [(issue.value, issue.reason.partition("(")[2]) for issue in issues] == [
        ("depth", "boxes with it: 2)"),
        ("Source", "masks with it: 1)"),
        ("depth", "masks with it: 1)"),
        ("occluded", "masks with it: 1)"),
        ("score", "masks with it: 1)"),
        ("depth", "tags with it: 1)"),
        ("occluded", "tags with it: 1)"),
        ("IsInside", "boxes concerned: 1)"),
        ("IsTruncated", "boxes concerned: 1)"),
        ("PredictedIoU", "masks concerned: 1)"),
    ]
    assert report.errors == 0
    read_again(tmp_path / "out")


# Queries


def count_queries(made: Made, dest: Path) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        made.export(dest)
    return len(queries)


@pytest.mark.long
def test_the_number_of_queries_does_not_depend_on_that_of_shapes(tmp_path: Path) -> None:
    made = Made()

    def add_some() -> None:
        made.add("tag", source="machine")
        made.add("tag", attributes={"more": 1})
        made.add("rectangle", **WHOLE, clicks=[[0, 0]] * 4, attributes={"AgePresentation": "Old"})
        group = Shape.objects.count()
        for _ in "ab":
            made.add("polygon", points=[[0, 0, 1, 0, 1, 1]], **WHOLE, group=group)
            made.add("ellipse", points=[0.5, 0.5, 0.5, 0.5], **WHOLE)
            made.add_mask()
            made.add_mask(path="shared.png")

    add_some()
    few = count_queries(made, tmp_path / "few")
    for _ in range(5):
        add_some()
    assert count_queries(made, tmp_path / "many") == few
