"""Shapes are corrected on an image's page: drawn, moved, resized, relabelled, deleted, and saved by the REST API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import at_rest, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site
from tests.browser.test_viewer import keys, place, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["keys", "site", "viewed"]

Rows = Callable[[], list[dict[str, Any]]]
_COLUMNS = (
    "id",
    "kind",
    "x_min",
    "x_max",
    "y_min",
    "y_max",
    "points",
    "clicks",
    "score",
    "source",
    "rotation",
    "truncated",
    "attributes",
)


def rows_of(site: Site, image: int) -> list[dict[str, Any]]:
    """The image's shapes as the database has them."""
    columns = ", ".join(f"shape.{name}" for name in _COLUMNS)
    tables = "openimages_io_shape shape JOIN openimages_io_label label ON label.id = shape.label_id"
    query = f"SELECT label.display_name, {columns} FROM {tables} WHERE image_id = ? ORDER BY shape.id"
    return [dict(zip(("label", *_COLUMNS), row, strict=True)) for row in site.rows(query, image)]


@pytest.fixture
def edited(page: Page, site: Site, keys: dict[str, int]) -> Rows:
    """An image's page on which shapes are edited; tells its rows."""
    image = keys["cat-sofa"]
    view(page, image)
    begin(page)
    return lambda: rows_of(site, image)


def begin(page: Page) -> None:
    page.click("[data-do=begin]")
    expect(page.locator("[data-do=save]")).to_be_visible()


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    saved(page)


def saved(page: Page) -> None:
    expect(page.locator(".oi-unsaved")).to_have_text("")
    expect(page.locator(".oi-status")).to_contain_text("Saved:")


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a fraction of the image is in the window."""
    left, top, width, height = place(page.locator(".oi-stage image"))
    return left + x * width, top + y * height


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=4)
    page.mouse.up()
    at_rest(page)


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.keyboard.press("r")
    drag(page, start, end)


def choose(page: Page, key: int) -> None:
    """Selects a shape, whatever lies upon it."""
    page.locator(f"[data-shape='{key}']").dispatch_event("click", {"detail": 0})
    expect(page.locator(f"[data-shape='{key}'].oi-selected")).to_have_count(1)


def sides(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in ("x_min", "x_max", "y_min", "y_max")]


def corners(row: dict[str, Any]) -> list[float]:
    """The points of a polygon of one ring."""
    (ring,) = json.loads(row["points"])
    return list(ring)


def other_user_saves(page: Page, body: dict[str, Any]) -> None:
    """As another user would: by the API, without the page's knowing."""
    sent = """async (body) => {
      const bar = document.querySelector('.oi-edit');
      const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
      const headers = {'Content-Type': 'application/json', 'X-CSRFToken': token};
      const answer = await fetch(bar.dataset.shapes, {method: 'PATCH', headers, body: JSON.stringify(body)});
      return answer.status;
    }"""
    assert page.evaluate(sent, body) == 200


def test_a_box_is_drawn_and_saved(page: Page, edited: Rows) -> None:
    before = edited()
    page.fill(".oi-label", "Car")
    page.keyboard.press("Enter")
    page.locator(".oi-label").blur()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    assert edited() == before
    save(page)
    *others, new = edited()
    assert others == before
    assert (new["label"], new["kind"], new["source"], new["score"]) == ("Car", "rectangle", "", None)
    assert sides(new) == pytest.approx([0.1, 0.3, 0.2, 0.5], abs=0.005)
    expect(page.locator(f"[data-shape='{new['id']}'].oi-selected")).to_have_count(1)
    expect(page.locator(".oi-unsaved")).to_have_text("")
    # It goes on from what was saved.
    page.keyboard.press("Delete")
    save(page)
    assert edited() == before


def test_a_box_is_moved_and_resized_and_that_is_undone(page: Page, edited: Rows) -> None:
    row = next(row for row in edited() if row["kind"] == "rectangle" and row["clicks"])
    before = sides(row)
    choose(page, row["id"])
    middle = (before[0] + before[1]) / 2, (before[2] + before[3]) / 2
    drag(page, middle, (middle[0] + 0.05, middle[1] - 0.02))
    drag(page, (before[1] + 0.05, before[3] - 0.02), (before[1] + 0.1, before[3] + 0.03))
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    wanted = [before[0] + 0.05, before[1] + 0.1, before[2] - 0.02, before[3] + 0.03]
    save(page)
    after = next(new for new in edited() if new["id"] == row["id"])
    assert sides(after) == pytest.approx(wanted, abs=0.006)
    assert after["clicks"] is None  # they were on the sides of the old box
    same = {name: value for name, value in row.items() if name not in {"x_min", "x_max", "y_min", "y_max", "clicks"}}
    assert {name: after[name] for name in same} == same
    page.fill("[name=x_min]", "0")
    page.keyboard.press("Tab")
    expect(page.locator("[name=x_min]")).to_have_value("0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-unsaved")).to_have_text("")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    save(page)
    assert sides(next(new for new in edited() if new["id"] == row["id"])) == [0, *sides(after)[1:]]


def test_nothing_is_drawn_beyond_the_picture(page: Page, edited: Rows) -> None:
    page.keyboard.press("r")
    page.mouse.move(*at(page, 0.9, 0.9))
    page.mouse.down()
    left, top, width, height = place(page.locator(".oi-stage"))
    page.mouse.move(left + width + 100, top + height + 50, steps=3)
    page.mouse.up()
    save(page)
    *_, new = edited()
    assert sides(new)[1::2] == [1, 1]
    page.keyboard.press("Control+z")  # what is saved is no longer undone
    expect(page.locator(".oi-unsaved")).to_have_text("")


def test_a_shape_is_relabelled_by_typing(page: Page, edited: Rows) -> None:
    row = next(row for row in edited() if row["kind"] == "mask")
    assert "predicted_iou" in row["attributes"]
    choose(page, row["id"])
    page.fill(".oi-label", "no such label")
    page.keyboard.press("Enter")
    expect(page.locator(".oi-unsaved")).to_have_text("")
    page.fill(".oi-label", "vehic")
    expect(page.locator("#oi-labels option[value=Vehicle]")).to_have_count(1)
    page.fill(".oi-label", "vehicle")
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details h2")).to_have_text("Vehicle")
    expect(page.locator(".oi-status")).to_contain_text("Vehicle has no predicted_iou")
    expect(page.locator(f"[data-row='{row['id']}'] th")).to_contain_text("Vehicle")
    page.locator(".oi-label").blur()
    save(page)
    after = next(new for new in edited() if new["id"] == row["id"])
    kept = {name: value for name, value in json.loads(row["attributes"]).items() if name != "predicted_iou"}
    assert after == row | {"label": "Vehicle", "attributes": after["attributes"]}
    assert json.loads(after["attributes"]) == kept


def test_attributes_have_fields_by_their_specs(page: Page, edited: Rows, site: Site) -> None:
    row = next(row for row in edited() if row["kind"] == "rectangle")
    site.do(_SPECS, str(row["id"]))
    page.reload()
    begin(page)
    choose(page, row["id"])
    page.select_option(".oi-attributes [name=pose]", label="left")
    page.fill(".oi-attributes [name=age]", "7")
    page.keyboard.press("Tab")
    page.fill(".oi-attributes [name=note]", "grün")
    page.keyboard.press("Tab")
    page.select_option(".oi-attributes [name=truncated]", label="unknown")
    page.fill(".oi-attributes [name=score]", "0.25")
    page.keyboard.press("Tab")
    expect(page.locator(".oi-details")).to_contain_text("pose: left")
    page.fill(".oi-attributes [name=age]", "8")  # out of its range
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    save(page)
    after = next(new for new in edited() if new["id"] == row["id"])
    wanted = json.loads(row["attributes"]) | {"pose": "left", "age": 7, "note": "grün"}
    assert json.loads(after["attributes"]) == wanted
    assert (after["score"], after["truncated"]) == (0.25, None)
    assert row["truncated"] is not None
    page.select_option(".oi-attributes [name=pose]", label="unknown")
    save(page)
    after = next(new for new in edited() if new["id"] == row["id"])
    assert json.loads(after["attributes"]) == {name: value for name, value in wanted.items() if name != "pose"}


_SPECS = """
import django, sys
django.setup()
from openimages_io.models import AttributeSpec, Shape
label = Shape.objects.get(pk=sys.argv[1]).label
known = {"pose": ("select", ["left", "right"]), "age": ("number", [1, 7, 2]), "note": ("text", []),
         "score": ("number", [0, 1]), "truncated": ("checkbox", [])}
for name, (kind, values) in known.items():
    AttributeSpec.objects.update_or_create(label=label, name=name, defaults={"input_type": kind, "values": values})
"""


def test_arrows_stay_with_a_shape_that_cannot_be_moved(page: Page, edited: Rows) -> None:
    choose(page, next(row["id"] for row in edited() if row["kind"] == "mask"))
    address = page.url
    page.keyboard.press("ArrowRight")
    expect(page.locator(".oi-status")).to_contain_text("cannot be moved")
    page.wait_for_timeout(300)
    assert page.url == address


def test_shapes_of_every_kind_are_deleted_and_come_back(page: Page, edited: Rows, site: Site) -> None:
    before = edited()
    gone = [next(row["id"] for row in before if row["kind"] == kind) for kind in ("rectangle", "mask")]
    for key in gone:
        choose(page, key)
        page.keyboard.press("Delete")
        expect(page.locator(f"[data-shape='{key}']")).to_have_count(0)
        expect(page.locator(f"[data-row='{key}']")).to_be_hidden()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(f"[data-shape='{gone[0]}'], [data-shape='{gone[1]}']")).to_have_count(2)
    expect(page.locator(f"[data-row='{gone[0]}']")).to_be_visible()
    assert edited() == before
    page.click("[data-do=redo]")
    page.click("[data-do=redo]")
    save(page)
    assert edited() == [row for row in before if row["id"] not in gone]


def test_a_polygon_is_drawn_and_its_points_are_changed(page: Page, edited: Rows) -> None:
    before = edited()
    page.keyboard.press("p")
    for x, y in ((0.2, 0.2), (0.6, 0.2), (0.5, 0.9), (0.6, 0.6)):
        page.mouse.click(*at(page, x, y))
    page.keyboard.press("Backspace")
    page.mouse.click(*at(page, 0.3, 0.6))
    page.keyboard.press("Enter")
    shape = page.locator("[data-shape].oi-selected")
    expect(shape).to_have_attribute("data-kind", "polygon")
    save(page)
    *others, new = edited()
    assert others == before
    assert corners(new) == pytest.approx([0.2, 0.2, 0.6, 0.2, 0.5, 0.9, 0.3, 0.6], abs=0.005)
    assert sides(new) == pytest.approx([0.2, 0.6, 0.2, 0.9], abs=0.005)

    page.mouse.click(*at(page, 0.6, 0.2))  # a click alone changes nothing
    expect(shape).to_have_attribute("data-shape", str(new["id"]))
    drag(page, (0.6, 0.2), (0.7, 0.3))  # a point is moved
    drag(page, (0.25, 0.4), (0.1, 0.4))  # one is added between two others
    page.mouse.dblclick(*at(page, 0.3, 0.6))  # and one removed
    save(page)
    *_, new = edited()
    assert corners(new) == pytest.approx([0.2, 0.2, 0.7, 0.3, 0.5, 0.9, 0.1, 0.4], abs=0.006)
    drag(page, (0.4, 0.4), (0.5, 0.9))  # all of it, as far as it goes
    save(page)
    *_, new = edited()
    assert sides(new) == pytest.approx([0.2, 0.8, 0.3, 1], abs=0.006)
    page.keyboard.press("Delete")
    save(page)
    assert edited() == before


def test_a_polygon_that_was_begun_is_given_up(page: Page, edited: Rows) -> None:
    page.click("[data-tool=polygon]")
    for x, y in ((0.2, 0.2), (0.6, 0.2), (0.5, 0.9)):
        page.mouse.click(*at(page, x, y))
    expect(page.locator(".oi-drawn")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".oi-drawn")).to_have_count(0)
    page.mouse.click(*at(page, 0.2, 0.2))
    page.keyboard.press("Enter")  # a point is no polygon
    page.keyboard.press("Escape")
    expect(page.locator("[data-tool=select]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".oi-unsaved")).to_have_text("")


def test_holes_and_several_parts_are_kept(page: Page, edited: Rows, site: Site, keys: dict[str, int]) -> None:
    site.do(_RINGS, str(keys["cat-sofa"]))
    page.reload()
    begin(page)
    row = edited()[-1]
    choose(page, row["id"])
    drag(page, (0.9, 0.1), (0.95, 0.15))
    save(page)
    moved = json.loads(edited()[-1]["points"])
    rings = json.loads(row["points"])
    assert moved[1:] == rings[1:]
    assert moved[0][:2] + moved[0][4:] == rings[0][:2] + rings[0][4:]
    assert moved[0][2:4] == pytest.approx([0.95, 0.15], abs=0.005)


_RINGS = """
import django, sys
django.setup()
from openimages_io.models import Image, Shape
image = Image.objects.get(pk=sys.argv[1])
rings = [[0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1, 0.9], [0.3, 0.3, 0.4, 0.3, 0.4, 0.4], [0.92, 0.92, 0.99, 0.92, 0.99, 0.99]]
Shape.objects.create(task=image.task, image=image, label=image.task.labels.first(), kind="polygon", points=rings,
                     x_min=0.1, x_max=0.99, y_min=0.1, y_max=0.99)
"""


def test_labels_of_the_whole_image_are_added_turned_and_removed(page: Page, edited: Rows, looker: Looker) -> None:
    def tags() -> dict[tuple[str, str], float | None]:
        return {(row["label"], row["source"]): row["score"] for row in edited() if row["kind"] == "tag"}

    before = tags()
    place = page.locator(".oi-tag-edit")
    expect(place.locator("li")).to_have_count(len(before))
    labels = [label for label, _ in before]
    turned = next(key for key in before if labels.count(key[0]) == 1)
    is_absent = before[turned] == 0
    for score, label in ((1, "House"), (0, "Wheel")):
        assert label not in labels
        place.locator("input").fill(label.lower())
        place.locator(f"button[value='{score}']").click()
        expect(place.locator("li").filter(has_text=label)).to_have_count(1)
    place.locator("input").fill("House")
    place.locator("button[value='1']").click()
    expect(page.locator(".oi-status")).to_contain_text("already")
    turn = "Present" if is_absent else "Absent"
    place.locator("li").filter(has_text=turned[0]).get_by_text(turn, exact=True).click()
    page.evaluate("document.activeElement.blur()")
    looker.look(page, "editor-tags")
    save(page)
    assert tags() == before | {("House", ""): 1, ("Wheel", ""): 0, turned: 1 if is_absent else 0}
    for label in ("House", "Wheel"):
        place.locator("li").filter(has_text=label).get_by_text("Remove").click()
    page.evaluate("document.activeElement.blur()")
    save(page)
    assert tags().keys() == before.keys()
    page.click("[data-do=stop]")
    expect(place.locator("li")).to_have_count(len(before))
    expect(place.locator("button:visible")).to_have_count(0)
    assert not looker.faults, "\n".join(looker.faults)


def test_a_conflict_shows_both_and_asks(page: Page, edited: Rows, looker: Looker, expected: set[int]) -> None:
    expected.add(412)
    label = page.evaluate("openimages.editor.words.labels[0].id")
    box = {"kind": "rectangle", "label": label, "x_min": 0.2, "x_max": 0.4, "y_min": 0.2, "y_max": 0.4, "score": 1.0}
    other_user_saves(page, {"create": [box] * 3})
    page.reload()
    begin(page)
    both, mine, theirs = (row["id"] for row in edited()[-3:])
    for choice, score, side in (("theirs", 0.5, 0.99), ("mine", 0.25, 0.98)):
        before = {row["id"]: row for row in edited()}
        for key in (both, mine):
            choose(page, key)
            page.keyboard.press("ArrowDown")
        other_user_saves(
            page, {"update": [{"id": both, "score": score, "x_max": side}, {"id": theirs, "x_min": 1 - side}]}
        )
        page.keyboard.press("Control+s")
        asked = page.locator(".oi-conflict")
        expect(asked).to_be_visible()
        expect(asked.locator("ol li")).to_have_count(1)
        expect(asked.locator("ol li")).to_contain_text("Keep mine:")
        expect(asked.locator("ol li")).not_to_contain_text("Confidence")  # that only they have changed
        looker.look(page, f"editor-conflict-{choice}")
        expect(asked.locator("[data-do=decided]")).to_be_disabled()
        asked.locator(f"ol [value={choice}]").check()
        asked.locator("[data-do=decided]").click()
        saved(page)
        after = {row["id"]: row for row in edited()}
        assert after[theirs]["x_min"] == 1 - side
        assert after[both]["score"] == score
        assert after[mine]["y_min"] > before[mine]["y_min"]
        if choice == "theirs":
            assert sides(after[both]) == [before[both]["x_min"], side, before[both]["y_min"], before[both]["y_max"]]
        else:
            assert after[both]["y_min"] > before[both]["y_min"]
        assert {key: row for key, row in after.items() if key not in {both, mine, theirs}} == {
            key: row for key, row in before.items() if key not in {both, mine, theirs}
        }
    assert not looker.faults, "\n".join(looker.faults)


def test_what_was_changed_before_editing_began_is_seen(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    view(page, image)
    first, second = [row for row in rows_of(site, image) if row["kind"] == "rectangle"][:2]
    other_user_saves(page, {"update": [{"id": first["id"], "x_max": 0.95}], "delete": [second["id"]]})
    begin(page)
    expect(page.locator(f"[data-shape='{second['id']}']")).to_have_count(0)
    expect(page.locator(f"[data-row='{second['id']}']")).to_be_hidden()
    left, _, width, _ = place(page.locator(f"[data-shape='{first['id']}']"))
    assert left + width == pytest.approx(at(page, 0.95, 0)[0], abs=1)
    expect(page.locator(".oi-unsaved")).to_have_text("")


def test_a_shape_that_somebody_has_deleted_is_kept_if_asked(page: Page, edited: Rows, expected: set[int]) -> None:
    expected.add(412)
    row = next(row for row in edited() if row["kind"] == "rectangle")
    choose(page, row["id"])
    page.keyboard.press("ArrowRight")
    other_user_saves(page, {"delete": [row["id"]]})
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-conflict ol li")).to_contain_text("Take theirs: deleted")
    page.locator(".oi-conflict [data-all=mine]").click()
    page.locator(".oi-conflict [data-do=decided]").click()
    saved(page)
    *_, new = edited()
    kept = ("label", "kind", "score", "source", "truncated", "attributes")
    assert {name: new[name] for name in kept} == {name: row[name] for name in kept}
    assert new["x_min"] > row["x_min"]


def test_leaving_with_unsaved_work_asks(page: Page, edited: Rows) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    draw(page, (0.2, 0.2), (0.4, 0.4))
    address = page.url
    page.keyboard.press("Escape")
    with page.expect_event("dialog"):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert (asked, page.url) == (["beforeunload"], address)
    page.click("[data-do=stop]")
    assert asked == ["beforeunload", "confirm"]
    expect(page.locator("[data-do=save]")).to_be_visible()
    page.keyboard.press("Control+z")
    page.click("[data-do=stop]")
    expect(page.locator("[data-do=begin]")).to_be_visible()
    assert len(asked) == 2


def test_what_the_server_refuses_is_said_and_not_lost(page: Page, edited: Rows, expected: set[int]) -> None:
    expected.add(400)
    row = next(row for row in edited() if row["kind"] == "rectangle")
    choose(page, row["id"])
    page.keyboard.press("ArrowRight")
    page.route("**/shapes/", lambda route: route.abort())
    page.click("[data-do=save]")
    expect(page.locator(".oi-status.oi-fault")).to_contain_text("cannot be reached")
    page.unroute("**/shapes/")
    save(page)
    page.evaluate("([key]) => openimages.editor.change(String(key), {score: 7})", [row["id"]])
    with page.expect_response(lambda answer: answer.status == 400):
        page.click("[data-do=save]")
    expect(page.locator(".oi-status.oi-fault")).to_contain_text("7 is not between 0 and 1")
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")


def test_everything_can_be_edited_by_keys(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["beach"]
    view(page, image)
    before = rows_of(site, image)
    page.keyboard.press("e")
    expect(page.locator("[data-do=save]")).to_be_visible()
    page.locator("[data-tool=rectangle]").focus()
    page.keyboard.press("Enter")
    shape = page.locator("[data-shape].oi-selected")
    expect(shape).to_be_focused()
    x, y, width, height = place(shape)
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowDown"):
        for _ in range(4):
            page.keyboard.press(key)
    moved = place(shape)
    assert all(new > old for new, old in zip(moved, (x, y, width, height), strict=True))
    save(page)
    assert len(rows_of(site, image)) == len(before) + 1
    expect(shape).to_have_count(1)
    page.keyboard.press("Delete")
    save(page)
    assert rows_of(site, image) == before


def test_a_turned_and_zoomed_picture_is_drawn_on_where_the_pointer_is(
    page: Page, site: Site, keys: dict[str, int]
) -> None:
    image = keys["turn6"]
    site.do(_TURN, str(image))
    view(page, image, "?rotate=1")
    begin(page)
    page.mouse.move(*at(page, 0.5, 0.5))
    page.keyboard.press("+")
    page.keyboard.press("r")
    left, top, width, height = place(page.locator(".oi-stage"))
    page.mouse.move(left + width * 0.4, top + height * 0.4)
    page.mouse.down()
    page.mouse.move(left + width * 0.6, top + height * 0.6, steps=3)
    page.mouse.up()
    at_rest(page)
    drawn = place(page.locator("[data-shape].oi-selected"))
    assert drawn == pytest.approx((left + width * 0.4, top + height * 0.4, width * 0.2, height * 0.2), abs=2)
    save(page)
    *_, new = rows_of(site, image)
    x_min, x_max, y_min, y_max = sides(new)
    assert (x_min + x_max) / 2 == pytest.approx(0.5, abs=0.02)
    assert (y_min + y_max) / 2 == pytest.approx(0.5, abs=0.02)
    # The picture is turned by a quarter, so that its width is what goes down.
    assert (x_max - x_min) * 2600 / ((y_max - y_min) * 1400) == pytest.approx(height / width, rel=0.05)


_TURN = """
import django, sys
django.setup()
from openimages_io.models import Image
Image.objects.filter(pk=sys.argv[1]).update(rotation=90)
"""


def test_who_may_only_look_is_not_offered_to_edit(browser: Browser, site: Site, keys: dict[str, int]) -> None:
    site.do(_LOOKER)
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    log_in(page, "looker")
    view(page, keys["cat-sofa"])
    expect(page.locator(".oi-edit")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator("[data-shape]").first).to_be_visible()
    context.close()


_LOOKER = """
import django
django.setup()
from django.contrib.auth.models import Permission, User
user = User.objects.create_user("looker", password="admin", is_staff=True)
ours = Permission.objects.filter(content_type__app_label="openimages_io")
user.user_permissions.set(ours.filter(codename__startswith="view"))
"""


def test_it_is_fit_to_be_seen(page: Page, edited: Rows, looker: Looker) -> None:
    choose(page, next(row["id"] for row in edited() if row["kind"] == "rectangle"))
    page.keyboard.press("ArrowRight")
    looker.look(page, "editor")
    page.keyboard.press("Control+z")
    assert not looker.faults, "\n".join(looker.faults)


def test_five_hundred_boxes_are_edited_without_delay(page: Page, site: Site, keys: dict[str, int]) -> None:
    site.do(_MANY, str(keys["turn1"]))
    view(page, keys["turn1"])
    begin(page)
    key = rows_of(site, keys["turn1"])[-1]["id"]
    before = worked(page)
    page.evaluate(_CHANGES, str(key))
    assert worked(page) - before < 1.5


def worked(page: Page) -> float:
    """Seconds that a processor has worked for the page's thread: on a busy machine it waits, too."""
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in browser.send("Performance.getMetrics")["metrics"]}
    browser.detach()
    return float(metrics["ThreadTime"])


_MANY = """
import django, random, sys
django.setup()
from openimages_io.models import Image, Shape
image = Image.objects.get(pk=sys.argv[1])
label = image.task.labels.first()
place = random.Random(1)
for _ in range(500):
    x, y = place.random() * 0.9, place.random() * 0.9
    box = {"x_min": x, "x_max": x + 0.05, "y_min": y, "y_max": y + 0.05}
    Shape.objects.create(task=image.task, image=image, label=label, kind="rectangle", **box)
"""
_CHANGES = """(key) => {
  openimages.select(key);
  for (let step = 0; step < 20; step++) openimages.editor.change(key, {x_max: 0.99 - step / 1000});
  document.body.getBoundingClientRect();
}"""
