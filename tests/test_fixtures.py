"""The example data set: what lies in the repository is what its script draws."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fixtures.canvas import Canvas
from fixtures.catalogue import CATALOGUE, LABELS
from fixtures.draw_scenes import FOLDER, polygon, write_scenes

SCENES = FOLDER / "scenes"
ANNOTATIONS = SCENES / "annotations"
SUBSETS = ("train", "validation")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "scenes"
    write_scenes(folder)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def rows(subset: str, name: str) -> list[dict[str, str]]:
    with (ANNOTATIONS / f"{subset}-{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.thorough
def test_the_script_draws_the_same_files(drawn: Path) -> None:
    assert files(drawn) == files(SCENES)


@pytest.mark.thorough
def test_the_script_writes_the_same_annotations(drawn: Path) -> None:
    for name in files(ANNOTATIONS):
        assert (drawn / "annotations" / name).read_bytes() == (ANNOTATIONS / name).read_bytes(), name


@pytest.mark.thorough
def test_the_script_draws_the_same_masks(drawn: Path) -> None:
    for name in files(SCENES / "masks"):
        with Image.open(drawn / "masks" / name) as new, Image.open(SCENES / "masks" / name) as old:
            assert old.mode == "1"
            assert np.array_equal(np.asarray(new), np.asarray(old)), name


def test_the_script_writes_the_same_polygon() -> None:
    assert json.loads((FOLDER / "polygon.json").read_text("utf-8")) == polygon()


def test_counts() -> None:
    counts = {
        name: [len(rows(subset, name)) for subset in SUBSETS]
        for name in (
            "image_ids_and_rotation",
            "annotations-human-imagelabels",
            "annotations-machine-imagelabels",
            "annotations-bbox",
            "annotations-object-segmentation",
        )
    }
    assert counts == {
        "image_ids_and_rotation": [8, 4],
        "annotations-human-imagelabels": [27, 13],
        "annotations-machine-imagelabels": [17, 7],
        "annotations-bbox": [28, 12],
        "annotations-object-segmentation": [17, 10],
    }
    assert len(LABELS) == 10
    assert len(files(SCENES / "images")) == len(CATALOGUE) == 12


def test_it_is_small() -> None:
    assert sum((SCENES / name).stat().st_size for name in files(SCENES)) < 600_000


def test_every_row_names_a_picture_and_a_label() -> None:
    for subset in SUBSETS:
        names = {row["ImageID"] for row in rows(subset, "image_ids_and_rotation")}
        assert files(SCENES / "images" / subset) == sorted(f"{name}.jpg" for name in names)
        for table in ("human-imagelabels", "machine-imagelabels", "bbox", "object-segmentation"):
            for row in rows(subset, f"annotations-{table}"):
                assert row["ImageID"] in names
                assert row["LabelName"] in LABELS.values()


def test_a_mask_fills_its_box() -> None:
    for subset in SUBSETS:
        for row in rows(subset, "annotations-object-segmentation"):
            with Image.open(SCENES / "masks" / subset / row["MaskPath"]) as mask:
                ys, xs = np.nonzero(np.asarray(mask))
                width, height = mask.size
            found = [xs.min() / width, (xs.max() + 1) / width, ys.min() / height, (ys.max() + 1) / height]
            box = [row[f"Box{side}"] for side in ("XMin", "XMax", "YMin", "YMax")]
            if any(box):
                assert found == pytest.approx([float(side) for side in box], abs=0.005), row["MaskPath"]


def test_a_mask_with_a_box_has_one_in_the_box_file() -> None:
    alone = Counter[str]()
    for subset in SUBSETS:
        boxes = rows(subset, "annotations-bbox")
        for row in rows(subset, "annotations-object-segmentation"):
            if not row["BoxXMin"]:
                alone[subset] += 1
                continue
            same = [
                box
                for box in boxes
                if box["ImageID"] == row["ImageID"]
                and box["LabelName"] == row["LabelName"]
                and all(abs(float(box[s]) - float(row[f"Box{s}"])) <= 1e-6 for s in ("XMin", "XMax", "YMin", "YMax"))
            ]
            assert len(same) == 1, row["MaskPath"]
    assert alone == {"train": 1, "validation": 1}


def test_it_holds_what_an_importer_may_trip_over() -> None:
    boxes = [row for subset in SUBSETS for row in rows(subset, "annotations-bbox")]
    flags = {"IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"}
    assert all({"1", "0", "-1"} <= {row[flag] for row in boxes} for flag in flags - {"IsTruncated", "IsDepiction"})
    assert {row.get("XClick1X") == "-1" for row in boxes if row["Source"] == "activemil"} == {True}
    tags = [row for subset in SUBSETS for row in rows(subset, "annotations-human-imagelabels")]
    assert {row["Confidence"] for row in tags} == {"0", "1"}
    assert {row["Rotation"] for row in rows("train", "image_ids_and_rotation")} == {"0.0", ""}


@pytest.mark.thorough
def test_a_wheel_has_the_gaps_between_its_spokes_as_holes() -> None:
    """Checked on the pixels: something that is not wheel is enclosed by the wheel."""
    (wheel, *_) = [
        row
        for row in rows("train", "annotations-object-segmentation")
        if (row["ImageID"], row["LabelName"]) == ("car-road", LABELS["Wheel"])
    ]
    with Image.open(SCENES / "masks" / "train" / wheel["MaskPath"]) as mask:
        grey = mask.convert("L")
    outside = grey.copy()
    ImageDraw.floodfill(outside, (0, 0), 255)
    assert Counter(np.asarray(outside).ravel().tolist())[0] > 100


def test_what_is_drawn_later_hides_what_was_there() -> None:
    canvas = Canvas(4, 2)
    with canvas.object("below"):
        canvas.fill([(0, 0), (4, 0), (4, 2), (0, 2)], "#ff0000")
    with canvas.object("above"):
        canvas.fill([(2, 0), (4, 0), (4, 2), (2, 2)], "#00ff00")
    assert canvas.seen("below", (4, 2)).tolist() == [[True, True, False, False]] * 2
    assert canvas.seen("above", (4, 2)).tolist() == [[False, False, True, True]] * 2
    assert canvas.picture()[0].tolist() == [[255, 0, 0]] * 2 + [[0, 255, 0]] * 2
