"""Cells and lines as they are written, and that what is written reads back as it was."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openimages_io.format import tables, writing
from openimages_io.format.reading import read_table

if TYPE_CHECKING:
    from openimages_io.format.issues import Issue

finite = st.floats(allow_nan=False, allow_infinity=False)
# What a text column of a database can hold: neither NUL nor lone surrogates.
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
awkward = st.sampled_from(["", '"', '""', "a,b", "a\nb", "a\r\nb", "\r", "\n", "\ufeffx", "\x85", "\u2028", " x ", "'"])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.0125, "0.0125"),
        (1.0, "1"),
        (0.0, "0"),
        (-0.0, "0"),
        (-1.0, "-1"),
        (2e-06, "2e-06"),
        (0.4345020000000001, "0.4345020000000001"),
        (90.0, "90"),
        (1e16, "1e+16"),
        (1, "1"),
        (True, "1"),
        (np.float64(0.5), "0.5"),
    ],
)
def test_a_number_is_its_shortest_text(value: float, wanted: str) -> None:
    assert writing.number(value) == wanted
    assert writing.numbers_or_empty([value, None]) == [wanted, ""]


@given(finite | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 1e22]))
@example(-0.0)
@example(-5.0)
def test_a_number_reads_back_and_is_no_longer_than_need_be(value: float) -> None:
    text = writing.number(value)
    assert float(text) == value
    digits = len(text.lstrip("-").split("e")[0].replace(".", "").strip("0"))
    if digits > 1:
        assert float(f"{value:.{digits - 2}e}") != value


@pytest.mark.parametrize(("value", "wanted"), [(None, ""), (0.0, "0.0"), (-0.0, "0.0"), (90.0, "90.0"), (270, "270.0")])
def test_a_rotation_is_written_as_the_official_lists_do(value: float | None, wanted: str) -> None:
    assert writing.rotation(value) == wanted


def test_no_score_is_confidence_1_and_0_stays_0() -> None:
    assert list(map(writing.confidence, [None, 0.0, 1.0, 0.7, -0.0])) == ["1", "0", "1", "0.7", "0"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("plain", "plain"),
        ("", ""),
        (" a ", " a "),
        ("a,b", '"a,b"'),
        ('Fiat 500 "topolino"', '"Fiat 500 ""topolino"""'),
        ("a\nb", '"a\nb"'),
        ("a\rb", '"a\rb"'),
        ("a\u2028b\x85", "a\u2028b\x85"),
        ("\ufeffa", '"\ufeffa"'),
        ("naïve 名", "naïve 名"),
    ],
    ids=ascii,
)
def test_text_is_quoted_only_where_it_must_be(value: str, wanted: str) -> None:
    assert writing.text(value) == wanted
    assert list(writing.texts([value, "x"])) == [wanted, "x"]


def test_lines() -> None:
    assert writing.lines([["a", "b"], ["1", "2"]]) == "a,1\nb,2\n"
    assert writing.lines([[], []]) == writing.lines([]) == ""
    with pytest.raises(ValueError, match="shorter"):
        writing.lines([["a", "b"], ["1"]])


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.title)
def test_the_header_is_one_that_we_read(table: tables.Table) -> None:
    issues: list[Issue] = []
    content = writing.header(writing.names_of(table))
    assert list(read_table(io.BytesIO(content.encode()), table, "f.csv", issues.append)) == []
    assert issues == []


@given(st.lists(st.tuples(text | awkward, text | awkward), min_size=1, max_size=6), st.sampled_from([1, 2, 8192]))
@example([("\r", "\n"), ("", ""), ("x", '"\r\n"')], 1)
def test_text_survives_writing_and_reading(rows: list[tuple[str, str]], chunk_rows: int) -> None:
    authors, titles = zip(*rows, strict=True)
    ids = [f"i{number}" for number in range(len(rows))]
    content = writing.header(("ImageID", "Author", "Title")) + writing.lines(
        [ids, writing.texts(authors), writing.texts(titles)]
    )
    issues: list[Issue] = []
    chunks = list(read_table(io.BytesIO(content.encode()), tables.IMAGES, "f.csv", issues.append, chunk_rows))
    assert issues == []
    assert [name for chunk in chunks for name in chunk.get("ImageID")] == ids
    assert [name for chunk in chunks for name in chunk.get("Author")] == list(authors)
    assert [name for chunk in chunks for name in chunk.get("Title")] == list(titles)


def test_a_class_list_without_header_whose_first_name_starts_with_a_bom() -> None:
    content = writing.lines([[writing.text("\ufeffk7")], [writing.text("Tabby")]])
    issues: list[Issue] = []
    (chunk,) = read_table(io.BytesIO(content.encode()), tables.CLASSES, "f.csv", issues.append)
    assert issues == []
    assert list(chunk.get("LabelName")) == ["\ufeffk7"]
