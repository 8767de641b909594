"""Ranges of bytes, as RFC 9110 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.viewing.ranges import ByteRange, RangeNotSatisfiable, if_range_matches, parse_range

SIZES = st.integers(0, 5000)
ETAG = '"0123abcd"'


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_first_and_last_are_the_slice_of_the_bytes(content: bytes, first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert parse_range(header, len(content)) is None
    elif first >= len(content):
        with pytest.raises(RangeNotSatisfiable):
            parse_range(header, len(content))
    else:
        span = parse_range(header, len(content))
        assert span is not None
        assert content[span.start : span.stop] == content[first : last + 1]
        assert len(span) == len(content[first : last + 1])


@given(st.binary(min_size=1, max_size=300), st.integers(1, 400))
def test_a_suffix_is_the_end_of_the_bytes(content: bytes, length: int) -> None:
    span = parse_range(f"bytes=-{length}", len(content))
    assert span is not None
    assert content[span.start : span.stop] == content[-length:]


@given(st.binary(min_size=1, max_size=300), st.data())
def test_what_was_read_and_what_is_left_make_up_the_whole(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    rest = parse_range(f"bytes={place}-", len(content))
    assert rest is not None
    assert content[:place] + content[rest.start : rest.stop] == content
    assert rest.content_range(len(content)) == f"bytes {place}-{len(content) - 1}/{len(content)}"


@given(st.text(max_size=60), SIZES)
def test_any_text_is_a_span_within_the_file_or_passed_over(header: str, size: int) -> None:
    for text in (header, f"bytes={header}"):
        try:
            span = parse_range(text, size)
        except RangeNotSatisfiable:
            continue
        assert span is None or 0 <= span.start < span.stop <= size


@given(SIZES, st.integers(1, 6000))
def test_numbers_without_end_are_large_numbers(size: int, digits: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(f"bytes={'9' * digits}{'9' * 20}-", size)
    if size:
        assert parse_range(f"bytes=0-{'9' * digits}", size) == ByteRange(0, min(size, int("9" * min(digits, 18)) + 1))
        assert parse_range(f"bytes={'0' * digits}-", size) == ByteRange(0, size)


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=0-1,3-4", "bytes=5-2", "lines=0-1", "bytes=٣-٤",
     "bytes=+1-2", "bytes=1--2", "bytes=0x1-2", "bytes=1-2\n"],
)  # fmt: skip
def test_what_is_no_single_range_is_passed_over(header: str) -> None:
    assert parse_range(header, 100) is None


def test_an_empty_file_has_no_range() -> None:
    for header in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        with pytest.raises(RangeNotSatisfiable):
            parse_range(header, 0)


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=100-200", 100), ("bytes=-0", 100)])
def test_a_range_behind_the_end_cannot_be_had(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, size)


def test_no_header_is_the_whole_file() -> None:
    assert parse_range(None, 100) is None


@pytest.mark.parametrize(
    ("if_range", "holds"),
    [(None, True), (ETAG, True), (f" {ETAG} ", True), (f"W/{ETAG}", False), ('"another"', False), ("", False),
     ("Wed, 21 Oct 2026 07:28:00 GMT", False), (ETAG.strip('"'), False)],
)  # fmt: skip
def test_parts_are_joined_only_under_the_same_strong_etag(if_range: str | None, holds: bool) -> None:
    assert if_range_matches(if_range, ETAG) is holds
