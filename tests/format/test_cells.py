"""What a cell may hold, and that a column parsed whole is what its cells are one by one."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openimages_io.format import cells
from openimages_io.format.cells import BadCell, CellType
from tests.format.test_reading import HAIR

TYPES = {name: value for name, value in vars(cells).items() if isinstance(value, CellType)}

NUMBERS = (
    *("0", "1", "-1", "-0", "-0.0", "0.5", "1.0", "0.0", "1e-6", "2e-06", ".5", "1.", "+0.5", " 0.5 ", "90", "270.0"),
    *("-0.1", "1.0000001", "2", "1e400", "-1e400", "nan", "NaN", "inf", "-inf", "Infinity", "0_1", "1_0", "0x1", "1,5"),
    *("360", "361", "-360", "9223372036854775807", "9223372036854775808", "9" * 5000, "0" * 40 + "7", "0" * 5000),
)
WORDS = (
    *("", " ", "a", "/m/01yrx", "b/c/d/2", "ß", "名", "😀", "a b", "x" * 255, "x" * 256, "y" * 65, "\ufeffa"),
    *("..", ".", "a/..", "../a", "/a", "a/", "a//b", "a\\b", "C:", "c:x", "a..b", "1:2"),
    *("a\nb", "a\rb", "a\x85b", "a\u2028b", "a\x0bb", "a\0", "\udcff", "\x1b[31m", "\ud800", "\t"),
)
some_cells = st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.text(max_size=4) | st.floats().map(repr)


def one_by_one(cell_type: CellType, column: Sequence[str]) -> list[Any]:
    return [cell_type.parse(cell) for cell in column]


@pytest.mark.parametrize("name", sorted(TYPES))
@settings(max_examples=40)
@given(column=st.lists(some_cells, max_size=5))
@example(column=["nan", "0.5"])
@example(column=["0.5", "nan", "0.25"])
@example(column=["0.5", "", "1"])
@example(column=["", ""])
@example(column=["0_1"])
@example(column=["-1", "0.5", ""])
def test_a_column_is_what_its_cells_are(name: str, column: list[str]) -> None:
    cell_type = TYPES[name]
    try:
        wanted = one_by_one(cell_type, column)
    except BadCell:
        with pytest.raises(ValueError):  # noqa: PT011  (of which cell, it need not say)
            cell_type.parse_column(tuple(column))
    else:
        assert list(map(repr, cell_type.parse_column(tuple(column)))) == list(map(repr, wanted))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_special_cell_is_the_same_alone_and_in_a_column(name: str) -> None:
    cell_type = TYPES[name]
    for cell in (*NUMBERS, *WORDS):
        try:
            wanted = cell_type.parse(cell)
        except BadCell:
            with pytest.raises(BadCell) as caught:
                cell_type.parse(cell)
            assert str(caught.value).isprintable(), cell
            with pytest.raises(ValueError):  # noqa: PT011
                cell_type.parse_column((cell,))
        else:
            assert list(cell_type.parse_column((cell,))) == [wanted], cell


@pytest.mark.parametrize("name", sorted(TYPES))
def test_types_are_told_apart_and_described(name: str) -> None:
    assert TYPES[name].name
    assert TYPES[name].code.startswith("bad-")
    assert not TYPES[name].parse_column(())


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "is empty, but a number is needed"),
        (" ", "is not a number"),
        ("x", "is not a number"),
        ("0,5", "is not a number: write it with a decimal point, 0.5"),
        ("0_1", "is not a number"),
        ("1_0", "is not a number"),
        ("nan", "is not a number"),
        ("inf", "is not a number"),
        ("-inf", "is not a number"),
        ("1e999", "is not a number"),
        ("1.2", "is not a fraction between 0 and 1"),
        ("-1", "is not a fraction between 0 and 1"),
        (
            "-1e-9",
            "is not a fraction between 0 and 1" + HAIR,
        ),
        (
            "1.0000000000000002",
            "is not a fraction between 0 and 1" + HAIR,
        ),
        ("0.5\0", "is not a number"),
        ("\udcff", "is not a number"),
    ],
)
def test_what_is_no_fraction(cell: str, reason: str) -> None:
    with pytest.raises(BadCell) as caught:
        cells.FRACTION.parse(cell)
    assert str(caught.value) == reason


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "1.1", "-0.1", "", "1_0", "0_1", "x"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", ["FRACTION", "FRACTION_OR_NONE", "CLICK", "CONFIDENCE"])
def test_a_bad_number_is_found_anywhere_in_a_column(name: str, place: int, bad: str) -> None:
    column = ["0.5", "1", "0"]
    column[place] = bad
    if bad == "" and name != "FRACTION":
        assert list(TYPES[name].parse_column(column)).count(None) == 1
    else:
        with pytest.raises(ValueError):  # noqa: PT011
            TYPES[name].parse_column(column)


def test_fractions_are_kept_to_the_last_digit() -> None:
    texts = ["0.4345020000000001", "2e-06", "0.022673031", "0.012500", "1", "0", "5e-324"]
    assert list(cells.FRACTION.parse_column(texts)) == [float(text) for text in texts]


def test_an_empty_fraction_is_none_where_it_may_be() -> None:
    assert list(cells.FRACTION_OR_NONE.parse_column(["", "0.5"])) == [None, 0.5]
    assert cells.FRACTION_OR_NONE.parse("") is None


def test_clicks_come_out_as_they_came() -> None:
    assert list(cells.CLICK.parse_column(["-1", "0.25", "", "-1.0"])) == [-1.0, 0.25, None, -1.0]
    with pytest.raises(BadCell, match="neither a fraction between 0 and 1 nor -1"):
        cells.CLICK.parse("-0.5")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("1", True), ("0", False), ("-1", None), ("", None), (" 1", True), ("-1 ", None)),
        *(("1.0", True), ("0.0", False), ("-1.0", None)),  # as pandas writes a column with an empty cell
    ],
)
def test_flags(cell: str, value: bool | None) -> None:
    assert cells.FLAG.parse(cell) is value


@pytest.mark.parametrize("cell", ["2", "-2", "true", "1.5", "1.00", "yes", "01", "--1", "1\0"])
def test_what_is_no_flag(cell: str) -> None:
    with pytest.raises(BadCell, match=r"not 1 \(yes\), 0 \(no\) or -1 \(unknown\)"):
        cells.FLAG.parse(cell)


def test_confidence_0_is_a_value_and_empty_is_none() -> None:
    assert list(cells.CONFIDENCE.parse_column(["0", "", "0.5", "1"])) == [0.0, None, 0.5, 1.0]


@pytest.mark.parametrize("cell", ["1.01", "-0.1", "-1", "nan", "x", " "])
def test_what_is_no_confidence(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.CONFIDENCE.parse(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0.0", 0.0), ("90.0", 90.0), ("270", 270.0), ("", None), ("nan", None), ("NaN", None), ("-360", -360.0)],
)
def test_rotations(cell: str, value: float | None) -> None:
    assert cells.ROTATION.parse(cell) == value


@pytest.mark.parametrize("cell", ["361", "-361", "inf", "east", "1_0"])
def test_what_is_no_rotation(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.ROTATION.parse(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0),
        ("000", 0),
        ("2038323", 2038323),
        (" 12 ", 12),
        (" " * 40 + "12", 12),
        ("0" * 5000 + "7", 7),
        (str(2**63 - 1), 2**63 - 1),
        ("", None),
    ],
)
def test_numbers_of_bytes(cell: str, value: int | None) -> None:
    assert cells.BYTES.parse(cell) == value


@pytest.mark.parametrize(
    "cell", ["-1", "1.5", " ", "x", "1_0", str(2**63), "9" * 5000, "0" * 32 + "9" * 30, "１２", "²"]
)
def test_what_is_no_number_of_bytes(cell: str) -> None:
    with pytest.raises(BadCell, match="is not a number of bytes"):
        cells.BYTES.parse(cell)


@pytest.mark.parametrize("cell", ["000002b66c9c498e", "b/c/d/2", "a b", "日本/語", "a..b", ".hidden", "a:b", "\ufeffa"])
def test_image_ids(cell: str) -> None:
    assert cells.IMAGE_ID.parse(cell) == cell


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "is empty, but an ImageID is needed"),
        ("..", "has “..” as a folder or file name"),
        ("a/../b", "has “..” as a folder or file name"),
        ("./a", "has “.” as a folder or file name"),
        ("a//b", "has “” as a folder or file name"),
        ("a/", "has “” as a folder or file name"),
        ("/etc/passwd", "starts with a slash"),
        ("a\\b", "contains a backslash"),
        ("a\nb", "contains a line break"),
        ("a\r", "contains a line break"),
        ("a\x85b", "contains a line break"),
        ("a\u2028b", "contains a line break"),
        ("a\0b", "contains a NUL byte"),
        ("a\udcff", "is not valid UTF-8"),
        ("x" * 256, "has 256 characters, more than the 255"),
    ],
    ids=ascii,
)
def test_what_is_no_image_id(cell: str, reason: str) -> None:
    with pytest.raises(BadCell) as caught:
        cells.IMAGE_ID.parse(cell)
    assert reason in str(caught.value)


@pytest.mark.parametrize("name", ["MASK_PATH", "BOX_ID", "SUBSET"])
@pytest.mark.parametrize(
    "cell",
    [
        "..",
        ".",
        "../a",
        "a/b",
        "a\\b",
        "a..b",
        "C:a",
        "c:",
        "a\nb",
        "a\rb",
        "a\x85",
        "a\u2029b",
        "a\0",
        "\udcff",
        "x" * 256,
    ],
    ids=ascii,
)
def test_names_that_leave_their_folder(name: str, cell: str) -> None:
    with pytest.raises(BadCell):
        TYPES[name].parse(cell)


@pytest.mark.parametrize("name", ["MASK_PATH", "BOX_ID", "SUBSET"])
@pytest.mark.parametrize("cell", ["9a041d52", "677c122b0eaa5d16_m04yx4_9a041d52.png", "my subset", "Prüfung", "a.b-c"])
def test_names_that_stay(name: str, cell: str) -> None:
    assert TYPES[name].parse(cell) == cell


def test_only_some_names_may_be_empty() -> None:
    assert cells.SUBSET.parse("") is None
    assert cells.BOX_ID.parse("") == ""
    assert cells.SOURCE.parse("") == ""
    for needed in (cells.MASK_PATH, cells.LABEL_NAME, cells.IMAGE_ID):
        with pytest.raises(BadCell, match="is empty"):
            needed.parse("")


@pytest.mark.parametrize(
    "cell", ["a,b", 'say "x"', "two\nlines", "a\x85b", "a\u2028b", "\ufeffBOM", "\x1b[31m", "", " "]
)
def test_text_may_hold_nearly_anything(cell: str) -> None:
    assert cells.TEXT.parse(cell) == cell
    assert list(cells.TEXT.parse_column([cell, "x"])) == [cell, "x"]


@pytest.mark.parametrize(("cell", "reason"), [("a\0", "NUL byte"), ("\udcff", "not valid UTF-8"), ("\ud800", "UTF-8")])
def test_text_that_no_database_takes(cell: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        cells.TEXT.parse(cell)


def test_surrogates_of_neighbouring_cells_do_not_heal_each_other() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        cells.TEXT.parse_column(["\ud83d", "\ude00"])


def test_a_source_fits_its_column() -> None:
    assert cells.SOURCE.parse("s" * cells.SOURCE_LENGTH)
    with pytest.raises(BadCell, match="65 characters"):
        cells.SOURCE.parse("s" * (cells.SOURCE_LENGTH + 1))


@given(st.floats(min_value=0, max_value=1))
def test_every_fraction_reads_back(value: float) -> None:
    assert cells.FRACTION.parse(repr(value)) == value
    assert math.copysign(1, cells.FRACTION.parse(repr(value))) == math.copysign(1, value)
