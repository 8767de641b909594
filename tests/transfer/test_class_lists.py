"""Class lists and hierarchies of other tools, in a task."""

import json
from pathlib import Path

import pytest

from openimages_io.models import Label
from openimages_io.transfer.options import Missing
from tests.transfer.archives import CLASSES, HIERARCHY, errors, good, load, write

pytestmark = pytest.mark.django_db


def test_a_header_in_other_words_makes_no_label(tmp_path: Path) -> None:
    result = load(write(tmp_path / "a", good() | {CLASSES: "label,name\n" + str(good()[CLASSES])}))
    assert errors(result) == []
    assert not Label.objects.filter(name="label").exists()
    assert "header-guessed" in {issue.code for issue in result.report.issues()}


def test_the_root_of_an_empty_hierarchy_is_no_label(tmp_path: Path) -> None:
    result = load(write(tmp_path / "a", good() | {HIERARCHY: json.dumps({"LabelName": "/m/0"})}))
    assert errors(result) == []
    assert not Label.objects.filter(name="/m/0").exists()


def test_a_root_of_its_own_is_a_label(tmp_path: Path) -> None:
    load(write(tmp_path / "a", good() | {HIERARCHY: json.dumps({"LabelName": "Everything"})}))
    assert not Label.objects.get(name="Everything").is_listed


@pytest.mark.parametrize("missing", Missing)
@pytest.mark.parametrize("rows", ["/m/0k4j,Car\nCar,Wheel\n", "Car,Wheel\n/m/0k4j,Car\n", "Car,Wheel\nWheel,Tyre\n"])
def test_a_class_that_is_called_as_another_is_shown_is_another(missing: Missing, rows: str, tmp_path: Path) -> None:
    """One label was given a second row's display name, and back by the next import, and so on for ever."""
    load(write(tmp_path / "first", {CLASSES: "/m/0k4j,Car\n"}))
    source = write(tmp_path / "second", {CLASSES: rows})
    load(source, missing_labels=missing)
    again = load(source, missing_labels=missing)
    assert (again.committed, again.changed) == (True, False)
    if rows.startswith("/m/0k4j"):
        assert Label.objects.get(name="/m/0k4j").display_name == "Car"
        assert Label.objects.filter(name="Car").exists() is (missing is Missing.CREATE)
