"""Badly quoted rows: each is named, what stands behind them is read, and neither memory nor time grows with them."""

import csv
import io
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openimages_io.format import lines, tables
from openimages_io.format.issues import Issue
from openimages_io.format.reading import read_table
from openimages_io.format.tables import Table
from tests.format.test_reading import IMAGES, LABELS, Repeating, read, texts

ENDLESS = f"The row has more than {lines.MAX_ROW_BYTES} bytes and is not read"


@pytest.mark.thorough
def test_every_row_of_a_long_badly_quoted_stretch_is_named_and_what_follows_is_read() -> None:
    count = lines.MAX_ROW_BYTES // 10
    content = LABELS + b"first,s,l,1\n" + b'"a"b,s,l,1\n' * count + b"last,s,l,1\n"
    rows, issues = read(content, tables.LABELS)
    assert [(line, values["ImageID"]) for line, values in rows] == [(2, "first"), (count + 3, "last")]
    assert [issue.line for issue in issues] == list(range(3, count + 3))
    assert {issue.code for issue in issues} == {"bad-quoting"}


@pytest.mark.thorough
def test_rows_behind_a_quote_that_is_never_closed_are_read() -> None:
    count = 100_000
    content = LABELS + b'a,s,"l,1\n' + b"b,s,l,1\n" * count + b"c,s,l,9\n"
    rows, issues = read(content, tables.LABELS)
    assert [line for line, _ in rows] == list(range(3, count + 3))
    assert [(issue.line, issue.code) for issue in issues] == [(2, "unclosed-quote"), (count + 3, "bad-confidence")]


def test_rows_behind_a_row_without_end_are_read() -> None:
    content = IMAGES + b"a,ok\n" + b"b," * lines.MAX_ROW_BYTES + b"\nc,ok\n" + b"x" * 2**20 + b"\r\nd,ok"
    rows, issues = read(content, tables.IMAGES)
    assert [(line, values["ImageID"]) for line, values in rows] == [(2, "a"), (4, "c"), (6, "d")]
    assert texts(issues) == [f"endless-row f.csv:3: {ENDLESS}", f"endless-row f.csv:5: {ENDLESS}"]


@pytest.mark.long
@pytest.mark.parametrize("endless", [b"x", b"a,", b'"'], ids=["one cell", "many cells", "quotes"])
@pytest.mark.parametrize("before", [b"", IMAGES + b"a,ok\n"])
def test_a_line_without_end_is_not_held(endless: bytes, before: bytes) -> None:
    tracemalloc.start()
    try:
        rows, issues = read(io.BufferedReader(Repeating(before, endless, 2**26)), tables.IMAGES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * 2**20
    assert rows == ([(2, {"ImageID": "a", "Title": "ok"})] if before else [])
    assert [(issue.code, issue.line) for issue in issues] == [("endless-row", 3) if before else ("bad-header", 1)]


@pytest.mark.thorough
def test_a_quoted_cell_of_many_lines_without_end_is_not_held() -> None:
    stream = io.BufferedReader(Repeating(LABELS + b'a,s,"l\n', b"b,s,l,1" + b" " * 56 + b"\n", 2**23))
    lines, issues = 0, list[Issue]()
    tracemalloc.start()
    try:
        for chunk in read_table(stream, tables.LABELS, "f.csv", issues.append):
            assert list(chunk.lines) == list(range(lines + 3, lines + 3 + len(chunk)))
            lines += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines == 2**23 // 64
    assert [issue.line for issue in issues] == [2]
    assert peak < 20 * 2**20


def bad_lines(count: int) -> bytes:
    return IMAGES + b'"a"b,c\n' * count


def each_opens_a_quote(count: int) -> bytes:
    return IMAGES + b'x","\n' * count


def each_opens_the_next(count: int) -> bytes:
    return IMAGES + b'a,"b\n' * count


def one_quote_before_short_lines(count: int) -> bytes:
    return IMAGES + b'"' + b"\n" * count


def pairs_of_quotes(count: int) -> bytes:
    return IMAGES + b'"' + b'""\n' * count


@pytest.mark.thorough
@pytest.mark.parametrize(
    "make", [bad_lines, each_opens_a_quote, each_opens_the_next, one_quote_before_short_lines, pairs_of_quotes]
)
def test_time_is_linear(make: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in what Python's CSV reader is given, which no other load of the machine changes."""
    given = 0
    real = csv.reader

    def counting(lines: object, *args: object, **options: object) -> object:
        def each() -> object:
            nonlocal given
            for line in lines:  # type: ignore[attr-defined]  # an iterable of lines
                given += len(line)
                yield line

        return real(each(), *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(csv, "reader", counting)
    for size in (2**15, 2**17):
        content, given = make(size // 4), 0
        read(content, tables.IMAGES)
        assert given < 6 * len(content)


IMAGE_COLUMNS = ("ImageID", "Subset", "OriginalURL", "Author", "Title")
# None begins with a line break: the quote before that may close a cell that a bad quote has opened far above.
cells = st.sampled_from(["", "x", "a title", ", foo", "two\nlines", "and\r\nmore", 'say "so"', "é", "x" * 50])


def image_list(titles: list[tuple[str, str]], ends: str) -> tuple[bytes, list[int], dict[int, dict[str, str]]]:
    """A file of rows with these authors and titles, where each row starts, and what it holds by line."""
    text, starts, wanted, line = ",".join(IMAGE_COLUMNS) + "\n", list[int](), dict[int, dict[str, str]](), 2
    for index, (author, title) in enumerate(titles):
        target = io.StringIO()
        row = dict(zip(IMAGE_COLUMNS, (f"i{index}", "train", "http://x/y", author, title), strict=True))
        csv.writer(target, lineterminator=ends).writerow(row.values())
        starts.append(len(text.encode()))
        wanted[line] = row
        text += target.getvalue()
        line += target.getvalue().count("\n") + target.getvalue().replace("\r\n", "").count("\r")
    return text.encode(), starts, wanted


@settings(max_examples=200)
@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 2048]),
)
@example([("x", "y"), ("", ", foo"), ("a", "b")], "\n", 3, 2048)
def test_one_bad_quote_loses_no_other_row(titles: list[tuple[str, str]], ends: str, place: int, chunk: int) -> None:
    content, starts, wanted = image_list(titles, ends)
    at = starts[0] + place % (len(content) - starts[0])
    at -= content[at - 1 : at + 1] == b"\r\n"  # a quote between the two would be one more line
    hurt = content[:at] + b'"' + content[at:]
    rows, issues = read(hurt, tables.IMAGES, chunk)
    unhurt_is_read_or_reported(dict(rows), issues, wanted, starts, at, tables.IMAGES)


def unhurt_is_read_or_reported(
    rows: dict[int, dict[str, str]],
    issues: list[Issue],
    wanted: dict[int, dict[str, str]],
    starts: list[int],
    at: int,
    table: Table,
) -> None:
    hurt = max(index for index, start in enumerate(starts) if start <= at)
    known = {column.name for column in table.columns}
    reported = {issue.line for issue in issues}
    order = sorted(wanted)
    for index, line in enumerate(order):
        if index in {hurt, hurt - 1}:  # a quote before the first character of a row may belong to either
            continue
        end = order[index + 1] if index + 1 < len(order) else line + 5
        is_read = line in rows and {name: rows[line][name] for name in known & rows[line].keys()} == wanted[line]
        assert is_read or reported & set(range(line, end)), (line, rows, issues)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_one_bad_quote_in_a_large_file(seed: int) -> None:
    titles = [(("x", ", foo", 'say "so"', "")[(index * 7 + seed) % 4], "t" * 60) for index in range(8_000)]
    content, starts, wanted = image_list(titles, "\n")
    assert len(content) > 600_000
    at = starts[0] + (len(content) - starts[0]) * (2 * seed + 1) // 6 + seed
    rows, issues = read(content[:at] + b'"' + content[at:], tables.IMAGES)
    unhurt_is_read_or_reported(dict(rows), issues, wanted, starts, at, tables.IMAGES)
    assert len(rows) >= len(titles) - 2
    assert len(issues) <= 3
