import shlex
from io import BytesIO
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.exceptions import OpenImagesError
from openimages_io.format.issues import Issue
from openimages_io.format.sizes import read_sizes, write_sizes


class ImageSize(NamedTuple):
    """One row of `ImageSizes`."""

    line: int
    subset: str | None
    image_id: str
    height: int
    width: int


def read(data: bytes | str) -> tuple[list[ImageSize], list[Issue]]:
    issues: list[Issue] = []
    stream = BytesIO(data.encode() if isinstance(data, str) else data)
    sizes = [
        ImageSize(line, some.subset, image_id, height, width)
        for some in read_sizes(stream, "annotations/images.meta", issues.append)
        for line, image_id, height, width in zip(some.lines, some.image_ids, some.heights, some.widths, strict=True)
    ]
    assert not stream.closed
    assert all(issue.file == "annotations/images.meta" for issue in issues)
    return sizes, issues


def good(data: bytes | str) -> list[tuple[int, str, int, int]]:
    sizes, issues = read(data)
    assert not issues
    return [(size.line, size.image_id, size.height, size.width) for size in sizes]


def test_as_datumaro_writes_it() -> None:
    rows = [("t", "a", 10, 20), ("t", "b/c d", 1, 2), ("v", "it's #1", 3, 4), ("v", "日本", 10_000_000, 1)]
    text = "".join(write_sizes(rows))
    assert text == ("# <image name> <height> <width>\n\na 10 20\n'b/c d' 1 2\n'it'\"'\"'s #1' 3 4\n'日本' 10000000 1\n")
    assert good(text) == [(3, "a", 10, 20), (4, "b/c d", 1, 2), (5, "it's #1", 3, 4), (6, "日本", 10_000_000, 1)]


@pytest.mark.parametrize(
    "data",
    [
        "a 1 2\nb 3 4\n",
        "a 1 2\r\nb 3 4\r\n",
        "a 1 2\rb 3 4",
        "\ufeffa 1 2\nb 3 4",
        "  a\t1   2  \nb 003 4 # as measured",
        "a 1 2#x\n'b' \"3\" 4",
        "a 1 2\n\\b 3 4",
    ],
)
def test_what_is_read_rightly(data: str) -> None:
    assert good(data) == [(1, "a", 1, 2), (2, "b", 3, 4)]


def test_comments_and_blank_lines_count_as_lines() -> None:
    assert good("# one\n\n   \n  # four\nunquoted-é 5 6\n") == [(5, "unquoted-é", 5, 6)]
    assert good("# nothing known\n") == []


@pytest.mark.parametrize(
    ("line", "code", "column", "value"),
    [
        ("'a 1 2", "bad-quoting", None, "'a 1 2"),
        ("a 1 2\\", "bad-quoting", None, "a 1 2\\"),
        ("a 1", "bad-size-line", None, "a 1"),
        ("my picture 1 2", "bad-size-line", None, "my picture 1 2"),
        ("a 1 2 3", "bad-size-line", None, "a 1 2 3"),
        ("a one 2", "bad-size", "height", "one"),
        ("a 1 2.0", "bad-size", "width", "2.0"),
        ("a 1 +2", "bad-size", "width", "+2"),
        ("a 1_0 2", "bad-size", "height", "1_0"),
        ("a 1 ٣", "bad-size", "width", "٣"),
        ("a 0 2", "bad-size", "height", "0"),
        ("a 1 -2", "bad-size", "width", "-2"),
        ("a 1 10000001", "bad-size", "width", "10000001"),
        ("a 1 " + "9" * 5000, "bad-size", "width", "9" * 5000),
        ("'' 1 2", "empty-id", "id", None),
        ("a\0 1 2", "nul", None, None),
    ],
)
def test_bad_lines(line: str, code: str, column: str | None, value: str | None) -> None:
    sizes, issues = read(f"x 1 2\n{line}\ny 3 4")
    assert [size.image_id for size in sizes] == ["x", "y"]
    assert [(issue.line, issue.code, issue.column, issue.value) for issue in issues] == [(2, code, column, value)]


def test_both_sides_of_a_bad_line_are_told() -> None:
    _, issues = read("a 0 -1")
    assert [issue.column for issue in issues] == ["height", "width"]
    assert str(issues[0]) == 'annotations/images.meta:1: height: "0" is not a size: at least one pixel is expected'


def test_bytes_that_are_not_utf8() -> None:
    sizes, issues = read(b"x 1 2\n\xff 1 2\n'\xff' 1 2\ny 3 4\n")
    assert [size.line for size in sizes] == [1, 4]
    assert [(issue.code, issue.line) for issue in issues] == [("bad-text", 2), ("bad-text", 3)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_one_issue(encoding: str) -> None:
    sizes, issues = read(("\ufeff" + "a 1 2\n" * 9).encode(encoding))
    assert not sizes
    assert [issue.code for issue in issues] == ["not-utf-8"]


def test_zero_bytes() -> None:
    assert [issue.code for issue in read(b"")[1]] == ["empty-file"]
    assert [issue.code for issue in read(b"\xef\xbb\xbf")[1]] == ["empty-file"]


def test_a_line_without_end_is_passed_over() -> None:
    sizes, issues = read("x 1 2\n" + "a" * 200_000 + " 1 2\ny 3 4\n")
    assert [(size.line, size.image_id) for size in sizes] == [(1, "x"), (3, "y")]
    assert [(issue.code, issue.line) for issue in issues] == [("long-line", 2)]


def test_subsets_that_share_names() -> None:
    rows = [("val", "a", 1, 2), ("my set", "a", 3, 4), ("my set", "b", 5, 6)]
    lines = list(write_sizes(rows, subsets=True))
    sizes, issues = read("".join(lines))
    assert not issues
    assert [(size.subset, *size[2:]) for size in sizes] == rows
    assert shlex.split("".join(lines), comments=True) == ["a", "1", "2", "a", "3", "4", "b", "5", "6"]


@pytest.mark.parametrize("comment", ["# subset: two words", "# subset: 'open", "# subset:", "# subsets: a", "#"])
def test_other_comments_name_no_subset(comment: str) -> None:
    sizes, issues = read(f"{comment}\na 1 2")
    assert not issues
    assert [size.subset for size in sizes] == [None]


def test_a_subset_that_cannot_be_used() -> None:
    _, (issue,) = read("# subset: ..\na 1 2")
    assert (issue.code, issue.line, issue.value) == ("bad-subset", 1, "..")


@pytest.mark.parametrize("image_id", ["a\nb", "a\rb", "a\0"])
def test_names_that_cannot_be_written(image_id: str) -> None:
    with pytest.raises(OpenImagesError, match="cannot be written"):
        list(write_sizes([("t", image_id, 1, 2)]))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), min_size=1)
SIDE = st.integers(1, 10_000_000)


@given(st.lists(st.tuples(st.just(""), TEXT, SIDE, SIDE), unique_by=lambda row: row[1]))
def test_what_is_written_is_read(rows: list[tuple[str, str, int, int]]) -> None:
    assert [row[1:] for row in good("".join(write_sizes(rows)))] == [row[1:] for row in rows]


@given(st.binary() | st.text("a '\"\\#10\n\t").map(str.encode))
def test_nothing_breaks_it(data: bytes) -> None:
    sizes, issues = read(data)
    assert all(size.image_id and 0 < size.height <= 10_000_000 and 0 < size.width <= 10_000_000 for size in sizes)
    assert {size.line for size in sizes}.isdisjoint(issue.line for issue in issues)
