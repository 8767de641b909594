"""Masks that come in again: which stored mask each of them is, and what becomes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode, encode
from openimages_io.geometry import resize_nearest
from openimages_io.models import Image, Label, Mask, Shape, ShapeKind, Task
from openimages_io.transfer import merging
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.masks.looks import same_pixels
from openimages_io.transfer.options import ExportOptions, ImportOptions, MasksAs, MaskSize
from tests.transfer.datasets import documented
from tests.transfer.datasets import write as write_files

pytestmark = pytest.mark.django_db

COLUMNS = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
BOX = (0.1, 0.5, 0.2, 0.6)
OTHER = (0.3, 0.9, 0.2, 0.6)
SIDE = 40

Row = tuple[str, tuple[float, ...] | None, int]
"""BoxID, box, and the seed of the pixels."""


def png(seed: int) -> bytes:
    return encode(np.random.default_rng(seed).random((SIDE, SIDE)) < 0.5)


def seeds(task: Task) -> dict[int, int]:
    """What the pixels of each stored mask are, by key."""
    known = {png(seed): seed for seed in range(10)}
    return {mask.pk: known[bytes(mask.png)] for mask in Mask.objects.filter(shape__task=task).order_by("pk")}


def run(folder: Path, *rows: Row, masks_as: MasksAs = MasksAs.MASKS) -> Result:
    """Imports masks of one label on one image."""
    annotations, masks = folder / "annotations", folder / "masks" / "train"
    annotations.mkdir(parents=True)
    masks.mkdir(parents=True)
    (annotations / "class-descriptions.csv").write_text("/m/0cat,Cat\n")
    (annotations / "images.meta").write_text(f"one {SIDE} {SIDE}\n")
    lines = []
    for number, (box_id, box, seed) in enumerate(rows):
        (masks / f"{number}.png").write_bytes(png(seed))
        lines.append(f"{number}.png,one,/m/0cat,{box_id},{','.join(map(str, box or [''] * 4))},,\n")
    (annotations / "train-annotations-object-segmentation.csv").write_text(COLUMNS + "".join(lines))
    result = Importer(folder, "task", ImportOptions(masks_as=masks_as)).run()
    assert result.committed
    return result


def counts(result: Result) -> tuple[int, int, int]:
    totals = result.report.totals["masks"]
    return totals.added, totals.updated, totals.unchanged


def test_a_box_id_names_a_mask_wherever_its_box_is(tmp_path: Path) -> None:
    run(tmp_path / "1", ("deadbeef", BOX, 1), ("cafe0001", BOX, 2))
    result = run(tmp_path / "2", ("cafe0001", OTHER, 3))
    assert counts(result) == (0, 1, 0)
    assert list(seeds(Task.objects.get()).values()) == [1, 3]
    moved = Shape.objects.get(attributes__box_id="cafe0001")
    assert (moved.x_min, moved.x_max, moved.y_min, moved.y_max) == OTHER


def test_another_box_id_is_another_mask(tmp_path: Path) -> None:
    run(tmp_path / "1", ("deadbeef", BOX, 1))
    assert counts(run(tmp_path / "2", ("cafe0001", BOX, 1))) == (1, 0, 0)


@pytest.mark.parametrize("stored", ["deadbeef", "", "00000007"])
def test_a_number_is_that_of_the_mask_in_its_place(tmp_path: Path, stored: str) -> None:
    run(tmp_path / "1", ("00000000", OTHER, 1), (stored, BOX, 2))
    nearby = tuple(value + 5e-6 for value in BOX)
    result = run(tmp_path / "2", ("00000000", nearby, 3))
    assert counts(result) == (0, 1, 0)
    assert list(seeds(Task.objects.get()).values()) == [1, 3]
    after = [shape.attributes.get("box_id", "") for shape in Shape.objects.order_by("pk")]
    assert after == ["00000000", stored or "00000000"]
    assert Shape.objects.order_by("pk")[1].x_min == BOX[0]


def test_a_number_in_no_place_of_ours_is_a_new_mask(tmp_path: Path) -> None:
    run(tmp_path / "1", ("00000000", BOX, 1))
    assert counts(run(tmp_path / "2", ("00000000", OTHER, 1))) == (1, 0, 0)


def test_a_box_id_meets_the_mask_that_had_none(tmp_path: Path) -> None:
    run(tmp_path / "1", ("", BOX, 1))
    assert counts(run(tmp_path / "2", ("deadbeef", BOX, 1))) == (0, 1, 0)
    assert Shape.objects.get().attributes["box_id"] == "deadbeef"


def test_a_number_takes_no_mask_that_another_row_names(tmp_path: Path) -> None:
    run(tmp_path / "1", ("deadbeef", BOX, 1))
    result = run(tmp_path / "2", ("00000000", BOX, 2), ("deadbeef", BOX, 1))
    assert counts(result) == (1, 0, 1)
    assert list(seeds(Task.objects.get()).values()) == [1, 2]


@pytest.mark.parametrize("box", [None, BOX])
def test_numbers_that_have_moved_on_are_told_apart_by_pixels(tmp_path: Path, box: tuple[float, ...] | None) -> None:
    run(tmp_path / "1", ("00000000", box, 1), ("00000001", box, 2), ("00000002", box, 3))
    result = run(tmp_path / "2", ("00000000", box, 2), ("00000001", box, 3))
    assert counts(result) == (0, 0, 2)
    assert list(seeds(Task.objects.get()).values()) == [1, 2, 3]


def test_an_edited_mask_without_box_is_that_of_its_number(tmp_path: Path) -> None:
    run(tmp_path / "1", ("00000000", None, 1), ("00000001", None, 2))
    result = run(tmp_path / "2", ("00000000", None, 1), ("00000001", None, 5))
    assert counts(result) == (0, 1, 1)
    assert list(seeds(Task.objects.get()).values()) == [1, 5]


def test_masks_without_anything_meet_in_their_order(tmp_path: Path) -> None:
    run(tmp_path / "1", ("", None, 1), ("", None, 2))
    assert counts(run(tmp_path / "2", ("", None, 1), ("", None, 4), ("", None, 5))) == (1, 1, 1)
    assert list(seeds(Task.objects.get()).values()) == [1, 4, 5]


def test_what_was_drawn_and_exported_as_masks_comes_back_as_nothing_new(tmp_path: Path) -> None:
    run(tmp_path / "1", ("deadbeef", BOX, 1))
    task = Task.objects.get()
    draw(task)
    before = list(Shape.objects.order_by("pk").values())
    for number, (masks_as, size) in enumerate(((MasksAs.MASKS, MaskSize.NATIVE), (MasksAs.POLYGONS, MaskSize.IMAGE))):
        folder = tmp_path / f"out-{number}"
        assert not Exporter(task, folder, ExportOptions(mask_size=size)).run().report.errors
        result = Importer(folder, "task", ImportOptions(masks_as=masks_as)).run()
        drawn_again = 1 if masks_as is MasksAs.POLYGONS else 0
        assert counts(result) == (drawn_again, 0, 5 - drawn_again)
        assert list(Shape.objects.order_by("pk").values())[: len(before)] == before


@pytest.mark.parametrize("rows_at_once", [1, 256])
def test_a_second_mask_like_a_drawing_is_a_mask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("openimages_io.transfer.masks.importing._CHUNK_ROWS", rows_at_once)
    run(tmp_path / "1", ("deadbeef", BOX, 1))
    task = Task.objects.get()
    draw(task)
    Exporter(task, tmp_path / "out").run()
    table = tmp_path / "out" / "annotations" / "train-annotations-object-segmentation.csv"
    lines = table.read_text().splitlines(keepends=True)
    path, image, label, _, *rest = lines[-1].split(",")
    table.write_text("".join([*lines, ",".join([path, image, label, "abcdef01", *rest])]))
    assert counts(Importer(tmp_path / "out", "task").run()) == (1, 0, 5)


def draw(task: Task) -> None:
    """Four objects: two polygons, one of two shapes, an ellipse and a turned box."""
    common: dict[str, Any] = {"task": task, "image": Image.objects.get(), "label": Label.objects.get()}
    box = dict(zip(("x_min", "x_max", "y_min", "y_max"), BOX, strict=True))
    ring = [0.1, 0.2, 0.5, 0.2, 0.3, 0.6]
    for points, group in (([ring], 70), ([[0.1, 0.6, 0.5, 0.6, 0.5, 0.5]], 70), ([ring], None)):
        Shape.objects.create(**common, **box, kind=ShapeKind.POLYGON, points=points, group=group)
    Shape.objects.create(**common, **box, kind=ShapeKind.ELLIPSE, points=[0.3, 0.4, 0.2, 0.2])
    Shape.objects.create(**common, **box, kind=ShapeKind.RECTANGLE, rotation=20.0)


@pytest.mark.parametrize("size", [(20, 20), (57, 33), (41, 40), (80, 120)])
def test_a_scaled_mask_is_the_same_and_one_pixel_more_is_not(size: tuple[int, int]) -> None:
    ours = decode(png(1), Limits())
    height, width = size
    # OpenCV's rule, by integers: these sizes have no rounding on an edge.
    corners = ours[np.arange(height) * SIDE // height][:, np.arange(width) * SIDE // width]
    for theirs in (resize_nearest(ours, width, height), corners):
        assert same_pixels(ours, theirs)
        theirs[-1, -1] ^= True
        assert not same_pixels(ours, theirs)


def test_flags_of_a_mask_stay_where_a_row_says_more_of_it(tmp_path: Path) -> None:
    run(tmp_path / "1", ("", BOX, 1))
    Shape.objects.update(truncated=True, is_inside=False, attributes={"depth": 1})
    result = run(tmp_path / "2", ("cafe0001", BOX, 1))
    assert counts(result) == (0, 1, 0)
    mask = Shape.objects.get()
    assert (mask.truncated, mask.is_inside, mask.attributes) == (True, False, {"depth": 1, "box_id": "cafe0001"})


@pytest.mark.long
def test_masks_of_an_image_are_fetched_once_for_all_rows_that_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = 0
    fetch = merging._page

    def count(*args: Any) -> list[Any]:
        nonlocal fetched
        rows = fetch(*args)
        fetched += len(rows)
        return rows

    rows = [f"m{n}.png,a,/m/01yrx,,{n / 1000},0.9,0.1,0.9,," for n in range(600)]
    source = write_files(tmp_path, documented(masks=rows))
    assert Importer(source, "t").run().committed
    monkeypatch.setattr(merging, "_page", count)
    result = Importer(source, "t").run()
    assert result.report.totals["masks"].unchanged == 600
    assert not result.changed
    assert fetched == 600
