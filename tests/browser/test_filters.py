"""A gallery's filter in a browser: facets, an image, the next one, a save, and back; with and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("journey")]

ADMIN = "/admin/openimages_io"


def test_from_a_facet_to_an_image_to_the_next_to_a_save_and_back(
    page: Page, site: Site, scenes: int, looker: Looker
) -> None:
    page.goto(f"{ADMIN}/task/{scenes}/gallery/")
    assert page.locator(".oi-cards").bounding_box()["y"] < 400  # type: ignore[index]  # it is there
    page.click("summary:text-is('Label')")
    expect(page.locator(".oi-facet[open]")).to_have_count(1)
    looker.look(page, "gallery-labels")
    page.keyboard.press("Escape")
    expect(page.locator(".oi-facet[open]")).to_have_count(0)
    expect(page.locator("summary:text-is('Label')")).to_be_focused()
    page.keyboard.press("Enter")
    follow(page, ".oi-facet[open] .oi-choice:has-text('Cat')")
    page.click("summary:text-is('Kind')")
    expect(page.locator(".oi-facet[open]")).to_have_count(1)
    follow(page, ".oi-facet[open] .oi-choice:has-text('rectangle')")
    matching = page.inner_text(".oi-matches")
    number = int(matching.split()[0])
    assert matching == f"{number} images match"
    assert number > 1
    expect(page.locator(".oi-cards li")).to_have_count(number)
    expect(page.locator(".oi-now .oi-choice")).to_have_text(["Cat, present ×", "rectangle ×"])
    looker.look(page, "gallery-filtered")
    follow(page, ".oi-cards a >> nth=0")
    expect(page.locator(".oi-place")).to_have_text(re.compile(rf"^1 of {number} · Cat, present · rectangle$"))
    looker.look(page, "picture-within")
    follow(page, "a[rel=next]")
    expect(page.locator(".oi-place")).to_contain_text(f"2 of {number}")
    there = page.url
    follow(page, "text=Edit image")
    page.fill("[name=width]", page.input_value("[name=width]"))
    follow(page, "input[name=_save]")
    assert page.url == there
    follow(page, "text=Back to the gallery")
    key = there.partition("/image/")[2].partition("/")[0]
    assert page.url.endswith(f"#image-{key}")
    expect(page.locator(".oi-cards li")).to_have_count(number)
    follow(page, ".oi-now .oi-choice >> nth=0")
    expect(page.locator(".oi-now .oi-choice")).to_have_text(["rectangle ×"])


def test_a_filter_needs_no_scripts(browser: Browser, site: Site, scenes: int) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page)
    page.goto(f"{ADMIN}/task/{scenes}/gallery/")
    page.click("summary:text-is('Subset')")
    follow(page, ".oi-facet[open] .oi-choice:has-text('train')")
    expect(page.locator(".oi-matches")).to_have_text("8 images match")
    page.fill("[name=search]", "cat")
    page.select_option("[name=ordering]", "-shape_count")
    follow(page, ".oi-search button")
    assert "subset=train" in page.url
    assert "ordering=-shape_count" in page.url
    expect(page.locator(".oi-now .oi-choice")).to_have_text(["“cat” in the name ×", "train ×"])
    context.close()


def test_nothing_serious_is_wrong_with_any_page(looker: Looker) -> None:
    assert looker.faults == []
