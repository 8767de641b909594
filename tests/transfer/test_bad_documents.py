"""Every fault of the hierarchy and of images.meta is one issue with its place, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from openimages_io.text import quote_text
from openimages_io.transfer.options import OnError
from tests.transfer.archives import (
    CLASSES,
    HIERARCHY,
    SIZES,
    changed,
    encoded,
    errors,
    everything,
    file,
    good,
    line,
    load,
    more,
    replaced,
    warnings,
    write,
)

pytestmark = pytest.mark.django_db

DEEP = "".join(f'{{"LabelName": "{number}", "Part": [' for number in range(10_000)) + "]}" * 10_000
DEEPER_THAN_ALLOWED = "".join(f'{{"LabelName": "{number}", "Part": [' for number in range(201)) + "]}" * 201

HIERARCHIES: list[tuple[str, str | bytes, list[str]]] = [
    ("zero bytes", "", ["the file is empty"]),
    ("no JSON", "LabelName: /m/1", [":1: column 1: the text is not JSON: Expecting value"]),
    ("cut off", '{"LabelName": "/m/1",\n "Part": [', [":2: column 11: the text is not JSON: Expecting value"]),
    ("more behind it", '{"LabelName": "/m/1"}\nx', [":2: column 1: the text is not JSON: Extra data"]),
    ("UTF-16", '{"LabelName": "/m/1"}'.encode("utf-16"), ["the file is UTF-16; UTF-8 is expected"]),
    ("not UTF-8", b'{\n"LabelName": "\xff"}', [":2: the byte 0xff is not UTF-8"]),
    ("NUL", '{"LabelName": "a\0b"}', [":1: column 17: the text is not JSON: Invalid control character at"]),
    ("escaped NUL", '{"LabelName": "a\\u0000b"}',
     ['LabelName: "a\\x00b" contains a control character, a line break or half a surrogate pair']),
    ("half a pair", '{"LabelName": "\\ud800"}',
     ['LabelName: "\\ud800" contains a control character, a line break or half a surrogate pair']),
    ("list", "[]", ["the document is a list where an object is expected"]),
    ("null", "null", ["the document is null where an object is expected"]),
    ("NaN", "NaN", ["the document is a number where an object is expected"]),
    ("no name", '{"Subcategory": []}', ["LabelName: the node has no LabelName"]),
    ("number as name", '{"LabelName": 1}', ["LabelName: the LabelName is a number, not text"]),
    ("empty name", '{"LabelName": ""}', ['LabelName: "" is an empty LabelName']),
    ("long name", json.dumps({"LabelName": "x" * 300}),
     [f'LabelName: {quote_text("x" * 300)} has 300 characters, more than the 255 that a LabelName may have']),
    ("child of text", '{"LabelName": "r", "Subcategory": ["/m/1"]}',
     ["Subcategory[0]: the node is text where an object is expected"]),
    ("object for children", '{"LabelName": "r", "Part": {}}',
     ["Part: the children are an object where a list is expected"]),
    ("key twice", '{"LabelName": "a", "LabelName": "b"}', ['"LabelName" occurs twice in one object']),
    ("child twice", '{"LabelName": "r", "Part": [{"LabelName": "a"}, {"LabelName": "a"}]}',
     ['Part[1].LabelName: "a" occurs twice in one Part list']),
    ("cyclic-hierarchy", '{"LabelName": "a", "Part": [{"LabelName": "b", "Subcategory": [{"LabelName": "a"}]}]}',
     ['Part[0].Subcategory[0].LabelName: "a" is below itself']),
    ("below itself", '{"LabelName": "a", "Part": [{"LabelName": "a"}]}',
     ['Part[0].LabelName: "a" is below itself']),
    ("other children", json.dumps({"LabelName": "r", "Part": [
        {"LabelName": "x", "Part": [{"LabelName": "y"}]},
        {"LabelName": "z", "Part": [{"LabelName": "x"}]}]}),
     ['Part[1].Part[0].LabelName: "x" has other children than at Part[0]']),
    ("10,000 deep", DEEP, ["the classes are nested deeper than 200"]),
    ("201 deep", DEEPER_THAN_ALLOWED,
     [f"{quote_text('.'.join(['Part[0]'] * 199))[1:-1]}: the classes are nested deeper than 200"]),
    ("several", '{"LabelName": "r", "Part": [1, {"LabelName": "r"}, {}], "Subcategory": 2}',
     ["Part[0]: the node is a number where an object is expected",
      "Subcategory: the children are a number where a list is expected",
      'Part[1].LabelName: "r" is below itself',
      "Part[2].LabelName: the node has no LabelName"]),
]  # fmt: skip


@pytest.mark.parametrize("on_error", OnError)
@pytest.mark.parametrize(("content", "expected"), [pytest.param(*case[1:], id=case[0]) for case in HIERARCHIES])
def test_a_bad_hierarchy(content: str | bytes, expected: list[str], on_error: OnError, tmp_path: Path) -> None:
    before = everything()
    result = load(write(tmp_path / "bad", changed(file(HIERARCHY, content))), on_error=on_error)
    places = [f"{HIERARCHY}{text}" if text.startswith(":") else f"{HIERARCHY}: {text}" for text in expected]
    assert errors(result) == places
    assert result.refused  # also if bad rows are to be left out: a hierarchy has no rows
    assert everything() == before


def tree(*children: Any) -> str:
    return json.dumps({"LabelName": "/m/0bl9f", "Subcategory": children})


def test_a_hierarchy_by_display_names_may_not_name_two_classes(tmp_path: Path) -> None:
    hierarchy = file(HIERARCHY, tree({"LabelName": "Cat"}, {"LabelName": "Dog"}))
    archive = write(tmp_path / "bad", changed(more(CLASSES, "/m/9,Cat\n"), hierarchy))
    expected = [f'{HIERARCHY}: LabelName: "Cat" is the display name of several labels: /m/01yrx, /m/9']
    before = everything()
    assert errors(load(archive)) == expected
    assert everything() == before
    result = load(archive, on_error=OnError.SKIP)
    assert errors(result) == expected
    assert result.report.totals["hierarchy edges"].as_dict() | {"skipped": {"bad": 1}, "added": 1, "read": 2} == (
        result.report.totals["hierarchy edges"].as_dict()
    )
    assert [row[2] for row in everything()["Label"]] == [
        "/m/01yrx", "/m/0bt9lr", "/m/0k4j", "/m/083wq", "/m/9", "/m/0bl9f",
    ]  # fmt: skip


def test_a_class_below_itself_under_its_other_name(tmp_path: Path) -> None:
    hierarchy = tree({"LabelName": "/m/01yrx", "Part": [{"LabelName": "Cat"}]})
    result = load(write(tmp_path / "bad", changed(file(HIERARCHY, hierarchy))))
    assert errors(result) == [f'{HIERARCHY}: "Cat" would be below itself: it is /m/01yrx too']
    assert not result.committed


def test_a_cycle_through_other_names(tmp_path: Path) -> None:
    cat = {"LabelName": "/m/01yrx", "Part": [{"LabelName": "Dog"}]}
    dog = {"LabelName": "/m/0bt9lr", "Part": [{"LabelName": "Cat"}]}
    result = load(write(tmp_path / "bad", changed(file(HIERARCHY, tree(cat, dog)))))
    reason = "would be below itself: the task's hierarchy has it above /m/0bt9lr"
    assert errors(result) == [f'{HIERARCHY}: "Cat" {reason}']


def test_a_cycle_with_the_hierarchy_that_the_task_has(tmp_path: Path) -> None:
    load(write(tmp_path / "good", good()))
    before = everything()
    wheel = json.dumps({"LabelName": "/m/083wq", "Part": [{"LabelName": "/m/0k4j"}]})
    result = load(write(tmp_path / "bad", changed(file(HIERARCHY, wheel))))
    reason = "would be below itself: the task's hierarchy has it above /m/083wq"
    assert errors(result) == [f'{HIERARCHY}: "/m/0k4j" {reason}']
    assert everything() == before


def test_one_edge_under_two_names_is_one_edge(tmp_path: Path) -> None:
    hierarchy = tree({"LabelName": "/m/01yrx"}, {"LabelName": "Cat"})
    result = load(write(tmp_path / "good", changed(file(HIERARCHY, hierarchy))))
    assert result.committed
    assert len(everything()["HierarchyEdge"]) == 1
    assert result.report.totals["hierarchy edges"].skipped == {"same-edge": 1}


META: list[tuple[str, str, list[str]]] = [
    ("height of 0", "a 0 8", ['1: height: "0" is not a size: at least one pixel is expected']),
    ("both 0", "a 0 0", ['1: height: "0" is not a size: at least one pixel is expected',
                         '1: width: "0" is not a size: at least one pixel is expected']),
    ("negative", "a 6 -8", ['1: width: "-8" is not a size: at least one pixel is expected']),
    ("no number", "a 6 wide", ['1: width: "wide" is not a whole number of pixels']),
    ("fraction", "a 6.5 8", ['1: height: "6.5" is not a whole number of pixels']),
    ("huge", "a 6 99999999", ['1: width: "99999999" is more than 10,000,000 pixels']),
    ("two words", "a 6",
     ['1: "a 6" has 2 words where three are expected: id, height, width (an id with a space is quoted)']),
    ("four words", "a cat 6 8",
     ['1: "a cat 6 8" has 4 words where three are expected: id, height, width (an id with a space is quoted)']),
    ("open quote", "'a 6 8", ["""1: "'a 6 8" has a quotation mark or a backslash without its other half"""]),
    ("empty id", "'' 6 8", ["1: id: the id is empty"]),
    ("NUL", "a\0 6 8", ["1: the line contains a NUL byte"]),
    ("two sizes", "a 6 8\na 5 8", ['2: id: "a" is 8 x 6 pixels in line 1 and 8 x 5 here']),
    ("subset", "# subset: ../train\na 6 8", ['1: subset: "../train" contains a slash']),
    ("long line", "a" * 70_000 + " 6 8", ["1: the line is longer than 65,536 characters"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*case[1:], id=case[0]) for case in META])
def test_a_bad_line_of_sizes(text: str, expected: list[str], tmp_path: Path) -> None:
    before = everything()
    archive = write(tmp_path / "bad", changed(line(SIZES, 1, text)))
    result = load(archive)
    assert errors(result) == [f"{SIZES}:{issue}" for issue in expected]
    assert everything() == before
    result = load(archive, on_error=OnError.SKIP)
    assert result.committed
    assert result.report.totals["image sizes"].skipped["bad"] == 1  # a line, however much is wrong with it


@pytest.mark.parametrize("on_error", OnError)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("", "the file is empty", id="zero bytes"),
        pytest.param("a 6 8\n".encode("utf-16"), "the file is UTF-16; UTF-8 is expected", id="UTF-16"),
        pytest.param("a 6 8\n".encode("utf-16-le"), "the file is UTF-16; UTF-8 is expected", id="UTF-16 without BOM"),
    ],
)
def test_a_bad_file_of_sizes(content: str | bytes, expected: str, on_error: OnError, tmp_path: Path) -> None:
    result = load(write(tmp_path / "bad", changed(file(SIZES, content))), on_error=on_error)
    assert errors(result) == [f"{SIZES}: {expected}"]
    assert result.refused
    assert result.report.totals["image sizes"].read == 0


def test_sizes_that_are_said_again_are_counted_once(tmp_path: Path) -> None:
    again = more(SIZES, "a 6 8\n")
    other = file("images.meta", "a 7 8\nb/c/d/2 3 4\nzebra 1 1\n")
    result = load(write(tmp_path / "good", changed(again, other)))
    assert result.committed
    totals = result.report.totals["image sizes"]
    assert (totals.read, totals.added) == (6, 2)
    assert totals.skipped == {"said-twice": 3, "unknown-image": 1}
    assert warnings(result) == ['images.meta:1: id: "a" is 8 x 6 pixels in an earlier file, which is used']
    assert [row[7:9] for row in everything()["Image"]] == [(8, 6), (4, 3)]


def test_bytes_that_are_no_utf8_in_a_line_of_sizes(tmp_path: Path) -> None:
    result = load(write(tmp_path / "bad", changed(replaced(SIZES, "a 6", "ä 6"), encoded(SIZES, "latin-1"))))
    assert errors(result) == [f"{SIZES}:1: the line is not UTF-8"]
