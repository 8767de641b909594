"""CSV files as they really come: read rightly, or refused with file, line, column, value and reason."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format import reading, tables
from openimages_io.format.chunk import Chunk
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.reading import read_table
from openimages_io.format.tables import Table

LABELS = b"ImageID,Source,LabelName,Confidence\n"
BOXES = b"ImageID,LabelName,XMin,XMax,YMin,YMax\n"
MASKS = b"MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax\n"
IMAGES = b"ImageID,Title\n"
EXPECTED = '" LabelName and DisplayName are expected, separated by commas'
HAS = "; the file has ImageID, Source"
SEMICOLONS = "; here they seem to be separated by semicolons, as spreadsheets do where the decimal sign is a comma"
TABS = "; here they seem to be separated by tabs"
WHICH = (
    "; here are 3 cells, and which of them is the DisplayName is not clear: keep these two columns, under the header "
    "LabelName,DisplayName"
)
UTF_8 = "; save the file as UTF-8 (Excel: “CSV UTF-8”)"
HAIR = "; it is at most 0.01 outside, as from rounded pixels: --clip takes such coordinates as the edge"
PIXELS = "; it looks like pixels: divide x by the image's width and y by its height"

Row = tuple[int, dict[str, Any]]


def read(content: bytes | BinaryIO, table: Table, chunk_rows: int = 8192) -> tuple[list[Row], list[Issue]]:
    """All good rows with their lines, and all issues."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    rows: list[Row] = []
    issues: list[Issue] = []
    for chunk in read_table(stream, table, "f.csv", issues.append, chunk_rows):
        assert all(len(column) == len(chunk) for column in chunk.values.values())
        for index, line in enumerate(chunk.lines):
            rows.append((line, {name: column[index] for name, column in chunk.values.items()}))
    return rows, issues


def texts(issues: list[Issue]) -> list[str]:
    return [f"{'warning ' if issue.severity is Severity.WARNING else ''}{issue.code} {issue}" for issue in issues]


def names(rows: list[Row]) -> list[tuple[int, str]]:
    return [(line, values["ImageID"]) for line, values in rows]


# --- read rightly


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_bom(end: str, bom: str, last: bool) -> None:
    text = bom + end.join(["ImageID,Source,LabelName,Confidence", "a,,/m/1,1", "", "b,,/m/2,0"]) + (end if last else "")
    rows, issues = read(text.encode(), tables.LABELS)
    assert issues == []
    assert rows == [
        (2, {"ImageID": "a", "Source": "", "LabelName": "/m/1", "Confidence": 1.0}),
        (4, {"ImageID": "b", "Source": "", "LabelName": "/m/2", "Confidence": 0.0}),
    ]


def test_a_line_end_across_two_reads() -> None:
    padding = "x" * (8192 - len("ImageID,Title\r\na,\r\n") + 1)
    rows, issues = read(f"ImageID,Title\r\na,{padding}\r\nb,t\r\nc,t\r\n".encode(), tables.IMAGES)
    assert issues == []
    assert names(rows) == [(2, "a"), (3, "b"), (4, "c")]


@pytest.mark.thorough
def test_blank_lines_anywhere_and_very_many_of_them() -> None:
    many = 300_000
    rows, issues = read(b"\n" * many + LABELS + b"\r\n" * many + b"a,,l,1\n\n\nb,,l,1" + b"\n" * many, tables.LABELS)
    assert issues == []
    assert names(rows) == [(2 * many + 2, "a"), (2 * many + 5, "b")]


def test_a_header_with_spaces_and_in_other_case() -> None:
    rows, issues = read(b" ImageId , source,LABELNAME\t,Confidence \na,s,l,0.5\n", tables.LABELS)
    assert issues == []
    assert rows == [(2, {"ImageID": "a", "Source": "s", "LabelName": "l", "Confidence": 0.5})]


def test_a_quoted_header_behind_a_bom() -> None:
    assert read(b'\xef\xbb\xbf"ImageID","Title"\na,b\n', tables.IMAGES) == ([(2, {"ImageID": "a", "Title": "b"})], [])


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.title)
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_a_header_alone(table: Table, end: str) -> None:
    header = ",".join(column.name for column in table.columns)
    assert read((header + end).encode(), table) == ([], [])


@pytest.mark.parametrize(
    "header", ["", "LabelName,DisplayName\n", "LabelName,DisplayName \n", "\ufeffLabelName,DisplayName\n"]
)
def test_a_class_list_with_or_without_header(header: str) -> None:
    rows, issues = read((header + '/m/1,Tortoise\n/m/02wvth,"Fiat 500 ""topolino"""\n').encode(), tables.CLASSES)
    assert issues == []
    first = 2 if header else 1
    assert rows == [
        (first, {"LabelName": "/m/1", "DisplayName": "Tortoise"}),
        (first + 1, {"LabelName": "/m/02wvth", "DisplayName": 'Fiat 500 "topolino"'}),
    ]


def test_a_class_list_of_mids_alone() -> None:
    rows, issues = read(b"/m/1\n/m/2\n", tables.CLASSES, 1)
    assert (rows, issues) == ([(1, {"LabelName": "/m/1"}), (2, {"LabelName": "/m/2"})], [])


def test_a_second_column_that_the_first_row_has_not() -> None:
    rows, issues = read(b"/m/1\n/m/2,Tortoise\n", tables.CLASSES)
    assert [line for line, _ in rows] == [1]
    assert texts(issues) == ["long-row f.csv:2: The row has 2 cells, but the file has 1 column"]


def test_a_class_list_with_columns_in_another_order() -> None:
    assert read(b"DisplayName,LabelName\nTortoise,/m/1\n", tables.CLASSES)[0] == [
        (2, {"DisplayName": "Tortoise", "LabelName": "/m/1"})
    ]


def test_what_the_file_has_not_is_absent_and_what_is_empty_is_empty() -> None:
    (chunk,) = read_table(io.BytesIO(b"ImageID,LabelName\na,l\n"), tables.LABELS, "f.csv", lambda _: None)
    assert "Confidence" not in chunk.values
    assert chunk.get("Confidence") == [None]


def test_aliases_of_miap() -> None:
    content = b"ImageID,LabelName,XMin,XMax,YMin,YMax,IsDepictionOf,IsInsideOf,GenderPresentation\na,l,0,1,0,1,1,-1,U\n"
    (row,), issues = read(content, tables.BOXES)
    assert issues == []
    assert (row[1]["IsDepiction"], row[1]["IsInside"], row[1]["GenderPresentation"]) == (True, None, "U")


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 8192])
def test_lines_are_the_files_own_after_quoted_line_breaks(chunk_rows: int) -> None:
    content = (
        b"ImageID,Title\n"
        b'a,"two\nlines"\n'  # 2
        b'b,"\r\nthree\r\n"\r\n'  # 4
        b"\n"  # 7
        b'c,"\r\r"\r'  # 8
        b'..,"bad\n"\n'  # 11
        b'd,"\n\r"\n'  # 13
        b'"e"x,1\n'  # 16
        b'f,"\n"y\n'  # 17
        b"g,t\n"  # 19
        b"h\n"  # 20
        b"i,\n"  # 21
    )
    rows, issues = read(content, tables.IMAGES, chunk_rows)
    assert names(rows) == [(2, "a"), (4, "b"), (8, "c"), (13, "d"), (19, "g"), (21, "i")]
    assert [values["Title"] for _, values in rows] == ["two\nlines", "\r\nthree\r\n", "\r\r", "\n\r", "t", ""]
    assert [(issue.line, issue.code) for issue in issues] == [
        (11, "bad-image-id"),
        (16, "bad-quoting"),
        (17, "unclosed-quote"),
        (20, "short-row"),
    ]


@pytest.mark.parametrize("title", ["\ufeffBOM", "a\x85b", "a\u2028b", "a\x0bb\x0c", "\x1c", "名😀"], ids=ascii)
def test_text_may_hold_what_other_readers_take_for_line_ends(title: str) -> None:
    rows, issues = read(f"ImageID,Title\na,{title}\nb,t\n".encode(), tables.IMAGES)
    assert issues == []
    assert [(line, values["Title"]) for line, values in rows] == [(2, title), (3, "t")]


def test_an_equal_box_is_kept_with_a_warning() -> None:
    rows, issues = read(BOXES + b"a,l,0.5,0.5,0,1\nb,l,0,1,1,1.0\n", tables.BOXES)
    assert names(rows) == [(2, "a"), (3, "b")]
    assert texts(issues) == [
        'warning empty-box f.csv:2: XMax: "0.5" equals XMin: the box is empty',
        'warning empty-box f.csv:3: YMax: "1.0" equals YMin: the box is empty',
    ]


def test_masks_with_and_without_their_box() -> None:
    content = MASKS + b"m.png,a,l,1,,,,\nn.png,a,l,2,0,1,0,0.5\n"
    rows, issues = read(content, tables.SEGMENTATIONS)
    assert issues == []
    assert [values["BoxYMax"] for _, values in rows] == [None, 0.5]
    (row,), issues = read(b"MaskPath,ImageID,LabelName\nm.png,a,l\n", tables.SEGMENTATIONS)
    assert (row[1], issues) == ({"MaskPath": "m.png", "ImageID": "a", "LabelName": "l"}, [])


# --- an issue with its place


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "empty-file f.csv: The file is empty"),
        (b"\xef\xbb\xbf", "empty-file f.csv: The file is empty"),
        (b"\r\n\n", "empty-file f.csv: The file has no rows, not even a header"),
        (b"x", "column-missing f.csv:1: ImageID: The column is missing; the file has x"),
        (
            b"ImageID,Source\na,b\n",
            "column-missing f.csv:1: LabelName: The column is missing" + HAS,
        ),
        (
            b"\n\nImageID,Source\na,b\n",
            "column-missing f.csv:3: LabelName: The column is missing" + HAS,
        ),
        (b"ImageID,LabelName,imageid \na,b,c\n", "column-twice f.csv:1: ImageID: The column occurs twice"),
        (
            b"ImageID;Source;LabelName\na;b;c\n",
            'not-commas f.csv:1: "ImageID;Source;LabelName" The columns must be separated by commas' + SEMICOLONS,
        ),
        (
            b"ImageID\tLabelName\na\tb\n",
            'not-commas f.csv:1: "ImageID\\tLabelName" The columns must be separated by commas' + TABS,
        ),
        (
            b'"ImageID"x,LabelName\n',
            "bad-header f.csv:1: A quoted cell goes on after its closing quote; double the quotes inside it",
        ),
        (b'ImageID,"Label\nName\n', "bad-header f.csv:1: A quote is opened in this row and never closed"),
    ],
)
def test_a_file_without_a_usable_header(content: bytes, wanted: str) -> None:
    rows, issues = read(content, tables.LABELS)
    assert rows == []
    assert texts(issues)[0] == wanted
    assert all(issue.code == "column-missing" for issue in issues[1:])


def test_every_missing_and_doubled_column_is_named() -> None:
    _, issues = read(b"ImageID,XMin,XMax,XMin,IsInside,IsInsideOf\n", tables.BOXES)
    assert [(issue.code, issue.column) for issue in issues] == [
        ("column-twice", "IsInside"),
        ("column-twice", "XMin"),
        ("column-missing", "LabelName"),
        ("column-missing", "YMin"),
        ("column-missing", "YMax"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"/m/1;Tortoise\n", "/m/1;Tortoise" + EXPECTED + SEMICOLONS),
        (b"/m/1\tTortoise\n", "/m/1\\tTortoise" + EXPECTED + TABS),
        (b"/m/1,a,b\n", "/m/1,a,b" + EXPECTED + WHICH),
    ],
)
def test_a_class_list_that_is_none(content: bytes, reason: str) -> None:
    rows, issues = read(content, tables.CLASSES)
    assert rows == []
    assert texts(issues) == [f'bad-header f.csv:1: "{reason}']


def test_unknown_columns_are_one_warning_a_file() -> None:
    rows, issues = read(b"ImageID,Colour,LabelName,\x1b[31mred,\n" + b"a,b,c,d,\xff\n" * 3, tables.LABELS, 1)
    assert names(rows) == [(2, "a"), (3, "a"), (4, "a")]
    listed = '"Colour, \\x1b[31mred"'
    reason = "is not a column that this file can have, and is not read"
    assert texts(issues)[0] == f"warning unknown-column f.csv:1: {listed} {reason}"
    assert [(issue.code, issue.line) for issue in issues[1:]] == [("unnamed-column", 2)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("table", [tables.LABELS, tables.CLASSES], ids=lambda table: table.title)
def test_utf_16_is_told_as_such(encoding: str, table: Table) -> None:
    content = "ImageID,LabelName\na,b\n".encode(encoding)
    for stream in streams(content):
        rows, issues = read(stream, table)
        assert rows == []
        assert texts(issues) == ["not-utf-8 f.csv: The file is in UTF-16; save it as UTF-8"]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (b"a,s", "short-row f.csv:2: The row has 2 cells, but the file has 4 columns; LabelName must not be missing"),
        (b"a", "short-row f.csv:2: The row has 1 cell, but the file has 4 columns; LabelName must not be missing"),
        (
            b"a;s;l;1",
            "short-row f.csv:2: The row has 1 cell, but the file has 4 columns; LabelName must not be missing",
        ),
        (b"a,s,l,1,x", "long-row f.csv:2: The row has 5 cells, but the file has 4 columns"),
        (b"a,s,l,1.2", 'bad-confidence f.csv:2: Confidence: "1.2" is not a confidence between 0 and 1'),
        (b"a,s,l,-1", 'bad-confidence f.csv:2: Confidence: "-1" is not a confidence between 0 and 1'),
        (b"a,s,l,nan", 'bad-confidence f.csv:2: Confidence: "nan" is not a number'),
        (b"a,s,,1", 'bad-label-name f.csv:2: LabelName: "" is empty, but a LabelName is needed'),
        (b",s,l,1", 'bad-image-id f.csv:2: ImageID: "" is empty, but an ImageID is needed'),
        (b"/a,s,l,1", 'bad-image-id f.csv:2: ImageID: "/a" starts with a slash, which an ImageID may not'),
        (b'"a\nb",s,l,1', 'bad-image-id f.csv:2: ImageID: "a\\nb" contains a line break, which an ImageID may not'),
        (b"\xc2\x85,s,l,1", 'bad-image-id f.csv:2: ImageID: "\\x85" contains a line break, which an ImageID may not'),
        (b"a,s,\x1b]0;x\x07,\x1b[2J", 'bad-confidence f.csv:2: Confidence: "\\x1b[2J" is not a number'),
        (b"a\xff,s,l,1", 'bad-image-id f.csv:2: ImageID: "a\\xff" is not valid UTF-8' + UTF_8),
        (b"\xed\xa0\x80,s,l,1", 'bad-image-id f.csv:2: ImageID: "\\xed\\xa0\\x80" is not valid UTF-8' + UTF_8),
        (b"a,s\0,l,1", 'bad-source f.csv:2: Source: "s\\x00" contains a NUL byte'),
        (
            b'a,s,"l"x,1',
            "bad-quoting f.csv:2: A quoted cell goes on after its closing quote; double the quotes inside it",
        ),
        (b'a,s,"l,1', "bad-quoting f.csv:2: A quote is opened in this row and never closed"),
    ],
)
@pytest.mark.parametrize("good", [0, 1])
def test_a_bad_row_of_labels(row: bytes, wanted: str, good: int) -> None:
    rows, issues = read(LABELS + row + b"\n" * good, tables.LABELS)
    assert rows == []
    assert texts(issues) == [wanted]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (b"1.2,1,0,1", ['bad-fraction f.csv:2: XMin: "1.2" is not a fraction between 0 and 1']),
        (b",1,0,1", ['bad-fraction f.csv:2: XMin: "" is empty, but a number is needed']),
        (b"nan,1,0,inf", [
            'bad-fraction f.csv:2: XMin: "nan" is not a number',
            'bad-fraction f.csv:2: YMax: "inf" is not a number',
        ]),
        (b"0.5,0.4,1,0", [
            'inside-out f.csv:2: XMax: "0.4" is below XMin, which is 0.5',
            'inside-out f.csv:2: YMax: "0" is below YMin, which is 1.0',
        ]),
        (b"0_1,1,-0.001,1e3", [
            'bad-fraction f.csv:2: XMin: "0_1" is not a number',
            'bad-fraction f.csv:2: YMin: "-0.001" is not a fraction between 0 and 1' + HAIR,
            'bad-fraction f.csv:2: YMax: "1e3" is not a fraction between 0 and 1' + PIXELS,
        ]),
    ],
)  # fmt: skip
def test_a_bad_box(cells: bytes, wanted: list[str]) -> None:
    rows, issues = read(BOXES + b"a,l," + cells + b"\nb,l,0,1,0,1\n", tables.BOXES)
    assert names(rows) == [(3, "b")]
    assert texts(issues) == wanted


def test_half_a_box_for_a_mask() -> None:
    rows, issues = read(MASKS + b"m.png,a,l,1,0,,0,1\nn.png,b,l,2,0,1,0,1\n", tables.SEGMENTATIONS)
    assert names(rows) == [(3, "b")]
    assert texts(issues) == [
        'half-a-box f.csv:2: BoxXMax: "" is empty, but a row has all of BoxXMin, BoxXMax, BoxYMin, BoxYMax or none'
    ]


def test_half_a_box_for_a_mask_because_columns_are_absent() -> None:
    content = b"MaskPath,ImageID,LabelName,BoxXMin,BoxXMax\nm.png,a,l,0,1\nn.png,b,l,,\n"
    rows, issues = read(content, tables.SEGMENTATIONS)
    assert names(rows) == [(3, "b")]
    assert [(issue.code, issue.line, issue.column) for issue in issues] == [("half-a-box", 2, "BoxYMin")]


@pytest.mark.parametrize("flag", ["2", "true", "1.00"])
def test_a_bad_flag(flag: str) -> None:
    content = f"ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf\na,l,0,1,0,1,{flag}\n"
    _, issues = read(content.encode(), tables.BOXES)
    assert texts(issues) == [f'bad-flag f.csv:2: IsGroupOf: "{flag}" is not 1 (yes), 0 (no) or -1 (unknown)']


@pytest.mark.parametrize(
    ("column", "code"), [("MaskPath", "bad-mask-path"), ("BoxID", "bad-box-id"), ("ImageID", "bad-image-id")]
)
@pytest.mark.parametrize("value", ["../x", "a\\b", "a\nb", "..", "/etc/passwd"])
def test_hostile_names_in_a_segmentation_file(column: str, code: str, value: str) -> None:
    row = {"MaskPath": "m.png", "ImageID": "a", "LabelName": "l", "BoxID": "1"} | {column: value}
    content = ",".join(row) + "\n" + ",".join(f'"{cell}"' for cell in row.values())
    rows, issues = read(content.encode(), tables.SEGMENTATIONS)
    assert rows == []
    assert [(issue.code, issue.line, issue.column, issue.value) for issue in issues] == [(code, 2, column, value)]


@pytest.mark.parametrize("value", ["../x", "a/b", "a\\b", "C:x", "a\rb"])
def test_a_hostile_subset(value: str) -> None:
    rows, issues = read(f'ImageID,Subset\na,"{value}"\nb,\n'.encode(), tables.IMAGES)
    assert rows == [(4 if "\r" in value else 3, {"ImageID": "b", "Subset": None})]
    assert [(issue.code, issue.value) for issue in issues] == [("bad-subset", value)]


def test_a_nul_byte_in_a_number_and_in_a_header() -> None:
    _, issues = read(BOXES + b"a,l,0\0,1,0,1\n", tables.BOXES)
    assert texts(issues) == ['bad-fraction f.csv:2: XMin: "0\\x00" is not a number']
    _, issues = read(b"Image\0ID,LabelName\na,l\n", tables.LABELS)
    assert texts(issues) == [
        "column-missing f.csv:1: ImageID: The column is missing; the file has Image\\x00ID, LabelName"
    ]


def test_an_unclosed_quote_swallows_no_lines_and_is_named_where_it_was_opened() -> None:
    rows, issues = read(IMAGES + b'a,ok\nb,"open\nc,\nd,"closed"\ne,ok\n', tables.IMAGES)
    assert names(rows) == [(2, "a"), (4, "c"), (5, "d"), (6, "e")]
    reason = "A quoted cell goes on after its closing quote; double the quotes inside it"
    range_ = "the row seems to go on to line 5, and the lines after its first are read as rows where they can be"
    assert texts(issues) == [f"unclosed-quote f.csv:3: {reason}; {range_}"]


def test_a_cell_beyond_the_limit_is_one_bad_row() -> None:
    limit = csv.field_size_limit()
    content = IMAGES + b"a,%b\nb,%b\nc,ok\n" % (b"x" * limit, b"x" * (limit + 1))
    rows, issues = read(content, tables.IMAGES)
    assert names(rows) == [(2, "a"), (4, "c")]
    assert texts(issues) == [
        f"bad-quoting f.csv:3: A cell of this row has more than {limit} characters; perhaps a quote is left open"
    ]


def test_long_rows_end_a_chunk_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CHUNK_BYTES", 50_000)
    content = IMAGES + b"a,%b\n" % (b"x" * 100) * 8000
    sizes = [len(chunk) for chunk in read_table(io.BytesIO(content), tables.IMAGES, "f.csv", lambda _: None)]
    assert sum(sizes) == 8000
    assert max(sizes) < 4000


def test_bad_rows_are_counted() -> None:
    content = LABELS + b'a,,l,1\nb,,l,9\nc\n"d"x,,l,1\ne,,l,1\n'
    chunks = list(read_table(io.BytesIO(content), tables.LABELS, "f.csv", lambda _: None))
    assert (sum(map(len, chunks)), sum(chunk.bad for chunk in chunks)) == (2, 3)


# --- the same, however it is cut and wherever it comes from

good = st.sampled_from([b"a,s,l,1", b"b,,/m/1,0.5", b'c,"s t","l,m",', b'd,s,"x ""y""",1'])
bad = st.sampled_from(
    [
        b"",
        b"\r",
        b"a",
        b"a,b,c,d,e",
        b"..,s,l,1",
        b'"q"q,s,l,1',
        b"a,s,l,2",
        b'"a\nb",s,l,1',
        b'a,"\n"x,l,1',
        b"\xff,\0,l,1",
    ]
)


@settings(max_examples=60)
@given(
    st.lists(good | bad, max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.sampled_from([b"", b'a,"open\n'])
)
@example([b"a,s,l,2", b'"q"q,s,l,1', b"a"], b"\n", b"")
def test_neither_rows_nor_issues_depend_on_the_chunks(lines: list[bytes], end: bytes, tail: bytes) -> None:
    content = LABELS + end.join([*lines, tail])
    wanted = read(content, tables.LABELS)
    assert [issue.line for issue in wanted[1]] == sorted(issue.line or 0 for issue in wanted[1])
    for chunk_rows in (1, 2, 3):
        assert read(content, tables.LABELS, chunk_rows) == wanted


box_cells = st.sampled_from(["0", "0.25", "1", "", "nan", "2", "0.5"])


@settings(max_examples=60)
@given(st.lists(st.tuples(box_cells, box_cells, box_cells, box_cells), max_size=6))
def test_boxes_of_masks_do_not_depend_on_their_neighbours(boxes: list[tuple[str, str, str, str]]) -> None:
    lines = [f"m.png,{index},l,1,{','.join(box)}\n".encode() for index, box in enumerate(boxes)]
    rows, issues = read(MASKS + b"".join(lines), tables.SEGMENTATIONS)
    alone = [read(MASKS + line, tables.SEGMENTATIONS) for line in lines]
    assert [values for _, values in rows] == [values for found, _ in alone for _, values in found]
    assert [(i.code, i.column, i.value) for i in issues] == [
        (i.code, i.column, i.value) for _, more in alone for i in more
    ]


class Trickle(io.RawIOBase):
    """A stream that cannot seek and hands over one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self.content.read(1)
        buffer[: len(data)] = data
        return len(data)


class Repeating(io.RawIOBase):
    """A start, and then the same again and again until `size`."""

    def __init__(self, start: bytes, again: bytes, size: int) -> None:
        self.pending, self.again, self.left = start, again * (8192 // len(again)), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self.pending and self.left > 0:
            self.pending = self.again
        data, self.pending = self.pending[: len(buffer)], self.pending[len(buffer) :]
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)


def zipped(content: bytes) -> BinaryIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f.csv", content)
    return zipfile.ZipFile(file).open("f.csv")  # type: ignore[return-value]  # IO[bytes] is all that zipfile says


def streams(content: bytes) -> list[BinaryIO]:
    return [
        io.BytesIO(content),
        io.BufferedReader(io.BytesIO(content)),
        io.BufferedReader(Trickle(content)),
        Trickle(content),  # type: ignore[list-item]  # a raw stream reads as a BinaryIO does
        zipped(content),
    ]


@pytest.mark.parametrize("content", [b"", b"x", b"\xef\xbb\xbf" + LABELS + b"a,,l,1\n", LABELS + b"\xff\xfe,,l,1\r\n"])
def test_any_stream_will_do(content: bytes) -> None:
    wanted = read(content, tables.LABELS)
    for stream in streams(content):
        assert read(stream, tables.LABELS) == wanted
        assert stream.closed


def test_a_file_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(LABELS + b"a,,l,1\n")
    assert names(read(path.open("rb"), tables.LABELS)[0]) == [(2, "a")]
    assert names(read(path.open("rb", buffering=0), tables.LABELS)[0]) == [(2, "a")]


class Breaking(Trickle):
    """A stream that breaks off."""

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(buffer) or self.fail()

    def fail(self) -> int:
        raise UnreadableArchive("The archive is cut off.")


def test_damage_to_the_stream_is_not_taken_for_the_end() -> None:
    stream = io.BufferedReader(Breaking(LABELS + b"a,,l,1\n"))
    with pytest.raises(UnreadableArchive, match="cut off"):
        read(stream, tables.LABELS)
    assert stream.closed


# --- chunks


def test_choosing_rows_of_a_chunk() -> None:
    chunk = Chunk([2, 3, 5], {"ImageID": ["a", "b", "c"], "Confidence": [1.0, None, 0.0]})
    assert chunk.where([1, None, "x"]) == Chunk([2, 5], {"ImageID": ["a", "c"], "Confidence": [1.0, 0.0]})
    assert len(chunk.where([False] * 3)) == 0


def test_rows_are_split_in_one_go_however_many_values_there_are() -> None:
    class Counted(str):  # noqa: SLOT000  # it counts for all
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    chunk = Chunk(range(2, 602), {"ImageID": [f"i{number}" for number in range(600)]})
    assert [part for _, part in chunk.split(["train"] * 600)] == [chunk]
    by = [Counted(number % 300) for number in range(600)]
    parts = list(chunk.split(by))
    assert Counted.compared < 3000
    assert [value for value, _ in parts] == by[:300]
    assert [part for _, part in parts] == [chunk.where([value == each for each in by]) for value in by[:300]]


# --- real files


@pytest.mark.parametrize(
    ("name", "table", "rows"),
    [
        ("heads/oidv6-train-annotations-bbox.csv", tables.BOXES, None),
        ("heads/train-annotations-human-imagelabels-boxable.csv", tables.LABELS, None),
        ("heads/train-annotations-object-segmentation.csv", tables.SEGMENTATIONS, None),
        ("heads/train-images-boxable-with-rotation.csv", tables.IMAGES, None),
        ("class-descriptions-boxable.csv", tables.CLASSES, 601),
        ("oidv6-class-descriptions.csv", tables.CLASSES, None),
    ],
)
def test_real_files_have_no_issues(shared: Path, name: str, table: Table, rows: int | None) -> None:
    found, issues = read((shared / name).open("rb"), table)
    assert issues == []
    assert len(found) == rows if rows else found
    columns = {column.name for column in table.columns}
    assert columns <= set(found[0][1])
