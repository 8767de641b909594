"""What we export, Datumaro reads."""

from pathlib import Path

import pytest

from fixtures.draw_scenes import FOLDER
from openimages_io.format.issues import Severity
from openimages_io.models import Label, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, LabelNames, LayoutName, MaskSize
from tests.interop.comparison import compare, described
from tests.interop.conftest import Datumaro
from tests.interop.dataset import draw_shapes, write_dataset

pytestmark = pytest.mark.django_db


def task_of(source: Path, name: str) -> Task:
    result = Importer(source, name).run()
    assert not result.report.errors
    assert result.task is not None
    return result.task


def export(task: Task, folder: Path, label_names: LabelNames, mask_size: MaskSize) -> Path:
    options = ExportOptions(layout=LayoutName.DATUMARO, label_names=label_names, mask_size=mask_size)
    report = Exporter(task, folder, options).run().report
    assert not report.errors
    assert not report.counts[Severity.WARNING]
    return folder


@pytest.fixture(params=["scenes", "generated"])
def task(request: pytest.FixtureRequest, tmp_path: Path) -> Task:
    if request.param == "scenes":
        return task_of(FOLDER / "scenes", "scenes")
    task = task_of(write_dataset(tmp_path / "generated", pictures=False), "generated")
    draw_shapes(task)
    return task


@pytest.mark.parametrize(
    ("label_names", "mask_size"), [(LabelNames.MID, MaskSize.NATIVE), (LabelNames.DISPLAY, MaskSize.IMAGE)]
)
def test_items_are_our_rows(
    datumaro: Datumaro, task: Task, tmp_path: Path, label_names: LabelNames, mask_size: MaskSize
) -> None:
    found = datumaro("read", export(task, tmp_path / "out", label_names, mask_size))
    by_display_name = label_names is LabelNames.DISPLAY
    ours = described(task, by_display_name=by_display_name)
    compare(ours, found["items"], centred=mask_size is MaskSize.IMAGE)
    listed = Label.objects.filter(task=task, is_listed=True).order_by("position")
    assert list(found["labels"]) == [label.display_name if by_display_name else label.name for label in listed]


def test_the_data_sets_have_what_is_compared(task: Task) -> None:
    items = [item for subset in described(task).values() for item in subset.values()]
    assert len(described(task)) > 1
    assert {tag[1] for item in items for tag in item["tags"]} >= {0, 1}
    assert any(box["flags"] for item in items for box in item["boxes"])
    assert any(mask["group"] for item in items for mask in item["masks"])
    if task.name == "generated":
        assert any(mask["pixels"].shape != tuple(item["size"]) for item in items for mask in item["masks"])
        assert any(len(box["flags"]) < 5 for item in items for box in item["boxes"])
        assert any(not mask["group"] for item in items for mask in item["masks"])
