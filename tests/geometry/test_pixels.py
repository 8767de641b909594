"""Shapes are filled by the rule that a pixel is inside if its centre is: compared with that rule, pixel by pixel."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from openimages_io.geometry import Mask, fill_ellipse, fill_polygon, fill_rectangle, pixels, resize_nearest

SIZES = st.integers(1, 37)
MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=23))
ANGLES = st.one_of(st.floats(-400, 400), st.sampled_from([0.0, 90.0, -90.0, 180.0, 270.0, 360.0]))
RING = st.lists(st.tuples(st.floats(-0.3, 1.3), st.floats(-0.3, 1.3)), min_size=3, max_size=7)
SQUARE = [0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75]


def inside(rings: list[list[tuple[float, float]]], x: float, y: float) -> tuple[bool, float]:
    """Whether a point is inside by the textbook's ray to the right, and how far it is from the nearest line."""
    crossed, nearest = False, math.inf
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                crossed = not crossed
            length = (bx - ax) ** 2 + (by - ay) ** 2
            t = 0.0 if length == 0 else min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0.0), 1.0)
            nearest = min(nearest, math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y))
    return crossed, nearest


@settings(max_examples=60)
@given(st.lists(RING, max_size=3), st.integers(1, 15), st.integers(1, 15))
def test_a_pixel_is_in_a_polygon_if_its_centre_is(
    shape: list[list[tuple[float, float]]], width: int, height: int
) -> None:
    mask = fill_polygon([[value for point in ring for value in point] for ring in shape], width, height)
    assert mask.shape == (height, width)
    scaled = [[(x * width, y * height) for x, y in ring] for ring in shape]
    for (row, column), filled in np.ndenumerate(mask):
        expected, distance = inside(scaled, column + 0.5, row + 0.5)
        assert filled == expected or distance < 1e-9


@settings(max_examples=60)
@given(RING, RING, SIZES, SIZES)
def test_overlapping_rings_cancel(
    one: list[tuple[float, float]], other: list[tuple[float, float]], width: int, height: int
) -> None:
    first, second = np.ravel(one).tolist(), np.ravel(other).tolist()
    both = fill_polygon([first, second], width, height)
    apart = fill_polygon([first], width, height) ^ fill_polygon([second], width, height)
    np.testing.assert_array_equal(both, apart)
    assert not fill_polygon([first, first], width, height).any()


@settings(max_examples=60)
@given(RING, SIZES, SIZES)
def test_the_direction_of_a_ring_does_not_matter(ring: list[tuple[float, float]], width: int, height: int) -> None:
    forwards = fill_polygon([np.ravel(ring).tolist()], width, height)
    backwards = fill_polygon([np.ravel(ring[::-1]).tolist()], width, height)
    np.testing.assert_array_equal(forwards, backwards)


def test_a_centre_on_the_line_belongs_to_one_side_only() -> None:
    left = fill_polygon([[0, 0, 0.5, 0, 0.5, 1, 0, 1]], 5, 5)
    right = fill_polygon([[0.5, 0, 1, 0, 1, 1, 0.5, 1]], 5, 5)
    np.testing.assert_array_equal(left, ~right)


def test_a_square_with_a_hole() -> None:
    mask = fill_polygon([[0, 0, 1, 0, 1, 1, 0, 1], SQUARE], 4, 4)
    assert mask.astype(int).tolist() == [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]


def test_no_rings_are_no_pixels() -> None:
    assert not fill_polygon([], 3, 2).any()


def test_a_polygon_far_larger_than_the_image_fills_it() -> None:
    assert fill_polygon([[-1e6, -1e6, 1e6, -1e6, 1e6, 1e6, -1e6, 1e6]], 7, 5).all()


@pytest.mark.parametrize("portion", [1, 7, 1000])
def test_many_long_lines_are_crossed_in_portions(portion: int, monkeypatch: pytest.MonkeyPatch) -> None:
    zigzag = np.random.default_rng(4).random(60).tolist()
    at_once = fill_polygon([zigzag], 50, 40)
    monkeypatch.setattr(pixels, "_CHUNK", portion)
    np.testing.assert_array_equal(fill_polygon([zigzag], 50, 40), at_once)


@settings(max_examples=80)
@given(
    st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2), st.floats(0.01, 0.8), st.floats(0.01, 0.8)),
    ANGLES,
    SIZES,
    SIZES,
)
def test_a_pixel_is_in_an_ellipse_if_its_centre_is(
    points: tuple[float, float, float, float], rotation: float, width: int, height: int
) -> None:
    mask = fill_ellipse(points, rotation, width, height)
    assert mask.shape == (height, width)
    cx, cy, rx, ry = points[0] * width, points[1] * height, points[2] * width, points[3] * height
    angle = math.radians(rotation)
    for (row, column), filled in np.ndenumerate(mask):
        dx, dy = column + 0.5 - cx, row + 0.5 - cy
        along, aside = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
        value = (along / rx) ** 2 + (aside / ry) ** 2
        assert filled == (value <= 1) or value == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("points", [[0.5, 0.5, 0, 0.5], [0.5, 0.5, 0.5, 0], [0.5, 0.5, 1e-300, 1e-300], [9, 9, 1, 1]])
@pytest.mark.parametrize("rotation", [0, 30, 90])
def test_an_ellipse_without_area_or_outside_is_empty(points: list[float], rotation: float) -> None:
    assert not fill_ellipse(points, rotation, 5, 5).any()


def test_an_ellipse_ends_where_it_ends() -> None:
    """Above and below it the column of its centre stays empty, though that column meets pixel centres."""
    assert fill_ellipse([0.5, 0.5, 0.5, 0.2], 0, 9, 9)[:, 4].tolist() == [False] * 3 + [True] * 3 + [False] * 3


@settings(max_examples=80)
@given(
    st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)).map(sorted),
    st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)).map(sorted),
    ANGLES,
    SIZES,
    SIZES,
)
def test_a_pixel_is_in_a_turned_box_if_its_centre_is(
    xs: list[float], ys: list[float], rotation: float, width: int, height: int
) -> None:
    mask = fill_rectangle(xs[0], xs[1], ys[0], ys[1], rotation, width, height)
    assert mask.shape == (height, width)
    cx, cy = (xs[0] + xs[1]) / 2 * width, (ys[0] + ys[1]) / 2 * height
    half_width, half_height = (xs[1] - xs[0]) / 2 * width, (ys[1] - ys[0]) / 2 * height
    angle = math.radians(rotation)
    for (row, column), filled in np.ndenumerate(mask):
        dx, dy = column + 0.5 - cx, row + 0.5 - cy
        along, aside = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
        margin = min(half_width - abs(along), half_height - abs(aside))
        assert filled == (margin > 0) or abs(margin) < 1e-9


def test_rotation_is_clockwise_on_the_screen() -> None:
    """A bar to the upper left of a square image goes from lying flat towards falling to the right."""
    mask = fill_rectangle(0.1, 0.9, 0.45, 0.55, 45, 100, 100)
    assert mask[30, 30]
    assert mask[70, 70]
    assert not mask[30, 70]
    assert not mask[70, 30]
    np.testing.assert_array_equal(fill_ellipse([0.5, 0.5, 0.4, 0.1], 45, 100, 100)[[30, 30], [30, 70]], [True, False])


def test_a_quarter_turn_is_exact() -> None:
    mask = fill_rectangle(0.2, 0.8, 0.4, 0.6, 90, 10, 10)
    np.testing.assert_array_equal(mask, fill_rectangle(0.4, 0.6, 0.2, 0.8, 0, 10, 10))


@given(MASKS, SIZES, SIZES)
def test_resizing_takes_the_pixel_under_each_new_centre(mask: Mask, width: int, height: int) -> None:
    resized = resize_nearest(mask, width, height)
    assert resized.shape == (height, width)
    rows, columns = mask.shape
    for row in range(height):
        for column in range(width):
            source = mask[int((2 * row + 1) * rows / (2 * height)), int((2 * column + 1) * columns / (2 * width))]
            assert resized[row, column] == source


@given(MASKS, st.integers(1, 5), st.integers(1, 5))
def test_resizing_to_a_multiple_and_back_changes_nothing(mask: Mask, times_x: int, times_y: int) -> None:
    height, width = mask.shape
    larger = resize_nearest(mask, width * times_x, height * times_y)
    np.testing.assert_array_equal(larger, np.kron(mask, np.ones((times_y, times_x), dtype=np.bool_)))
    np.testing.assert_array_equal(resize_nearest(larger, width, height), mask)


def test_resizing_agrees_with_pillow() -> None:
    mask = np.random.default_rng(2).random((67, 101)) < 0.5
    theirs = Image.fromarray(mask.astype(np.uint8)).resize((160, 41), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(resize_nearest(mask, 160, 41), np.asarray(theirs) != 0)


def test_the_same_size_is_a_copy() -> None:
    mask = np.ones((2, 3), dtype=np.bool_)
    resized = resize_nearest(mask, 3, 2)
    resized[0, 0] = False
    assert mask.all()


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 5)])
def test_a_size_below_one_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="is not the size of an image"):
        fill_polygon([SQUARE], width, height)
    with pytest.raises(ValueError, match="is not the size of an image"):
        fill_rectangle(0, 1, 0, 1, 0, width, height)
    with pytest.raises(ValueError, match="is not the size of an image"):
        fill_ellipse([0.5, 0.5, 0.5, 0.5], 0, width, height)
    with pytest.raises(ValueError, match="is not the size of an image"):
        resize_nearest(np.ones((2, 2), dtype=np.bool_), width, height)


def test_a_mask_without_pixels_cannot_be_resized() -> None:
    with pytest.raises(ValueError, match="3 x 0 pixels"):
        resize_nearest(np.ones((0, 3), dtype=np.bool_), 2, 2)


def test_a_box_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="the rectangle contains a number that is not finite"):
        fill_rectangle(0, 1, 0, 1, math.nan, 5, 5)


def test_a_polygon_that_goes_back_and_forth_without_end_is_refused() -> None:
    ring = [value for number in range(70_000) for value in (float(number % 2), number / 70_000)]
    with pytest.raises(ValueError, match="cross more than 64,000,000 columns"):
        fill_polygon([ring], 1000, 10)
