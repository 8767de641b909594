"""Bodies of requests: what is not JSON, what cannot be stored, and what is too much."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework.exceptions import APIException, ParseError, ValidationError

from openimages_io.annotations.errors import TooLarge
from openimages_io.api.parsers import MAX_DEPTH, StrictJSONParser
from openimages_io.api.validation import faults

PLAIN = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(PLAIN)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(PLAIN), inner), max_leaves=20)
BAD_TEXT = "\0"
HALF = "\ud83d"


def parse(data: bytes) -> Any:
    return StrictJSONParser().parse(io.BytesIO(data))


@given(VALUES, st.booleans())
def test_what_can_be_stored_comes_through(value: Any, ensure_ascii: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ensure_ascii).encode()) == value


@pytest.mark.parametrize("bad", [BAD_TEXT, HALF, "a\udfff", float("inf")], ids=repr)
@given(value=VALUES)
def test_what_cannot_is_found_with_its_path(bad: str | float, value: Any) -> None:
    body = json.dumps({"shapes": [value, {"name": bad}]}).replace("Infinity", "1e999")
    with pytest.raises(ValidationError) as caught:
        parse(body.encode())
    assert [(path, fault.code) for path, fault in faults(caught.value.detail)] == [("shapes[1].name", "unstorable")]


def test_a_key_is_a_text_too() -> None:
    with pytest.raises(ValidationError) as caught:
        parse(b'{"a": {"\\ud800": 1}}')
    assert [path for path, _ in faults(caught.value.detail)] == ["a"]


@pytest.mark.parametrize(
    "number", ["1e309", "-1e309", "1E+400", "9" * 250 + "e99", "1." + "0" * 250 + "e999", "0.1e310"]
)
def test_numbers_beyond_every_float(number: str) -> None:
    with pytest.raises(ValidationError):
        parse(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b"[Infinity]", b"-Infinity", b"nul", b'"\xff"', b'"\xed\xa0\x80"', b"\xff\xfe1\x00",
     b'"a\0b"', b"9" * 5000,
     b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
     b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_what_is_no_json_of_ours(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_nesting_that_is_allowed_and_brackets_in_texts() -> None:
    body = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse(body) == json.loads(body)
    assert parse(json.dumps(["[{" * 1000]).encode()) == ["[{" * 1000]


def test_a_body_is_bounded_though_its_length_was_not_said(settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 10}
    assert parse(b'"12345678"') == "12345678"
    with pytest.raises(TooLarge):
        parse(b'"123456789"')


@given(st.binary(max_size=60))
def test_any_bytes_are_the_value_of_json_or_a_fault(body: bytes) -> None:
    try:
        expected = json.loads(body.decode(), parse_constant=int)
    except (ValueError, RecursionError):
        with pytest.raises(APIException):
            parse(body)
    else:
        assert parse(body) == expected
