"""Colours that names give, and the space in which they are measured."""

import csv
import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openimages_io.models import color_of
from openimages_io.models.colors import CHROMA, LIGHTNESS, oklab, to_hex

TWINS = 0.03
"""In OKLab: closer colours are taken for one another."""
ROUNDING = 0.004
"""What a channel of eight bits may move a colour by."""


@given(st.text())
@example("\ud800")
@example("")
def test_a_colour_depends_on_the_name_alone_and_is_neither_dark_nor_pale_nor_grey(name: str) -> None:
    color = color_of(name)
    assert re.fullmatch("#[0-9a-f]{6}", color)
    assert color == color_of(name)
    lightness, red_green, yellow_blue = oklab(color)
    assert LIGHTNESS[0] - ROUNDING < lightness < LIGHTNESS[1] + ROUNDING
    assert math.hypot(red_green, yellow_blue) > CHROMA - ROUNDING


@pytest.mark.parametrize(
    ("color", "place"),
    [
        ("#ffffff", (1, 0, 0)),
        ("#000000", (0, 0, 0)),
        ("#ff0000", (0.62796, 0.22486, 0.12585)),
        ("#00ff00", (0.86644, -0.23389, 0.17950)),
        ("#0000ff", (0.45201, -0.03246, -0.31153)),
    ],
)
def test_places_in_oklab_are_the_published_ones(color: str, place: tuple[float, ...]) -> None:
    assert oklab(color) == pytest.approx(place, abs=1e-4)


@given(st.integers(0, 0xFFFFFF))
def test_there_and_back_is_the_same_colour(number: int) -> None:
    color = f"#{number:06x}"
    assert to_hex(oklab(color)) in {color, None}


def twins(names: list[str]) -> int:
    """Pairs of names whose colours are taken for one another."""
    places = [oklab(color_of(name)) for name in names]
    return sum(math.dist(one, other) < TWINS for one, other in itertools.combinations(places, 2))


@pytest.mark.long
def test_few_pairs_of_names_are_taken_for_one_another() -> None:
    assert twins([f"/m/{number:05x}" for number in range(300)]) < 300 * 299 / 2 * 0.0065


@pytest.mark.long
def test_few_pairs_of_the_official_classes_are_taken_for_one_another(shared: Path) -> None:
    with (shared / "class-descriptions-boxable.csv").open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file)]
    assert len(names) == 601
    assert twins(names) < 1_000  # 3,669 where lightness and hue alone were drawn
