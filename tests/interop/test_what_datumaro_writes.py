"""What Datumaro exports, we read."""

from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import HierarchyEdge, Image, Label, Task
from openimages_io.transfer.importer import Importer
from tests.interop.comparison import compare, described
from tests.interop.conftest import Datumaro

pytestmark = pytest.mark.django_db

Made = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module", params=[True, False], ids=["with pictures", "without"])
def made(request: pytest.FixtureRequest, datumaro: Datumaro, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The folder that Datumaro wrote, and what it wrote as it will read it itself."""
    folder = tmp_path_factory.mktemp("datumaro") / "made"
    found = datumaro("make", folder, *["--pictures"] * request.param)
    assert (folder / "images").is_dir() is request.param
    for items in found["items"].values():
        for item in items.values():
            item["masks"].sort(key=lambda mask: mask["group"])
            for number, mask in enumerate(item["masks"]):
                mask["box_id"] = f"{number:08x}"
    return folder, found


def imported(folder: Path) -> Task:
    result = Importer(folder, "made").run()
    assert not list(result.report.issues())
    assert result.task is not None
    return result.task


def test_rows_are_datumaros_items(made: Made) -> None:
    folder, found = made
    task = imported(folder)
    rows = described(task)
    compare(rows, found["items"])
    counts = [sum(len(item[kind]) for items in rows.values() for item in items.values()) for kind in ("boxes", "masks")]
    assert counts == [15, 25]


def test_sizes_are_those_of_the_pictures(made: Made) -> None:
    folder, found = made
    task = imported(folder)
    sizes = {(image.subset, image.name): image.height and [image.height, image.width] for image in task.images.all()}
    # Without pictures Datumaro tells the size of no image that has neither boxes nor masks with one.
    known = {key: size for key, size in sizes.items() if size}
    told = {(subset, name): item["size"] for subset, items in found["items"].items() for name, item in items.items()}
    assert known.items() <= told.items()
    has_pictures = (folder / "images").is_dir()
    assert told.keys() - known.keys() == (set() if has_pictures else {("train", "empty")})
    assert Image.objects.filter(task=task).exclude(file="").count() == len(told) * has_pictures


def test_labels_are_datumaros_categories(made: Made) -> None:
    folder, found = made
    task = imported(folder)
    listed = Label.objects.filter(task=task, is_listed=True).order_by("position")
    assert [label.name for label in listed] == list(found["labels"])
    edges = HierarchyEdge.objects.filter(parent__task=task, parent__is_listed=True)
    assert {(edge.child.name, edge.parent.name) for edge in edges} == {
        (name, parent) for name, parent in found["labels"].items() if parent
    }
