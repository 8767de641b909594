"""What becomes of a task that is there already: merge, replace, append, and what is missing."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from fixtures.draw_scenes import FOLDER
from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode
from openimages_io.geometry import fill_polygon
from openimages_io.models import AttributeSpec, Image, InputType, Label, Shape, ShapeKind, Task
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, MasksAs, Missing, MissingAttributes, Mode, OnError
from tests.stored_files import stored_files
from tests.transfer.datasets import (
    BOX,
    BOXES_HEADER,
    CLASSES,
    CLICKS_HEADER,
    LABELS_HEADER,
    MASKS_HEADER,
    Files,
    bring_in,
    codes,
    csv_text,
    documented,
    everything,
    image_names,
    imported,
    only_shape,
    picture,
    pixels,
    png,
    shapes,
    told,
    totals,
    write,
)

pytestmark = pytest.mark.django_db

MASK = "a_aaaaaaaa.png,a,/m/01yrx,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,0.1 0.2 1"
MASK_FILE = "masks/train/a_aaaaaaaa.png"


def box(x_min: float | str = 0.1, rest: str = ",,,,", *, image: str = "a", source: str = "", score: str = "1") -> str:
    return f"{image},{source},/m/01yrx,{score},{x_min},0.5,0.2,0.6,{rest}"


def whole() -> dict[str, str | bytes]:
    """A bit of everything."""
    tree = '{"LabelName": "/m/root", "Subcategory": [{"LabelName": "/m/01yrx", "Part": [{"LabelName": "/m/0k4j"}]}]}'
    files = documented(
        classes=CLASSES,
        hierarchy=tree,
        sizes="a 10 20\n",
        images=['a,train,u,l,c,p,"Ann, Ä",T,5,md5,t,90.0', "b,train,,,,,,,,,,", "empty,train,,,,,,,,,,"],
        labels=["a,verification,/m/01yrx,0", "a,verification,/m/01yrx,0", "b,,/m/0k4j,"],
        machine=["a,machine,/m/01yrx,0.7"],
        boxes=csv_text(CLICKS_HEADER, f"{BOX},-1,-1,-1,-1,-1,-1,-1,-1", f"{BOX},,,,,,,,", f"{box(image='b')},,,,,,,,"),
        masks=[MASK],
    )
    return files | {MASK_FILE: png(), "images/train/a.jpg": picture(), "images/train/b.png": picture(kind="PNG")}


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A task of which another archive may bring more."""
    imported(write(tmp_path / "first", documented(classes=CLASSES, boxes=[BOX])))
    return Task.objects.get()


@pytest.fixture
def again(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes a second archive."""
    return lambda files: write(tmp_path / "again", files)


# Merging


def test_importing_twice_changes_nothing(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    before = everything()
    result = imported(again(whole()))

    assert everything() == before
    assert not result.changed
    assert all(set(n) <= {"read", "unchanged"} for n in totals(result.report).values())


@pytest.mark.parametrize("masks_as", MasksAs)
def test_the_scenes_twice(masks_as: MasksAs) -> None:
    bring_in(FOLDER / "scenes", masks_as=masks_as, check_first=False)
    before = everything()
    result = bring_in(FOLDER / "scenes", masks_as=masks_as, check_first=False)

    assert everything() == before
    assert not result.changed


def test_the_nth_of_equal_boxes_meets_the_nth(task: Task, again: Callable[[Files], Path]) -> None:
    result = imported(again(documented(boxes=[BOX, BOX.replace("xclick", "freeform"), BOX])))

    assert totals(result.report)["boxes"] == {"read": 3, "added": 2, "unchanged": 1}
    result = imported(again(documented(boxes=[BOX, BOX.replace("xclick", "activemil"), BOX])))
    assert totals(result.report)["boxes"] == {"read": 3, "updated": 1, "unchanged": 2}
    assert [shape.source for shape in shapes()] == ["xclick", "activemil", "xclick"]


@pytest.mark.parametrize("mode", [Mode.MERGE, Mode.APPEND])
def test_a_box_joins_the_mask_that_came_before_it(mode: Mode, tmp_path: Path, again: Callable[[Files], Path]) -> None:
    files = {MASK_FILE: png()}
    bring_in(write(tmp_path / "masks", documented(classes=CLASSES, masks=[MASK]) | files))
    result = imported(again(documented(boxes=[box(), box()])), mode=mode)

    mask, first, second = shapes()
    assert mask.group is not None
    assert (first.group, second.group) == (mask.group, None)
    assert Image.objects.get().revision == 2
    assert "mask-without-box" not in codes(result.report)
    assert not imported(again(documented(boxes=[box(), box()], masks=[MASK]) | files)).changed


def test_a_mask_with_a_box_takes_no_equal_one(again: Callable[[Files], Path]) -> None:
    both = documented(classes=CLASSES, boxes=[box(), box()], masks=[MASK]) | {MASK_FILE: png()}
    imported(again(both))
    first, second = shapes(ShapeKind.RECTANGLE)
    Shape.objects.filter(pk=second.pk).update(group=first.group)
    Shape.objects.filter(pk=first.pk).update(group=None)
    before = everything()

    assert not imported(again(both)).changed
    assert everything() == before


def test_shapes_may_lie_far_out_in_the_table(task: Task, again: Callable[[Files], Path]) -> None:
    stored = only_shape()
    Shape.objects.filter(pk=stored.pk).update(id=2**62)
    assert not imported(again(documented(boxes=[BOX]))).changed


def test_an_empty_click_cell_blanks_no_click(again: Callable[[Files], Path]) -> None:
    def clicked(cells: str) -> Path:
        return again(documented(classes=CLASSES, boxes=csv_text(CLICKS_HEADER, f"{BOX},{cells}")))

    imported(clicked("0.1,0.2,,0.4,0.5,0.6,0.7,-1"))
    before = only_shape().clicks
    assert not imported(clicked(",0.2,,,0.5,,,")).changed
    assert only_shape().clicks == before
    assert imported(clicked(",0.9,0.3,,,,,")).changed
    assert only_shape().clicks == [[0.1, 0.5], [0.9, 0.6], [0.3, 0.7], [0.4, -1]]


def test_a_display_name_that_moves_on_is_not_ambiguous(again: Callable[[Files], Path]) -> None:
    imported(again(documented(classes="/m/1,Cat\n/m/2,Dog\n/m/3,Dog\n")))
    classes, boxes = "/m/1,Dog\n/m/2,Cat\n/m/3,Cow\n", [BOX.replace("/m/01yrx", name) for name in ("Dog", "Cat", "Cow")]
    imported(again(documented(classes=classes, boxes=boxes)), missing_images=Missing.CREATE)

    assert [shape.label.name for shape in shapes()] == ["/m/1", "/m/2", "/m/3"]


def test_the_nth_of_equal_tags_meets_the_nth(again: Callable[[Files], Path]) -> None:
    imported(again(documented(labels=["a,v,/m/01yrx,1", "a,v,/m/01yrx,0"])))
    result = imported(again(documented(labels=["a,v,/m/01yrx,1", "a,v,/m/01yrx,0.5", "a,v,/m/01yrx,0"])))

    assert [tag.score for tag in shapes()] == [1, 0.5, 0]
    assert totals(result.report)["human labels"] == {"read": 3, "added": 1, "updated": 1, "unchanged": 1}


def test_human_and_machine_tags_are_apart(again: Callable[[Files], Path]) -> None:
    imported(again(documented(labels=["a,verification,/m/01yrx,1"])))
    imported(again(documented(machine=["a,,/m/01yrx,0.6"])))
    imported(again(documented(machine=["a,machine,/m/01yrx,0.8"], labels=["a,,/m/01yrx,0"])))

    assert [(tag.source, tag.score) for tag in shapes()] == [("verification", 0), ("machine", 0.8)]


@pytest.mark.parametrize(("x_min", "added"), [(0.10000999, 0), (0.0999901, 0), (0.1000101, 1), (0.0999899, 1)])
def test_the_tolerance(x_min: float, added: int, task: Task, again: Callable[[Files], Path]) -> None:
    before = everything()
    result = imported(again(documented(boxes=[box(x_min, source="xclick")])))

    assert totals(result.report)["boxes"] == {"read": 1, "added": 1} if added else {"read": 1, "unchanged": 1}
    assert (everything() == before) is not bool(added)


def test_an_equal_box_before_a_near_one(again: Callable[[Files], Path]) -> None:
    imported(again(documented(boxes=[box(0.1), box(0.100008)])))
    result = imported(again(documented(boxes=[box(0.100003), box(0.1, score="0.5")])))

    assert totals(result.report)["boxes"] == {"read": 2, "updated": 1, "unchanged": 1}
    assert [(shape.x_min, shape.score) for shape in shapes()] == [(0.1, 0.5), (0.100008, 1)]


def test_the_nearest_of_several(again: Callable[[Files], Path]) -> None:
    imported(again(documented(boxes=[box(0.1), box(0.100008)])))
    imported(again(documented(boxes=[box(0.100006, score="0.5")])))

    assert [shape.score for shape in shapes()] == [1, 0.5]


def test_boxes_of_other_labels_and_images_are_others(task: Task, again: Callable[[Files], Path]) -> None:
    rows = [BOX.replace("01yrx", "0k4j"), BOX.replace("a,", "b,", 1)]
    result = imported(
        again(documented(boxes=rows)), missing_images=Missing.CREATE, missing_attributes=MissingAttributes.DROP
    )

    assert totals(result.report)["boxes"]["added"] == 2


def test_what_a_row_says_is_brought_up_to_date(again: Callable[[Files], Path]) -> None:
    imported(again(documented(boxes=[box(rest="0,0,0,,")])))
    clicked = f"{box(rest='1,1,0,,', source='xclick', score='0.25')},.1,.2,.3,.4,.5,.6,.7,.8"
    result = imported(again(documented(boxes=csv_text(CLICKS_HEADER, clicked))))

    updated = only_shape()
    assert (updated.source, updated.score, updated.occluded) == ("xclick", 0.25, True)
    assert updated.all_attributes == {"truncated": True, "is_group_of": False}
    assert updated.clicks == [[0.1, 0.5], [0.2, 0.6], [0.3, 0.7], [0.4, 0.8]]
    assert totals(result.report)["boxes"] == {"read": 1, "updated": 1}


def test_what_a_row_does_not_say_stays(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    before = everything()
    for boxes in (
        [box(rest="-1,-1,-1,-1,-1", score="")],
        "ImageID,LabelName,XMin,XMax,YMin,YMax\na,/m/01yrx,0.1,0.5,0.2,0.6\n",
        csv_text(CLICKS_HEADER, f"{box(score='')},,,,,,,,"),
    ):
        files = documented(
            boxes=boxes,
            labels="ImageID,LabelName\na,/m/01yrx\n",
            machine="ImageID,LabelName\na,/m/01yrx\n",
            images="ImageID,Subset,Title,Rotation\na,,,nan\n",
            classes="/m/01yrx,\n/m/0k4j,/m/0k4j\n",
            masks="MaskPath,ImageID,LabelName,BoxID\nother.png,a,/m/01yrx,aaaaaaaa\n",
        )
        files["masks/train/other.png"] = png()
        result = imported(again(files))
        assert not result.changed
        assert everything() == before


def test_a_score_of_1_adds_nothing_to_a_shape_without_one(again: Callable[[Files], Path]) -> None:
    imported(again(documented(boxes=[box(score="")], labels=["a,,/m/01yrx,"])))
    result = imported(again(documented(boxes=[box(score="1.0")], labels=["a,,/m/01yrx,1"])))

    assert [shape.score for shape in shapes()] == [None, None]
    assert not result.changed


def test_masks_meet_by_box_id(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    other = np.zeros((6, 8), dtype=np.bool_)
    other[2, 3] = True
    moved = "renamed.png,a,/m/01yrx,aaaaaaaa,0.3,0.5,0.2,0.6,0.8,0.5 0.5 1"
    new = "new.png,a,/m/01yrx,bbbbbbbb,,,,,,"
    files = documented(masks=[moved, new]) | {"masks/train/renamed.png": png(other), "masks/train/new.png": png()}
    result = bring_in(again(files))

    first, second = shapes(ShapeKind.MASK)
    assert totals(result.report)["masks"] == {"read": 2, "added": 1, "updated": 1}
    assert bytes(first.mask.png) == png(other)
    assert (first.mask.path, first.mask.clicks) == ("a_aaaaaaaa.png", "0.5 0.5 1")
    assert first.attributes == {"box_id": "aaaaaaaa", "predicted_iou": 0.8}
    assert second.attributes == {"box_id": "bbbbbbbb"}


def test_the_same_pixels_written_otherwise_are_the_same_mask(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    target = io.BytesIO()
    Pillow.fromarray(pixels().astype(np.uint8)).save(target, "PNG")
    result = imported(again(documented(masks=[MASK]) | {MASK_FILE: target.getvalue()}))

    assert not result.changed
    assert bytes(only_shape(ShapeKind.MASK).mask.png) == png()


def test_masks_without_box_id_meet_by_box(again: Callable[[Files], Path]) -> None:
    rows = [MASK.replace("aaaaaaaa,0.1", ",0.1"), "second.png,a,/m/01yrx,,,,,,,"]
    files = documented(boxes=[BOX], masks=rows) | {MASK_FILE: png(), "masks/train/second.png": png(~pixels())}
    imported(again(files))
    before = everything()
    assert not imported(again(files)).changed
    assert everything() == before

    named = [MASK, "second.png,a,/m/01yrx,00000001,,,,,,"]
    result = imported(again(files | documented(masks=named)))
    assert totals(result.report)["masks"] == {"read": 2, "updated": 2}
    assert [mask.attributes["box_id"] for mask in shapes(ShapeKind.MASK)] == ["aaaaaaaa", "00000001"]


def test_images_and_labels_are_brought_up_to_date(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    Image.objects.update(width=None, height=None)  # one that was measured would hold
    files = documented(
        classes="/m/01yrx,Kitty\n",
        images=["a,train,,,,,Bob,,6,,,0.0"],
        sizes="a 11 22\nb 5 6\n",
    )
    result = imported(again(files))

    image = Image.objects.get(name="a")
    assert (image.author, image.original_size, image.rotation, image.title) == ("Bob", 6, 0.0, "T")
    assert (image.width, image.height) == (22, 11)
    assert Label.objects.get(name="/m/01yrx").display_name == "Kitty"
    assert totals(result.report) == {
        "labels": {"read": 1, "updated": 1},
        "images": {"read": 1, "updated": 1},
        "image sizes": {"read": 2, "updated": 2},
    }


def test_a_label_that_only_the_hierarchy_had_becomes_listed(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    imported(again(documented(classes="/m/root,Entity\n")))

    root = Label.objects.get(name="/m/root")
    assert (root.display_name, root.is_listed) == ("Entity", True)


def test_a_label_that_becomes_listed_is_counted(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    for counted, changed in ((0, True), (1, False)):
        result = imported(again(documented(classes="/m/root,\n")))
        assert totals(result.report)["labels"] == {"read": 1, ("updated", "unchanged")[counted]: 1}
        assert result.changed is changed


# What comes back from Datumaro


def as_datumaro_returns(folder: Path) -> dict[str, str | bytes]:
    """The example data set as Datumaro writes what it has read of it."""
    sizes = {}
    for line in (folder / "annotations" / "images.meta").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            image, tall, wide = line.split(" ")
            sizes[image] = int(wide), int(tall)

    def rounded(cell: str, side: int) -> str:
        return cell and str(float(np.float32(round(float(cell) * side, 2))) / side)

    def returned(column: str, cell: str, image_id: str) -> str:
        width, height = sizes[image_id]
        if column.startswith("XClick") or column in {"Source", "Clicks"}:
            return ""
        side = {"XMin": width, "XMax": width, "YMin": height, "YMax": height}.get(column.removeprefix("Box"))
        return rounded(cell, side) if side else cell

    tree = '{"LabelName": "/m/0", "Subcategory": [{"LabelName": "/m/01yrx"}]}'
    files: dict[str, str | bytes] = {
        "annotations/images.meta": (folder / "annotations" / "images.meta").read_bytes(),
        "annotations/bbox_labels_600_hierarchy.json": tree,
    }
    classes = (folder / "annotations" / "class-descriptions.csv").read_text("utf-8").splitlines()
    names = [line.partition(",")[0] for line in classes]
    files["annotations/class-descriptions.csv"] = "".join(f"{name},{name}\n" for name in names)
    for subset in ("train", "validation"):
        for name, header in (
            ("annotations-bbox", BOXES_HEADER),
            ("annotations-human-imagelabels", LABELS_HEADER),
            ("annotations-object-segmentation", MASKS_HEADER),
            ("image_ids_and_rotation", "ImageID,Subset"),
        ):
            columns = header.split(",")
            target = io.StringIO()
            writer = csv.writer(target)
            writer.writerow(columns)
            with (folder / "annotations" / f"{subset}-{name}.csv").open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            writer.writerows([returned(c, row.get(c, ""), row["ImageID"]) for c in columns] for row in rows)
            place = name.replace("image_ids_and_", "images-with-")
            files[f"annotations/{subset}-{place}.csv"] = target.getvalue()
            for mask_row in rows if header is MASKS_HEADER else ():
                width, height = sizes[mask_row["ImageID"]]
                path = f"masks/{subset}/{mask_row['MaskPath']}"
                mask = decode((folder / path).read_bytes(), Limits())
                down = np.arange(height) * mask.shape[0] // height
                across = np.arange(width) * mask.shape[1] // width
                scaled = io.BytesIO()
                Pillow.fromarray(mask[down][:, across].astype(np.uint8)).save(scaled, "PNG")
                files[path] = scaled.getvalue()
    return files


def test_what_comes_back_from_datumaro_changes_nothing(again: Callable[[Files], Path]) -> None:
    imported(FOLDER / "scenes", check_first=False)
    before = everything()
    result = imported(again(as_datumaro_returns(FOLDER / "scenes")), check_first=False)

    assert everything() == before
    assert not result.changed
    found = totals(result.report)
    assert found["hierarchy edges"] == {"read": 1, "skipped": {"unknown-label": 1}}
    assert all(set(n) == {"read", "unchanged"} for kind, n in found.items() if kind != "hierarchy edges")


def test_only_a_rounded_box_is_one_that_was_rounded(again: Callable[[Files], Path]) -> None:
    # On 8 pixels a hundredth is 0.00125 of the image: 0.1 is 0.8 pixels, a whole number of hundredths, 0.1001 is not.
    files = documented(sizes="a 8 8\n")
    imported(again(files | documented(boxes=[box(0.1)])))
    result = imported(again(files | documented(boxes=[box(0.1001)])))
    assert totals(result.report)["boxes"] == {"read": 1, "added": 1}

    result = imported(again(files | documented(boxes=[box(0.10125)])))
    assert totals(result.report)["boxes"] == {"read": 1, "unchanged": 1}
    result = imported(again(documented(boxes=[box(0.105)])))
    assert totals(result.report)["boxes"] == {"read": 1, "added": 1}


# Replace and append


def test_replace(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    kept = Shape.objects.filter(image__name="b").count()
    files = documented(boxes=[box(0.3)], images=["empty,train,,,,,,,,,,"])
    result = bring_in(again(files), mode=Mode.REPLACE, replace_all_kinds=True)

    assert [(shape.kind, shape.x_min) for shape in shapes() if shape.image.name == "a"] == [("rectangle", 0.3)]
    assert Shape.objects.filter(image__name="b").count() == kept
    found = totals(result.report)
    assert found["boxes"] == {"read": 1, "added": 1, "removed": 2}
    assert found["human labels"] == {"removed": 2}
    assert found["machine labels"] == {"removed": 1}
    assert found["masks"] == {"removed": 1}
    assert dict(Image.objects.values_list("name", "revision")) == {"a": 2, "b": 1, "empty": 1}
    assert image_names() == [("train", "a"), ("train", "b"), ("train", "empty")]


def test_replace_with_nothing_takes_the_annotations_away(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    bring_in(again(documented(images=["a,train,,,,,,,,,,"])), mode=Mode.REPLACE, replace_all_kinds=True)

    assert {shape.image.name for shape in shapes()} == {"b"}


def test_replace_a_label(again: Callable[[Files], Path]) -> None:
    rows = [BOX, BOX.replace("01yrx", "0k4j")]
    imported(again(documented(classes=CLASSES, boxes=rows, labels=["a,,/m/0k4j,1"])))
    moved = [row.replace("0.5", "0.7") for row in rows]
    files = documented(classes="/m/01yrx,Kitty\n", boxes=moved)
    result = bring_in(again(files), mode=Mode.REPLACE, labels=frozenset({"Kitty"}))

    assert [(shape.kind, shape.label.name, shape.x_max) for shape in shapes()] == [
        ("tag", "/m/0k4j", None),
        ("rectangle", "/m/0k4j", 0.5),
        ("rectangle", "/m/01yrx", 0.7),
    ]
    assert totals(result.report)["boxes"] == {
        "read": 2,
        "added": 1,
        "removed": 1,
        "skipped": {"label-not-chosen": 1},
    }


def test_append(again: Callable[[Files], Path]) -> None:
    imported(again(whole()))
    number = len(shapes())
    result = imported(again(whole()), mode=Mode.APPEND)

    assert len(shapes()) == 2 * number
    first, second = shapes(ShapeKind.MASK)
    assert first.group != second.group
    assert len(image_names()) == 3
    assert totals(result.report)["boxes"] == {"read": 3, "added": 3}
    assert totals(result.report)["images"] == {"read": 3, "unchanged": 3}
    for mask in (first, second):
        assert [s.kind for s in shapes() if s.group == mask.group].count("rectangle") == 1


# Matching, and what is missing


def test_images_match_by_name_alone_where_it_is_unique(task: Task, again: Callable[[Files], Path]) -> None:
    files = {"test-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX, box(0.2))}
    result = bring_in(again(files))

    assert image_names() == [("train", "a")]
    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "unchanged": 1}
    assert told(result.report) == [
        "warning: other-subset: 1 image of the subset “test” was found in other subsets of the task, by ImageID"
    ]


def test_an_image_of_several_subsets_is_ambiguous(again: Callable[[Files], Path]) -> None:
    files = {f"{subset}-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX) for subset in ("train", "test")}
    imported(again(files))
    other = {"annotations-bbox.csv": csv_text(BOXES_HEADER, BOX), "x-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX)}
    result = bring_in(again(other))

    assert not result.committed
    assert [(i.code, i.file, i.line) for i in result.report.issues()] == [
        ("ambiguous-image", "annotations-bbox.csv", 2),
        ("ambiguous-image", "x-annotations-bbox.csv", 2),
    ]
    # Each by its subset.
    assert totals(imported(again(files)).report)["boxes"] == {"read": 2, "unchanged": 2}


NEW_IMAGE = BOX.replace("a,", "new,", 1)
NEW_LABEL = BOX.replace("01yrx", "0new")


def test_a_missing_image_or_label_is_an_error(task: Task, again: Callable[[Files], Path]) -> None:
    before = everything()
    result = bring_in(again(documented(boxes=[BOX, NEW_IMAGE, NEW_LABEL])))

    assert not result.committed
    assert everything() == before
    assert [(i.code, i.line, i.column, i.value) for i in result.report.issues()] == [
        ("unknown-label", 4, "LabelName", "/m/0new"),
        ("unknown-image", 3, "ImageID", "new"),
    ]
    assert totals(result.report)["boxes"] == {"read": 3, "unchanged": 1, "skipped": {"bad": 2}}


def test_a_missing_image_or_label_may_be_skipped(task: Task, again: Callable[[Files], Path]) -> None:
    before = everything()
    files = documented(
        boxes=[BOX, NEW_IMAGE, NEW_LABEL],
        classes="/m/0new,New\n",
        images=["new,train,,,,,,,,,,"],
        sizes="new 10 20\n",
    )
    files["images/train/new.jpg"] = picture()
    result = imported(again(files), missing_images=Missing.SKIP, missing_labels=Missing.SKIP)

    assert everything() == before
    assert totals(result.report) == {
        "labels": {"read": 1, "skipped": {"unknown-label": 1}},
        "images": {"read": 1, "skipped": {"unknown-image": 1}},
        "boxes": {"read": 3, "unchanged": 1, "skipped": {"unknown-image": 1, "unknown-label": 1}},
        "pictures": {"read": 1, "skipped": {"unknown-image": 1}},
        "image sizes": {"read": 1, "skipped": {"unknown-image": 1}},
    }


def test_a_missing_image_or_label_may_be_created(task: Task, again: Callable[[Files], Path]) -> None:
    files = documented(boxes=[BOX, NEW_IMAGE, NEW_LABEL], classes="/m/0new,New\n")
    result = imported(
        again(files),
        missing_images=Missing.CREATE,
        missing_labels=Missing.CREATE,
        missing_attributes=MissingAttributes.DROP,
    )

    assert image_names() == [("train", "a"), ("train", "new")]
    created = Label.objects.get(name="/m/0new")
    assert (created.display_name, created.position) == ("New", 2)
    assert totals(result.report)["boxes"] == {"read": 3, "added": 2, "unchanged": 1}


def test_new_tasks_create_and_may_be_told_not_to(again: Callable[[Files], Path]) -> None:
    source = again(documented(classes=CLASSES, images=["a,train,,,,,,,,,,"], boxes=[BOX, NEW_IMAGE, NEW_LABEL]))
    options: dict[str, Any] = {"missing_images": Missing.ERROR, "missing_labels": Missing.SKIP}
    result = bring_in(source, **options)

    assert not result.committed
    assert set(codes(result.report)) >= {"unknown-image"}
    assert not Task.objects.exists()


def test_attributes_without_a_spec(task: Task, again: Callable[[Files], Path]) -> None:
    AttributeSpec.objects.filter(name__in=("truncated", "occluded", "score")).delete()
    Shape.objects.update(attributes={}, truncated=None, is_group_of=None, is_depiction=None, is_inside=None)
    row = BOX.replace(",0,0,0,0,0", ",1,1,0,0,0")

    result = bring_in(again(documented(boxes=[row])), missing_attributes=MissingAttributes.ERROR)
    assert [(i.code, i.column) for i in result.report.issues()] == [("bad-attribute", "truncated")]

    result = imported(again(documented(boxes=[row])))
    assert only_shape().truncated is None
    assert only_shape().occluded is True
    assert totals(result.report)["attributes"] == {
        "read": 1,
        "skipped": {"no-such-spec:truncated": 1},
    }

    result = imported(again(documented(boxes=[row])), missing_attributes=MissingAttributes.CREATE)
    assert only_shape().truncated is True
    assert totals(result.report)["attribute specs"] == {"read": 3, "added": 3}
    assert totals(result.report)["boxes"] == {"read": 1, "updated": 1}


def test_bad_rows_may_be_skipped(task: Task, again: Callable[[Files], Path]) -> None:
    rows = [box(0.2), box("x"), NEW_IMAGE, "short"]
    result = bring_in(again(documented(boxes=rows)), on_error=OnError.SKIP)

    assert result.committed
    assert [shape.x_min for shape in shapes()] == [0.1, 0.2]
    assert totals(result.report)["boxes"] == {"read": 4, "added": 1, "skipped": {"bad": 3}}
    assert sorted(codes(result.report)) == ["bad-fraction", "short-row", "unknown-image"]


# Only these subsets and labels


def test_subsets(again: Callable[[Files], Path]) -> None:
    files = {
        f"annotations/{subset}-{name}": text
        for subset in ("train", "test")
        for name, text in {
            "annotations-bbox.csv": csv_text(BOXES_HEADER, BOX),
            "annotations-human-imagelabels.csv": csv_text(LABELS_HEADER, "b,,/m/01yrx,1"),
        }.items()
    }
    names = ("train/a", "test/a", "other/c")
    pictures = {f"images/{name}.jpg": picture(20 + 10 * n, 10) for n, name in enumerate(names)}
    result = imported(again(files | pictures), subsets=frozenset({"test"}))

    assert image_names() == [("test", "b"), ("test", "a")]
    assert Image.objects.get(name="a").width == 30
    assert totals(result.report)["boxes"] == {"read": 1, "added": 1}
    assert totals(result.report)["pictures"] == {
        "read": 3,
        "added": 1,
        "skipped": {"subset-not-chosen": 2},
    }


def test_subsets_of_files_that_tell_none(again: Callable[[Files], Path]) -> None:
    files = {
        "image_ids_and_rotation.csv": "ImageID,Subset\na,train\nb,test\n",
        "annotations-bbox.csv": csv_text(BOXES_HEADER, BOX, box(image="b"), box(image="unknown")),
        "images.meta": "a 1 2\nb 3 4\nunknown 5 6\n",
        "images/b.jpg": picture(4, 3),
        "images/a.jpg": picture(2, 1),
    }
    result = imported(again(files), subsets=frozenset({"test"}))

    assert image_names() == [("test", "b")]
    skipped = {"subset-not-chosen": 2}
    assert totals(result.report)["boxes"] == {"read": 3, "added": 1, "skipped": skipped}
    assert totals(result.report)["images"] == {"read": 2, "added": 1, "skipped": {"subset-not-chosen": 1}}
    assert only_shape().image.width == 4


def test_subsets_of_a_task_that_is_there(again: Callable[[Files], Path]) -> None:
    files = {
        "image_ids_and_rotation.csv": "ImageID,Subset\na,train\nb,test\n",
        "annotations-bbox.csv": csv_text(BOXES_HEADER, box(0.2, image="a"), box(0.2, image="b")),
    }
    imported(again({"image_ids_and_rotation.csv": files["image_ids_and_rotation.csv"]}))
    files["images.meta"] = "a 1 2\nb 3 4\n"
    pictures = {"images/a.jpg": picture(2, 1), "images/b.jpg": picture(4, 3)}
    options: dict[str, Any] = {"missing_labels": Missing.CREATE, "subsets": frozenset({"test"})}
    result = imported(again(files | pictures), **options)

    assert dict(Image.objects.values_list("name", "width")) == {"a": None, "b": 4}
    assert [shape.image.name for shape in shapes()] == ["b"]
    assert dict(Image.objects.exclude(file="").values_list("name", "revision")) == {"b": 2}
    other = {"subset-not-chosen": 1}
    assert totals(result.report)["image sizes"] == {"read": 2, "updated": 1, "skipped": other}
    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "skipped": other}
    assert totals(result.report)["pictures"] == {"read": 2, "added": 1, "skipped": other}


@pytest.mark.parametrize("name", ["/m/01yrx", "Cat"])
def test_labels(name: str, again: Callable[[Files], Path]) -> None:
    tree = '{"LabelName": "/m/root", "Subcategory": [{"LabelName": "/m/01yrx"}, {"LabelName": "/m/0k4j"}]}'
    rows = [BOX, BOX.replace("a,", "b,", 1).replace("01yrx", "0k4j"), BOX.replace("01yrx", "0new")]
    files = documented(classes=CLASSES, hierarchy=tree, boxes=rows, labels=["a,,Cat,1", "a,,/m/0k4j,1"])
    result = imported(again(files), labels=frozenset({name}))

    assert list(Label.objects.values_list("name", flat=True)) == ["/m/01yrx"]
    assert image_names() == [("train", "a")]
    other = "label-not-chosen"
    assert totals(result.report)["boxes"] == {"read": 3, "added": 1, "skipped": {other: 2}}
    assert totals(result.report)["human labels"] == {"read": 2, "added": 1, "skipped": {other: 1}}
    assert totals(result.report)["labels"] == {"read": 2, "added": 1, "skipped": {other: 1}}
    assert totals(result.report)["hierarchy edges"] == {"read": 2, "skipped": {other: 2}}


def test_a_label_that_only_rows_have_may_be_chosen(again: Callable[[Files], Path]) -> None:
    files = documented(boxes=[BOX.replace("01yrx", "0k4j"), BOX])
    result = imported(again(files), labels=frozenset({"/m/01yrx"}))

    assert only_shape().label.name == "/m/01yrx"
    assert totals(result.report)["boxes"]["skipped"] == {"label-not-chosen": 1}


def test_a_chosen_label_that_is_nowhere_is_an_issue(task: Task, again: Callable[[Files], Path]) -> None:
    files = documented(classes="/m/1,Twin\n/m/2,Twin\n", boxes=[BOX])
    for name in ("t", "new"):
        result = bring_in(again(files), name, labels=frozenset({"/m/0none", "/m/01yrx"}), on_error=OnError.SKIP)
        assert not result.committed
        assert [(i.code, i.column, i.value) for i in result.report.issues()] == [
            ("unknown-chosen-label", "--label", "/m/0none")
        ]
    result = bring_in(again(files), "new", labels=frozenset({"Twin"}))
    assert "ambiguous-chosen-label" in codes(result.report)


# Masks as polygons


def test_masks_as_polygons_are_the_same_pixels(again: Callable[[Files], Path]) -> None:
    rng = np.random.default_rng(7)
    masks = [pixels(), rng.random((37, 53)) < 0.5, np.ones((5, 7), dtype=np.bool_), np.zeros((4, 4), dtype=np.bool_)]
    rows = [MASK, *(f"{n}.png,a,/m/01yrx,0000000{n},,,,,," for n in (1, 2, 3))]
    boxes = [BOX, BOX.replace("0.1,0.5,0.2,0.6", "0,1,0,1")]  # the second is the extent of a mask that says no box
    files = documented(boxes=boxes, masks=rows) | {
        f"masks/train/{row.partition(',')[0]}": png(mask) for row, mask in zip(rows, masks, strict=True)
    }
    result = bring_in(again(files), masks_as=MasksAs.POLYGONS)

    assert codes(result.report) == ["empty-mask"]
    polygons = shapes(ShapeKind.POLYGON)
    for polygon, mask in zip(polygons, masks[:3], strict=True):
        height, width = mask.shape
        assert (polygon.mask.width, polygon.mask.height, bytes(polygon.mask.png)) == (width, height, b"")
        assert np.array_equal(fill_polygon(polygon.points or [], width, height), mask)
        polygon.full_clean()
    assert [polygons[0].group, None] == [shape.group for shape in shapes(ShapeKind.RECTANGLE)]
    assert polygons[0].group is not None
    assert (polygons[0].x_min, polygons[1].attributes) == (0.1, {"box_id": "00000001"})
    assert (polygons[2].x_min, polygons[2].x_max, polygons[2].y_min, polygons[2].y_max) == (0, 1, 0, 1)
    assert bytes(only_shape(ShapeKind.MASK).mask.png) == png(masks[3])

    before = everything()
    result = bring_in(again(files), masks_as=MasksAs.POLYGONS)
    assert everything() == before
    # The table alone doubles nothing either.
    result = bring_in(again(documented(masks=rows)), masks_as=MasksAs.POLYGONS)
    assert totals(result.report)["masks"] == {"read": 4, "unchanged": 4}
    assert everything() == before

    changed = files | {MASK_FILE: png(~pixels())}
    result = bring_in(again(changed), masks_as=MasksAs.POLYGONS)
    assert totals(result.report)["masks"] == {"read": 4, "updated": 1, "unchanged": 3}
    assert np.array_equal(fill_polygon(shapes(ShapeKind.POLYGON)[0].points or [], 8, 6), ~pixels())


# Pictures


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in stored_files(folder))


def test_pictures_are_stored_by_content(again: Callable[[Files], Path], media: Path) -> None:
    same = picture()
    files = {"images/train/a.JPG": same, "images/train/b/a.jpg": same, "images/train/c.jpg": picture(color="blue")}
    imported(again(files))

    images = {image.name: image for image in Image.objects.all()}
    assert len(files_in(media)) == 3
    assert images["a"].file_digest == images["b/a"].file_digest != images["c"].file_digest
    assert images["a"].file.name != images["b/a"].file.name
    assert images["a"].file_digest in str(images["a"].file.name)
    assert images["a"].file_suffix == ".JPG"
    with images["a"].file.open() as file:
        assert file.read() == same


@pytest.mark.django_db(transaction=True)
def test_a_replaced_picture_takes_the_old_file_away(again: Callable[[Files], Path], media: Path) -> None:
    files = {"images/train/a.jpg": picture(), "images/train/b.jpg": picture()}
    imported(again(files))
    before = files_in(media)
    result = imported(again(files))
    assert totals(result.report)["pictures"] == {"read": 2, "unchanged": 2}
    assert files_in(media) == before

    result = imported(again(files | {"images/train/a.jpg": picture(30, 40)}))
    assert totals(result.report)["pictures"] == {"read": 2, "updated": 1, "unchanged": 1}
    image = Image.objects.get(name="a")
    assert (image.width, image.height) == (30, 40)
    assert dict(Image.objects.values_list("name", "revision")) == {"a": 2, "b": 1}
    assert files_in(media) == sorted(Path(str(i.file.name)).name for i in Image.objects.all())

    Task.objects.get().delete()
    assert files_in(media) == []


def test_no_images(again: Callable[[Files], Path], media: Path) -> None:
    result = imported(again(whole()), pictures=False)

    assert "pictures" not in totals(result.report)
    assert files_in(media) == []
    assert not Image.objects.exclude(file="").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("phase", ["pictures", "commit"])
def test_an_import_that_fails_while_it_writes_leaves_nothing(
    phase: str, again: Callable[[Files], Path], media: Path
) -> None:
    stored: list[str] = []

    def stop(now: str, done: int, _total: int) -> None:
        if now == phase and done:
            stored.extend(files_in(media))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Importer(again(whole()), "t", progress=stop).run()
    assert stored
    assert files_in(media) == []
    assert not Task.objects.exists()


# The transaction


def test_a_dry_run_writes_nothing(task: Task, again: Callable[[Files], Path], media: Path) -> None:
    before = everything()
    options = ImportOptions(mode=Mode.REPLACE, missing_images=Missing.CREATE)
    result = Importer(again(documented(boxes=[NEW_IMAGE, box(0.3)]) | {"images/a.jpg": picture()}), "t", options).run(
        dry_run=True
    )
    assert (result.committed, result.refused) == (False, False)
    assert everything() == before
    assert files_in(media) == []
    assert totals(result.report)["boxes"] == {"read": 2, "added": 2, "removed": 1}

    result = Importer(again(whole()), "new").run(dry_run=True)
    assert not Task.objects.filter(name="new").exists()
    assert result.task is None


def test_revisions_are_raised_once_and_only_where_something_changes(again: Callable[[Files], Path]) -> None:
    names = ("tag", "box", "mask", "list", "size", "picture", "same")
    files = documented(
        classes=CLASSES,
        images=[f"{name},train,,,,,,,,,," for name in names],
        boxes=[BOX.replace("a,", f"{name},", 1) for name in names],
    )
    imported(again(files))
    task = Task.objects.get()
    assert (task.revision, set(Image.objects.values_list("revision", flat=True))) == (1, {1})

    files |= documented(
        images=[f"{name},train,,,,,,{'T' if name == 'list' else ''},,,," for name in names],
        boxes=[BOX.replace("a,", f"{name},", 1) for name in names] + [box(0.2, image="box"), box(0.3, image="box")],
        labels=["tag,,/m/01yrx,1", "tag,,/m/0k4j,1"],
        masks=["mask.png,mask,/m/01yrx,,,,,,,"],
        sizes="size 3 4\n",
    )
    files |= {"masks/train/mask.png": png(), "images/train/picture.jpg": picture()}
    imported(again(files))
    task.refresh_from_db()
    assert task.revision == 2
    assert dict(Image.objects.values_list("name", "revision")) == {name: 2 - (name == "same") for name in names}


def changing(name: str, times: int, phase: str = "check") -> Callable[[str, int, int], None]:
    """A progress callback that changes the task while it is checked."""
    left = [times]

    def progress(now: str, _done: int, _total: int) -> None:
        if now == phase and left[0]:
            left[0] -= 1
            Label.objects.create(task=Task.objects.get(name=name), name=f"/m/{left[0]}")

    return progress


def test_a_task_that_changes_after_the_check_is_checked_again(task: Task, again: Callable[[Files], Path]) -> None:
    source = again(documented(boxes=[BOX, BOX.replace("/m/01yrx", "/m/0")]))
    skip = ImportOptions(missing_labels=Missing.SKIP)
    result = Importer(source, "t", skip, progress=changing("t", 1)).run()

    # The label was not there when the check began, so only a second check can find it.
    assert result.committed
    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "unchanged": 1}
    assert [shape.label.name for shape in shapes()] == ["/m/01yrx", "/m/0"]
    assert told(result.report) == []


def test_a_task_that_keeps_changing_is_locked_in_the_end(task: Task, again: Callable[[Files], Path]) -> None:
    source = again(documented(boxes=[BOX, box(0.2)]))
    result = Importer(source, "t", progress=changing("t", 1000)).run()
    assert result.committed
    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "unchanged": 1}
    assert len(shapes()) == 2


def test_a_task_that_comes_into_being_meanwhile_is_merged_into(again: Callable[[Files], Path]) -> None:
    source = again(documented(boxes=[BOX]))
    calls: list[str] = []

    def progress(phase: str, *_: object) -> None:
        if not calls:
            calls.append(phase)
            imported(source, check_first=False)

    result = Importer(source, "t", progress=progress).run()
    assert totals(result.report)["boxes"] == {"read": 1, "unchanged": 1}
    assert len(shapes()) == 1


@pytest.mark.thorough
def test_thousands_of_rows_across_chunks(again: Callable[[Files], Path]) -> None:
    rng = np.random.default_rng(11)
    rows = [
        f"i{n // 7},xclick,/m/{n % 3},1,{x_min},{x_min + 0.25},0.1,{0.2 + n / 20000},0,-1,0,1,-1"
        for n, x_min in enumerate((rng.random(8300) / 2).round(6))
    ]
    rows += rows[:100]  # equal ones, a chunk later
    imported(again(documented(boxes=rows)), check_first=False)
    before = list(Shape.objects.order_by("pk").values_list())
    result = imported(again(documented(boxes=rows)), check_first=False)
    assert totals(result.report)["boxes"] == {"read": 8400, "unchanged": 8400}
    assert list(Shape.objects.order_by("pk").values_list()) == before

    shuffled = [rows[index] for index in rng.permutation(8400)]
    changed = [row.replace("xclick", "freeform") if n % 10 == 0 else row for n, row in enumerate(shuffled)]
    new = "i0,,/m/0,1,0.9,1,0.9,1,,,,,"
    result = imported(again(documented(boxes=[*changed, new])), check_first=False)
    assert totals(result.report)["boxes"] == {"read": 8401, "added": 1, "updated": 840, "unchanged": 7560}
    assert Shape.objects.filter(source="freeform").count() == 840


def test_tags_across_chunks(again: Callable[[Files], Path]) -> None:
    rows = [f"i{n % 100},,/m/0,0.{n % 10}" for n in range(8300)]
    imported(again(documented(labels=rows)), check_first=False)
    result = imported(again(documented(labels=rows)), check_first=False)

    assert totals(result.report)["human labels"] == {"read": 8300, "unchanged": 8300}
    assert not result.changed


def test_the_report_as_json(task: Task, again: Callable[[Files], Path]) -> None:
    rows = [box("x", image=f"n{n}") for n in range(250)]
    result = bring_in(again(documented(boxes=rows)))

    target = io.StringIO()
    result.report.write_json(target, task="t")
    found = json.loads(target.getvalue())
    assert (found["task"], found["errors"], found["warnings"], len(found["issues"])) == ("t", 250, 0, 250)
    assert found["totals"]["boxes"]["skipped"] == {"bad": 250}
    assert found["issues"][249] == {
        "code": "bad-fraction",
        "params": {"form": "number"},
        "reason": "is not a number",
        "file": "annotations/train-annotations-bbox.csv",
        "line": 251,
        "column": "XMin",
        "value": "x",
        "severity": "error",
        "text": 'annotations/train-annotations-bbox.csv:251: XMin: "x" is not a number',
    }


def test_coordinates_that_a_merge_keeps_are_counted(task: Task, again: Callable[[Files], Path]) -> None:
    before = only_shape().x_min
    result = bring_in(again(documented(boxes=[box(0.100004)])))
    assert only_shape().x_min == before
    (line,) = told(result.report)
    assert line.startswith("note: coordinates-kept: 1 box differs from the stored ones by rounding alone")
    assert told(bring_in(again(documented(boxes=[box(0.1)]))).report) == []


def test_a_flag_moves_between_its_column_and_the_attributes_as_its_spec_wants_it(
    again: Callable[[Files], Path],
) -> None:
    yes, no = BOX.replace(",0,0,0,0,0", ",0,1,-1,-1,-1"), BOX.replace(",0,0,0,0,0", ",0,0,-1,-1,-1")
    imported(again(documented(boxes=[yes])))
    imported(again(documented(boxes=[yes])))
    assert (only_shape().truncated, only_shape().attributes) == (True, {})

    AttributeSpec.objects.filter(name="truncated").update(input_type=InputType.TEXT)
    result = imported(again(documented(boxes=[no])))
    assert totals(result.report)["boxes"] == {"read": 1, "updated": 1}
    assert (only_shape().truncated, only_shape().attributes) == (None, {"truncated": "false"})

    AttributeSpec.objects.filter(name="truncated").update(input_type=InputType.CHECKBOX)
    imported(again(documented(boxes=[yes])))
    assert (only_shape().truncated, only_shape().attributes) == (True, {})


def test_a_flag_that_code_has_stored_among_the_attributes_is_met_as_it_is(again: Callable[[Files], Path]) -> None:
    row = BOX.replace(",0,0,0,0,0", ",0,1,-1,-1,-1")
    imported(again(documented(boxes=[row])))
    Shape.objects.update(attributes={"truncated": True}, truncated=None)
    result = imported(again(documented(boxes=[row])))
    assert totals(result.report)["boxes"] == {"read": 1, "unchanged": 1}
