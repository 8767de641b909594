"""Coordinates in pixels: what is read and saved again is the same fraction, to the bit."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openimages_io.models import Image, Shape
from tests.api.shapes_client import Frontend, faults

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.shapes_client")]

SIDES = st.integers(1, 70_000)
FRACTIONS = st.floats(0, 1)
DISTINCT = st.integers(1, 10**7).map(lambda number: number / (10**7 + 1))
"""Fractions that are further apart than the ninth decimal place of a pixel."""


def repeated(examples: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, suppress_health_check=checks)


def rings(fractions: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    points = st.lists(st.tuples(fractions, fractions), min_size=3, max_size=10, unique=True)
    return points.map(lambda found: [value for point in found for value in point])


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


def rows() -> list[dict[str, Any]]:
    found: Any = Shape.objects.order_by("pk").values()
    return list(found)


def draw(frontend: Frontend, size: tuple[int, int], sides: list[float], ring: list[float], clicks: list[Any]) -> None:
    """A rectangle with clicks, a polygon and an ellipse."""
    Shape.objects.all().delete()
    Image.objects.update(width=size[0], height=size[1])
    (x_min, x_max), (y_min, y_max) = sorted(sides[:2]), sorted(sides[2:])
    box: dict[str, Any] = {"x_min": x_min, "x_max": x_max, "y_min": y_min, "y_max": y_max}
    frontend.draw(clicks=[clicks[place : place + 2] for place in range(0, 8, 2)], **box)
    frontend.draw("polygon", points=[ring], **box)
    frontend.draw("ellipse", points=ring[:4], **box)


@pytest.mark.long
@repeated(30)
@given(
    size=st.tuples(SIDES, SIDES),
    sides=st.lists(FRACTIONS, min_size=4, max_size=4),
    ring=rings(FRACTIONS),
    clicks=st.lists(st.one_of(FRACTIONS, st.just(-1), st.none()), min_size=8, max_size=8),
)
def test_saving_what_was_read_changes_no_bit(
    frontend: Frontend, size: tuple[int, int], sides: list[float], ring: list[float], clicks: list[Any]
) -> None:
    draw(frontend, size, sides, ring, clicks)
    before, revisions = rows(), frontend.revisions
    body, etag = frontend.read("?units=pixels")
    response = frontend.put(json.dumps(body), etag, "?units=pixels")
    assert response.status_code == 200, response.content
    assert (rows(), frontend.revisions) == (before, revisions)
    assert response.json() == body


@repeated(20)
@given(
    size=st.tuples(SIDES, SIDES),
    sides=st.lists(DISTINCT, min_size=4, max_size=4, unique=True),
    ring=rings(DISTINCT),
    place=st.integers(0, 3),
)
def test_what_is_not_touched_keeps_every_bit(
    frontend: Frontend, size: tuple[int, int], sides: list[float], ring: list[float], place: int
) -> None:
    draw(frontend, size, sides, ring, [*ring[:4], *ring[:4]])
    before = rows()
    body, etag = frontend.read("?units=pixels")
    box, polygon, ellipse = body["shapes"]
    box["x_min"] = 0
    box["clicks"][place] = [0, None]
    polygon["points"][0][2 * place : 2 * place] = [0, 0]  # a new corner before the others
    polygon["points"].append([0, 0, size[0], 0, size[0], size[1]])
    ellipse["score"] = 0.5
    assert frontend.put(body, etag, "?units=pixels").status_code == 200
    clicks = list(before[0]["clicks"])
    clicks[place] = [0, None]
    corners = [*ring[: 2 * place], 0, 0, *ring[2 * place :]]
    after = rows()
    assert after[0] == {**before[0], "x_min": 0, "clicks": clicks}
    assert after[1]["points"] == [corners, [0, 0, 1, 0, 1, 1]]
    assert after[2] == {**before[2], "score": 0.5}


@repeated(30)
@given(
    size=st.tuples(SIDES, SIDES),
    sides=st.lists(st.integers(0, 10**6).map(lambda number: number / 10**6), min_size=4, max_size=4),
)
def test_pixels_that_are_given_come_back(frontend: Frontend, size: tuple[int, int], sides: list[float]) -> None:
    Shape.objects.all().delete()
    Image.objects.update(width=size[0], height=size[1])
    (x_min, x_max), (y_min, y_max) = sorted(sides[:2]), sorted(sides[2:])
    box = {
        "x_min": round(x_min * size[0], 3),
        "x_max": round(x_max * size[0], 3),
        "y_min": round(y_min * size[1], 3),
        "y_max": round(y_max * size[1], 3),
    }
    response = frontend.post(frontend.item(**box), query="?units=pixels")
    assert response.status_code == 201, response.content
    (shape,) = frontend.read("?units=pixels")[0]["shapes"]
    assert {name: shape[name] for name in box} == box
    assert Shape.objects.get().x_min == box["x_min"] / size[0]


def test_what_is_outside_is_told_with_the_size(frontend: Frontend) -> None:
    item = frontend.item(x_min=1, x_max=641, y_min=0, y_max=480, clicks=[[-1, -1], [None, 480], [0, 481], [-2, 0]])
    assert faults(frontend.post(item, query="?units=pixels")) == {
        "x_max": "1.0015625 is not between 0 and 1. That is a fraction of 640 x 480 pixels.",
        "clicks[2][1]": "1.0020833333333334 is not between 0 and 1. That is a fraction of 640 x 480 pixels.",
        "clicks[3][0]": "-0.003125 is not between 0 and 1. That is a fraction of 640 x 480 pixels.",
    }


def test_units_of_the_body_and_of_the_address_are_the_same(frontend: Frontend) -> None:
    shape = frontend.draw()
    body, _ = frontend.read("?units=pixels")
    assert faults(frontend.put(body)).keys() >= {"units"}
    assert faults(frontend.put({"units": "fractions", "shapes": []}, query="?units=pixels")).keys() == {"units"}
    assert Shape.objects.get() == shape
