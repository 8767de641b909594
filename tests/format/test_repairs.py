"""Rows that spreadsheets and scripts leave a little odd: read as what they mean, and counted."""

import csv
import io
import time

import pytest

from openimages_io.format import tables
from openimages_io.format.repairs import without_dots
from openimages_io.format.sizes import read_sizes
from tests.format.test_reading import LABELS, names, read, texts

BOXES = b"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"
BOX = b"a,x,/m/1,1,0.1,0.2,0.3,0.4"


@pytest.mark.parametrize("chunk_rows", [1, 8192])
def test_short_rows_are_read_and_one_warning_counts_them(chunk_rows: int) -> None:
    rows, issues = read(BOXES + BOX + b",1,0,0\n" + BOX + b"\n" + BOX + b",1\n", tables.BOXES, chunk_rows)
    assert [(line, row["IsOccluded"], row["IsGroupOf"]) for line, row in rows] == [
        (2, True, False),
        (3, None, None),
        (4, True, None),
    ]
    missing = "those that are missing may be empty, and are read as empty"
    said = f"2 rows have fewer cells than the header, the first here; {missing}"
    assert texts(issues) == [f"warning short-rows f.csv:3: {said}"]


def test_a_short_row_without_what_is_needed_is_an_error_that_says_what() -> None:
    rows, issues = read(BOXES + BOX[:-8] + b"\n", tables.BOXES)
    said = "The row has 6 cells, but the file has 11 columns; YMin, YMax must not be missing"
    assert (rows, texts(issues)) == ([], [f"short-row f.csv:2: {said}"])


def test_half_a_box_is_none_in_a_short_row_either() -> None:
    header = b"MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax\n"
    rows, issues = read(header + b"m.png,a,/m/1,b\nm.png,a,/m/1,b,0.1,0.2\n", tables.SEGMENTATIONS)
    assert [line for line, _ in rows] == [2]
    assert [(issue.code, issue.line) for issue in issues] == [("half-a-box", 3), ("short-rows", 2)]


@pytest.mark.parametrize("chunk_rows", [1, 2, 8192])
def test_a_last_row_that_may_be_cut_off_is_no_short_row(chunk_rows: int) -> None:
    rows, issues = read(LABELS + b"a,,/m/1,1\nb,,/m/0", tables.LABELS, chunk_rows)
    assert names(rows) == [(2, "a")]
    said = "The row has 3 cells, but the file has 4 columns, and the file ends without a line end: it may be cut off"
    assert texts(issues) == [f"short-row f.csv:3: {said}"]
    rows, issues = read(LABELS + b"a,,/m/1\nb,,/m/2", tables.LABELS, chunk_rows)
    assert names(rows) == [(2, "a"), (3, "b")]
    assert [issue.code for issue in issues] == ["short-rows"]


def test_a_piece_of_a_badly_quoted_row_is_no_short_row() -> None:
    rows, issues = read(b'ImageID,Subset,Title\na,train,"one\ntwo\nb,train,t\n', tables.IMAGES)
    assert names(rows) == [(4, "b")]
    assert [issue.code for issue in issues] == ["unclosed-quote", "short-row"]


def test_a_row_in_semicolons_is_no_short_row() -> None:
    rows, issues = read(b"ImageID,Subset,Title\na;train;x\n", tables.IMAGES)
    assert rows == []
    assert [issue.code for issue in issues] == ["short-row"]


@pytest.mark.parametrize("header", [LABELS, LABELS[:-1] + b",\n", LABELS[:-1] + b",,\n", LABELS[:-1] + b', ,""\n'])
@pytest.mark.parametrize("chunk_rows", [1, 8192])
def test_a_comma_at_the_end_of_rows(header: bytes, chunk_rows: int) -> None:
    content = header + b"a,,l,1,\nb,,l,1\nc,,l,1,,\n"
    rows, issues = read(content, tables.LABELS, chunk_rows)
    assert (names(rows), issues) == ([(2, "a"), (3, "b"), (4, "c")], [])


def test_a_comma_at_the_end_of_rows_with_a_quoted_line_break() -> None:
    rows, issues = read(b'ImageID,Title\na,"two\nlines",\nb,x,\n', tables.IMAGES)
    assert ([(line, row["Title"]) for line, row in rows], issues) == ([(2, "two\nlines"), (4, "x")], [])


def test_a_comma_at_the_end_of_a_class_list_without_header() -> None:
    rows, issues = read(b"/m/1,Cat,\n/m/2,Dog,\n", tables.CLASSES)
    assert ([row["DisplayName"] for _, row in rows], issues) == (["Cat", "Dog"], [])


def test_values_in_the_column_without_a_name_are_counted() -> None:
    rows, issues = read(LABELS[:-1] + b",\na,,l,1,\nb,,l,1,x\nc,,l,1,y\n", tables.LABELS)
    assert len(rows) == 3
    reason = "is in a column without a name, which is not read; 2 rows have a value there, the first here"
    assert texts(issues) == [f'warning unnamed-column f.csv:3: "x" {reason}']


def test_values_behind_the_last_column_are_an_error() -> None:
    rows, issues = read(LABELS + b"a,,l,1,x\n", tables.LABELS)
    assert (rows, [issue.code for issue in issues]) == ([], ["long-row"])


@pytest.mark.parametrize("blank", [b",,,\n", b",\n", b",,,,,,,\n", b'"","",,\n', b" , , ,\n", b"  \n", b"\t,\n"])
def test_rows_of_commas_are_blank_lines(blank: bytes) -> None:
    rows, issues = read(blank + LABELS + blank + b"a,,l,1\n" + blank * 3 + b"b,,l,1\n" + blank, tables.LABELS)
    assert (names(rows), issues) == ([(4, "a"), (8, "b")], [])
    rows, issues = read(blank + b"/m/1,Cat\n" + blank, tables.CLASSES)
    assert (rows, issues) == ([(2, {"LabelName": "/m/1", "DisplayName": "Cat"})], [])


@pytest.mark.parametrize("table", [tables.BOXES, tables.SEGMENTATIONS, tables.IMAGES, tables.LABELS])
def test_rows_of_spaces_are_blank_lines_in_every_table(table: tables.Table) -> None:
    """Also where each cell of spaces could be a name, as in a list of ImageIDs."""
    columns = [column.name for column in table.columns if column.required]
    good = ",".join("0.5" if "M" in name and name != "MaskPath" else "a" for name in columns)
    blank = ",".join([" "] * len(columns))
    text = f"{blank}\n{','.join(columns)}\n{blank}\n{good}\n \n{blank}, \n{good}\n{blank}\n"
    rows, issues = read(text.encode(), table)
    assert ([line for line, _ in rows], [issue.code for issue in issues if issue.code != "empty-box"]) == ([4, 7], [])


def test_a_name_of_a_space_beside_other_cells_is_a_name() -> None:
    rows, issues = read(b"ImageID,Title\n ,x\n , \na,\n", tables.IMAGES)
    assert (names(rows), issues) == ([(2, " "), (4, "a")], [])


def test_a_file_of_commas_has_no_rows() -> None:
    rows, issues = read(b",,,\n,,,\n", tables.LABELS)
    assert (rows, texts(issues)) == ([], ["empty-file f.csv: The file has no rows, not even a header"])


def test_a_path_that_begins_here() -> None:
    rows, issues = read(LABELS + b"./a,,l,1\nb,,l,1\n./cam/./c,,l,1\n", tables.LABELS)
    assert names(rows) == [(2, "a"), (3, "b"), (4, "cam/c")]
    (note,) = issues
    said = 'f.csv:2: ImageID: "./a" is read without “./”; 2 rows have such a path, the first here'
    assert (note.severity, note.code, str(note)) == ("note", "dot-folder", said)


@pytest.mark.parametrize(("path", "plain"), [("./a", "a"), ("a/./b", "a/b"), (".", "."), ("../a", "../a"), ("./", "")])
def test_without_dots(path: str, plain: str) -> None:
    assert without_dots(path) == plain


def test_a_size_of_a_path_that_begins_here() -> None:
    sizes = read_sizes(io.BytesIO(b"./a 2 3\n"), "images.meta", lambda issue: pytest.fail(str(issue)))
    assert [list(some.image_ids) for some in sizes] == [["a"]]


@pytest.mark.parametrize("chunk_rows", [1, 2, 8192])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_last_row_with_a_line_end_is_not_cut_off(chunk_rows: int, end: bytes) -> None:
    rows, issues = read(LABELS + b"a,,/m/1,1\nb,,/m/2" + end, tables.LABELS, chunk_rows)
    assert names(rows) == [(2, "a"), (3, "b")]
    assert [(issue.code, issue.line) for issue in issues] == [("short-rows", 3)]


@pytest.mark.parametrize("chunk_rows", [1, 2, 8192])
def test_only_rows_behind_a_broken_one_may_be_its_pieces(chunk_rows: int) -> None:
    rows, issues = read(LABELS + b'a,,/m/1\nb,,"/m/2"x,1\nc,,/m/3\n', tables.LABELS, chunk_rows)
    assert names(rows) == [(2, "a")]
    assert [(issue.code, issue.line) for issue in issues] == [("bad-quoting", 3), ("short-row", 4), ("short-rows", 2)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('/m/1, "Cat"', "Cat"),
        ('/m/1,\t"Cat" ', "Cat"),
        (' "/m/1" , "Cat"', "Cat"),
        ('/m/1, "Cat, dog"', "Cat, dog"),
        ('"/m/1", "the ""Cat"""', 'the "Cat"'),
        ('/m/1, ""', ""),
    ],
)
def test_a_quoted_cell_behind_a_space_is_what_is_in_the_quotes(line: str, name: str) -> None:
    rows, issues = read(f"/m/0,Dog\n{line}\n/m/2,Owl\n".encode(), tables.CLASSES)
    assert [tuple(values.values()) for _, values in rows] == [("/m/0", "Dog"), ("/m/1", name), ("/m/2", "Owl")]
    said = "1 row has a quoted cell with spaces around it, the first here; such a cell is read without them"
    assert texts(issues) == [f"spaced-quotes f.csv:2: {said}"]


@pytest.mark.parametrize("cell", ['" ""Cat"""', ' "Cat" here', ' a "Cat"', ' "Cat', '"a, ""b"" c"'], ids=repr)
def test_other_cells_with_spaces_and_quotes_are_as_they_stand(cell: str) -> None:
    rows, issues = read(f"/m/0,Dog\n/m/1,{cell}\n".encode(), tables.CLASSES)
    (plain,) = csv.reader(io.StringIO(f"/m/1,{cell}", newline=""))
    assert (list(rows[1][1].values()), issues) == (plain, [])


def test_a_line_within_a_quoted_cell_has_no_cells_of_its_own() -> None:
    rows, issues = read(b'ImageID,Title\na,"first\n, ""b"""\n', tables.IMAGES)
    assert (rows, issues) == ([(2, {"ImageID": "a", "Title": 'first\n, "b"'})], [])


@pytest.mark.parametrize("chunk_rows", [1, 8192])
def test_quoted_cells_behind_spaces_are_counted_in_any_table(chunk_rows: int) -> None:
    text = '"ImageID", "Source", "LabelName", "Confidence"\n' + 'a, "s", "l", "1"\n' * 3
    rows, issues = read(text.encode(), tables.LABELS, chunk_rows)
    assert [(line, values["Source"], values["Confidence"]) for line, values in rows] == [(n, "s", 1) for n in (2, 3, 4)]
    assert [(issue.line, issue.params) for issue in issues] == [(1, {"count": 4})]


def test_what_looks_like_a_spaced_quote_costs_no_more_than_its_length() -> None:
    row = "a,,/m/1,1" + ', "a"", ' * 50_000 + "\n"
    before = time.process_time()
    read(LABELS + row.encode(), tables.LABELS)
    assert time.process_time() - before < 2
