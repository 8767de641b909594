"""What an archive cannot say, and what Datumaro does not read of it, is counted in the export's report."""

from pathlib import Path

import pytest

from openimages_io.models import AttributeSpec, Image, Shape, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.options import ExportOptions, LayoutName
from tests.transfer.datasets import BOX, CLASSES, CLICKS_HEADER, csv_text, documented, imported, png, write

pytestmark = pytest.mark.django_db

MASK = "a_aaaaaaaa.png,a,/m/01yrx,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,"
COLUMNS = "values of attributes that have a column are"
TREE = (
    '{"LabelName": "/m/root", "Subcategory": [{"LabelName": "/m/01yrx", "Part": [{"LabelName": "/m/leg"}]},'
    ' {"LabelName": "/m/0k4j", "Subcategory": [{"LabelName": "/m/leg"}]},'
    ' {"LabelName": "/m/x", "Subcategory": [{"LabelName": "/m/leg"}]}]}'
)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    boxes = csv_text(CLICKS_HEADER, f"{BOX}" + ",0.1" * 8, f"{BOX.replace('a,', 'b,', 1)}" + "," * 8)
    files = documented(
        classes=CLASSES,
        hierarchy=TREE,
        images=["a,train,u,,,,,,,,,", "b,train,,,,,,,,,,"],
        labels=["a,verification,/m/01yrx,1"],
        machine=["a,machine,/m/01yrx,0.7"],
        boxes=boxes,
        masks=[MASK],
    )
    imported(write(tmp_path / "in", files | {"masks/train/a_aaaaaaaa.png": png()}))
    return Task.objects.get()


def said(task: Task, dest: Path, **options: object) -> list[str]:
    report = Exporter(task, dest, ExportOptions(**options)).run().report  # type: ignore[arg-type]
    return [f"{issue.severity}: {issue}" for issue in report.issues()]


def test_what_datumaro_does_not_read(task: Task, tmp_path: Path) -> None:
    assert said(task, tmp_path / "ours") == []
    first, *others = said(task, tmp_path / "theirs", layout=LayoutName.DATUMARO)
    assert first.startswith("warning: 3 boxes and masks of 2 images without a known size: Datumaro and CVAT drop them")
    assert others == [
        "note: 1 machine label: Datumaro and CVAT read no such files",
        "note: 3 Sources of annotations: Datumaro and CVAT drop them",
        "note: Extreme clicks of 1 box: Datumaro and CVAT drop them",
        "note: The origin or rotation of 1 image: Datumaro and CVAT drop it",
        "note: 1 Part edge of the hierarchy: Datumaro and CVAT drop them",
        "note: 1 second parent in the hierarchy: Datumaro and CVAT keep one a label",
    ]


def test_a_size_that_is_known_is_not_missed(task: Task, tmp_path: Path) -> None:
    Image.objects.filter(name="a").update(width=4, height=4)
    found = said(task, tmp_path / "out", layout=LayoutName.DATUMARO)
    assert found[0].startswith("warning: 1 box or mask of 1 image without a known size")
    Image.objects.update(width=4, height=4)
    assert not [line for line in said(task, tmp_path / "more", layout=LayoutName.DATUMARO) if "warning" in line]


def test_groups_that_no_mask_holds_together(task: Task, tmp_path: Path) -> None:
    assert Shape.objects.filter(group__isnull=False).count() == 2  # the mask and its box
    shapes = Shape.objects.filter(kind__in=["tag", "rectangle"], group=None)
    assert shapes.update(group=77) == 3
    (line,) = said(task, tmp_path / "out")
    assert line == (
        "warning: 1 group has no mask that would keep its shapes together, so the archive does not have the grouping"
    )
    shapes.filter(group=77).update(group=None)
    Shape.objects.filter(kind="tag").update(group=78)
    Shape.objects.filter(kind="tag", source="machine").update(group=None)
    assert said(task, tmp_path / "alone") == []


def test_only_what_was_asked_for_counts(task: Task, tmp_path: Path) -> None:
    found = said(task, tmp_path / "out", layout=LayoutName.DATUMARO, labels=frozenset({"/m/0k4j"}))
    assert not [line for line in found if "size" in line or "machine" in line or "Source" in line]


@pytest.mark.parametrize("layout", LayoutName)
def test_what_the_format_has_no_place_for(task: Task, tmp_path: Path, layout: LayoutName) -> None:
    Image.objects.update(width=8, height=8)
    before = said(task, tmp_path / "before", layout=layout)
    assert not [line for line in before if "not in the archive" in line or "written as" in line]
    label = task.labels.get(name="/m/01yrx")
    common = {"task": task, "image": task.images.get(name="a"), "label": label}
    corners = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
    for _ in range(2):
        Shape.objects.create(kind="polygon", points=[[0.1, 0.2, 0.5, 0.2, 0.5, 0.6]], **common, **corners)
    Shape.objects.create(kind="ellipse", points=[0.3, 0.4, 0.2, 0.2], **common, **corners)
    Shape.objects.create(kind="rectangle", rotation=30.0, **common, **corners)
    Shape.objects.create(kind="rectangle", rotation=0.0, **common, **corners)
    label.color = "#000001"
    label.save()
    AttributeSpec.objects.create(label=label, name="pose", input_type="select", values=["left", "right"])
    label.attribute_specs.filter(name="truncated").update(default_value="true")
    found = said(task, tmp_path / "after", layout=layout)
    assert [line for line in found if line not in before] == [
        "note: 2 polygons are written as masks: pixels in the place of points",
        "note: 1 ellipse is written as a mask: pixels in the place of axes",
        "note: 1 turned box is written as a mask: pixels in the place of sides and a rotation",
        "note: The color of 1 label is not in the archive",
        f"note: 2 attribute specs with a type, values or a default of their own are not in the archive; {COLUMNS}",
    ]
