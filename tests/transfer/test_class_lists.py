"""Class lists and hierarchies of other tools, in a task."""

import json
from pathlib import Path

import pytest

from openimages_io.models import Label
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
