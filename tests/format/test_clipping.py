"""Coordinates slightly outside the image, and what else stands in the place of a fraction."""

import io

import pytest

from openimages_io.format import tables
from openimages_io.format.cells import BadCell, clipped, fraction
from openimages_io.format.issues import Issue
from openimages_io.format.reading import read_table
from tests.format.test_reading import BOXES, names, read, texts

HINT = "it is at most 0.01 outside, as from rounded pixels: --clip takes such coordinates as the edge"


def clip(content: bytes, table: tables.Table = tables.BOXES) -> tuple[list[tuple[float, ...]], list[Issue]]:
    issues: list[Issue] = []
    rows: list[tuple[float, ...]] = []
    for chunk in read_table(io.BytesIO(content), table, "f.csv", issues.append, clip=True):
        assert table.box is not None
        rows += zip(*(chunk.get(name) for name in table.box.names), strict=True)
    return rows, issues


@pytest.mark.parametrize("value", ["-0.0033", "1.0015", "1.01", "-0.01"])
def test_a_hair_outside_is_an_error_that_names_the_option(value: str) -> None:
    with pytest.raises(BadCell, match=f"is not a fraction between 0 and 1; {HINT}"):
        fraction(value)
    assert clipped(value) == ("0" if value.startswith("-") else "1")


@pytest.mark.parametrize("value", ["0", "1", "0.5", "1.011", "-0.0101", "-1", "nan", "inf", "x", "", "1_0"])
def test_nothing_else_is_clipped(value: str) -> None:
    assert clipped(value) is None


def test_clipped_coordinates_are_counted_by_column() -> None:
    rows, issues = clip(BOXES + b"a,l,-0.0033,0.5,0.1,1.0015\nb,l,0.1,0.5,0.1,0.9\nc,l,0.1,0.5,0.1,1.002\n")
    assert rows == [(0, 0.5, 0.1, 1), (0.1, 0.5, 0.1, 0.9), (0.1, 0.5, 0.1, 1)]
    said = "is moved to the image's edge; {} such a coordinate in this column, the first here"
    assert texts(issues) == [
        f'warning clipped f.csv:2: XMin: "-0.0033" {said.format("1 row has")}',
        f'warning clipped f.csv:2: YMax: "1.0015" {said.format("2 rows have")}',
    ]


def test_what_is_further_outside_stays_an_error() -> None:
    rows, issues = clip(BOXES + b"a,l,-0.02,0.5,0.1,1.0015\n")
    assert rows == []
    assert [issue.code for issue in issues] == ["bad-fraction", "clipped"]


def test_pixels_are_named() -> None:
    _, issues = read(BOXES + b"a,l,12,200,30,400\n", tables.BOXES)
    said = "is not a fraction between 0 and 1; it looks like pixels: divide x by the image's width and y by its height"
    assert texts(issues)[0] == f'bad-fraction f.csv:2: XMin: "12" {said}'


def test_decimal_commas_are_named_quoted_and_not() -> None:
    points = "numbers seem to be written with decimal commas: write them with points"
    _, issues = read(BOXES + b'a,l,"0,25",0.5,0.1,0.9\nb,l,0,25,0,5,0,10,0,95\n', tables.BOXES)
    assert texts(issues) == [
        'bad-fraction f.csv:2: XMin: "0,25" is not a number: write it with a decimal point, 0.25',
        f"long-row f.csv:3: The row has 10 cells, but the file has 6 columns; {points}",
    ]


@pytest.mark.parametrize(
    ("mark", "what"), [(";", "semicolons, as spreadsheets do where the decimal sign is a comma"), ("\t", "tabs")]
)
def test_semicolons_and_tabs_are_named(mark: str, what: str) -> None:
    content = BOXES.decode().replace(",", mark) + mark.join(["a", "l", "0,1", "0,2", "0,3", "0,4"])
    rows, issues = read(content.encode(), tables.BOXES)
    assert rows == []
    assert [issue.code for issue in issues] == ["not-commas"]
    assert str(issues[0]).endswith(f"separated by commas; here they seem to be separated by {what}")


def test_a_missing_column_names_those_that_are_there() -> None:
    _, issues = read(b"image_id,LabelName,x,,XMax,YMin,YMax\n", tables.BOXES)
    has = "the file has image_id, LabelName, x, (no name), XMax, YMin, YMax"
    assert texts(issues) == [
        f"column-missing f.csv:1: ImageID: The column is missing; {has}",
        f"column-missing f.csv:1: XMin: The column is missing; {has}",
    ]


def test_very_many_columns_are_not_all_named() -> None:
    _, issues = read(",".join(f"c{number}" for number in range(100)).encode() + b"\n", tables.IMAGES)
    assert str(issues[0]).endswith("c28, c29 and 70 more")


def test_windows_1252_is_named() -> None:
    rows, issues = read("ImageID,Title\na,Käse\nb,x\n".encode("cp1252"), tables.IMAGES)
    assert names(rows) == [(3, "b")]
    assert str(issues[0]).endswith("is not valid UTF-8; save the file as UTF-8 (Excel: “CSV UTF-8”)")
