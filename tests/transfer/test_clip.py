"""Coordinates slightly outside the image: an error, or with the option the edge, however the import is started."""

from pathlib import Path

import pytest

from openimages_io.admin.option_forms import ImportForm, described
from openimages_io.models import Shape
from openimages_io.transfer.options import ImportOptions, as_json, from_json
from tests.transfer.archives import BOXES, MASKS, cell, changed, errors, load, replaced, warnings, write

OUTSIDE = cell(BOXES, 2, "XMin", "-0.0033"), cell(BOXES, 2, "YMax", "1.0015")


@pytest.mark.django_db
def test_a_box_a_hair_outside(tmp_path: Path) -> None:
    # The mask of the box says the same coordinates, and stays with it.
    both = replaced(MASKS, "0.25,0.75,0.1,0.9", "-0.0033,0.75,0.1,1.0015")
    source = write(tmp_path / "a", changed(*OUTSIDE, both))
    result = load(source)
    assert result.refused
    assert all("--clip takes such coordinates" in error for error in errors(result))
    assert len(errors(result)) == 4

    result = load(source, clip=True)
    assert errors(result) == []
    assert [text.split(" ")[1] for text in warnings(result)] == ["BoxXMin:", "BoxYMax:", "XMin:", "YMax:"]
    box = Shape.objects.filter(kind="rectangle").order_by("pk")[0]
    assert (box.x_min, box.y_max) == (0, 1)
    assert box.group is not None
    assert Shape.objects.filter(kind="mask", group=box.group, x_min=0, y_max=1).exists()
    assert not load(source, clip=True).changed


def test_the_form_asks_for_it() -> None:
    usual = {name: getattr(choice, "value", choice) for name, choice in as_json(ImportOptions()).items()}
    data = usual | {"missing_images": "error", "missing_labels": "error", "missing_attributes": "drop", "clip": "on"}
    form = ImportForm({**data, "subsets": "", "labels": "", "task_name": "t"})
    form.fields.pop("upload")
    form.fields.pop("task_name")
    assert form.is_valid(), form.errors
    assert form.options().clip is True
    chosen = [(str(label), str(value)) for label, value in described(ImportOptions, {"clip": True})]
    assert ("Clip coordinates", "yes") in chosen


def test_jobs_from_before_there_was_the_option_load() -> None:
    options = as_json(ImportOptions())
    assert options.pop("clip") is False
    assert from_json(ImportOptions, options) == ImportOptions()
