"""Columns of bytes hold what `writing` would write cell by cell, and read back as they were."""

import io
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openimages_io.format import byte_columns, tables, writing
from openimages_io.format.byte_columns import Cells
from openimages_io.format.reading import read_table

decimals = st.builds(round, st.floats(0, 1), st.integers(0, 17))
numbers = st.floats(0, 1) | decimals | st.sampled_from([0.0, -0.0, 1.0, 2e-06, 1e-4, 9.99e-5, 0.999999999999999])
any_numbers = numbers | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
keys = st.integers(1, 9) | st.integers(1, 2**40)


def decoded(cells: Cells) -> list[str]:
    """The cells as texts."""
    return [cell.decode() for cell in cells.tolist()]


@given(st.lists(any_numbers, min_size=1, max_size=8))
@example([0.25, 0.123456])
@example([0.1234567, 0.5])
@example([1 / 3, 0.5, -1.0])
@example([0.1 + 0.2, 1e22, 5e-324])
def test_fractions_are_written_as_one_by_one(values: list[float]) -> None:
    assert decoded(byte_columns.fractions(values)) == list(map(writing.number, values))


@pytest.mark.parametrize("places", range(1, 18))
def test_decimals_of_every_length(places: int) -> None:
    values = [round(number / 997, places) for number in range(998)]
    assert decoded(byte_columns.fractions(values)) == list(map(writing.number, values))


@given(st.lists(texts, min_size=1, max_size=8), st.lists(keys, min_size=1, max_size=8))
@example(["", ""], [1, 1])
@example(["x"], [7, 2**40])
def test_each_different_value_is_asked_for_once(values: list[str], some_keys: list[int]) -> None:
    asked: list[object] = []

    def cell(value: object) -> str:
        asked.append(value)
        return f"<{value}>"

    assert decoded(byte_columns.distinct(values, cell)) == [f"<{value}>" for value in values]
    assert decoded(byte_columns.of_keys(some_keys, lambda few: list(map(cell, few)))) == [
        f"<{key}>" for key in some_keys
    ]
    assert len(asked) == len(set(values)) + len(set(some_keys))


@given(st.dictionaries(keys, texts, min_size=1, max_size=8), st.data())
@example({7: "ä", 2**40: "ab"}, None)
@example({1: "", 2: ""}, None)
def test_cells_of_keys_are_those_that_were_given(cells: dict[int, str], data: st.DataObject | None) -> None:
    asked = data.draw(st.lists(st.sampled_from(sorted(cells)), min_size=1)) if data else [*cells, *cells]
    assert decoded(byte_columns.KeyCells(cells).of(asked)) == [cells[key] for key in asked]


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
@example([("", ""), ("ä", "")])
def test_lines_are_those_of_texts(rows: list[tuple[str, str]]) -> None:
    columns = [list(map(writing.text, column)) for column in zip(*rows, strict=True)]
    assert byte_columns.lines(list(map(byte_columns.encoded, columns))).decode() == writing.lines(columns)


def test_lines_of_columns_that_are_not_of_one_length() -> None:
    with pytest.raises(ValueError, match="reshape"):
        byte_columns.lines([byte_columns.encoded(["a", "b", "c"]), byte_columns.encoded(["1", "2"])])


@given(st.lists(st.tuples(numbers, numbers, st.none() | numbers), min_size=1, max_size=6))
def test_boxes_survive_writing_and_reading(rows: list[tuple[float, float, float | None]]) -> None:
    xs, ys, scores = zip(*rows, strict=True)
    whole = byte_columns.fractions([1.0] * len(rows))
    names = ("ImageID", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax")
    columns = [
        *(byte_columns.encoded([letter] * len(rows)) for letter in "il"),
        byte_columns.distinct(scores, writing.confidence),
        *(byte_columns.fractions(xs), whole, byte_columns.fractions(ys), whole),
    ]
    content = writing.header(names).encode() + byte_columns.lines(columns)
    (chunk,) = read_table(io.BytesIO(content), tables.BOXES, "f.csv", lambda _: None)
    assert list(chunk.get("XMin")) == list(xs)
    assert list(chunk.get("YMin")) == list(ys)
    assert list(chunk.get("Confidence")) == [1.0 if score is None else score for score in scores]
    assert all(math.copysign(1, x) == 1 for x in chunk.get("XMin"))
