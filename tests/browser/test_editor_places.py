"""The editor on a phone, where the picture comes first, and from image to image, where it goes along."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import at_rest, follow
from tests.browser.serving import Site
from tests.browser.test_editor import begin, draw, save
from tests.browser.test_viewer import ADMIN, keys, place, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["keys", "site", "viewed"]

_PHONE: Any = {"width": 390, "height": 844}


def test_on_a_phone_the_picture_stands_at_the_top_and_every_tool_is_under_a_finger(
    page: Page, browser: Browser, site: Site, keys: dict[str, int]
) -> None:
    context = browser.new_context(base_url=site.url, viewport=_PHONE, has_touch=True)
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]  # what it gives, it takes
    phone = context.new_page()
    view(phone, keys["cat-sofa"])
    assert place(phone.locator(".oi-stage"))[1] < 480
    assert phone.locator(".oi-tools").evaluate("tools => tools.scrollWidth - tools.clientWidth") == 0  # none is cut off
    phone.tap("[data-do=begin]")
    expect(phone.locator("[data-do=save]")).to_be_in_viewport()
    at_rest(phone)
    _, top, _, high = place(phone.locator(".oi-stage"))
    assert top < 150
    assert top + high < _PHONE["height"]
    for tool in phone.locator(".oi-edit button:visible, .oi-edit input:visible").all():
        assert place(tool)[3] >= 40, tool.inner_text()
        tool.scroll_into_view_if_needed()
        expect(tool).to_be_in_viewport(ratio=1)
    phone.tap("[data-tool=rectangle]")
    expect(phone.locator("[data-tool=rectangle]")).to_have_attribute("aria-pressed", "true")
    # The tools stay with the picture until that has gone by.
    phone.evaluate("() => window.scrollBy(0, 100)")
    at_rest(phone)
    assert place(phone.locator("[data-tool=select]"))[1] >= 0
    assert phone.evaluate("document.scrollingElement.scrollWidth") == _PHONE["width"]
    context.close()


def test_who_edits_goes_on_editing_with_the_next_image(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"])
    begin(page)
    draw(page, (0.1, 0.2), (0.3, 0.5))
    save(page)
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-do=save]")).to_be_visible()
    assert f"/{keys['crowded']}/" not in page.url
    follow(page, "a[rel=next]")
    assert f"/{keys['crowded']}/" in page.url
    expect(page.locator("[data-do=save]")).to_be_visible()
    page.click("[data-do=stop]")
    expect(page.locator("[data-do=begin]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-do=begin]")).to_be_visible()
    follow(page, "a[rel=prev]")
    expect(page.locator("[data-do=begin]")).to_be_visible()
    assert page.locator("[data-do=save]").is_hidden()


def test_the_next_image_asks_before_it_takes_unsaved_work(page: Page, keys: dict[str, int]) -> None:
    view(page, keys["crowded"], "?within=subset%3Dtrain")
    begin(page)
    draw(page, (0.1, 0.2), (0.3, 0.5))
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.click("a[rel=prev]", no_wait_after=True)
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert f"{ADMIN}/image/{keys['crowded']}/picture/?within=subset%3Dtrain" in page.url
    page.remove_listener("dialog", stay)
    page.on("dialog", lambda dialog: dialog.accept())
    follow(page, "a[rel=prev]")
    assert page.url.endswith("?within=subset%3Dtrain#edit")
    expect(page.locator("[data-do=save]")).to_be_visible()
