"""What comes back from Datumaro merges into the task it came from."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db.models import QuerySet

from fixtures.draw_scenes import FOLDER
from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode, encode
from openimages_io.models import HierarchyEdge, Image, Label, Mask, Shape, ShapeKind, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ExportOptions, LabelNames, LayoutName, MaskSize
from tests.interop.conftest import Datumaro
from tests.interop.dataset import DRAWN_OBJECTS, draw_shapes, write_dataset

pytestmark = pytest.mark.django_db


def rows(task: Task) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored of a task."""
    found: dict[str, QuerySet[Any]] = {
        "labels": Label.objects.filter(task=task),
        "edges": HierarchyEdge.objects.filter(parent__task=task),
        "images": Image.objects.filter(task=task),
        "shapes": Shape.objects.filter(task=task),
        "masks": Mask.objects.filter(shape__task=task),
    }
    return {name: list(queryset.order_by("pk").values()) for name, queryset in found.items()}


def task_of(source: Path) -> Task:
    result = Importer(source, "task").run()
    assert result.task is not None
    assert not result.report.errors
    return result.task


def merge(folder: Path) -> Result:
    result = Importer(folder, "task").run()
    assert result.committed, list(result.report.issues())
    return result


SOURCES: dict[str, Callable[[Path], Path]] = {
    "scenes": lambda _: FOLDER / "scenes",
    "generated": lambda folder: write_dataset(folder / "generated", pictures=False),
    "with pictures": lambda folder: write_dataset(folder / "generated", pictures=True),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("label_names", "mask_size"), [(LabelNames.MID, MaskSize.NATIVE), (LabelNames.DISPLAY, MaskSize.IMAGE)]
)
def test_nothing_is_doubled_and_nothing_is_blanked(
    datumaro: Datumaro, tmp_path: Path, source: str, label_names: LabelNames, mask_size: MaskSize
) -> None:
    task = task_of(SOURCES[source](tmp_path))
    if source != "scenes":
        draw_shapes(task)
    before = rows(task)
    options = ExportOptions(layout=LayoutName.DATUMARO, label_names=label_names, mask_size=mask_size)
    assert not Exporter(task, tmp_path / "out", options).run().report.errors
    datumaro("pass", tmp_path / "out", tmp_path / "back", *["--pictures"] * (source != "generated"))

    result = merge(tmp_path / "back")

    assert not result.changed
    assert not result.report.errors
    assert rows(task) == before
    totals = result.report.totals
    kinds = {"human labels": ShapeKind.TAG, "boxes": ShapeKind.RECTANGLE, "masks": ShapeKind.MASK}
    for name, kind in kinds.items():
        stored = Shape.objects.filter(task=task, kind=kind).exclude(source="machine").exclude(rotation__gt=0).count()
        if kind == ShapeKind.MASK and source != "scenes":
            stored += DRAWN_OBJECTS * Image.objects.filter(subset="train").exclude(name__startswith="empty").count()
        assert (totals[name].unchanged, totals[name].added, totals[name].updated) == (stored, 0, 0)
    assert not any(issue.code == "mask-without-box" for issue in result.report.issues())


def edit_cells(path: Path, edit: Callable[[dict[str, str]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        found, columns = list(reader), list(reader.fieldnames or ())
    for row in found:
        edit(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(found)


def test_what_was_edited_there_is_updated_here_and_reported(datumaro: Datumaro, tmp_path: Path) -> None:
    task = task_of(write_dataset(tmp_path / "generated", pictures=False))
    Exporter(task, tmp_path / "out", ExportOptions(layout=LayoutName.DATUMARO)).run()
    datumaro("pass", tmp_path / "out", tmp_path / "back")
    before = rows(task)
    shape = Shape.objects.filter(task=task, kind=ShapeKind.MASK, image__subset="train").order_by("pk")[1]
    assert (shape.mask.width, shape.mask.height) != (shape.image.width, shape.image.height)
    (png,) = (tmp_path / "back" / "masks" / "train").glob(f"*_{shape.attributes['box_id']}.png")
    pixels = decode(png.read_bytes(), Limits())
    pixels[5, 7] = not pixels[5, 7]
    png.write_bytes(encode(pixels))
    box = Shape.objects.filter(task=task, kind=ShapeKind.RECTANGLE, image=shape.image).order_by("pk")[0]
    scored: list[str] = []

    def edit(row: dict[str, str]) -> None:
        if row["ImageID"] == shape.image.name and not scored:
            scored.append(row["ImageID"])
            row["Confidence"] = "0.625"

    edit_cells(tmp_path / "back" / "annotations" / "train-annotations-bbox.csv", edit)

    totals = merge(tmp_path / "back").report.totals

    assert (totals["masks"].updated, totals["boxes"].updated) == (1, 1)
    assert sum(kind.added for kind in totals.values()) == 0
    mask = Mask.objects.get(pk=shape.pk)
    assert np.array_equal(decode(bytes(mask.png), Limits()), pixels)
    assert (mask.width, mask.height) == (shape.image.width, shape.image.height)
    after = rows(task)
    changed = [new["id"] for old, new in zip(before["shapes"], after["shapes"], strict=True) if old != new]
    assert changed == [box.pk]
    assert Shape.objects.get(pk=box.pk).source == box.source == "xclick"
    assert mask.clicks == shape.mask.clicks != ""


def test_datumaros_numbers_do_not_match_another_mask(datumaro: Datumaro, tmp_path: Path) -> None:
    """It numbers masks without a BoxID anew whenever it writes, so a number may name another mask the next time."""
    datumaro("make", tmp_path / "made", "--pictures")
    task = task_of(tmp_path / "made")
    before = rows(task)

    def renumber(row: dict[str, str]) -> None:
        row["BoxID"] = f"{(int(row['BoxID'], 16) + 3) % 5:08x}"

    for path in (tmp_path / "made" / "annotations").glob("*-annotations-object-segmentation.csv"):
        edit_cells(path, renumber)

    result = merge(tmp_path / "made")

    assert not result.changed
    assert rows(task) == before
    assert result.report.totals["masks"].unchanged == len(before["masks"]) == 25
