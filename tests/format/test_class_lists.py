"""Class lists with headers in words of their own, and classes that only look like a header."""

import pytest

from openimages_io.format import tables
from openimages_io.format.class_lists import is_header, is_mid
from openimages_io.format.hierarchy import is_virtual_root
from openimages_io.format.issues import Severity
from tests.format.test_reading import read

HEADERS = [
    "label,name",
    "label,class",
    "name,class",
    "Label Name,Display Name",
    "class_id,class_name",
    "MID,Name",
    "id,name",
]


@pytest.mark.parametrize("header", [*HEADERS, '"label","name"', "label , name ", "label,name,", "LabelName,name"])
def test_two_words_of_a_header_are_one_and_that_is_noted(header: str) -> None:
    rows, issues = read(f"{header}\n/m/1,Cat\n/m/2,Dog\n".encode(), tables.CLASSES)
    assert rows == [
        (2, {"LabelName": "/m/1", "DisplayName": "Cat"}),
        (3, {"LabelName": "/m/2", "DisplayName": "Dog"}),
    ]
    assert [(issue.code, issue.severity, issue.line) for issue in issues] == [("header-guessed", Severity.NOTE, 1)]


@pytest.mark.parametrize("header", ["name,mid", "class,id", "DisplayName,mid", "name,LabelName"])
def test_columns_the_other_way_round(header: str) -> None:
    rows, issues = read(f"{header}\nCat,/m/1\n".encode(), tables.CLASSES)
    assert rows == [(2, {"LabelName": "/m/1", "DisplayName": "Cat"})]
    assert str(issues[0]).endswith("is not read as a class: the columns are DisplayName and LabelName")


@pytest.mark.parametrize(
    "row",
    [
        "Cat,Katze",
        "label,label",
        "name,name",
        "/m/1,name",
        "label,",
        "label",
        "Label,Etikett",
        "class,Class",
        "person,name",
    ],
)
def test_what_may_be_a_class_is_one(row: str) -> None:
    rows, issues = read(f"{row}\nb,B\n".encode(), tables.CLASSES)
    assert rows[0][0] == 1
    assert "header-guessed" not in {issue.code for issue in issues}


def test_only_two_different_known_words_are_a_header() -> None:
    assert is_header(["label", "name"])
    assert not is_header(["label", "name", "id"])
    assert not is_header([])


@pytest.mark.parametrize(("name", "wanted"), [("/m/01yrx", True), ("/g/11b5", True), ("Cat", False), ("/m/a b", False)])
def test_mids(name: str, wanted: bool) -> None:
    assert is_mid(name) is wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("/m/0bl9f", True), ("/m/0", True), ("/m/17", True), (None, True), ("/m/012074", False), ("Entity", False)],
)
def test_roots_that_stand_for_no_class(name: str | None, wanted: bool) -> None:
    assert is_virtual_root(name) is wanted
