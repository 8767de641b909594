"""The reader of plain blocks and the reader of rows: the same rows, values, lines and issues, whatever the text."""

import csv
import io
import math
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openimages_io.format import cells, class_lists, csv_rows, lines, plain, tables
from openimages_io.format.chunk import Chunk
from openimages_io.format.coded import Coded
from openimages_io.format.decimals import read_decimals
from openimages_io.format.issues import Issue
from openimages_io.format.plain import PlainBlock, cut
from openimages_io.format.plain_columns import PlainColumns
from openimages_io.format.reading import read_table
from openimages_io.format.tables import Table


@dataclass
class Found:
    """What a reader makes of a file."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Lines, and values as Python writes them, which tells 1 from 1.0 and from True, and -0.0 from 0.0."""
    issues: list[Issue] = field(default_factory=list)
    bad: int = 0
    bad_ids: list[str] = field(default_factory=list)


def read(content: bytes, table: Table, chunk_rows: int = 2048, *, clip: bool = False) -> Found:
    found, position = Found(), 0
    for chunk in read_table(io.BytesIO(content), table, "f.csv", found.issues.append, chunk_rows, clip=clip):
        check(chunk)
        assert position <= chunk.position <= len(content)
        position = chunk.position
        for index, line in enumerate(chunk.lines):
            assert isinstance(line, int)
            found.rows.append((line, {name: repr(column[index]) for name, column in chunk.values.items()}))
        found.bad += chunk.bad
        found.bad_ids += chunk.bad_ids
    return found


def check(chunk: Chunk) -> None:
    """What a chunk knows besides its values agrees with them, also of some of its rows."""
    for some in (chunk, chunk.where([line % 3 for line in chunk.lines]), chunk.where([False] * len(chunk))):
        assert all(len(column) == len(some) for column in some.values.values())
        for name, coded in some.coded.items():
            assert repr(coded.rows()) == repr(list(some.values[name]))
            assert coded.codes is not None
            assert set(coded.codes.tolist()) == set(range(len(coded.values)))
        for name, numbers in some.numbers.items():
            assert repr(numbers.tolist()) == repr(list(some.values[name]))


@contextmanager
def blocks_of(plain_bytes: int, block_bytes: int = 16) -> Iterator[None]:
    """Plain blocks are looked for within so many bytes, none if 0; else about so many are read by rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "PLAIN_BYTES", plain_bytes)
        patch.setattr(csv_rows, "LEAST_PLAIN_BYTES", 0)
        patch.setattr(csv_rows, "LONGEST_WAIT", 0)
        patch.setattr(csv_rows, "BLOCK_BYTES", block_bytes)
        patch.setattr(lines, "BLOCK_BYTES", block_bytes)
        yield


def by_rows(content: bytes, table: Table, chunk_rows: int = 2048, *, clip: bool = False) -> Found:
    with blocks_of(0, 2**16):
        return read(content, table, chunk_rows, clip=clip)


class Counted:
    """How many rows are read plainly, and how many were tried so and left to the other reader."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.plain = self.left = 0
        parse = PlainColumns.parse

        def counting(self_: PlainColumns, block: PlainBlock) -> Any:
            self.plain += len(block)
            return parse(self_, block)

        rows_of = csv_rows.RowReader.rows_of

        def giving_up(reader: csv_rows.RowReader, block: PlainBlock) -> Any:
            self.plain -= len(block)
            self.left += len(block)
            return rows_of(reader, block)

        patch.setattr(PlainColumns, "parse", counting)
        patch.setattr(csv_rows.RowReader, "rows_of", giving_up)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


# --- every table, any text

NUMBERS = [
    "0", "1", "0.5", "0.25", "1.0", "0.", "1.", ".5", "0.123456", "0.00000", "1.00000", "0.1234567", "0.12345678",
    "0.123456789", "0.123456789012345", "0.1234567890123456", "0.30000000000000004", "0.10000000000000001",
    "0.99999999999999999", "1.000000000000001", "1.5", "2", "00.5", "01", "-1", "-0", "-0.0", "+0.5", "-0.001", "1.001",
    "5e-1", "1e-5", "1E0", "1e400", "1e-400", "nan", "inf", "-inf", "NaN", "0_1", "0.1_2", " 0.5", "0.5 ", "0,5",
    "٠.٥", "１", "0x1", "0.5.5", "0.5/", "0.:5", "0.5é", "True", "0.5" + "0" * 40, "0" * 20, "½",
]  # fmt: skip
FLAGS = ["1", "0", "-1", "", "1.0", "0.0", "-1.0", " 1", "1 ", "2", "true", "é", "-", "10", "00"]
IDS = [
    "a", "b", "464c233076a8b8be", "00002f4ff380c64c", "folder/a", "é", "日本", "x" * 64, "x" * 65, "y" * 255, "y" * 256,
    "é" * 128, "a b", " ", "", "..", "./a", "a/./b", "/a", "a\\b", "a\x85", "a\u2028b", "12345678", "123456789",
    "\ufeffa", "a-1", "a_b",
]  # fmt: skip
WORDS = [
    "xclick",
    "activemil",
    "verification",
    "",
    " ",
    "s" * 64,
    "s" * 65,
    "é",
    "/m/01yrx",
    "/m/014j1m",
    "Unknown",
    "a\x0bb",
    "z",
]
SIZES = ["", "1", "4405052", "0", "007", "9" * 19, "9" * 20, "1.0", "-5", " 7"]
ROTATIONS = ["", "nan", "0.0", "90.0", "270", "-360", "361", " "]
BY_TYPE = {
    cells.IMAGE_ID: IDS,
    cells.LABEL_NAME: [*WORDS, *IDS],
    cells.SOURCE: WORDS,
    cells.SUBSET: ["train", "test", "", "..", "é", "a/b"],
    cells.SHORT_TEXT: [*WORDS, *IDS],
    cells.TEXT: [*WORDS, "a title", "0.5 0.5 1;0.1 0.2 0"],
    cells.MASK_PATH: ["a.png", "b_m0_1.png", "./a.png", "../a.png", "é.png", ""],
    cells.BOX_ID: ["9a041d52", "", "b1115fd0", "a/b"],
    cells.FRACTION: NUMBERS,
    cells.FRACTION_OR_NONE: [*NUMBERS, ""],
    cells.CLICK: [*NUMBERS, ""],
    cells.CONFIDENCE: [*NUMBERS, ""],
    cells.NUMBER: [*NUMBERS, ""],
    cells.FLAG: FLAGS,
    cells.BYTES: SIZES,
    cells.ROTATION: ROTATIONS,
}
GOOD = {
    cells.IMAGE_ID: ["a", "b", "464c233076a8b8be", "é/日本"],
    cells.LABEL_NAME: ["/m/01yrx", "/m/014j1m", "l"],
    cells.MASK_PATH: ["a.png", "b.png"],
    cells.BOX_ID: ["9a041d52", ""],
    cells.SUBSET: ["train", ""],
    cells.SOURCE: ["xclick", "activemil"],
    cells.BYTES: ["1", "4405052"],
    cells.ROTATION: ["0.0", "nan"],
    cells.CLICK: ["0.5", "-1", ""],
    cells.FLAG: ["0", "1", "-1", ""],
    cells.CONFIDENCE: ["1", "0.5", ""],
    cells.NUMBER: ["0.86864", "", "7"],
    cells.TEXT: ["a title", "é"],
    cells.SHORT_TEXT: ["Cat", "Dog", "é"],
}
"""What columns take, apart from the corners of a box, which belong together."""
ODD_BYTES = [
    b'"',
    b'""',
    b"\0",
    b"\xff",
    b"\xc3",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b",",
    b", ,",
    b" ",
    b"\xef\xbb\xbf",
    b'"a\nb",',
]


def file(chance: random.Random) -> tuple[bytes, Table]:
    table = chance.choice(tables.TABLES)
    box = set(table.box.names if table.box and chance.random() < 0.8 else ())
    columns = list(table.columns) + [column for column in table.extra if chance.random() < 0.2]
    columns = [column for column in columns if column.required or column.name in box or chance.random() < 0.7]
    if chance.random() < 0.3:
        chance.shuffle(columns)
    names = [column.name for column in columns]
    types = [column.type for column in columns]
    if chance.random() < 0.2 and table.header:
        names.insert(1, "Colour")
        types.insert(1, cells.TEXT)
    odds = chance.choice([0, 0, 0, 0.005, 0.02, 0.3])
    count = chance.choice([1, 5, 40]) if table.header else class_lists.SAMPLE + 50
    rows = [row(names, types, chance, odds, table) for _ in range(count)]
    if chance.random() < 0.5:  # runs of neighbours
        rows.sort()
    ends = chance.choice(
        [["\n"], ["\n"], ["\r\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n"] * 9 + ["\r"], ["\n"] * 9 + ["\n\n"]]
    )
    text = ("\ufeff" if chance.random() < 0.1 else "") + ",".join(names) + chance.choice(ends)
    for line in rows:
        text += ",".join(line) + ("," if chance.random() < 0.005 else "") + chance.choice(ends)
    content = text.encode()
    for _ in range(chance.choice([0, 0, 0, 0, 1, 3])):
        place = chance.randrange(len(content) + 1)
        content = content[:place] + chance.choice(ODD_BYTES) + content[place + chance.choice([0, 1]) :]
    if chance.random() < 0.2:
        return content.rstrip(b"\r\n"), table
    return content[: chance.randrange(len(content) + 1)] if chance.random() < 0.1 else content, table


def row(names: list[str], types: list[cells.CellType], chance: random.Random, odds: float, table: Table) -> list[str]:
    digits = chance.choice([1, 6, 6, 8, 9, 15, 17])
    low, high = sorted(chance.sample(range(101), 2))
    found = []
    for name, kind in zip(names, types, strict=True):
        if chance.random() < odds:
            found.append(chance.choice(BY_TYPE[kind]))
        elif table.box and name in table.box.names:
            number = (low if name.endswith("Min") else high) / 100
            found.append(chance.choice([f"{number:.{digits}f}", repr(number)]) if digits > 1 else f"{number:.2f}")
        else:
            found.append(chance.choice(GOOD[kind]))
    return found


@settings(max_examples=200)
@given(
    st.randoms(use_true_random=False).map(file),
    st.sampled_from([100, 333, 1000, 2**18]),
    st.sampled_from([1, 16, 64]),
    st.sampled_from([1, 3, 2048]),
    st.booleans(),
)
def test_both_readers_read_the_same(
    made: tuple[bytes, Table], plain_bytes: int, block_bytes: int, chunk_rows: int, clip: bool
) -> None:
    content, table = made
    with blocks_of(plain_bytes, block_bytes):
        found = read(content, table, chunk_rows, clip=clip)
    assert found == by_rows(content, table, chunk_rows, clip=clip)


@pytest.mark.long
def test_most_of_those_files_are_read_plainly(counted: Counted) -> None:
    rows = 0
    for seed in range(200):
        content, table = file(random.Random(seed))
        with blocks_of(1000):
            found = read(content, table)
        assert found == by_rows(content, table)
        rows += len(found.rows)
    assert counted.plain > rows / 3
    assert counted.left > rows / 20


CLASSES = b"LabelName\n" + b"label\n" * (class_lists.SAMPLE + 1)
LABELS = b"ImageID,Source,LabelName,Confidence\n"


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [b"a", b"b", b",", b",", b",", b"\n", b"\r\n", b"\r", b'"', b"\0", "é".encode(), b"\xff", b"1", b" "]
        ),
        max_size=60,
    ),
    st.integers(10, 400),
)
@example([b"a,,b,1\r", b"\na,,b,1\r\n"], 8)
@example([b"a,,b,1\r\r\n", b"a,,b,1\r\n"], 40)
@example([b"a,,b,1\n" * 3, b'a,,"b\n', b'c",1\n', b"a,,b,1\n" * 3], 16)
def test_any_bytes_at_all(parts: list[bytes], size: int) -> None:
    for content, table in (
        (LABELS + b"".join(parts), tables.LABELS),
        (CLASSES + b"".join(parts), tables.CLASSES),
    ):
        with blocks_of(size):
            found = read(content, table)
        assert found == by_rows(content, table)


# --- what is read plainly

BOX = "464c233076a8b8be,xclick,/m/01yrx,1,0.446036,0.624957,0.869953,0.914637,0,1,0,0,-1"
BOXES = ",".join(column.name for column in tables.BOXES.columns)


def boxes(count: int, end: str = "\n") -> list[str]:
    return [f"{BOXES}{end}", *(BOX.replace("464c", f"{index // 7:04x}") + end for index in range(count))]


@pytest.mark.long
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_but_the_first_block_of_a_plain_file_is_read_plainly(end: str, counted: Counted) -> None:
    found = read("".join(boxes(20_000, end)).encode(), tables.BOXES)
    assert (len(found.rows), found.issues, counted.left) == (20_000, [], 0)
    assert counted.plain > 19_000


@pytest.mark.long
@pytest.mark.parametrize("odd", ['"xclick"', "\0", "x\ry", "é\n", "0.5,0.5"], ids=ascii)
def test_one_odd_row_slows_its_neighbours_and_not_the_file(odd: str, counted: Counted) -> None:
    rows = boxes(20_000)
    rows[10_000] = rows[10_000].replace("xclick", odd)
    found = read("".join(rows).encode(), tables.BOXES)
    assert len(found.rows) + found.bad >= 20_000
    assert counted.left == 0
    assert counted.plain > 18_000


@pytest.mark.long
def test_one_bad_cell_slows_its_chunk_and_not_the_file(counted: Counted) -> None:
    rows = boxes(20_000)
    rows[10_000] = rows[10_000].replace("0.446036", "0.9")
    found = read("".join(rows).encode(), tables.BOXES)
    assert ([issue.code for issue in found.issues], found.bad, found.bad_ids) == (
        ["inside-out"],
        1,
        ["0594233076a8b8be"],
    )
    assert 0 < counted.left <= 2048
    assert counted.plain > 16_000


@pytest.mark.thorough
def test_a_file_that_is_odd_throughout_is_looked_at_little(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[int]()

    def looking(data: bytes, *args: Any) -> PlainBlock | None:
        looked.append(len(data))
        return cut(data, *args)

    monkeypatch.setattr(plain, "cut", looking)
    rows = [f'a{index},,"l",1\n'.encode() for index in range(300_000)]
    content = LABELS + b"".join(rows)
    assert len(read(content, tables.LABELS).rows) == 300_000
    assert 0 < sum(looked) < len(content) / 2


def test_a_cell_beyond_the_limit_is_left_to_the_reader_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    before = csv.field_size_limit(50)
    try:
        content = LABELS + b"a,,l,1\n" * 3 + b"%b,,l,1\nb,,l,1\n" % (b"x" * 51)
        with blocks_of(2**18):
            found = read(content, tables.LABELS)
        assert found == by_rows(content, tables.LABELS)
        assert [issue.code for issue in found.issues] == ["bad-quoting"]
    finally:
        csv.field_size_limit(before)


def test_very_many_different_short_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openimages_io.format.plain_columns._MOST_REMEMBERED", 100)
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [f"{first}{second},,{second},1\n" for first in letters for second in letters] * 2
    content = LABELS + "".join(rows).encode()
    with blocks_of(1000):
        found = read(content, tables.LABELS)
    assert found == by_rows(content, tables.LABELS)
    assert len(found.rows) == len(rows)


@pytest.mark.parametrize("clip", [True, False])
def test_an_empty_box_between_plain_ones_is_named(clip: bool) -> None:
    rows = boxes(2000)
    rows[1500] = rows[1500].replace("0.624957", "0.446036")
    content = "".join(rows).encode()
    with blocks_of(2**18):
        found = read(content, tables.BOXES, clip=clip)
    assert found == by_rows(content, tables.BOXES, clip=clip)
    assert [(issue.code, issue.line, issue.column) for issue in found.issues] == [("empty-box", 1501, "XMax")]


def test_a_row_of_spaces_between_plain_ones_is_a_blank_line() -> None:
    content = b"ImageID,Source,LabelName\n" + b"a,s,l\n" * 50 + b" , , \n" + b"b,s,l\n" * 50
    with blocks_of(2**18):
        found = read(content, tables.LABELS)
    assert found == by_rows(content, tables.LABELS)
    assert (len(found.rows), found.issues, found.bad) == (100, [], 0)


def test_words_of_equal_hashes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openimages_io.format.plain_columns._MIXER", np.uint64(0))  # only the last eight bytes count
    content = LABELS + b"a,,one-word-of-16-b,1\nb,,two-word-of-16-b,1\nc,,one-word-of-16-b,1\n" * 3
    with blocks_of(500):
        found = read(content, tables.LABELS)
    assert found == by_rows(content, tables.LABELS)
    assert len({values["LabelName"] for _, values in found.rows}) == 2


@given(st.lists(st.tuples(st.sampled_from("01"), st.text("0123456789", max_size=18)), min_size=1, max_size=50))
def test_decimals_are_what_float_reads(numbers: list[tuple[str, str]]) -> None:
    texts = [f"{whole}.{digits}" for whole, digits in numbers]
    block = cut("".join(f"{text},x\n" for text in texts).encode(), 2, 1)
    assert block is not None
    (values,), (is_read,) = read_decimals(block, [0])
    for text, (_, digits), value, known in zip(texts, numbers, values.tolist(), is_read.tolist(), strict=True):
        assert known == (len(digits) <= 15 and float(text) <= 1)
        assert not known or struct.pack("d", value) == struct.pack("d", float(text))


def test_a_float_of_each_length_is_exact() -> None:
    chance = random.Random(1)
    texts = [f"{chance.random():.{digits}f}" for digits in range(1, 16) for _ in range(2000)]
    block = cut("".join(f"{text}\n" for text in texts).encode(), 1, 1)
    assert block is not None
    (values,), (is_read,) = read_decimals(block, [0])
    assert is_read.all()
    assert values.tolist() == list(map(float, texts))
    assert not any(map(math.isnan, values))


# --- columns by their values


def test_what_is_made_of_values_belongs_to_each_row() -> None:
    coded = Coded(["a", "b", "c"], np.array([0, 2, 2, 1]))
    assert coded.rows() == ["a", "c", "c", "b"]
    assert coded.spread([(1, "x"), None, [2]]) == [(1, "x"), [2], [2], None]
    some = coded.where([1, 2])
    assert (some.values, some.rows()) == (["c"], ["c", "c"])


def test_a_column_whose_values_nobody_has_compared() -> None:
    coded = Coded(["a", "b", "a"])
    assert coded.spread([1, 2, 3]) == [1, 2, 3]
    assert coded.where([2, 0]).rows() == ["a", "a"]
    assert Chunk([2, 3], {"ImageID": ["a", "b"]}).distinct("ImageID").rows() == ["a", "b"]


def test_a_blank_line_ends_a_block_of_one_column() -> None:
    block = cut(b"a\nb\n\nc\n", 1, 1)
    assert block is not None
    assert (len(block), block.cells(0), block.text) == (2, ["a", "b"], b"a\nb\n")
    assert cut(b"\na\n", 1, 1) is None
