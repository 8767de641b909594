"""Class lists with headers in words of their own, and classes that only look like a header."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openimages_io.format import tables
from openimages_io.format.class_lists import find_columns, is_mid, reads_plainly
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


CAT = ("/m/1", "Cat")
DOG = ("/m/2", "Male dog, small")


@pytest.mark.parametrize(
    "header",
    ["name,mid", "class,id", "DisplayName,mid", "name,LabelName", "text,label", "label,text", "text,LabelName"],
)
def test_columns_the_other_way_round(header: str) -> None:
    rows, issues = read(f"{header}\nCat,/m/1\n".encode(), tables.CLASSES)
    assert rows == [(2, {"LabelName": "/m/1", "DisplayName": "Cat"})]
    assert str(issues[0]).endswith("is not read as a class: the columns are DisplayName and LabelName")


@pytest.mark.parametrize(
    "header", ["text,label", "label,text", "Name,MID", "Class Code,Caption", "LabelName,Klasse", "0,1", "name,mids"]
)
def test_mids_say_which_column_is_which(header: str) -> None:
    rows, issues = read(f'{header}\n/m/1,Cat\n/m/2,"Male dog, small"\n'.encode(), tables.CLASSES)
    assert [tuple(values.values()) for _, values in rows] == [CAT, DOG]
    assert [issue.code for issue in issues] == ["header-guessed"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("index,mid,display_name\n0,/m/1,Cat\n1,/m/2,{dog}\n", ["header-guessed", "unknown-column"]),
        ("index,mid,name\n0,/m/1,Cat\n1,/m/2,{dog}\n", ["header-guessed", "unknown-column"]),
        ("name,index,mid\nCat,0,/m/1\n{dog},1,/m/2\n", ["header-guessed", "unknown-column"]),
        (",LabelName,DisplayName\n0,/m/1,Cat\n1,/m/2,{dog}\n", ["unknown-column"]),
        (",0,1\n0,/m/1,Cat\n1,/m/2,{dog}\n", ["header-guessed", "unknown-column"]),
        ("LabelName,name,count\n/m/1,Cat,3\n/m/2,{dog},4\n", ["header-guessed", "unknown-column"]),
        ("LabelName,DisplayName,Super,Sub\n/m/1,Cat,a,b\n/m/2,{dog},c,d\n", ["unknown-column"]),
        ("0,/m/1,Cat\n1,/m/2,{dog}\n", ["columns-guessed"]),
        ("Cat,/m/1\n{dog},/m/2\n", ["columns-guessed"]),
        ("Cat,/m/1,,\n{dog},/m/2,,\n", ["columns-guessed"]),
        (" , \n\t,\n/m/1,Cat\n ,  \n/m/2,{dog}\n \n", []),
        ("\ufeff/m/1,Cat\r\n/m/2,{dog}\r\n", []),
    ],
)
@pytest.mark.parametrize("chunk_rows", [1, 8192])
def test_shapes_that_are_certain(text: str, codes: list[str], chunk_rows: int) -> None:
    rows, issues = read(text.format(dog='"Male dog, small"').encode(), tables.CLASSES, chunk_rows)
    assert [(values["LabelName"], values["DisplayName"]) for _, values in rows] == [CAT, DOG]
    assert [issue.code for issue in issues] == codes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id,name,supercategory\n1,cat,animal\n", "3 cells, and which of them is the LabelName is not clear"),
        ("/m/1,Cat,Katze\n", "3 cells, and which of them is the DisplayName is not clear"),
        ("0,Cat,Katze\n", "3 cells, and which of them is the LabelName is not clear"),
        ("mid,mid2,name\n/m/1,/m/2,Cat\n", "which of them is the LabelName"),
        ("Bezeichnung,Kennung\nKatze,/m/1\nHund,/m/2\n", "the second column has MIDs, but not in every row"),
        ("Cat,/m/1\nDog,\n", "the second column has MIDs, but not in every row"),
        ("/m/1\tCat\n", "separated by tabs"),
        ("label\tname\n/m/1\tCat\n", "separated by tabs"),
        ("/m/1;Cat\n", "separated by semicolons"),
        ("label;name\n", "separated by semicolons"),
        ("/m/1 Cat\n", "a MID is followed by a space"),
        ("/m/1: Cat\n", "a MID is followed by “:”"),
        ("/m/1|Cat\n", "a MID is followed by “|”"),
        ("'/m/1','Cat'\n", "single quotes"),
    ],
)
def test_shapes_that_are_not(text: str, found: str) -> None:
    rows, issues = read(text.encode(), tables.CLASSES)
    assert rows == []
    (issue,) = issues
    assert (issue.code, issue.line) == ("bad-header", 1)
    assert found in issue.reason
    assert ("header LabelName,DisplayName" in issue.reason) is ("which" in found or "every row" in found)


@pytest.mark.parametrize("row", ["LabelName", "mid", "label", "LabelName,"])
def test_one_column_of_mids_under_a_header(row: str) -> None:
    rows, _ = read(f"{row}\n/m/1\n/m/2\n".encode(), tables.CLASSES)
    assert [values["LabelName"] for _, values in rows] == ["/m/1", "/m/2"]


@pytest.mark.parametrize(
    ("row", "is_odd"),
    [
        ("Cat,Katze", False),
        ("label,label", False),
        ("name,name", False),
        ("/m/1,name", False),
        ("label,", True),
        ("label", True),
        ("Label,Etikett", True),
        ("class,Class", False),
        ("person,name", True),
    ],
)
def test_what_may_be_a_class_is_one(row: str, is_odd: bool) -> None:
    """It is not a loss to have a class too many, which a warning names."""
    rows, issues = read(f"{row}\nb,B\n".encode(), tables.CLASSES)
    assert rows[0][0] == 1
    assert "header-guessed" not in {issue.code for issue in issues}
    assert ("perhaps-a-header" in {issue.code for issue in issues}) is is_odd


def test_a_class_of_ones_own_before_those_with_mids() -> None:
    rows, issues = read(b"Kennung,Name\n/m/1,Cat\n/m/2,Dog\n", tables.CLASSES)
    assert len(rows) == 3
    assert [issue.code for issue in issues] == ["perhaps-a-header"]


CELLS = st.sampled_from(
    ["label", "name", "mid", "index", "LabelName", "DisplayName", "Cat", "/m/1", "/m/2", "0", "1", "", " ", "'a'"]
)


@example([("/m/1", "LabelName")])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_what_reads_plainly_is_read_so(rows: list[tuple[str, str]]) -> None:
    """And what does not is read the same below the header."""
    rows = [row for row in rows if row[0].strip()]
    text = "".join(f"{label},{name}\n" for label, name in rows)
    start = "" if reads_plainly(rows) else "LabelName,DisplayName\n"
    found, issues = read((start + text).encode(), tables.CLASSES)
    assert [tuple(values.values()) for _, values in found] == rows
    assert issues == []


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_every_row_is_read_or_the_first_is_named(rows: list[list[str]]) -> None:
    text = "".join(",".join(row) + "\n" for row in rows)
    found, issues = read(text.encode(), tables.CLASSES)
    lines = {line for line, _ in found} | {issue.line for issue in issues}
    blank = {line for line, row in enumerate(rows, 1) if not any(map(str.strip, row))}
    named = {"LabelName", "DisplayName"}
    header = next((line for line in range(1, len(rows) + 1) if line not in blank), 0)
    assert lines | blank | {header} >= set(range(1, len(rows) + 1)) or {issue.code for issue in issues} & {
        "bad-header",
        "column-missing",
        "column-twice",
    }
    if header and header not in lines:
        assert named & {cell.strip() for cell in rows[header - 1]}


def test_no_long_word_is_looked_at_for_ever() -> None:
    columns = find_columns(["id" * 100_000, "name"], [])
    assert not columns.has_header


@pytest.mark.parametrize(("name", "wanted"), [("/m/01yrx", True), ("/g/11b5", True), ("Cat", False), ("/m/a b", False)])
def test_mids(name: str, wanted: bool) -> None:
    assert is_mid(name) is wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("/m/0bl9f", True), ("/m/0", True), ("/m/17", True), (None, True), ("/m/012074", False), ("Entity", False)],
)
def test_roots_that_stand_for_no_class(name: str | None, wanted: bool) -> None:
    assert is_virtual_root(name) is wanted
