"""What rows of files mean: tags, boxes, masks and their attributes, as they stand in the database."""

from pathlib import Path

import pytest
from pytest_django import Settings

from openimages_io.models import AttributeSpec, Image, InputType, Label, ShapeKind, Task
from openimages_io.transfer.options import MasksAs, Missing, MissingAttributes, OnError
from tests.transfer.datasets import (
    BOX,
    BOXES_HEADER,
    CLASSES,
    CLICKS_HEADER,
    IMAGES_HEADER,
    LABELS_HEADER,
    MASKS_HEADER,
    MIAP_HEADER,
    bring_in,
    codes,
    csv_text,
    documented,
    imported,
    only_shape,
    picture,
    png,
    shapes,
    told,
    totals,
    write,
)

pytestmark = pytest.mark.django_db


def specs(task: str = "t") -> dict[str, set[str]]:
    """The names of the attribute specs by label."""
    found: dict[str, set[str]] = {}
    for label, name in AttributeSpec.objects.filter(label__task__name=task).values_list("label__name", "name"):
        found.setdefault(label, set()).add(name)
    return found


def mask_row(box_id: str = "aaaaaaaa", box: str = "0.1,0.5,0.2,0.6", rest: str = ",", label: str = "/m/01yrx") -> str:
    return f"a_{box_id}.png,a,{label},{box_id},{box},{rest}"


def with_masks(boxes: list[str], masks: list[str]) -> dict[str, str | bytes]:
    files = documented(boxes=boxes, masks=masks)
    return files | {f"masks/train/{row.partition(',')[0]}": png() for row in masks}


# Tags


def test_a_score_of_zero_stays_zero(tmp_path: Path) -> None:
    rows = ["a,verification,/m/01yrx,0", "a,verification,/m/0k4j,1", "a,,/m/0k4j,", "b,crowdsource,/m/0k4j,0.0"]
    imported(write(tmp_path, documented(labels=rows)))

    assert [(tag.kind, tag.source, tag.score) for tag in shapes()] == [
        ("tag", "verification", 0.0),
        ("tag", "verification", 1.0),
        ("tag", "", None),
        ("tag", "crowdsource", 0.0),
    ]
    assert all((tag.x_min, tag.attributes) == (None, {}) for tag in shapes())


def test_machine_and_human_tags(tmp_path: Path) -> None:
    files = documented(
        labels=["a,verification,/m/01yrx,1", "a,machine,/m/01yrx,0.9"],
        machine=["a,machine,/m/01yrx,0.5", "a,,/m/0k4j,0.6"],
    )
    result = imported(write(tmp_path, files))

    task = Task.objects.get()
    assert [tag.score for tag in task.shapes.human_tags()] == [1]
    assert [tag.score for tag in task.shapes.machine_tags().order_by("pk")] == [0.9, 0.5, 0.6]
    assert totals(result.report)["human labels"]["added"] == totals(result.report)["machine labels"]["added"] == 2


def test_a_label_file_needs_ids_and_labels_alone(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(labels="ImageID,LabelName\na,/m/01yrx\n")))

    assert (only_shape().source, only_shape().score) == ("", None)
    assert specs() == {}


# Boxes


def test_flags(tmp_path: Path) -> None:
    rows = [f"a,xclick,/m/01yrx,1,0.1,0.5,0.2,0.6,{flags}" for flags in ("1,0,-1,1,0", "-1,-1,-1,-1,-1", "0,,1,,")]
    imported(write(tmp_path, documented(boxes=rows)))

    assert [(box.occluded, box.all_attributes) for box in shapes()] == [
        (True, {"truncated": False, "is_depiction": True, "is_inside": False}),
        (None, {}),
        (False, {"is_group_of": True}),
    ]


def test_a_box_needs_ids_a_label_and_coordinates_alone(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(boxes="LabelName,YMax,YMin,XMax,XMin,ImageID\n/m/01yrx,0.6,0.2,0.5,0.1,a\n")))

    box = only_shape(ShapeKind.RECTANGLE)
    assert (box.x_min, box.x_max, box.y_min, box.y_max) == (0.1, 0.5, 0.2, 0.6)
    assert (box.source, box.score, box.occluded, box.clicks, box.attributes) == ("", None, None, None, {})
    assert specs() == {}


def test_coordinates_are_the_very_numbers(tmp_path: Path) -> None:
    cells = ["0.4345020000000001", "0.999999999999999", "2e-06", "0.022673031"]
    imported(write(tmp_path, documented(boxes=[f"a,,/m/01yrx,0.1,{','.join(cells)},,,,,"])))

    box = only_shape()
    assert [box.x_min, box.x_max, box.y_min, box.y_max] == list(map(float, cells))


def test_clicks(tmp_path: Path) -> None:
    rows = [
        f"{BOX},0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8",
        f"{BOX},-1,-1,-1,-1,-1,-1,-1,-1",
        f"{BOX},,,,,,,,",
        f"{BOX},0.1,,-1,0,1,0.6,,0.8",
    ]
    imported(write(tmp_path, documented(boxes=csv_text(CLICKS_HEADER, *rows))))

    assert [box.clicks for box in shapes()] == [
        [[0.1, 0.5], [0.2, 0.6], [0.3, 0.7], [0.4, 0.8]],
        [[-1, -1]] * 4,
        None,
        [[0.1, 1], [None, 0.6], [-1, None], [0, 0.8]],
    ]


def test_miap_attributes(tmp_path: Path) -> None:
    rows = [
        "a,/m/01g317,1,0.1,0.5,0.2,0.6,0,0,0,0,0,Predominantly Feminine,Middle",
        "a,/m/01g317,1,0.1,0.5,0.2,0.6,0,0,0,0,0,Unknown,",
    ]
    imported(write(tmp_path, {"open_images_extended_miap_boxes_test.csv": csv_text(MIAP_HEADER, *rows)}))

    first, second = shapes()
    assert first.attributes["GenderPresentation"] == "Predominantly Feminine"
    assert first.attributes["AgePresentation"] == "Middle"
    assert second.attributes["GenderPresentation"] == "Unknown"
    assert "AgePresentation" not in second.attributes
    assert AttributeSpec.objects.get(name="AgePresentation").input_type == InputType.TEXT


def test_unknown_columns_are_one_warning_a_file(tmp_path: Path) -> None:
    boxes = csv_text(f"{BOXES_HEADER},Colour,Mood", f"{BOX},red,bad", f"{BOX},blue,good")
    result = bring_in(write(tmp_path, documented(boxes=boxes, labels="ImageID,LabelName,Who\na,/m/01yrx,me\n")))

    assert result.committed
    what = "is not a column that this file can have, and is not read"
    assert told(result.report) == [
        f'warning: unknown-column: annotations/train-annotations-human-imagelabels.csv:1: "Who" {what}',
        f'warning: unknown-column: annotations/train-annotations-bbox.csv:1: "Colour, Mood" {what}',
    ]


# Attribute specs


def test_specs_are_made_for_the_pairs_that_occur(tmp_path: Path) -> None:
    files = with_masks(
        [
            "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,-1,-1,-1,-1",
            "a,,/m/0k4j,,0.1,0.5,0.2,0.6,-1,1,-1,-1,-1",
            "a,,/m/none,,0.1,0.5,0.2,0.6,-1,-1,-1,-1,-1",
        ],
        [mask_row(rest="0.9,"), mask_row("bbbbbbbb", label="/m/0k4j")],
    )
    files |= documented(labels=["a,,/m/tag,0.5", "a,,/m/unsaid,"])
    result = imported(write(tmp_path, files))

    assert specs() == {
        "/m/01yrx": {"score", "occluded", "box_id", "predicted_iou"},
        "/m/0k4j": {"truncated", "box_id"},
        "/m/tag": {"score"},
    }
    assert totals(result.report)["attribute specs"] == {"read": 7, "added": 7}
    made = AttributeSpec.objects.get(label__name="/m/tag")
    assert (made.input_type, made.values, made.mutable, made.default_value) == (InputType.NUMBER, [0, 1], True, None)
    assert AttributeSpec.objects.get(name="truncated").input_type == InputType.CHECKBOX
    in_order = AttributeSpec.objects.filter(label__name="/m/01yrx").values_list("name", "position")
    assert list(in_order) == [("score", 0), ("occluded", 1), ("box_id", 2), ("predicted_iou", 3)]


def test_new_specs_come_behind_those_that_a_label_has(tmp_path: Path) -> None:
    task = Task.objects.create(name="t")
    label = Label.objects.create(task=task, name="/m/01yrx")
    Image.objects.create(task=task, subset="train", name="a")
    for position, name in enumerate(("pose", "occluded")):
        kind = InputType.TEXT if name == "pose" else InputType.CHECKBOX
        AttributeSpec.objects.create(label=label, name=name, input_type=kind, position=position + 3)
    files = with_masks(["a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,1,-1,-1,-1"], [mask_row()])
    imported(write(tmp_path, files), missing_attributes=MissingAttributes.CREATE)
    assert list(label.attribute_specs.values_list("name", "position")) == [
        ("pose", 3),
        ("occluded", 4),
        ("score", 5),
        ("truncated", 6),
        ("box_id", 7),
    ]


def test_without_specs_score_occluded_and_box_id_stay_and_the_others_are_counted(tmp_path: Path) -> None:
    files = with_masks(["a,,/m/01yrx,0.7,0.1,0.5,0.2,0.6,1,1,0,-1,-1"], [mask_row(rest="0.9,0.1 0.1 1")])
    result = imported(write(tmp_path, files), missing_attributes=MissingAttributes.DROP)

    box, mask = only_shape(ShapeKind.RECTANGLE), only_shape(ShapeKind.MASK)
    assert (box.score, box.occluded, box.attributes) == (0.7, True, {})
    assert mask.attributes == {"box_id": "aaaaaaaa"}
    assert specs() == {}
    assert totals(result.report)["attributes"] == {
        "read": 3,
        "skipped": {
            "no-such-spec:is_group_of": 1,
            "no-such-spec:predicted_iou": 1,
            "no-such-spec:truncated": 1,
        },
    }


def test_a_missing_spec_may_be_an_error(tmp_path: Path) -> None:
    result = bring_in(write(tmp_path, documented(boxes=[BOX])), missing_attributes=MissingAttributes.ERROR)

    assert not result.committed
    assert [(i.code, i.line, i.column, i.value) for i in result.report.issues()] == [
        ("bad-attribute", 2, name, "false") for name in ("truncated", "is_group_of", "is_depiction", "is_inside")
    ]


def test_values_are_written_as_their_spec_wants_them(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(classes=CLASSES)))
    label = Label.objects.get(name="/m/01yrx")
    AttributeSpec.objects.create(label=label, name="truncated", input_type=InputType.RADIO, values=["true", "false"])
    AttributeSpec.objects.create(label=label, name="is_inside", input_type=InputType.NUMBER, values=[0, 1])
    AttributeSpec.objects.create(label=label, name="is_group_of", input_type=InputType.SELECT, values=["1", "0"])
    good, bad = "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,1,-1,-1,1", "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,1,1,-1,1"

    result = bring_in(
        write(tmp_path, documented(boxes=[good, bad])), missing_images=Missing.CREATE, on_error=OnError.SKIP
    )

    assert only_shape().attributes == {"truncated": "true", "is_inside": 1}
    assert [(i.code, i.line, i.column, i.value) for i in result.report.issues()] == [
        ("bad-attribute", 3, "is_group_of", "true")
    ]
    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "skipped": {"bad": 1}}


# Masks


def test_what_a_mask_carries(tmp_path: Path) -> None:
    clicks = "0.60938 0.52344 1;0.35729 0.73281 0"
    imported(write(tmp_path, with_masks([BOX], [mask_row(rest=f"0.90123,{clicks}")])))

    mask = only_shape(ShapeKind.MASK)
    assert mask.attributes == {"box_id": "aaaaaaaa", "predicted_iou": 0.90123}
    assert (mask.x_min, mask.x_max, mask.y_min, mask.y_max) == (0.1, 0.5, 0.2, 0.6)
    assert (mask.mask.path, mask.mask.clicks) == ("a_aaaaaaaa.png", clicks)
    assert (bytes(mask.mask.png), mask.mask.width, mask.mask.height) == (png(), 8, 6)
    assert (mask.score, mask.occluded, mask.source) == (None, None, "")


def test_masks_are_grouped_with_their_boxes(tmp_path: Path) -> None:
    boxes = [
        "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,,,,,",
        "a,,/m/0k4j,1,0.1,0.5,0.2,0.6,,,,,",
        "a,,/m/01yrx,1,0.3,0.5,0.2,0.6,,,,,",
        "b,,/m/01yrx,1,0.3,0.5,0.2,0.6,,,,,",
    ]
    masks = [mask_row("bbbbbbbb", "0.3000009,0.500000,0.2000,0.6"), mask_row()]
    imported(write(tmp_path, with_masks(boxes, masks)))

    third, first = shapes(ShapeKind.MASK)
    groups = [box.group for box in shapes(ShapeKind.RECTANGLE)]
    assert groups == [first.group, None, third.group, None]
    assert None is not first.group != third.group is not None


def test_coordinates_that_differ_by_more_do_not_group(tmp_path: Path) -> None:
    result = bring_in(write(tmp_path, with_masks([BOX], [mask_row(box="0.100002,0.5,0.2,0.6")])))

    assert [shape.group for shape in shapes()] == [None, None]
    assert told(result.report) == [
        (
            "note: mask-without-box: 1 mask names a box that neither the archive nor the task has; such a mask is "
            "imported alone"
        )
    ]


def test_of_equal_boxes_the_first_without_a_mask_is_taken(tmp_path: Path) -> None:
    masks = [mask_row("aaaaaaaa"), mask_row("bbbbbbbb"), mask_row("cccccccc")]
    result = bring_in(write(tmp_path, with_masks([BOX, BOX], masks)))

    first, second, alone = shapes(ShapeKind.MASK)
    assert [box.group for box in shapes(ShapeKind.RECTANGLE)] == [first.group, second.group]
    assert first.group != second.group
    assert alone.group is None
    assert codes(result.report) == ["mask-without-box"]


def test_a_mask_that_says_no_box_is_not_noted(tmp_path: Path) -> None:
    imported(write(tmp_path, with_masks([BOX], [mask_row(box=",,,")])))

    mask = only_shape(ShapeKind.MASK)
    assert (mask.x_min, mask.x_max, mask.y_min, mask.y_max, mask.group) == (None, None, None, None, None)


def test_a_mask_finds_a_box_that_is_in_the_task_already(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(boxes=[BOX, BOX, BOX.replace("a,", "b,", 1)])))
    imported(write(tmp_path, with_masks([], [mask_row()])))

    mask = only_shape(ShapeKind.MASK)
    assert mask.group is not None
    assert [box.group for box in shapes(ShapeKind.RECTANGLE)] == [mask.group, None, None]
    assert dict(Image.objects.values_list("name", "revision")) == {"a": 2, "b": 1}

    # A second mask takes the second box, and a third finds none.
    more = [mask_row("bbbbbbbb"), mask_row("cccccccc")]
    result = bring_in(write(tmp_path, with_masks([], more)))
    groups = [mask.group for mask in shapes(ShapeKind.MASK)]
    assert [box.group for box in shapes(ShapeKind.RECTANGLE)] == [groups[0], groups[1], None]
    assert len({*groups}) == 3
    assert groups[2] is None
    assert codes(result.report) == ["mask-without-box"]


def test_a_box_finds_a_mask_that_is_in_the_task_already(tmp_path: Path) -> None:
    bring_in(write(tmp_path, with_masks([], [mask_row()])))
    imported(write(tmp_path, with_masks([BOX], [mask_row()])))

    assert only_shape(ShapeKind.MASK).group == only_shape(ShapeKind.RECTANGLE).group is not None


def test_one_box_has_one_mask(tmp_path: Path) -> None:
    imported(write(tmp_path, with_masks([BOX], [mask_row()])))
    result = bring_in(write(tmp_path, with_masks([BOX], [mask_row("bbbbbbbb")])))

    first, second = shapes(ShapeKind.MASK)
    assert only_shape(ShapeKind.RECTANGLE).group == first.group is not None
    assert second.group is None
    assert codes(result.report) == ["mask-without-box"]


def test_masks_of_another_task_are_no_concern(tmp_path: Path) -> None:
    imported(write(tmp_path, with_masks([BOX], [mask_row()])), "other")
    imported(write(tmp_path, with_masks([BOX], [mask_row()])))

    assert [shape.group for shape in shapes()] == [1, 1]


# Images


@pytest.mark.parametrize(
    ("cell", "rotation"), [("0.0", 0.0), ("270.0", 270.0), ("", None), ("nan", None), ("NaN", None), ("0", 0.0)]
)
def test_rotation(cell: str, rotation: float | None, tmp_path: Path) -> None:
    imported(write(tmp_path, documented(images=[f"a,train,,,,,,,,,,{cell}"])))

    assert Image.objects.get().rotation == rotation


def test_the_subset_of_the_row_before_that_of_the_file(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(images=["a,,,,,,,,,,,", "b,other,,,,,,,,,,"])))

    assert list(Image.objects.order_by("pk").values_list("subset", "name")) == [("train", "a"), ("other", "b")]


def test_one_name_in_two_subsets(tmp_path: Path) -> None:
    files = {
        "annotations/train-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX),
        "annotations/test-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX.replace("0.6", "0.7")),
        "images/train/a.jpg": picture(20, 10),
        "images/test/a.jpg": picture(30, 10),
    }
    imported(write(tmp_path, files))

    assert {(box.image.subset, box.image.width, box.y_max) for box in shapes()} == {
        ("train", 20, 0.6),
        ("test", 30, 0.7),
    }


def test_sizes_come_from_the_picture_before_images_meta(tmp_path: Path) -> None:
    files = documented(boxes=[BOX, BOX.replace("a,", "b c,", 1)], sizes="a 11 21\n'b c' 12 22\nnobody 1 1\n")
    result = bring_in(write(tmp_path, files | {"images/train/a.jpg": picture(20, 10)}))

    assert dict(Image.objects.values_list("name", "width")) == {"a": 20, "b c": 22}
    (warning,) = result.report.issues()
    assert (warning.severity, warning.code, warning.file) == ("warning", "size-differs", "images/train/a.jpg")
    assert warning.reason == "is 20 x 10 pixels, which is used, but images.meta says 21 x 11"
    assert totals(result.report)["image sizes"] == {
        "read": 3,
        "added": 1,
        "skipped": {"unknown-image": 1, "other-size": 1},
    }


def test_sizes_said_twice(tmp_path: Path) -> None:
    files = {
        "annotations/images.meta": "a 11 21\na 11 21\n",
        "more/images.meta": "a 11 21\nb 12 22\n",
        "other/images.meta": "b 13 23\n",
    }
    result = bring_in(write(tmp_path, files | documented(boxes=[BOX, BOX.replace("a,", "b,", 1)])))

    assert dict(Image.objects.values_list("name", "width")) == {"a": 21, "b": 22}
    assert totals(result.report)["image sizes"] == {"read": 5, "added": 2, "skipped": {"said-twice": 3}}
    assert codes(result.report) == ["size-differs"]


def test_pictures_alone_are_images(tmp_path: Path) -> None:
    result = imported(write(tmp_path, {"images/train/b/c/2.jpg": picture(), "images/loose.png": picture(kind="PNG")}))

    images = {(image.subset, image.name): image for image in Image.objects.all()}
    assert set(images) == {("train", "b/c/2"), ("default", "loose")}
    assert images["train", "b/c/2"].file_suffix == ".jpg"
    with images["default", "loose"].file.open() as file:
        assert file.read() == picture(kind="PNG")
    assert totals(result.report)["pictures"] == {"read": 2, "added": 2}


def test_two_pictures_of_one_image(tmp_path: Path) -> None:
    files = documented(images=["a,train" + "," * 10]) | {"images/train/a.jpg": picture(), "images/a.png": picture()}
    result = bring_in(write(tmp_path, files))

    assert not result.committed
    assert told(result.report) == [
        'error: two-pictures: images/a.png: "a" is the ImageID of a second picture; the first is "images/train/a.jpg"'
    ]
    assert totals(result.report)["pictures"] == {"read": 2, "added": 1, "skipped": {"bad": 1}}


def test_a_bad_picture_that_is_skipped_is_listed(tmp_path: Path) -> None:
    files = documented(boxes=[BOX]) | {"images/train/a.jpg": b"no picture", "images/train/b.jpg": picture()}
    result = bring_in(write(tmp_path, files), on_error=OnError.SKIP)

    assert result.committed
    assert codes(result.report) == ["bad-picture"]
    assert totals(result.report)["pictures"] == {"read": 2, "added": 1, "skipped": {"bad": 1}}
    assert dict(Image.objects.values_list("name", "width")) == {"a": None, "b": 20}


# Labels and hierarchy


def test_labels_have_a_colour_and_their_place(tmp_path: Path) -> None:
    imported(write(tmp_path, documented(classes=CLASSES, labels=["a,,/m/new,1"])))

    labels = list(Label.objects.order_by("position"))
    assert [(label.name, label.position, label.is_listed) for label in labels] == [
        ("/m/01yrx", 0, True),
        ("/m/0k4j", 1, True),
        ("/m/new", 2, True),
    ]
    for label in labels:
        label.full_clean()


def test_rows_may_name_a_label_by_its_display_name(tmp_path: Path) -> None:
    rows = ["a,,Cat,1", "a,,/m/01yrx,1", "a,,Twin,1"]
    classes = f"{CLASSES}/m/1,Twin\n/m/2,Twin\n/m/3,/m/0k4j\n"
    result = bring_in(
        write(tmp_path, documented(classes=classes, labels=[*rows, "a,,/m/0k4j,1"])), on_error=OnError.SKIP
    )

    assert [tag.label.name for tag in shapes()] == ["/m/01yrx", "/m/01yrx", "/m/0k4j"]
    (issue,) = told(result.report)
    assert issue == (
        'error: ambiguous-label: annotations/train-annotations-human-imagelabels.csv:4: LabelName: "Twin" is the '
        "display name of several labels: /m/1, /m/2"
    )


def test_the_hierarchy_is_a_graph(tmp_path: Path) -> None:
    tree = """{"LabelName": "/m/root", "Subcategory": [
        {"LabelName": "/m/01yrx", "Part": [{"LabelName": "/m/ear"}]},
        {"LabelName": "/m/pet", "Subcategory": [{"LabelName": "/m/01yrx", "Part": [{"LabelName": "/m/ear"}]}],
         "Part": [{"LabelName": "/m/ear"}]}]}"""
    files = documented(classes=f"{CLASSES}/m/pet,Pet\n/m/ear,Ear\n", hierarchy=tree)
    result = imported(write(tmp_path, files))

    assert set(
        Label.objects.exclude(child_edges=None).values_list(
            "name", "child_edges__child__name", "child_edges__kind", "child_edges__position"
        )
    ) == {
        ("/m/root", "/m/01yrx", "subcategory", 0),
        ("/m/root", "/m/pet", "subcategory", 1),
        ("/m/pet", "/m/01yrx", "subcategory", 0),
        ("/m/01yrx", "/m/ear", "part", 0),
        ("/m/pet", "/m/ear", "part", 0),
    }
    assert totals(result.report)["hierarchy edges"] == {"read": 5, "added": 5}
    assert list(Label.objects.filter(is_listed=False).values_list("name", flat=True)) == ["/m/root"]

    result = imported(tmp_path)
    assert totals(result.report)["hierarchy edges"] == {"read": 5, "unchanged": 5}
    assert not result.changed


def test_a_hierarchy_that_turns_the_task_s_upside_down_is_an_issue(tmp_path: Path) -> None:
    tree = '{"LabelName": "/m/01yrx", "Subcategory": [{"LabelName": "/m/0k4j"}]}'
    imported(write(tmp_path, documented(classes=CLASSES, hierarchy=tree)))
    turned = '{"LabelName": "/m/0k4j", "Subcategory": [{"LabelName": "/m/01yrx"}]}'
    result = bring_in(write(tmp_path, documented(hierarchy=turned)))

    assert codes(result.report) == ["cyclic-hierarchy"]
    assert totals(result.report)["hierarchy edges"] == {"read": 1, "skipped": {"bad": 1}}


def test_line_numbers_are_the_file_s_own(tmp_path: Path) -> None:
    rows = ['a,train,,,,,,"two\nlines",,,,', "b,train,,,,,,,,,,400"]
    result = bring_in(write(tmp_path, documented(images=rows)))

    assert [(i.code, i.line, i.column, i.value) for i in result.report.issues()] == [
        ("bad-rotation", 4, "Rotation", "400")
    ]


def test_headers_alone_are_an_empty_data_set(tmp_path: Path) -> None:
    files = {
        "train-annotations-bbox.csv": csv_text(BOXES_HEADER),
        "train-annotations-human-imagelabels.csv": csv_text(LABELS_HEADER),
        "train-images-with-rotation.csv": csv_text(IMAGES_HEADER),
        "train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER),
    }
    result = imported(write(tmp_path, files))

    assert totals(result.report) == {}
    assert result.changed
    assert Task.objects.get().revision == 0


# Scores and flags against specs that a person has made


@pytest.mark.parametrize(
    ("name", "input_type", "values", "column", "reason"),
    [
        (
            "score",
            InputType.NUMBER,
            [0.5, 1],
            "Confidence",
            '"0.25" breaks the label\'s attribute spec: 0.25 is below 0.5.',
        ),
        (
            "score",
            InputType.SELECT,
            ["1"],
            "Confidence",
            '"0.25" breaks the label\'s attribute spec: “0.25” is not one of: “1”.',
        ),
        ("occluded", InputType.RADIO, ["true"], "IsOccluded", '"False" breaks the label\'s attribute spec: “false” is'),
    ],
)
def test_a_score_or_flag_that_breaks_its_spec_is_an_issue(
    name: str, input_type: str, values: list[object], column: str, reason: str, tmp_path: Path
) -> None:
    imported(write(tmp_path / "before", documented(classes=CLASSES, boxes=[BOX])))
    label = Label.objects.get(name="/m/01yrx")
    label.attribute_specs.filter(name=name).delete()
    label.attribute_specs.create(name=name, input_type=input_type, values=values)
    bad = "a,xclick,/m/01yrx,0.25,0.3,0.4,0.3,0.4,0,0,0,0,0"
    result = bring_in(write(tmp_path / "bad", documented(boxes=[bad])), on_error=OnError.SKIP)

    (issue,) = [issue for issue in result.report.issues() if issue.code == "bad-attribute"]
    assert (issue.line, issue.column) == (2, column)
    assert reason in str(issue)
    assert issue.params.keys() == {"fault"}
    assert issue.params["fault"]["code"] in {"wrong_type", "out_of_range", "not_a_step", "invalid_choice"}
    assert totals(result.report)["boxes"] == {"read": 1, "skipped": {"bad": 1}}
    assert len(shapes(ShapeKind.RECTANGLE)) == 1


def test_a_score_of_type_text_takes_any(tmp_path: Path) -> None:
    imported(write(tmp_path / "before", documented(classes=CLASSES, boxes=[BOX])))
    label = Label.objects.get(name="/m/01yrx")
    label.attribute_specs.filter(name="score").update(input_type=InputType.TEXT, values=[])
    row = "a,xclick,/m/01yrx,0.25,0.3,0.4,0.3,0.4,0,0,0,0,0"
    result = bring_in(write(tmp_path / "more", documented(boxes=[row])))

    assert result.committed
    shape = shapes(ShapeKind.RECTANGLE)[1]
    assert (shape.score, shape.shown_attributes(label.attribute_specs.all())["score"]) == (0.25, "0.25")


def test_a_subset_that_nothing_has_is_an_issue(tmp_path: Path) -> None:
    source = write(tmp_path, documented(boxes=[BOX]))
    result = bring_in(source, subsets=frozenset({"tarin", "train"}))
    assert told(result.report) == [
        'error: unknown-chosen-subset: --subset: "tarin" is not a subset that the archive or the task has'
    ]
    assert not Task.objects.exists()
    assert bring_in(source, subsets=frozenset({"train"})).committed


def test_a_mask_with_too_long_an_outline_stays_a_mask(tmp_path: Path, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_SHAPE_POINTS": 3}
    source = write(tmp_path, with_masks([BOX], [mask_row()]))
    result = bring_in(source, masks_as=MasksAs.POLYGONS)
    (warning,) = told(result.report)
    assert warning == (
        'warning: long-outline: annotations/train-annotations-object-segmentation.csv:2: MaskPath: "a_aaaaaaaa.png" '
        "has an outline of more than 3 points (MAX_SHAPE_POINTS), so it stays a mask"
    )
    assert result.committed
    (mask,) = shapes(ShapeKind.MASK)
    assert mask.mask.png
    again = bring_in(source, masks_as=MasksAs.POLYGONS)
    assert totals(again.report)["masks"] == {"read": 1, "unchanged": 1}
