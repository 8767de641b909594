"""A label that no class list has, alone: what goes out comes in, and goes out as the same bytes."""

import zipfile
from pathlib import Path

import pytest

from openimages_io.models import Label, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from tests.transfer.exporting import Made

HIERARCHY = "annotations/bbox_labels_600_hierarchy.json"


@pytest.mark.django_db
@pytest.mark.parametrize("is_used", [True, False])
def test_export_import_and_export_are_the_same_bytes(tmp_path: Path, is_used: bool) -> None:
    made = Made()
    Label.objects.filter(pk=made.label.pk).update(is_listed=False, display_name="")
    if is_used:
        made.add("tag", score=1)
    archives = [tmp_path / "1.zip", tmp_path / "2.zip"]
    Exporter(made.task, archives[0]).run()
    assert Importer(archives[0], "u").run().committed
    Exporter(Task.objects.get(name="u"), archives[1]).run()
    with zipfile.ZipFile(archives[0]) as archive:
        # One that shapes have is in the class list, and then it is not a root that only the hierarchy knows.
        assert (b"/m/01yrx" in archive.read(HIERARCHY)) is not is_used
    assert archives[0].read_bytes() == archives[1].read_bytes()
