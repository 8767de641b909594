"""Boxes by nearness, against a search that looks at every one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openimages_io.transfer.near_boxes import Box, NearBoxes

TOLERANCE = 1e-5
STEPS = st.integers(-12, 12).map(lambda n: 0.5 + n * 2.5e-6)
BOXES = st.tuples(STEPS, STEPS, STEPS, STEPS)


def distance(one: Box, other: Box) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@given(st.lists(BOXES, max_size=30), st.lists(BOXES, max_size=10), st.data())
def test_what_is_near_is_what_a_search_of_all_finds(boxes: list[Box], wanted: list[Box], data: st.DataObject) -> None:
    near: NearBoxes[int] = NearBoxes(TOLERANCE)
    there = {near.add(box, place): (place, box) for place, box in enumerate(boxes)}
    for number in data.draw(st.sets(st.sampled_from(sorted(there)))) if there else ():
        near.remove(number)
        del there[number]
    for box in wanted:
        expected = sorted(
            (distance(box, other), number, place)
            for number, (place, other) in there.items()
            if distance(box, other) <= TOLERANCE
        )
        assert near.near(box) == expected


@given(st.lists(BOXES, min_size=1, max_size=30), BOXES)
def test_enough_is_some_of_them(boxes: list[Box], wanted: Box) -> None:
    everything: NearBoxes[int] = NearBoxes(TOLERANCE)
    some: NearBoxes[int] = NearBoxes(TOLERANCE, enough=2)
    for place, box in enumerate(boxes):
        everything.add(box, place)
        some.add(box, place)
    found = some.near(wanted)
    assert set(found) <= set(everything.near(wanted))
    assert len(found) == min(2, len(everything.near(wanted)))


def test_pixels_are_a_scale() -> None:
    near: NearBoxes[str] = NearBoxes(0.01, (100, 100, 50, 50))
    near.add((0.1, 0.2, 0.3, 0.4), "a")
    assert near.near((0.10009, 0.2, 0.3, 0.40019))
    assert not near.near((0.1, 0.2, 0.3, 0.4003))


@pytest.mark.thorough
def test_twice_as_many_take_twice_as_long() -> None:
    """A search of all would take four times as long."""

    def measure(number: int) -> float:
        near: NearBoxes[int] = NearBoxes(TOLERANCE, enough=64)
        boxes = [(0.0001 * (n % 3000), 0.9, 0.0001 * (n // 3000), 0.9) for n in range(number)]
        start = time.process_time()
        for place, box in enumerate(boxes):
            near.add(box, place)
        for x_min, x_max, y_min, y_max in boxes:
            near.remove(near.near((x_min + 5e-6, x_max, y_min + 5e-6, y_max))[0][1])
        return time.process_time() - start

    small = min(measure(4000) for _ in range(3))
    assert min(measure(8000) for _ in range(3)) < 3 * small
