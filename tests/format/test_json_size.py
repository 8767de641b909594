"""How much a JSON text holds is known before it is parsed."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openimages_io.format.json_size import has_more_values

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('",:[{\\a')
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text('",:[{\\a'), inner), max_leaves=30
)


def objects(value: Any) -> int:
    """Values and keys, without the one at the top."""
    if isinstance(value, dict):
        return sum(2 + objects(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(1 + objects(inner) for inner in value)
    return 0


def containers(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return isinstance(value, dict | list) + sum(map(containers, inner))


@given(VALUES, st.booleans())
def test_every_value_counts_and_nothing_in_a_text_does(value: Any, indented: bool) -> None:
    text = json.dumps(value, indent=2 if indented else None).encode()
    assert not has_more_values(text, objects(value) + containers(value))
    if objects(value):
        assert has_more_values(text, objects(value) - 1)


@given(st.binary(max_size=100) | st.text('"\\,[', max_size=100).map(str.encode))
def test_any_bytes_are_counted(data: bytes) -> None:
    has_more_values(data, 0)


def test_a_text_that_never_ends_costs_no_more_than_another() -> None:
    assert not has_more_values(b"[" + b'"' + b'\\",' * 3_000_000, 10)
