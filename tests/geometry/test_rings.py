"""Rings and ellipses are checked before they are used, and have boxes around them."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.geometry import bounds, ellipse_bounds, fill_ellipse, fill_polygon


@pytest.mark.parametrize(
    ("rings", "why"),
    [
        ([[0.1, 0.2, 0.3, 0.4, 0.5]], "5 numbers, which are not pairs"),
        ([[0.1, 0.2, 0.3, 0.4]], "2 points, fewer than 3"),
        ([[]], "0 points, fewer than 3"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, math.nan]], "not finite"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, -math.inf]], "not finite"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, 1e300]], "beyond 1,000,000"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, 10**400]], "not a number"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, "0.6"]], "not a number"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, None]], "not a number"),
        ([[0.1, 0.2, 0.3, 0.4, 0.5, [0.6]]], "not a number"),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "a list of rings"),
        (["0.1,0.2,0.3"], "a list of rings"),
        ("[[0.1]]", "a list of rings"),
        ({"0": [0.1]}, "a list of rings"),
        (None, "a list of rings"),
    ],
)
def test_bad_rings_are_refused_with_a_sentence(rings: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fill_polygon(rings, 10, 10)
    with pytest.raises(ValueError, match=why):
        bounds(rings)


@pytest.mark.parametrize(
    ("points", "rotation", "why"),
    [
        ([0.5, 0.5, 0.1], 0, "4 numbers"),
        ([0.5, 0.5, 0.1, 0.1, 0.1], 0, "4 numbers"),
        ("0.55", 0, "4 numbers"),
        (None, 0, "4 numbers"),
        ([0.5, 0.5, -0.1, 0.1], 0, "radius below 0"),
        ([0.5, 0.5, 0.1, math.inf], 0, "not finite"),
        ([0.5, 0.5, 0.1, 0.1], math.nan, "not finite"),
        ([0.5, "0.5", 0.1, 0.1], 0, "not a number"),
    ],
)
def test_bad_ellipses_are_refused_with_a_sentence(points: Any, rotation: float, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fill_ellipse(points, rotation, 10, 10)
    with pytest.raises(ValueError, match=why):
        ellipse_bounds(points, rotation)


def test_the_box_around_all_rings() -> None:
    assert bounds([[0.2, 0.3, 0.4, 0.3, 0.4, 0.5], (0.1, 0.9, 0.2, 0.8, 0.3, 0.9)]) == (0.1, 0.4, 0.3, 0.9)


def test_the_box_is_cut_to_the_image() -> None:
    assert bounds([[-0.5, 0.5, 1.5, 0.5, 0.5, 2.0]]) == (0.0, 1.0, 0.5, 1.0)
    assert bounds([[2, 2, 3, 2, 3, 3]]) == (1.0, 1.0, 1.0, 1.0)


def test_no_rings_have_no_box() -> None:
    with pytest.raises(ValueError, match="no rings"):
        bounds([])


def test_the_box_around_an_upright_ellipse_needs_no_aspect() -> None:
    assert ellipse_bounds([0.5, 0.5, 0.25, 0.125]) == (0.25, 0.75, 0.375, 0.625)
    assert ellipse_bounds([0.5, 0.5, 0.25, 0.125], -180) == (0.25, 0.75, 0.375, 0.625)
    assert ellipse_bounds([0.1, 0.9, 0.25, 0.25]) == (0.0, 0.35, 0.65, 1.0)


@pytest.mark.parametrize("aspect", [None, 0.0, -1.0, math.nan, math.inf])
def test_the_box_around_a_turned_ellipse_needs_the_aspect(aspect: float | None) -> None:
    with pytest.raises(ValueError, match="width and height"):
        ellipse_bounds([0.5, 0.5, 0.25, 0.125], 90, aspect)


def test_a_quarter_turn_swaps_the_radii_in_pixels() -> None:
    """On 200 x 100 pixels, radii of 50 and 10 pixels turn into 10 and 50."""
    assert ellipse_bounds([0.5, 0.5, 0.25, 0.1], 90, 2.0) == pytest.approx((0.45, 0.55, 0.0, 1.0))


@given(st.floats(0.05, 0.3), st.floats(0.05, 0.3), st.floats(-360, 360), st.floats(0.7, 1.4))
def test_the_box_around_an_ellipse_is_that_of_its_outline(rx: float, ry: float, rotation: float, aspect: float) -> None:
    around, angle = np.linspace(0, 2 * math.pi, 3601), math.radians(rotation)
    along, aside = rx * aspect * np.cos(around), ry * np.sin(around)
    x = 0.5 + (along * math.cos(angle) - aside * math.sin(angle)) / aspect
    y = 0.5 + along * math.sin(angle) + aside * math.cos(angle)
    box = ellipse_bounds([0.5, 0.5, rx, ry], rotation, aspect)
    assert box == pytest.approx((x.min(), x.max(), y.min(), y.max()), abs=1e-5)
