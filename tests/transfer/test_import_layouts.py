"""What comes in: the documented archive, what CVAT and Datumaro write, and the official files as downloaded."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from fixtures.draw_scenes import FOLDER
from openimages_io.models import Image, Label, Shape, ShapeKind
from openimages_io.transfer.exporter import Exporter
from tests.transfer.datasets import (
    BOX,
    BOXES_HEADER,
    CHALLENGE_HEADER,
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
    everything,
    image_names,
    imported,
    only_shape,
    pack_tar,
    pack_zip,
    png,
    shapes,
    told,
    totals,
    write,
)

pytestmark = pytest.mark.django_db

MASK = "a_m01yrx_aaaaaaaa.png,a,/m/01yrx,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,0.1 0.2 1;0.3 0.4 0"
ALONE = MASK.replace("0.1,0.5,0.2,0.6", ",,,")
"""A mask that says no box."""


def kinds(task: str = "t") -> dict[str, int]:
    return dict(Counter(shape.kind for shape in shapes(task=task)))


@pytest.mark.parametrize("form", ["folder", "scenes.zip", "scenes.tar", "scenes.tar.gz", "enclosed"])
def test_the_documented_archive_in_every_form(form: str, tmp_path: Path) -> None:
    source = FOLDER / "scenes"
    if form.endswith(".zip"):
        source = pack_zip(tmp_path / form, source)
    elif ".tar" in form:
        source = pack_tar(tmp_path / form, source)
    elif form == "enclosed":
        source = tmp_path / "scenes.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for path in sorted((FOLDER / "scenes").rglob("*.*")):
                archive.write(path, path.relative_to(FOLDER))

    result = imported(source, check_first=False)

    found = totals(result.report)
    read = {kind: found[kind]["read"] for kind in ("images", "pictures", "masks", "boxes")}
    assert read == {"images": 12, "pictures": 12, "masks": 27, "boxes": Shape.objects.filter(kind="rectangle").count()}
    assert found == {kind: {"read": n["read"], "added": n["read"]} for kind, n in found.items()}
    assert Image.objects.exclude(file="").exclude(width=None).count() == 12
    assert ("train", "b/c/2") in image_names()


def test_what_datumaro_writes(tmp_path: Path) -> None:
    files = {
        "annotations/class-descriptions.csv": "Cat,Cat\nCar,Car\n",
        "annotations/bbox_labels_600_hierarchy.json": '{"LabelName": "Entity", "Subcategory": [{"LabelName": "Cat"}]}',
        "annotations/images.meta": "# <image name> <height> <width>\n\na 6 8\n",
        "annotations/train-images-with-rotation.csv": csv_text(IMAGES_HEADER, "a,train" + "," * 10),
        "annotations/train-annotations-human-imagelabels.csv": csv_text(LABELS_HEADER, "a,,Cat,1"),
        "annotations/train-annotations-bbox.csv": csv_text(BOXES_HEADER, "a,,Cat,1,0.1,0.5,0.2,0.6,0,-1,-1,-1,-1"),
        "annotations/train-annotations-object-segmentation.csv": csv_text(
            MASKS_HEADER, "a_Cat_00000000.png,a,Cat,00000000,,,,,,"
        ),
        "masks/train/a_Cat_00000000.png": png(),
    }
    imported(write(tmp_path, files))

    assert image_names() == [("train", "a")]
    assert Image.objects.values_list("width", "height").get() == (8, 6)
    assert list(Label.objects.order_by("pk").values_list("name", "display_name", "is_listed")) == [
        ("Cat", "Cat", True),
        ("Car", "Car", True),
        ("Entity", "", False),
    ]
    tag, mask, box = sorted(shapes(), key=lambda shape: ["tag", "mask", "rectangle"].index(shape.kind))
    assert (tag.source, box.source) == ("", "")
    assert (box.occluded, box.attributes) == (False, {})
    assert (mask.x_min, mask.attributes) == (None, {"box_id": "00000000"})
    assert bytes(mask.mask.png) == png()


IMAGE_LISTS = {
    "image_ids_and_rotation.csv": "validation",
    "train-images-boxable-with-rotation.csv": "train",
    "validation-images-with-rotation.csv": "validation",
    "test-images-with-rotation.csv": "test",
    "train-images-with-labels-with-rotation.csv": "train",
    "oidv6-train-images-with-labels-with-rotation.csv": "train",
}


@pytest.mark.parametrize(("name", "subset"), IMAGE_LISTS.items())
def test_official_image_lists(name: str, subset: str, tmp_path: Path) -> None:
    row = (
        f'000a1249af2bc5f0,{subset},https://o/a.jpg,https://l/a,https://cc/by/2.0,https://u/1,"Ж, Anna",'
        '"A ""cat""",2038323,I6s/8A==,https://t/a.jpg,270.0'
    )
    result = imported(write(tmp_path, {name: csv_text(IMAGES_HEADER, row)}))

    assert totals(result.report) == {"images": {"read": 1, "added": 1}}
    image = Image.objects.get()
    assert (image.subset, image.name) == (subset, "000a1249af2bc5f0")
    assert (image.original_url, image.original_landing_url) == ("https://o/a.jpg", "https://l/a")
    assert (image.license, image.author_profile_url) == ("https://cc/by/2.0", "https://u/1")
    assert (image.author, image.title) == ("Ж, Anna", 'A "cat"')
    assert (image.original_size, image.original_md5) == (2038323, "I6s/8A==")
    assert (image.thumbnail_300k_url, image.rotation) == ("https://t/a.jpg", 270.0)
    assert (image.width, image.height, image.file.name) == (None, None, "")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("class-descriptions.csv", ""),
        ("class-descriptions-boxable.csv", ""),
        ("oidv6-class-descriptions.csv", "LabelName,DisplayName\n"),
        ("oidv7-class-descriptions.csv", "LabelName,DisplayName \n"),
        ("oidv7-class-descriptions-boxable.csv", "LabelName,DisplayName\n"),
    ],
)
def test_official_class_lists(name: str, header: str, tmp_path: Path) -> None:
    files = {name: f'{header}/m/011k07,Tortoise\n/m/02wvth,"Fiat 500 ""topolino"""\n'}
    imported(write(tmp_path, files))

    assert list(Label.objects.values_list("name", "display_name", "position")) == [
        ("/m/011k07", "Tortoise", 0),
        ("/m/02wvth", 'Fiat 500 "topolino"', 1),
    ]


@pytest.mark.parametrize(
    "name", ["classes-segmentation.txt", "oidv6-classes-trainable.txt", "oidv7-classes-trainable.txt"]
)
def test_class_lists_of_names_alone(name: str, tmp_path: Path) -> None:
    imported(write(tmp_path, {name: "/m/011k07\n/m/02wvth\n"}))

    assert list(Label.objects.values_list("name", "display_name")) == [("/m/011k07", ""), ("/m/02wvth", "")]


LABEL_FILES = {
    f"{prefix}{split}-annotations-{source}-imagelabels{part}.csv": (
        "validation" if prefix and split == "val" else split,
        source,
    )
    for prefix in ("", "oidv6-", "oidv7-")
    for split in ("train", "validation", "test", "val")
    for source in ("human", "machine")
    for part in ("", "-boxable")
}


@pytest.mark.parametrize("name", LABEL_FILES)
def test_official_label_files(name: str, tmp_path: Path) -> None:
    subset, source = LABEL_FILES[name]
    cell = "machine" if source == "machine" else "verification"
    result = imported(write(tmp_path, {name: csv_text(LABELS_HEADER, f"a,{cell},/m/01yrx,0.5")}), check_first=False)

    assert totals(result.report)[f"{source} labels"] == {"read": 1, "added": 1}
    assert image_names() == [(subset, "a")]
    tag = only_shape(ShapeKind.TAG)
    assert (tag.source, tag.score) == (cell, 0.5)


BOX_FILES = {
    "train-annotations-bbox.csv": ("train", BOXES_HEADER, BOX),
    "validation-annotations-bbox.csv": ("validation", BOXES_HEADER, BOX),
    "test-annotations-bbox.csv": ("test", BOXES_HEADER, BOX),
    "val-annotations-bbox.csv": ("val", BOXES_HEADER, BOX),
    "oidv6-train-annotations-bbox.csv": ("train", CLICKS_HEADER, f"{BOX},.3,.1,.3,.5,.2,.4,.6,.4"),
    "oidv7-val-annotations-bbox.csv": ("validation", BOXES_HEADER, BOX),
    "challenge-2019-train-detection-bbox.csv": ("train", CHALLENGE_HEADER, "a,/m/01yrx,0.1,0.5,0.2,0.6,1"),
    "open_images_extended_miap_boxes_val.csv": (
        "validation",
        MIAP_HEADER,
        "a,/m/01yrx,1,0.1,0.5,0.2,0.6,0,1,-1,0,0,Unknown,Young",
    ),
}


@pytest.mark.parametrize("name", BOX_FILES)
def test_official_box_files(name: str, tmp_path: Path) -> None:
    subset, header, row = BOX_FILES[name]
    imported(write(tmp_path, {name: csv_text(header, row)}))

    assert image_names() == [(subset, "a")]
    box = only_shape(ShapeKind.RECTANGLE)
    assert (box.x_min, box.x_max, box.y_min, box.y_max) == (0.1, 0.5, 0.2, 0.6)
    flags = {name: value for name, value in box.all_attributes.items() if not name.endswith("Presentation")}
    if header is CHALLENGE_HEADER:
        assert (box.source, box.score, box.occluded, flags) == ("", None, None, {"is_group_of": True})
    elif header is MIAP_HEADER:
        assert (box.source, box.score, box.occluded) == ("", 1, False)
        assert flags == {"truncated": True, "is_depiction": False, "is_inside": False}
        assert box.attributes["GenderPresentation"] == "Unknown"
        assert box.attributes["AgePresentation"] == "Young"
    else:
        assert (box.source, box.score, box.occluded) == ("xclick", 1, False)
        assert flags == dict.fromkeys(("truncated", "is_group_of", "is_depiction", "is_inside"), False)
    clicks = [[0.3, 0.2], [0.1, 0.4], [0.3, 0.6], [0.5, 0.4]] if header is CLICKS_HEADER else None
    assert box.clicks == clicks


@pytest.mark.parametrize(
    ("name", "subset"),
    [
        ("train-annotations-object-segmentation.csv", "train"),
        ("validation-annotations-object-segmentation.csv", "validation"),
        ("oidv7-val-annotations-object-segmentation.csv", "validation"),
        ("challenge-2019-train-segmentation-masks.csv", "train"),
    ],
)
def test_official_segmentation_files(name: str, subset: str, tmp_path: Path) -> None:
    files = {name: csv_text(MASKS_HEADER, ALONE), f"masks/{subset}/a_m01yrx_aaaaaaaa.png": png()}
    imported(write(tmp_path, files), check_first=False)

    assert image_names() == [(subset, "a")]
    assert bytes(only_shape(ShapeKind.MASK).mask.png) == png()


def shard(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, png())
    return target.getvalue()


@pytest.mark.parametrize(
    "place",
    [
        "a_m01yrx_aaaaaaaa.png",
        "masks/a_m01yrx_aaaaaaaa.png",
        "masks/train/a_m01yrx_aaaaaaaa.png",
        "masks/train-masks-a/a_m01yrx_aaaaaaaa.png",
        "train-masks-a/a_m01yrx_aaaaaaaa.png",
        "train-masks/a_m01yrx_aaaaaaaa.png",
        "train-masks-a.zip",
        "masks/train-masks-a.zip",
    ],
)
def test_places_of_masks(place: str, tmp_path: Path) -> None:
    content = shard("a_m01yrx_aaaaaaaa.png") if place.endswith(".zip") else png()
    imported(
        write(tmp_path, {"train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER, ALONE), place: content})
    )

    assert bytes(only_shape().mask.png) == png()


def test_masks_in_shards_inside_a_zip(tmp_path: Path) -> None:
    files = {
        "d/train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER, MASK),
        "d/train-masks-a.zip": shard("a_m01yrx_aaaaaaaa.png"),
    }
    result = bring_in(pack_zip(tmp_path / "all.zip", write(tmp_path / "files", files)))

    assert result.committed
    assert bytes(only_shape().mask.png) == png()


def test_an_absent_shard_is_one_warning(tmp_path: Path) -> None:
    rows = [f"b{n}_m01yrx_aaaaaaaa.png,b{n},/m/01yrx,aaaaaaaa,,,,,," for n in range(3)]
    files = {
        "train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER, ALONE, *rows),
        "train-masks-a.zip": shard("a_m01yrx_aaaaaaaa.png"),
    }
    result = bring_in(write(tmp_path, files))

    (warning,) = told(result.report)
    assert warning == (
        "warning: no-mask-shard: train-annotations-object-segmentation.csv: There are no masks of ImageIDs that start "
        "with “b”; 3 masks have no PNG"
    )
    assert totals(result.report)["masks"] == {"read": 4, "added": 4}
    assert [len(shape.mask.png) > 0 for shape in shapes()] == [True, False, False, False]


def test_an_unpacked_part_without_the_others_comes_and_goes(tmp_path: Path) -> None:
    names = [f"{digit}{'0' * 14}{number}" for digit, number in (("a", 1), ("b", 1), ("b", 2))]
    rows = [f"{name}_m01yrx_aaaaaaaa.png,{name},/m/01yrx,aaaaaaaa,,,,,," for name in names]
    files = documented(masks=rows) | {f"masks/train/{names[0]}_m01yrx_aaaaaaaa.png": png()}
    result = bring_in(write(tmp_path / "part", files))

    assert codes(result.report) == ["no-mask-shard"]
    assert [len(shape.mask.png) > 0 for shape in shapes()] == [True, False, False]
    assert result.task is not None
    Exporter(result.task, tmp_path / "out").run()
    again = bring_in(tmp_path / "out", "again")
    assert codes(again.report) == ["no-mask-shard"]
    assert totals(again.report)["masks"] == {"read": 3, "added": 3}


def test_a_mask_missing_in_its_part_is_an_error(tmp_path: Path) -> None:
    names = [f"a{'0' * 14}{number}" for number in range(2)]
    rows = [f"{name}_m01yrx_aaaaaaaa.png,{name},/m/01yrx,aaaaaaaa,,,,,," for name in names]
    files = documented(masks=rows) | {f"masks/train/{names[0]}_m01yrx_aaaaaaaa.png": png()}
    result = bring_in(write(tmp_path, files))

    assert not result.committed
    assert codes(result.report) == ["mask-missing"]


def test_a_mask_missing_in_its_shard_is_an_error(tmp_path: Path) -> None:
    files = {
        "train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER, MASK),
        "train-masks-a.zip": shard("ab_m01yrx_bbbbbbbb.png"),
    }
    result = bring_in(write(tmp_path, files))

    assert not result.committed
    assert "mask-missing" in codes(result.report)


def test_no_masks_at_hand_then_the_masks(tmp_path: Path) -> None:
    rows = [MASK, MASK.replace("aaaaaaaa", "bbbbbbbb"), MASK.replace("aaaaaaaa", "cccccccc")]
    files = documented(boxes=[BOX], masks=rows)
    result = bring_in(write(tmp_path, files))

    assert told(result.report)[0] == (
        "warning: no-mask-files: annotations/train-annotations-object-segmentation.csv: There are no mask files; "
        "3 masks have no PNG"
    )
    assert codes(result.report) == ["no-mask-files", "mask-without-box"]
    assert totals(result.report)["masks"] == {"read": 3, "added": 3}
    mask = shapes(ShapeKind.MASK)[0]
    assert (bytes(mask.mask.png), mask.mask.width, mask.mask.height) == (b"", None, None)
    assert (mask.mask.path, mask.mask.clicks) == ("a_m01yrx_aaaaaaaa.png", "0.1 0.2 1;0.3 0.4 0")
    assert mask.attributes == {"box_id": "aaaaaaaa", "predicted_iou": 0.9}
    assert mask.group == only_shape(ShapeKind.RECTANGLE).group is not None

    files |= {f"masks/train/a_m01yrx_{box_id * 8}.png": png() for box_id in "abc"}
    result = bring_in(write(tmp_path, files))
    assert totals(result.report)["masks"] == {"read": 3, "updated": 3}
    assert totals(result.report)["boxes"] == {"read": 1, "unchanged": 1}
    for filled in shapes(ShapeKind.MASK):
        assert (bytes(filled.mask.png), filled.mask.width, filled.mask.height) == (png(), 8, 6)

    # The table alone again: nothing is taken away.
    before = everything()
    result = bring_in(write(tmp_path, documented(boxes=[BOX], masks=rows)))
    assert totals(result.report)["masks"] == {"read": 3, "unchanged": 3}
    assert everything() == before


def test_official_downloads_in_one_folder(tmp_path: Path) -> None:
    files = {
        "oidv7-class-descriptions.csv": f"LabelName,DisplayName\n{CLASSES}/m/0zzz,Thing\n",
        "class-descriptions-boxable.csv": CLASSES,
        "bbox_labels_600_hierarchy.json": '{"LabelName": "/m/0bl9f", "Subcategory": [{"LabelName": "/m/01yrx"}]}',
        "image_ids_and_rotation.csv": csv_text(IMAGES_HEADER, "a,train,,,,,,,,,,", "v,validation,,,,,,,,,,0.0"),
        "train-images-boxable-with-rotation.csv": csv_text(IMAGES_HEADER, "a,train,,,,,,,,,,90.0"),
        "validation-images-with-rotation.csv": csv_text(IMAGES_HEADER, "v,validation,,,,,,T,,,,"),
        "oidv7-train-annotations-human-imagelabels.csv": csv_text(LABELS_HEADER, "a,verification,/m/0zzz,0"),
        "oidv7-val-annotations-human-imagelabels.csv": csv_text(LABELS_HEADER, "v,verification,/m/01yrx,1"),
        "oidv7-val-annotations-human-imagelabels-boxable.csv": csv_text(LABELS_HEADER, "v,verification,/m/01yrx,1"),
        "oidv7-train-annotations-machine-imagelabels.csv": csv_text(LABELS_HEADER, "a,machine,/m/0zzz,0.6"),
        "oidv6-train-annotations-bbox.csv": csv_text(CLICKS_HEADER, f"{BOX},-1,-1,-1,-1,-1,-1,-1,-1"),
        "validation-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX.replace("a,", "v,", 1)),
    }
    result = imported(write(tmp_path, files))

    assert image_names() == [("train", "a"), ("validation", "v")]
    assert list(Image.objects.order_by("pk").values_list("rotation", "title")) == [(90.0, ""), (0.0, "T")]
    assert totals(result.report)["images"] == {"read": 4, "added": 2, "skipped": {"in-earlier-file": 2}}
    assert totals(result.report)["labels"] == {"read": 6, "added": 4, "skipped": {"in-earlier-file": 2}}
    assert totals(result.report)["human labels"] == {"read": 3, "added": 2, "skipped": {"in-earlier-file": 1}}
    assert kinds() == {"tag": 3, "rectangle": 2}
    assert shapes(ShapeKind.RECTANGLE)[0].clicks == [[-1, -1]] * 4


def test_overlapping_class_lists_that_differ(tmp_path: Path) -> None:
    files = {"class-descriptions.csv": CLASSES, "class-descriptions-boxable.csv": "/m/01yrx,Kitty\n/m/0new,New\n"}
    result = bring_in(write(tmp_path, files))

    (warning,) = told(result.report)
    assert warning == (
        'warning: class-differs: class-descriptions-boxable.csv:1: DisplayName: "Kitty" differs from “Cat” in '
        "class-descriptions.csv, which is used"
    )
    assert result.committed
    assert dict(Label.objects.values_list("name", "display_name")) == {
        "/m/01yrx": "Cat",
        "/m/0k4j": "Car",
        "/m/0new": "New",
    }


def test_overlapping_image_lists_that_differ(tmp_path: Path) -> None:
    files = {
        "image_ids_and_rotation.csv": csv_text(IMAGES_HEADER, "a,train,,,,,Ann,,5,,,"),
        "train-images-boxable-with-rotation.csv": csv_text(IMAGES_HEADER, "a,train,u,,,,Bob,,6,,,"),
    }
    result = bring_in(write(tmp_path, files))

    assert [(issue.severity, issue.line, issue.column, issue.value) for issue in result.report.issues()] == [
        ("warning", 2, "Author", "Bob"),
        ("warning", 2, "OriginalSize", "6"),
    ]
    assert Image.objects.values_list("original_url", "author", "original_size").get() == ("u", "Ann", 5)


def test_overlapping_label_files_that_differ(tmp_path: Path) -> None:
    files = {
        "train-annotations-human-imagelabels.csv": csv_text(
            LABELS_HEADER, "a,verification,/m/01yrx,1", "b,verification,/m/01yrx,1", "b,verification,/m/01yrx,0"
        ),
        "train-annotations-human-imagelabels-boxable.csv": csv_text(
            LABELS_HEADER,
            "a,verification,/m/01yrx,0",
            "b,verification,/m/01yrx,1",
            "b,verification,/m/01yrx,0",
            "b,verification,/m/01yrx,1",
        ),
    }
    result = bring_in(write(tmp_path, files))

    (warning,) = told(result.report)
    assert warning == (
        'warning: row-differs: train-annotations-human-imagelabels-boxable.csv:2: Confidence: "0" differs from “1” '
        "in an earlier file, which is used"
    )
    assert totals(result.report)["human labels"] == {"read": 7, "added": 4, "skipped": {"in-earlier-file": 3}}
    assert [(tag.image.name, tag.score) for tag in shapes()] == [("a", 1), ("b", 1), ("b", 0), ("b", 1)]


def test_overlapping_box_files(tmp_path: Path) -> None:
    files = {
        "train-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX, BOX),
        "challenge-2019-train-detection-bbox.csv": csv_text(
            CHALLENGE_HEADER, *["a,/m/01yrx,0.1,0.5,0.2,0.6,0"] * 2, "a,/m/01yrx,0.1,0.5,0.2,0.7,0"
        ),
    }
    result = imported(write(tmp_path, files))

    assert totals(result.report)["boxes"] == {"read": 5, "added": 3, "skipped": {"in-earlier-file": 2}}


def test_what_only_the_later_of_two_equal_boxes_says_is_told(tmp_path: Path) -> None:
    files = {
        "train-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX),
        "open_images_extended_miap_boxes_train.csv": csv_text(
            MIAP_HEADER, "a,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0,Unknown,Young"
        ),
    }
    result = bring_in(write(tmp_path, files))

    assert totals(result.report)["boxes"] == {"read": 2, "added": 1, "skipped": {"in-earlier-file": 1}}
    assert [(issue.severity, issue.code, issue.line, issue.value) for issue in result.report.issues()] == [
        ("warning", "row-differs", 2, "Unknown"),
        ("warning", "row-differs", 2, "Young"),
    ]


def test_overlapping_segmentation_files(tmp_path: Path) -> None:
    files = {
        "train-annotations-object-segmentation.csv": csv_text(MASKS_HEADER, MASK),
        "challenge-2019-train-segmentation-masks.csv": csv_text(MASKS_HEADER, MASK),
        "masks/a_m01yrx_aaaaaaaa.png": png(),
        "train-annotations-bbox.csv": csv_text(BOXES_HEADER, BOX),
    }
    result = imported(write(tmp_path, files))

    assert totals(result.report)["masks"] == {"read": 2, "added": 1, "skipped": {"in-earlier-file": 1}}


def test_boxes_alone(tmp_path: Path) -> None:
    result = imported(
        write(tmp_path, {"annotations-bbox.csv": csv_text(BOXES_HEADER, BOX, BOX.replace("a,", "b,", 1))})
    )

    assert image_names() == [("default", "a"), ("default", "b")]
    assert Label.objects.values_list("name", "display_name", "is_listed").get() == ("/m/01yrx", "", True)
    assert totals(result.report)["boxes"] == {"read": 2, "added": 2}
    assert totals(result.report)["images"] == {"read": 2, "added": 2}
    assert totals(result.report)["labels"] == {"read": 1, "added": 1}


def test_a_file_that_tells_no_subset_finds_the_image_list(tmp_path: Path) -> None:
    files = {
        "image_ids_and_rotation.csv": csv_text(IMAGES_HEADER, "a,test" + "," * 10),
        "annotations-bbox.csv": csv_text(BOXES_HEADER, BOX, BOX.replace("a,", "b,", 1)),
    }
    imported(write(tmp_path, files))

    assert [(box.image.subset, box.image.name) for box in shapes()] == [("test", "a"), ("default", "b")]


def test_known_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    names = {
        "oidv6-train-annotations-vrd.csv": "visual relationships",
        "oidv7-val-annotations-point-labels.csv": "point labels",
        "open_images_validation_localized_narratives.jsonl": "localized narratives",
        "oidv6-attributes-description.csv": "the attributes of visual relationships",
        "oidv6-relationship-triplets.csv": "the kinds of visual relationships",
    }
    result = bring_in(write(tmp_path, dict.fromkeys(names, "x\n") | documented(boxes=[BOX]) | {"notes.md": "x"}))

    assert result.committed
    assert sorted(told(result.report)) == sorted(
        [f"warning: not-read: {name}: {what}: not read yet" for name, what in names.items()]
        + ["warning: unknown-file: notes.md: The file is not recognised by its name, and was not read"]
    )


def test_nothing_known_says_what_was_looked_for(tmp_path: Path) -> None:
    result = bring_in(write(tmp_path, {"notes.md": "x"}))

    assert not result.committed
    assert codes(result.report) == ["unknown-file", "nothing-known"]
    assert "class-descriptions.csv" in told(result.report)[1]


@pytest.mark.long
def test_the_real_files(shared: Path, tmp_path: Path) -> None:
    files = {
        name: (shared / name).read_bytes()
        for name in (
            "bbox_labels_600_hierarchy.json",
            "class-descriptions-boxable.csv",
            "oidv6-class-descriptions.csv",
        )
    }
    result = bring_in(write(tmp_path, files), check_first=False)

    assert result.committed
    assert totals(result.report)["hierarchy edges"] == {"read": 685, "added": 685}
    assert list(Label.objects.filter(is_listed=False).values_list("name", flat=True)) == ["/m/0bl9f"]
    assert Label.objects.get(name="/m/011k07").display_name == "Tortoise"
