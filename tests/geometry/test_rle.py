"""Run lengths: what they mean, both ways, and what hostile ones do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openimages_io.geometry import Mask, decode_rle, encode_rle
from openimages_io.geometry.rle import run_lengths

MOST = 10_000


def mask_of(*rows: str) -> Mask:
    return np.array([[cell == "#" for cell in row] for row in rows])


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    seed, share = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.99, 1.0]))
    found: Mask = np.random.default_rng(seed).random((height, width)) < share
    return found


def pack(counts: list[int]) -> str:
    """`rleToString` of pycocotools' maskApi.c, line by line."""
    text = ""
    for i in range(len(counts)):
        x = counts[i]
        if i > 2:
            x -= counts[i - 2]
        more = True
        while more:
            c = x & 0x1F
            x >>= 5
            more = x != -1 if c & 0x10 else x != 0
            if more:
                c |= 0x20
            text += chr(c + 48)
    return text


# By hand: 2 is "2"; 16 sets the fifth bit, which would mean a negative number, so it takes two groups: "`0".
# A difference of -1 is the one group 31, chr(31 + 48) = "O".
@pytest.mark.parametrize(
    ("mask", "counts", "packed"),
    [
        (mask_of("....", "...."), [8], "8"),
        (mask_of("####", "####"), [0, 8], "08"),
        (mask_of(".#", ".#"), [2, 2], "22"),
        (mask_of("..", "##"), [1, 1, 1, 1], "1110"),
        (mask_of("#..", "..."), [0, 1, 5], "015"),
        (mask_of("###.#", "....."), [0, 1, 1, 1, 1, 1, 3, 1, 1], "01100020N"),
        (np.zeros((4, 4), dtype=np.bool_), [16], "`0"),
        (np.ones((4, 8), dtype=np.bool_), [0, 32], "0P1"),
    ],
)
def test_by_hand(mask: Mask, counts: list[int], packed: str) -> None:
    assert run_lengths(mask).tolist() == counts
    assert encode_rle(mask) == packed == pack(counts)
    height, width = mask.shape
    for form in (counts, packed):
        assert np.array_equal(decode_rle(form, width, height, MOST), mask)


@given(masks())
def test_there_and_back(mask: Mask) -> None:
    height, width = mask.shape
    counts = run_lengths(mask).tolist()
    packed = encode_rle(mask)
    assert packed == pack(counts)
    assert all(counts[1:])
    for form in (counts, packed):
        found = decode_rle(form, width, height, MOST)
        assert found.dtype == np.bool_
        assert np.array_equal(found, mask)


def test_large_numbers() -> None:
    mask = np.zeros((3000, 4000), dtype=np.bool_)
    mask[2999, 3999] = mask[0, 0] = True
    packed = encode_rle(mask)
    assert packed == pack([0, 1, 3000 * 4000 - 2, 1])
    assert np.array_equal(decode_rle(packed, 4000, 3000, 12_000_000), mask)


def test_counts_of_zero_in_the_middle_are_read() -> None:
    assert np.array_equal(decode_rle([1, 0, 1, 2], 2, 2, MOST), mask_of(".#", ".#"))
    assert np.array_equal(decode_rle(pack([1, 0, 1, 2]), 2, 2, MOST), mask_of(".#", ".#"))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([], "add up to 0 pixels, not to the 6 of 3 x 2"),
        ("", "add up to 0 pixels, not to the 6 of 3 x 2"),
        ([5], "add up to 5"),
        ([3, 4], "add up to 7"),
        ([7, -1], "at place 0 that is not a whole number between 0 and 6"),
        ([3, -1, 4], "at place 1 that is not a whole number"),
        ([2**80], "at place 0 that is not"),
        ([2**63, 2**63, 6], "at place 0 that is not"),
        ([True, 5], "not a whole number"),
        ([1.0, 5], "not a whole number"),
        ([None, 6], "not a whole number"),
        (["6"], "not a whole number"),
        ("7", "beyond the size"),
        ("O7", "beyond the size"),
        ("O6", "below 0"),
        ("5", "add up to 5"),
        ("ß", "not ASCII"),
        ("６", "not ASCII"),
        ("\ud800", "not ASCII"),
        ("6 ", "no packed number"),
        ("6\0", "no packed number"),
        ("6\x7f", "no packed number"),
        ("6P", "end within"),
        ("P" * 100, "end within"),
        ("o" * 12 + "0", "too long"),
        ("o" * 11 + "0", "beyond the size"),
        ("o" * 11 + "?", "beyond the size"),
        ("_" * 11 + "@", "beyond the size"),
        (pack([2, 2, 2, 0]).replace("N", "K"), "below 0"),
        ("6" * 1000, "beyond the size"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_hostile_counts(counts: str | list[object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_rle(counts, 3, 2, MOST)


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (-1, -1), (MOST + 1, 1), (10**30, 10**30)])
def test_hostile_sizes_take_no_memory(width: int, height: int) -> None:
    with pytest.raises(ValueError, match=r"which is not a valid size|more than the limit"):
        decode_rle([0, width * height], width, height, MOST)


@settings(max_examples=200)
@given(st.one_of(st.text(st.characters(min_codepoint=40, max_codepoint=120)), st.lists(st.integers(-3, 9))))
def test_nothing_but_value_errors(counts: str | list[int]) -> None:
    try:
        mask = decode_rle(counts, 4, 3, MOST)
    except ValueError:
        return
    assert mask.shape == (3, 4)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0,)])
def test_no_pixels_have_no_run_lengths(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="without pixels"):
        encode_rle(np.zeros(shape, dtype=np.bool_))
