"""An image's page in a real browser: to look at closely, with the mouse, a finger or the keys."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import at_rest, follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site

pytestmark = pytest.mark.thorough

ADMIN = "/admin/openimages_io"
LARGE = (2600, 1400)
_BOXES = 36


@pytest.fixture(scope="session")
def viewed(login_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site with the example data set, a large picture by every EXIF tag, and a crowded one."""
    site = Site(tmp_path_factory.mktemp("viewed"))
    shutil.copy(login_database, site.database)
    site.run("manage.py", "import_openimages", "fixtures/scenes", "--task", "scenes", "--no-progress")
    folder = tmp_path_factory.mktemp("large")
    rows = ["ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax"]
    for turn in range(1, 9):
        write(folder / "images" / "train" / f"turn{turn}.jpg", turn)
        rows.append(f"turn{turn},xclick,Red,0.5,0,0.25,0,0.25")
    write(folder / "images" / "train" / "crowded.jpg", 1)
    for number in range(_BOXES):
        x, y = number % 6 / 6, number // 6 / 6
        rows.append(f"crowded,xclick,Label{number},{number / 100},{x},{min(1, x + 0.2)},{y},{min(1, y + 0.2)}")
    (folder / "train-annotations-bbox.csv").write_text("\n".join(rows) + "\n")
    site.run("manage.py", "import_openimages", folder, "--task", "large", "--no-progress")
    site.close()
    return site.folder


@pytest.fixture(scope="module")
def site(browser: Browser, viewed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with these pictures, without a worker."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(viewed, folder, dirs_exist_ok=True)
    made = Site(folder)
    with made.served():
        yield made
    made.close()


@pytest.fixture(scope="module")
def keys(site: Site) -> dict[str, int]:
    """The keys of images by name."""
    return {name: key for key, name in site.rows("SELECT id, name FROM openimages_io_image")}


def write(path: Path, turn: int) -> None:
    """A large grey picture with a red quarter of its quarter at the left upper corner of its stored pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Pillow.new("RGB", LARGE, (90, 90, 90))
    picture.paste((255, 0, 0), (0, 0, LARGE[0] // 4, LARGE[1] // 4))
    exif = Pillow.Exif()
    exif[0x112] = turn
    picture.save(path, exif=exif)


def view(page: Page, key: int, query: str = "") -> None:
    page.goto(f"{ADMIN}/image/{key}/picture/{query}")
    expect(page.locator(".oi-tools")).to_be_visible()


def zoom(page: Page) -> float:
    """How many times larger than all of it."""
    return float(page.locator(".oi-zoom-now").inner_text().split()[0]) / 100


def place(found: Locator) -> tuple[float, float, float, float]:
    """Left, top, width and height in the window, of a shape without its line."""
    box = found.evaluate("element => element.getBoundingClientRect().toJSON()")
    return box["x"], box["y"], box["width"], box["height"]


def pixel(page: Page, x: float, y: float) -> tuple[int, int, int]:
    with Pillow.open(io.BytesIO(page.screenshot())) as screen:
        color: Any = screen.convert("RGB").getpixel((round(x), round(y)))
        return tuple(color)


def test_zooming_keeps_the_place_below_the_pointer(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    shape = page.locator("[data-shape]").nth(20)
    x, y, width, _ = place(shape)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)  # scrolls the page, which has nowhere to go
    at_rest(page)
    assert zoom(page) == 1
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    at_rest(page)
    assert zoom(page) > 1.9
    assert place(shape)[:2] == pytest.approx((x, y), abs=1.5)
    assert place(shape)[2] == pytest.approx(width * zoom(page), rel=0.02)
    for _ in range(2):
        page.mouse.wheel(0, 200)  # by now the wheel alone will do
    at_rest(page)
    assert zoom(page) == 1
    assert place(shape)[:3] == pytest.approx((x, y, width), abs=1)


def test_buttons_and_keys_zoom_and_a_drag_moves(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    page.click(".oi-zoom-in")
    page.keyboard.press("+")
    page.keyboard.press("=")
    assert zoom(page) == pytest.approx(1.95, abs=0.02)
    shape = page.locator("[data-shape]").nth(20)
    x, y, _, _ = place(shape)
    left, top, wide, high = place(page.locator(".oi-stage"))
    page.mouse.move(left + wide / 2, top + high / 2)
    page.mouse.down()
    page.mouse.move(left + wide / 2 + 30, top + high / 2 - 20, steps=4)
    page.mouse.up()
    at_rest(page)
    assert place(shape)[:2] == pytest.approx((x + 30, y - 20), abs=1.5)
    expect(page.locator("[data-shape].oi-selected")).to_have_count(0)  # that was no click
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert zoom(page) == 1
    page.dblclick(".oi-stage", position={"x": 10, "y": 10})
    assert zoom(page) == 2
    page.click(".oi-zoom-fit")
    assert zoom(page) == 1


def test_two_fingers_zoom(browser: Browser, site: Site, keys: dict[str, int]) -> None:
    context = browser.new_context(base_url=site.url, viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    log_in(page)
    view(page, keys["crowded"])
    page.locator(".oi-stage").scroll_into_view_if_needed()
    left, top, width, height = place(page.locator(".oi-stage"))
    touch = context.new_cdp_session(page)

    def fingers(kind: str, apart: float) -> None:
        y = top + height / 2
        points = [{"x": left + width / 2 + side * apart, "y": y, "id": number} for number, side in enumerate((-1, 1))]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if kind != "touchEnd" else []})

    fingers("touchStart", 20)
    for apart in (30, 40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 60)
    at_rest(page)
    assert zoom(page) == pytest.approx(3, abs=0.4)
    context.close()


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_full_picture_lies_as_the_thumbnail_does(page: Page, keys: dict[str, int], turn: int) -> None:
    view(page, keys[f"turn{turn}"])
    picture = page.locator(".oi-stage image")
    for full in (False, True):
        if full:
            page.mouse.move(*place(page.locator(".oi-stage"))[:2])
            for _ in range(3):
                page.click(".oi-zoom-in")
            expect(page.locator(".oi-stage.oi-full")).to_be_visible()
            page.click(".oi-zoom-fit")
        assert ("/file/" in (picture.get_attribute("href") or "")) == full
        x, y, width, height = place(page.locator("[data-shape]"))
        left, top, wide, high = place(picture)
        assert (x, y) == pytest.approx((left, top), abs=1)
        assert (width * 4, height * 4) == pytest.approx((wide, high), abs=4)
        assert wide / high == pytest.approx(LARGE[0] / LARGE[1], rel=0.01)
        inside = pixel(page, x + width * 0.8, y + height * 0.8)
        outside = pixel(page, x + width * 1.2, y + height * 1.2)
        assert inside[0] > 200 > 60 > inside[1]
        assert max(outside) - min(outside) < 20


def test_a_click_selects_the_shape_and_its_row_and_back(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["cat-sofa"])
    details = page.locator(".oi-details")
    expect(details).to_be_hidden()
    shape = page.locator("[data-shape][data-kind=rectangle]").last
    key = shape.get_attribute("data-shape")
    shape.dispatch_event("click", {"detail": 0})
    expect(page.locator(".oi-selected[data-shape], .oi-selected[data-row]")).to_have_count(2)
    expect(page.locator(f"[data-row='{key}']")).to_have_class("oi-selected")
    expect(details).to_be_visible()
    title = (shape.locator("title").text_content() or "").split("\n")
    expect(details.locator("h2")).to_have_text(title[0])
    expect(details.locator("li")).to_have_text(title[1:])

    other = page.locator(f"[data-row]:not([data-row='{key}']) td").first
    other.click()
    chosen = page.locator("[data-shape].oi-selected")
    expect(chosen).to_have_count(1)
    assert chosen.get_attribute("data-shape") != key
    assert chosen.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    expect(page.locator(".oi-selected")).to_have_count(0)
    expect(details).to_be_hidden()


def test_clicking_again_takes_what_lies_below(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    x, y, _, _ = place(page.locator("[data-shape]").nth(7))
    taken = []
    for _ in range(3):
        page.mouse.click(x + 5, y + 5)
        taken.append(page.locator("[data-shape].oi-selected").get_attribute("data-shape"))
        page.wait_for_timeout(600)  # so that two clicks are not a double one
    assert len(set(taken)) > 1
    view(page, keys["turn1"])
    page.mouse.click(*(side + 5 for side in place(page.locator("[data-shape]"))[:2]))
    expect(page.locator("[data-shape].oi-selected")).to_have_count(1)
    left, top, wide, _ = place(page.locator(".oi-stage"))
    page.mouse.click(left + wide - 30, top + 30)
    expect(page.locator("[data-shape].oi-selected")).to_have_count(0)


def test_boxes_are_outlines_until_they_are_pointed_at(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["cat-sofa"])
    fill = "element => Number(getComputedStyle(element).fillOpacity)"
    box, mask = (
        page.locator("[data-shape][data-kind=rectangle]").first,
        page.locator("[data-shape][data-kind=mask]").first,
    )
    assert (box.evaluate(fill), mask.evaluate(fill)) == (0, pytest.approx(0.15))
    box.dispatch_event("mouseover", {"bubbles": True})
    assert box.evaluate(fill) == pytest.approx(0.25)
    box.dispatch_event("mouseout", {"bubbles": True})
    assert box.evaluate(fill) == 0
    page.locator(".oi-fill").fill("60")
    assert (box.evaluate(fill), mask.evaluate(fill)) == (0, pytest.approx(0.6))
    view(page, keys["cat-window"])  # it is kept for the next image
    assert page.locator("[data-shape][data-kind=mask]").first.evaluate(fill) == pytest.approx(0.6)


def test_names_stand_beside_each_other_or_not_at_all(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    chips = page.locator(".oi-chips span:visible")
    expect(chips.first).to_be_visible()
    places = [place(chip) for chip in chips.all()]
    assert len(places) > _BOXES / 3
    for number, (x, y, width, height) in enumerate(places):
        for other_x, other_y, other_width, other_height in places[:number]:
            aside = x + width <= other_x or other_x + other_width <= x
            above = y + height <= other_y or other_y + other_height <= y
            assert aside or above
    page.keyboard.press("n")
    expect(chips).to_have_count(0)
    view(page, keys["cat-sofa"])
    expect(page.locator(".oi-names")).not_to_be_checked()
    page.check(".oi-names")
    expect(chips.first).to_be_visible()
    chips.first.click()
    expect(page.locator("[data-shape].oi-selected")).to_have_count(1)


def test_a_mask_and_its_box_have_one_name(page: Page, keys: dict[str, int], site: Site) -> None:
    view(page, keys["cat-sofa"])
    page.locator(".oi-names").check()
    expect(page.locator(".oi-chips span:visible").first).to_be_visible()
    query = "SELECT count(*), count(DISTINCT kind) FROM openimages_io_shape WHERE image_id = ? AND kind != 'tag'"
    ((shapes, kinds),) = site.rows(query, keys["cat-sofa"])
    assert kinds > 1
    assert page.locator(".oi-chips span:visible").count() < shapes


def test_switches_by_label_kind_and_confidence(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    shapes = page.locator("[data-shape]:visible")
    expect(shapes).to_have_count(_BOXES)
    page.locator("[name=score]").fill("0.3")
    expect(shapes).to_have_count(6)
    expect(page.locator(".oi-least")).to_have_text("0.30")
    page.locator("[name=score]").fill("0")
    page.locator(".oi-stage").focus()
    page.locator(".oi-stage").click(position={"x": 2, "y": 2})
    page.keyboard.press("3")
    expect(shapes).to_have_count(_BOXES - 1)
    expect(page.locator("[data-row]:visible")).to_have_count(_BOXES - 1)
    page.keyboard.press("3")
    expect(shapes).to_have_count(_BOXES)
    page.click(".oi-all >> nth=0")
    expect(shapes).to_have_count(0)
    expect(page.locator(".oi-chips span:visible")).to_have_count(0)


def test_arrows_lead_through_the_filter(page: Page, keys: dict[str, int], site: Site) -> None:
    ((task,),) = site.rows("SELECT id FROM openimages_io_task WHERE name = 'scenes'")
    page.goto(f"{ADMIN}/task/{task}/gallery/?subset=validation&ordering=name")
    follow(page, "a[href*='/picture/'] >> nth=0")
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        seen.append(page.locator("#content h1").inner_text())
        with page.expect_navigation():
            page.keyboard.press(key)
    seen.append(page.locator("#content h1").inner_text())
    assert seen == ["autumn", "beach", "cat-window", "beach"]


def test_next_does_not_move_below_the_pointer(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["turn1"])  # the first of its task
    ends = page.locator(".oi-pages .oi-end")
    expect(ends).to_have_text(["Previous"])
    before = place(page.locator("a[rel=next]"))
    follow(page, "a[rel=next]")
    expect(ends).to_have_count(0)
    assert place(page.locator("a[rel=next]")) == before
    view(page, max(keys["crowded"], keys["turn8"]))
    expect(ends).to_have_text(["Next"])
    expect(page.locator("a[rel=prev]")).to_be_visible()


def test_who_comes_back_sees_what_the_boxes_say(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    page.locator(".oi-stage").click(position={"x": 2, "y": 2})
    page.keyboard.press("3")
    expect(page.locator("[data-shape]:visible")).to_have_count(_BOXES - 1)
    follow(page, "text=Edit image")
    with page.expect_navigation():
        page.go_back()
    expect(page.locator(".oi-tools")).to_be_visible()
    checked = page.locator(".oi-legend [name=label]:checked").count()
    expect(page.locator("[data-shape]:visible")).to_have_count(checked)


def test_everything_can_be_done_by_keys(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["cat-sofa"])
    count = page.locator("[data-shape]").count()
    page.locator("[data-do=begin]").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".oi-skip")).to_be_focused()
    expect(page.locator(".oi-skip")).to_be_visible()
    for number in range(count):
        page.keyboard.press("Tab")
        expect(page.locator("[data-shape]").nth(number)).to_be_focused()
    outline = "element => getComputedStyle(element).outlineStyle"
    assert page.locator("[data-shape]").last.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".oi-details")).to_be_hidden()
    expect(page.locator("[data-shape]").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".oi-zoom-fit")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("dialog.oi-keys")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.oi-keys")).to_be_hidden()
    expect(page.locator(".oi-zoom-fit")).to_be_focused()


def test_without_scripts_the_page_is_a_form(browser: Browser, site: Site, keys: dict[str, int]) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page)
    page.goto(f"{ADMIN}/image/{keys['crowded']}/picture/")
    expect(page.locator("[data-shape]")).to_have_count(_BOXES)
    expect(page.locator(".oi-tools")).to_be_hidden()
    page.locator("[name=label]").first.uncheck()
    follow(page, "text=Show these")
    expect(page.locator("[data-shape]")).to_have_count(_BOXES - 1)
    context.close()


def test_on_a_phone_nothing_lies_on_the_legend_and_rows_are_not_empty(page: Page, scenes: int, site: Site) -> None:
    query = "SELECT id FROM openimages_io_image WHERE task_id = ? AND name = 'house-morning'"
    ((image,),) = site.rows(query, scenes)
    page.set_viewport_size({"width": 390, "height": 844})
    view(page, image)
    button, number, row = (
        page.locator(name).first.bounding_box() for name in (".oi-all", ".oi-legend .oi-count", "[data-row]")
    )
    assert button is not None
    assert number is not None
    assert row is not None
    assert button["y"] + button["height"] <= number["y"]
    assert row["height"] < 40


def test_it_is_fit_to_be_seen(page: Page, keys: dict[str, int], looker: Looker) -> None:
    view(page, keys["crowded"])
    page.locator("[data-shape]").first.focus()
    page.keyboard.press("Enter")
    looker.look(page, "viewer")
    page.keyboard.press("?")
    looker.look(page, "viewer-keys")
    assert not looker.faults, "\n".join(looker.faults)
