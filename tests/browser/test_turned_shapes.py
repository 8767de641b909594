"""Turned boxes and ellipses on an image's page: moved, resized and turned, as exactly as the model means them."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from openimages_io.geometry import ellipse_bounds
from tests.browser.conftest import log_in
from tests.browser.serving import Site
from tests.browser.test_editor import at, begin, choose, drag, rows_of, save, sides
from tests.browser.test_viewer import keys, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["keys", "site", "viewed"]

Point = tuple[float, float]
SIZE = (2600, 1400)
BOX = {"x_min": 0.4, "x_max": 0.6, "y_min": 0.4, "y_max": 0.6}
ROUND = [0.5, 0.5, 0.1, 0.12]


@pytest.fixture
def made(page: Page, site: Site, keys: dict[str, int]) -> Callable[..., tuple[int, Callable[[], dict[str, Any]]]]:
    """Opens a picture on which there is one shape more, selects it, and tells its row."""

    def make(kind: str, rotation: float | None = None, image: str = "turn1", **given: Any) -> Any:
        values = {"kind": kind, "rotation": rotation, **BOX, "points": ROUND if kind == "ellipse" else None, **given}
        key = keys[image]
        site.do(_MAKE, str(key), json.dumps(values))
        view(page, key)
        begin(page)
        made = rows_of(site, key)[-1]["id"]
        choose(page, made)
        return made, lambda: next(row for row in rows_of(site, key) if row["id"] == made)

    return make


_MAKE = """
import django, json, sys
django.setup()
from openimages_io.models import Image, Shape
image = Image.objects.get(pk=sys.argv[1])
label = image.task.labels.first()
Shape.objects.create(task=image.task, image=image, label=label, attributes={}, **json.loads(sys.argv[2]))
"""


def corner(row: dict[str, Any], across: int, down: int) -> Point:
    """A corner or side of a turned shape in pixels, by the meaning of its columns."""
    if row["kind"] == "ellipse":
        cx, cy, rx, ry = json.loads(row["points"])
    else:
        x_min, x_max, y_min, y_max = sides(row)
        cx, cy, rx, ry = (x_min + x_max) / 2, (y_min + y_max) / 2, (x_max - x_min) / 2, (y_max - y_min) / 2
    angle = math.radians(row["rotation"] or 0)
    x, y = across * rx * SIZE[0], down * ry * SIZE[1]
    return (
        cx * SIZE[0] + x * math.cos(angle) - y * math.sin(angle),
        cy * SIZE[1] + x * math.sin(angle) + y * math.cos(angle),
    )


def fraction(point: Point) -> Point:
    return point[0] / SIZE[0], point[1] / SIZE[1]


def close(point: Point, other: Point, within: float = 6) -> bool:
    """Within pixels of the picture; one of the screen is some three of them."""
    return math.dist(point, other) <= within


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_a_turned_shape_is_resized_and_what_is_opposite_stays(page: Page, made: Any, kind: str) -> None:
    _, row = made(kind, 30)
    before = row()
    to = corner(before, 1, 1)[0] + 200, corner(before, 1, 1)[1] + 90
    drag(page, fraction(corner(before, 1, 1)), fraction(to))
    save(page)
    after = row()
    assert after["rotation"] == 30
    assert close(corner(after, 1, 1), to)
    assert close(corner(after, -1, -1), corner(before, -1, -1), 0.02)
    # A side takes no other side along.
    across = corner(after, 0, -1)
    angle = math.radians(30)
    to = across[0] + 80 * math.sin(angle), across[1] - 80 * math.cos(angle)
    drag(page, fraction(across), fraction(to))
    save(page)
    last = row()
    assert close(corner(last, 0, -1), to)
    for way in ((-1, 1), (1, 1)):
        assert close(corner(last, *way), corner(after, *way), 0.02)
    if kind == "ellipse":
        assert sides(last) == pytest.approx(ellipse_bounds(json.loads(last["points"]), 30, SIZE[0] / SIZE[1]))


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_a_shape_is_turned_by_its_handle(page: Page, made: Any, kind: str) -> None:
    _, row = made(kind)
    before = row()
    handle = page.locator(".oi-turn")
    expect(handle).to_have_count(1)
    box = handle.bounding_box()
    assert box
    start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    centre = at(page, 0.5, 0.5)
    away = math.dist(start, centre)
    page.mouse.move(*start)
    page.mouse.down()
    angle = math.radians(40)
    page.mouse.move(centre[0] + away * math.sin(angle), centre[1] - away * math.cos(angle), steps=5)
    page.mouse.up()
    save(page)
    after = row()
    assert after["rotation"] == pytest.approx(40, abs=1)
    assert (after["points"], sides(after)) == (before["points"], sides(before)) or kind == "ellipse"
    if kind == "ellipse":
        assert after["points"] == before["points"]
        assert sides(after) == pytest.approx(ellipse_bounds(ROUND, after["rotation"], SIZE[0] / SIZE[1]))
    # With Shift by steps.
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.keyboard.down("Shift")
    page.mouse.move(centre[0] + away, centre[1] + 8, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-unsaved")).to_have_text("")
    page.keyboard.press("Control+y")
    save(page)
    assert row()["rotation"] == 90


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_a_turned_shape_is_moved_no_farther_than_its_rules_allow(page: Page, made: Any, kind: str) -> None:
    _, row = made(kind, -50)
    drag(page, (0.5, 0.5), (0.55, 0.45))
    save(page)
    assert close(corner(row(), 0, 0), (0.55 * SIZE[0], 0.45 * SIZE[1]))
    drag(page, (0.55, 0.45), (0.999, 0.999))
    save(page)
    after = row()
    if kind == "rectangle":
        assert sides(after) == pytest.approx([0.8, 1, 0.8, 1], abs=1e-6)
    else:
        assert json.loads(after["points"])[:2] == pytest.approx([0.999, 0.999], abs=0.003)
        assert json.loads(after["points"])[2:] == ROUND[2:]
        assert sides(after)[1::2] == [1, 1]


def test_a_turned_box_is_resized_no_farther_than_its_rules_allow(page: Page, made: Any) -> None:
    """Its sides, before it is turned, lie within the picture; what is opposite stays nevertheless."""
    _, row = made("rectangle", 20, x_min=0.7, x_max=0.9)
    before = row()
    drag(page, fraction(corner(before, 1, 0)), (0.999, 0.9))
    save(page)
    after = row()
    assert sides(after)[1] == pytest.approx(1, abs=1e-6)
    for way in ((-1, -1), (-1, 1)):
        assert close(corner(after, *way), corner(before, *way), 0.02)


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_by_keys_and_numbers(page: Page, made: Any, kind: str) -> None:
    _, row = made(kind, 10)
    before = row()
    for _ in range(3):
        page.keyboard.press(".")
    page.keyboard.press(">")
    page.keyboard.press(",")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    save(page)
    after = row()
    assert after["rotation"] == 27
    assert math.dist(corner(after, -1, 0), corner(after, 1, 0)) > math.dist(corner(before, -1, 0), corner(before, 1, 0))
    assert math.dist(corner(after, 0, -1), corner(after, 0, 1)) == pytest.approx(
        math.dist(corner(before, 0, -1), corner(before, 0, 1)), abs=0.01
    )
    page.fill("[name=rotation]", "400")
    page.keyboard.press("Tab")
    page.fill("[name=rotation]", "-45.5")
    page.keyboard.press("Control+s")  # in the field, too
    expect(page.locator(".oi-status")).to_contain_text("Saved:")
    assert row()["rotation"] == -45.5
    shape = page.locator("[data-shape].oi-selected")
    expect(shape).to_have_attribute("transform", re.compile(r"^rotate\(-45\.5 "))
    page.fill("[name=rotation]", "0")
    page.keyboard.press("Control+s")
    expect(shape).not_to_have_attribute("transform", re.compile("rotate"))
    expect(page.locator(".oi-unsaved")).to_have_text("")
    assert row()["rotation"] == 0


def test_the_handles_of_a_plain_box_change_no_other_side(page: Page, made: Any) -> None:
    exact = {"x_min": 0.4123456789, "x_max": 0.6123456789, "y_min": 0.4, "y_max": 0.6123456789}
    _, row = made("rectangle", **exact)
    drag(page, (exact["x_max"], 0.5), (0.7, 0.5))
    save(page)
    assert [sides(row())[0], *sides(row())[2:]] == [exact["x_min"], exact["y_min"], exact["y_max"]]
    page.keyboard.press("ArrowRight")
    save(page)
    assert sides(row())[2:] == [exact["y_min"], exact["y_max"]]


def test_a_small_shape_can_be_moved_between_its_handles(page: Page, made: Any) -> None:
    half = 0.017  # of 650 pixels of the screen: 22 across
    _, row = made("rectangle", x_min=0.5 - half, x_max=0.5 + half, y_min=0.44, y_max=0.56)
    expect(page.locator(".oi-handle")).to_have_count(6)
    drag(page, (0.5, 0.47), (0.6, 0.47))
    save(page)
    after = row()
    assert sides(after)[0] == pytest.approx(0.6 - half, abs=0.004)
    assert sides(after)[1] - sides(after)[0] == pytest.approx(2 * half, abs=1e-5)


def test_a_finger_moves_a_shape_and_not_the_page(browser: Browser, site: Site, keys: dict[str, int]) -> None:
    context = browser.new_context(
        base_url=site.url, viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    log_in(page)
    site.do(_MAKE, str(keys["turn6"]), json.dumps({"kind": "rectangle", "rotation": 15, **BOX, "points": None}))
    view(page, keys["turn6"])
    page.tap("[data-do=begin]")
    expect(page.locator("[data-do=save]")).to_be_visible()
    key = rows_of(site, keys["turn6"])[-1]["id"]
    choose(page, key)
    page.locator(".oi-stage").evaluate("stage => stage.scrollIntoView({block: 'center'})")
    scrolled = page.evaluate("scrollY")
    finger = context.new_cdp_session(page)
    (x, y), (to_x, to_y) = at(page, 0.5, 0.5), at(page, 0.5, 0.75)
    for step in range(7):
        point = {"x": x + (to_x - x) * step / 6, "y": y + (to_y - y) * step / 6}
        kind = "touchMove" if step else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    assert page.evaluate("scrollY") == scrolled
    page.tap("[data-do=save]")
    expect(page.locator(".oi-status")).to_contain_text("Saved:")
    assert sides(rows_of(site, keys["turn6"])[-1])[2] == pytest.approx(0.65, abs=0.01)
    context.close()


def test_without_a_size_nothing_is_turned(page: Page, made: Any, site: Site, keys: dict[str, int]) -> None:
    with_size = "UPDATE openimages_io_image SET width = {}, height = {} WHERE id = {}"
    site.do(_RUN, with_size.format("NULL", "NULL", keys["turn2"]))
    try:
        key, row = made("rectangle", 30, "turn2")
        expect(page.locator(".oi-handles > *")).to_have_count(0)
        expect(page.locator("[name=rotation]")).to_be_disabled()
        expect(page.locator(".oi-unsized")).to_be_visible()
        page.keyboard.press("ArrowRight")
        save(page)
        assert row()["x_min"] > BOX["x_min"]
        key, row = made("ellipse", 30, "turn2")
        page.keyboard.press("ArrowRight")
        page.keyboard.press(".")
        expect(page.locator(".oi-unsaved")).to_have_text("")
        page.keyboard.press("Delete")
        save(page)
        assert key not in {one["id"] for one in rows_of(site, keys["turn2"])}
    finally:
        site.do(_RUN, with_size.format(*SIZE, keys["turn2"]))


_RUN = """
import django, sys
django.setup()
from django.db import connection
connection.cursor().execute(sys.argv[1])
"""
