"""What was drawn on an image's page is neither lost nor doubled, whatever happens to the line or the tool."""

import re
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.serving import Site
from tests.browser.test_editor import (
    Rows,
    at,
    begin,
    choose,
    drag,
    draw,
    edited,
    other_user_saves,
    rows_of,
    save,
    saved,
    sides,
)
from tests.browser.test_viewer import keys, place, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["edited", "keys", "site", "viewed"]

_SHAPES = "**/shapes/"


def lose_answers(page: Page) -> None:
    """The server does what it is sent, and nobody hears of it."""

    def lose(route: Route) -> None:
        if route.request.method == "PATCH":
            assert route.fetch().status == 200
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(_SHAPES, lose)
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-status.oi-fault")).to_contain_text("Nothing was lost: save again.")
    page.unroute(_SHAPES)


def test_a_save_whose_answer_was_lost_is_not_done_twice(page: Page, edited: Rows, expected: set[int]) -> None:
    expected.add(412)
    before = edited()
    gone, moved = [row for row in before if row["kind"] == "rectangle"][:2]
    draw(page, (0.1, 0.2), (0.3, 0.5))
    choose(page, moved["id"])
    page.keyboard.press("ArrowDown")
    choose(page, gone["id"])
    page.keyboard.press("Delete")
    lose_answers(page)
    there = edited()
    assert len(there) == len(before)
    # It goes on meanwhile, also with what was just made.
    page.mouse.click(*at(page, 0.11, 0.21))
    expect(page.locator("[data-shape^=new-].oi-selected")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+s")
    saved(page)
    expect(page.locator(".oi-conflict")).to_be_hidden()
    after = edited()
    assert [row["id"] for row in after] == [row["id"] for row in there]
    assert after[-1]["x_min"] > there[-1]["x_min"]
    assert after[:-1] == there[:-1]
    # Of changes and deletions alone, too.
    choose(page, after[-1]["id"])
    page.keyboard.press("Delete")
    lose_answers(page)
    page.keyboard.press("Control+s")
    saved(page)
    assert edited() == after[:-1]


def test_a_conflict_after_a_lost_answer_is_about_the_others_changes(
    page: Page, edited: Rows, expected: set[int]
) -> None:
    expected.add(412)
    first = next(row for row in edited() if row["kind"] == "rectangle")
    draw(page, (0.1, 0.2), (0.3, 0.5))
    lose_answers(page)
    there = edited()
    other_user_saves(page, {"update": [{"id": first["id"], "x_max": 0.99}]})
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-conflict")).to_contain_text("1 change of theirs")
    page.locator(".oi-conflict [data-do=decided]").click()
    expect(page.locator(".oi-conflict")).to_be_hidden()
    expect(page.locator(".oi-unsaved")).to_have_text("")
    assert [row["id"] for row in edited()] == [row["id"] for row in there]
    choose(page, there[-1]["id"])
    page.keyboard.press("Delete")
    save(page)


@pytest.mark.parametrize("status", [500, 503])
def test_a_save_that_fails_is_tried_again(page: Page, edited: Rows, expected: set[int], status: int) -> None:
    expected.add(status)
    before = edited()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    page.route(_SHAPES, lambda route: route.fulfill(status=status, body="<h1>Busy</h1>", content_type="text/html"))
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-status.oi-fault")).to_have_text(
        f"The server has answered with the status {status}. Nothing was lost: save again."
    )
    page.unroute(_SHAPES)
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    page.dblclick("[data-do=save]")
    saved(page)
    assert len(edited()) == len(before) + 1
    page.keyboard.press("Delete")
    save(page)
    assert edited() == before


def test_a_shape_that_is_dragged_while_it_is_saved_is_one_shape(page: Page, edited: Rows) -> None:
    before = edited()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    held: list[Route] = []
    page.route(_SHAPES, lambda route: held.append(route))  # noqa: PLW0108  (a built-in method is refused)
    page.keyboard.press("Control+s")
    page.mouse.move(*at(page, 0.2, 0.35))
    page.mouse.down()
    page.mouse.move(*at(page, 0.3, 0.45), steps=3)
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.unroute(_SHAPES)
    expect(page.locator(".oi-status")).to_contain_text("Saved:")
    page.mouse.move(*at(page, 0.4, 0.45), steps=3)
    page.mouse.up()
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    save(page)
    *others, new = edited()
    assert others == before
    assert sides(new) == pytest.approx([0.3, 0.5, 0.3, 0.6], abs=0.01)
    page.keyboard.press("Delete")
    save(page)


def test_the_address_of_a_mask_that_ends_is_no_change(page: Page, edited: Rows, expected: set[int]) -> None:
    expected.add(412)
    first = next(row for row in edited() if row["kind"] == "rectangle")
    choose(page, first["id"])
    page.keyboard.press("ArrowDown")
    other_user_saves(page, {"update": [{"id": first["id"], "score": 0.75}]})

    def later(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"/mask/\d+-", "/mask/9999999999-", answer.text()))

    page.route(_SHAPES, lambda route: later(route) if route.request.method == "GET" else route.continue_())
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-conflict ol li")).to_have_count(1)
    expect(page.locator(".oi-theirs-too")).to_have_text("")
    page.locator(".oi-conflict [data-all=mine]").click()
    page.locator(".oi-conflict [data-do=decided]").click()
    saved(page)


def test_what_is_drawn_without_a_label_waits_for_one(page: Page, edited: Rows) -> None:
    before = edited()
    page.fill(".oi-label", "no such label")
    page.click("[data-tool=rectangle]")  # not by its key: when the label is found to be unknown its field takes keys
    drag(page, (0.1, 0.2), (0.3, 0.5))
    expect(page.locator(".oi-status")).to_contain_text("Choose a label for what was drawn")
    expect(page.locator(".oi-drawn")).to_have_count(1)
    expect(page.locator(".oi-label")).to_be_focused()
    drag(page, (0.5, 0.2), (0.7, 0.5))  # one after the other
    expect(page.locator(".oi-drawn")).to_have_count(1)
    page.fill(".oi-label", "vehicle")
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details h2")).to_have_text("Vehicle")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    expect(page.locator(".oi-status")).to_have_text("")
    save(page)
    *others, new = edited()
    assert others == before
    assert new["label"] == "Vehicle"
    assert sides(new) == pytest.approx([0.1, 0.3, 0.2, 0.5], abs=0.005)
    page.keyboard.press("Delete")
    save(page)
    # Escape gives it up.
    page.keyboard.press("l")
    page.keyboard.type("no such label")
    page.click("[data-tool=rectangle]")
    drag(page, (0.1, 0.2), (0.3, 0.5))
    expect(page.locator(".oi-drawn")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    assert edited() == before


def test_a_label_that_is_looked_for_slowly_is_taken(page: Page, edited: Rows) -> None:
    before = edited()
    held: list[Route] = []
    page.route("**/labels/?q=*", lambda route: held.append(route))  # noqa: PLW0108  (as above)
    page.keyboard.press("l")
    page.keyboard.type("Vehicle")
    page.keyboard.press("Enter")
    page.locator(".oi-label").blur()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    expect(page.locator(".oi-drawn")).to_have_count(1)
    for route in held:
        route.continue_()
    page.unroute("**/labels/?q=*")
    expect(page.locator(".oi-details h2")).to_have_text("Vehicle")
    save(page)
    *others, new = edited()
    assert (others, new["label"]) == (before, "Vehicle")
    page.keyboard.press("Delete")
    save(page)


def corner(page: Page, *points: tuple[float, float]) -> None:
    page.keyboard.press("p")
    for x, y in points:
        page.mouse.click(*at(page, x, y))


TRIANGLE = ((0.2, 0.2), (0.6, 0.2), (0.5, 0.9))


def test_another_tool_and_saving_end_a_polygon(page: Page, edited: Rows) -> None:
    before = edited()
    corner(page, *TRIANGLE)
    page.keyboard.press("r")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    expect(page.locator("[data-tool=rectangle]")).to_have_attribute("aria-pressed", "true")
    corner(page, *TRIANGLE)
    page.keyboard.press("Control+s")
    saved(page)
    assert [row["kind"] for row in edited()[len(before) :]] == ["polygon", "polygon"]
    for row in edited()[len(before) :]:
        choose(page, row["id"])
        page.keyboard.press("Delete")
    save(page)
    assert edited() == before


def test_undo_takes_back_the_last_point_of_a_polygon(page: Page, edited: Rows) -> None:
    draw(page, (0.7, 0.7), (0.8, 0.8))
    corner(page, *TRIANGLE)
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-drawn")).to_have_attribute("d", re.compile(r"^M[^L]+L[^L]+$"))
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-unsaved")).to_have_text("")
    page.keyboard.press("Escape")


def test_leaving_a_polygon_half_drawn_asks(page: Page, edited: Rows) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    corner(page, *TRIANGLE[:2])
    page.evaluate("() => { window.location.href = '/admin/'; }")
    page.wait_for_timeout(300)
    page.click("[data-do=stop]")
    assert asked == ["beforeunload", "confirm"]
    expect(page.locator(".oi-drawn")).to_have_count(1)
    page.remove_listener("dialog", stay)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-do=stop]")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    page.mouse.move(*at(page, 0.4, 0.4))
    expect(page.locator(".oi-drawn")).to_have_count(0)


def test_a_refusal_names_the_shape_and_selects_it(
    page: Page, site: Site, keys: dict[str, int], expected: set[int]
) -> None:
    expected |= {400, 404}
    view(page, keys["turn7"])
    begin(page)
    (row,) = rows_of(site, keys["turn7"])
    page.evaluate("key => openimages.editor.change(key, {score: 7})", str(row["id"]))
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-status")).to_contain_text("Red, rectangle, Confidence: 7 is not between 0 and 1.")
    expect(page.locator(f"[data-shape='{row['id']}'].oi-selected")).to_have_count(1)
    page.route(_SHAPES, lambda route: route.fulfill(status=404, json={"detail": "Not found."}))
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-status")).to_contain_text("The image has been deleted meanwhile")
    page.unroute(_SHAPES)
    page.keyboard.press("Control+z")


def test_the_picture_stays_where_it_is_whatever_is_said(page: Page, edited: Rows) -> None:
    def top() -> float:
        return place(page.locator(".oi-stage"))[1]

    before: Any = top()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    assert top() == before
    save(page)
    assert top() == before
    page.keyboard.press("Delete")
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    expect(page.locator(".oi-status")).to_have_text("")  # what was saved is no longer all
    assert top() == before
    save(page)
