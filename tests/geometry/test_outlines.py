"""Outlines follow the edges of pixels and lose none."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from openimages_io.geometry import Mask, fill_polygon, trace

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=23))


def pixels(*rows: str) -> Mask:
    """A mask drawn with `#` for the object."""
    return np.array([[character == "#" for character in row] for row in rows])


def corners(ring: list[float], mask: Mask) -> list[tuple[int, int]]:
    """The vertices in pixels, which are whole numbers but for the rounding of fractions."""
    height, width = mask.shape
    points = np.reshape(ring, (-1, 2)) * (width, height)
    np.testing.assert_allclose(points, np.round(points), atol=1e-9)
    return [(round(x), round(y)) for x, y in points.tolist()]


def noise(height: int, width: int, share: float, seed: int) -> Mask:
    return np.random.default_rng(seed).random((height, width)) < share


@given(MASKS)
def test_filling_the_outline_gives_the_same_pixels(mask: Mask) -> None:
    height, width = mask.shape
    np.testing.assert_array_equal(fill_polygon(trace(mask), width, height), mask)


@given(MASKS)
def test_every_vertex_is_a_corner_of_a_pixel_and_a_turn_of_the_line(mask: Mask) -> None:
    for ring in trace(mask):
        points = corners(ring, mask)
        assert len(points) >= 4
        moves = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:] + points[:1], strict=True)]
        assert all((dx == 0) != (dy == 0) for dx, dy in moves)
        assert all((a[0] == 0) != (b[0] == 0) for a, b in zip(moves, moves[1:] + moves[:1], strict=True))


@given(MASKS)
def test_parts_run_clockwise_and_holes_the_other_way(mask: Mask) -> None:
    """Then the signed areas add up to the number of pixels."""
    area = 0
    for ring in trace(mask):
        points = corners(ring, mask)
        area += sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True))
    assert area == 2 * mask.sum()


@pytest.mark.parametrize(("height", "width"), [*itertools.product((1, 2, 7, 64, 683), (1, 3, 8, 49, 1024))])
def test_fractions_of_awkward_sizes_come_back_exactly(height: int, width: int) -> None:
    mask = noise(height, width, 0.5, seed=height * width)
    np.testing.assert_array_equal(fill_polygon(trace(mask), width, height), mask)


def test_one_pixel_is_a_square() -> None:
    assert trace(pixels("....", ".#..")) == [[0.25, 1.0, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0]]


def test_a_full_mask_is_the_frame() -> None:
    assert trace(np.ones((5, 9), dtype=np.bool_)) == [[0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]]


@pytest.mark.parametrize("shape", [(3, 4), (0, 0), (0, 5), (5, 0), (1, 1)])
def test_a_mask_without_object_has_no_rings(shape: tuple[int, int]) -> None:
    assert trace(np.zeros(shape, dtype=np.bool_)) == []


def test_a_hole_is_a_ring_of_its_own() -> None:
    mask = pixels("###", "#.#", "###")
    part, hole = trace(mask)
    assert sorted(corners(part, mask)) == [(0, 0), (0, 3), (3, 0), (3, 3)]
    assert sorted(corners(hole, mask)) == [(1, 1), (1, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize("mask", [pixels("#.", ".#"), pixels(".#", "#.")])
def test_pixels_that_touch_diagonally_are_two_parts(mask: Mask) -> None:
    assert [len(ring) for ring in trace(mask)] == [8, 8]


def test_a_checkerboard_is_one_square_for_each_pixel() -> None:
    mask = np.indices((9, 14)).sum(axis=0) % 2 == 0
    rings = trace(mask)
    assert len(rings) == mask.sum()
    np.testing.assert_array_equal(fill_polygon(rings, 14, 9), mask)


def test_rings_stand_in_reading_order() -> None:
    mask = pixels("...#.", "#....", "...#.")
    tops = [min((y, x) for x, y in corners(ring, mask)) for ring in trace(mask)]
    assert tops == sorted(tops) == [(0, 3), (1, 0), (2, 3)]


def test_the_outline_does_not_depend_on_how_the_mask_lies_in_memory() -> None:
    mask = noise(31, 17, 0.5, seed=3)
    assert trace(np.asfortranarray(mask)) == trace(mask)


def test_a_large_mask_is_traced_in_bands() -> None:
    mask = np.kron(noise(40, 50, 0.5, seed=5), np.ones((30, 40), dtype=np.bool_))
    assert mask.size > 2**21
    rings = trace(mask)
    np.testing.assert_array_equal(fill_polygon(rings, mask.shape[1], mask.shape[0]), mask)


@pytest.mark.thorough
def test_noise_takes_no_pathological_time() -> None:
    mask = noise(683, 1024, 0.5, seed=1)
    started = time.process_time()
    rings = trace(mask)
    again = fill_polygon(rings, 1024, 683)
    assert time.process_time() - started < 3
    np.testing.assert_array_equal(again, mask)


def test_more_corners_than_allowed_are_refused() -> None:
    mask = np.indices((20, 20)).sum(axis=0) % 2 == 0
    assert len(trace(mask, max_corners=800)) == 200
    with pytest.raises(ValueError, match="more than 799 corners"):
        trace(mask, max_corners=799)


def test_a_picture_with_channels_is_no_mask() -> None:
    with pytest.raises(ValueError, match="two dimensions, not 3"):
        trace(np.ones((2, 2, 3), dtype=np.bool_))


@settings(max_examples=50)
@given(
    parts=st.lists(
        st.lists(st.floats(-0.2, 1.2), min_size=6, max_size=12).map(lambda r: r[: len(r) // 2 * 2]), max_size=4
    ),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)
def test_a_polygon_with_holes_and_parts_keeps_its_pixels(parts: list[list[float]], width: int, height: int) -> None:
    mask = fill_polygon(parts, width, height)
    np.testing.assert_array_equal(fill_polygon(trace(mask), width, height), mask)
