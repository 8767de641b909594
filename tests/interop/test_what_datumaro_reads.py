"""What we export, Datumaro reads."""

from pathlib import Path

import pytest

from fixtures.draw_scenes import FOLDER
from openimages_io.format.issues import Severity
from openimages_io.models import Image, Label, Shape, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, LabelNames, LayoutName, MaskSize
from tests.interop.comparison import compare, described
from tests.interop.conftest import Datumaro
from tests.interop.dataset import draw_shapes, write_dataset
from tests.transfer.datasets import picture, write

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


def test_pictures_of_images_that_are_called_by_their_file(datumaro: Datumaro, tmp_path: Path) -> None:
    """An item finds its picture, and so its size, whether the extension could be left out of its id or not."""
    task = Task.objects.create(name="t")
    names = {"a.jpg": "a", "x/b.JPG": "x/b", "c": "c", "c.jpg": "c.jpg", "d.png": "d.png"}
    label = task.labels.create(name="/m/01yrx", display_name="Cat", position=0, is_listed=True)
    for number, name in enumerate(names):
        write(tmp_path / "in", {f"images/train/{name}.jpg": picture(width=20 + number)})
        image = task.images.create(subset="train", name=name)
        Shape.objects.create(
            task=task, image=image, label=label, kind="rectangle", x_min=0, x_max=0.5, y_min=0, y_max=0.5
        )
        assert Importer(tmp_path / "in", "t").run().committed
    before = sorted(Shape.objects.values_list("pk", "image__file_digest"))
    assert all(digest for _, digest in before)
    Image.objects.update(width=None, height=None)  # so that Datumaro has them from the pictures alone

    report = Exporter(task, tmp_path / "out", ExportOptions(layout=LayoutName.DATUMARO)).run().report

    assert [issue.code for issue in report.issues()] == ["extension-left-out", "extension-twice"]
    items = datumaro("read", tmp_path / "out")["items"]["train"]
    assert {name: item["size"] for name, item in items.items()} == {
        written: [10, 20 + number] for number, written in enumerate(names.values())
    }
    assert all(len(item["boxes"]) == 1 for item in items.values())
    for number, image in enumerate(task.images.order_by("pk")):
        Image.objects.filter(pk=image.pk).update(width=20 + number, height=10)
    Exporter(task, tmp_path / "sized", ExportOptions(layout=LayoutName.DATUMARO)).run()
    datumaro("pass", tmp_path / "sized", tmp_path / "back", "--pictures")
    result = Importer(tmp_path / "back", "t").run()
    assert result.committed
    assert sorted(Shape.objects.values_list("pk", "image__file_digest")) == before
    assert {issue.code for issue in result.report.issues()} <= {"matched-extension"}
