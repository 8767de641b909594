"""Many images are changed in a browser: cards or the whole filter, by mouse and by keys, shown before it is done."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site

pytestmark = pytest.mark.thorough

ADMIN = "/admin/openimages_io"


@pytest.fixture(scope="module")
def site(browser: Browser, login_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with its login, where a change of few rows is large."""
    made = Site(tmp_path_factory.mktemp("bulk"), DJANGO_SETTINGS_MODULE="tests.browser.bulk_settings")
    shutil.copy(login_database, made.database)
    with made.served():
        yield made
    made.close()


def gallery(scenes: int, query: str = "") -> str:
    return f"{ADMIN}/task/{scenes}/gallery/?{query}"


def labelled(site: Site, name: str) -> int:
    """How many annotations have a label."""
    query = "SELECT COUNT(*) FROM openimages_io_shape s JOIN openimages_io_label l ON l.id = s.label_id"
    ((count,),) = site.rows(f"{query} WHERE l.display_name = '{name}'")
    return int(count)


def test_cards_are_selected_and_relabelled(page: Page, site: Site, scenes: int, looker: Looker) -> None:
    page.goto(gallery(scenes))
    bar, said = page.locator(".oi-bar"), page.locator(".oi-chosen")
    expect(bar).to_be_hidden()
    picks = page.locator(".oi-pick input")
    picks.nth(0).check()
    expect(bar).to_be_visible()
    expect(said).to_have_text("1 image is selected")
    picks.nth(3).click(modifiers=["Shift"])
    expect(said).to_have_text("4 images are selected")
    looker.look(page, "gallery-selected")
    page.get_by_label("Select all on this page").check()
    expect(said).to_have_text(f"{picks.count()} images are selected")
    couches, trees = labelled(site, "Couch"), labelled(site, "Tree")
    follow(page, "text=Relabel…")
    expect(page.locator("#content strong").first).to_have_text("12 selected images")
    page.fill("[name=label]", "Couch")
    page.fill("[name=new_label]", "nothing like it")
    follow(page, "text=Show what would be done")
    expect(page.locator(".errorlist")).to_have_text("The task has no label of this LabelName or display name.")
    looker.look(page, "bulk-fault")
    page.fill("[name=new_label]", "Tree")
    follow(page, "text=Show what would be done")
    button = page.locator(".oi-confirm button")
    expect(button).to_have_text(re.compile("^Relabel [0-9]+ annotations from “Couch” to “Tree”$"))
    looker.look(page, "bulk-relabel")
    number = int(re.search("[0-9]+", button.inner_text())[0])  # type: ignore[index]
    assert (labelled(site, "Couch"), labelled(site, "Tree")) == (couches, trees)
    follow(page, button)
    expect(page.locator(".messagelist .success")).to_contain_text("Relabelled from “Couch” to “Tree”: ")
    looker.look(page, "gallery-changed")
    assert (labelled(site, "Couch"), labelled(site, "Tree")) == (couches - number, trees + number)
    follow(page, "text=See them in the gallery.")
    expect(page.locator(".oi-now .oi-choice")).to_have_text(["Tree, present or absent ×"])
    page.goto(f"{ADMIN}/task/{scenes}/history/")
    expect(page.locator("#change-history")).to_contain_text("Relabelled from “Couch” to “Tree”: ")
    looker.look(page, "history")
    page.set_viewport_size({"width": 390, "height": 844})
    cell = page.locator("#change-history td").last.bounding_box()
    assert cell is not None
    assert cell["width"] > 300


def test_a_change_of_the_whole_filter_that_is_large_is_a_job(
    page: Page, site: Site, scenes: int, looker: Looker
) -> None:
    page.goto(gallery(scenes, "kind=rectangle"))
    page.get_by_label("Select all images that match").check()
    expect(page.locator(".oi-chosen")).to_have_text("All images that match are selected")
    cards = page.locator(".oi-pick input")
    assert [(card.is_checked(), card.is_disabled()) for card in cards.all()] == [(True, True)] * cards.count()
    looker.look(page, "gallery-all-selected")
    follow(page, "text=Delete annotations…")
    expect(page.locator(".oi-choice")).to_have_text(["rectangle"])
    page.fill("[name=label]", "Window")
    follow(page, "text=Show what would be done")
    button = page.locator(".oi-confirm button")
    expect(button).to_have_text(re.compile("^Delete [0-9]+ annotations of “Window”$"))
    expect(page.locator(".oi-outcome")).to_contain_text("This is large, so a job does it")
    looker.look(page, "bulk-delete")
    number, before = int(re.search("[0-9]+", button.inner_text())[0]), labelled(site, "Window")  # type: ignore[index]
    with site.worker():
        follow(page, button)
        expect(page.locator("h1")).to_have_text("Bulk change of “scenes”")
        expect(page.locator(".oi-message")).to_contain_text("Deleted of “Window”: ")
    looker.look(page, "job-bulk")
    assert labelled(site, "Window") == before - number


def test_cards_are_selected_with_all_that_match_and_as_before_without(page: Page, scenes: int) -> None:
    page.goto(gallery(scenes))
    cards, all_cards = page.locator(".oi-pick input"), page.get_by_label("Select all images of the task")
    said, on_page = page.locator(".oi-chosen"), page.get_by_label("Select all on this page")
    cards.nth(1).check()
    for _ in range(2):
        all_cards.check()
        expect(said).to_have_text("All images of the task are selected")
        assert all(card.is_checked() and card.is_disabled() for card in [*cards.all(), on_page])
        all_cards.uncheck()
        expect(said).to_have_text("1 image is selected")
        assert [at for at, card in enumerate(cards.all()) if card.is_checked()] == [1]
        expect(cards.first).to_be_enabled()
    all_cards.check()
    follow(page, "text=Relabel…")
    expect(page.locator("#content strong").first).to_have_text("All images of the task")
    with page.expect_navigation():
        page.go_back()
    expect(said).to_have_text("All images of the task are selected")
    expect(cards.first).to_be_checked()
    all_cards.uncheck()
    expect(cards.first).not_to_be_checked()
    expect(cards.first).to_be_enabled()


def test_by_keys_alone(page: Page, site: Site, scenes: int) -> None:
    page.goto(gallery(scenes))
    page.get_by_label("Select all on this page").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Select all images of the task")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".oi-pick input").first).to_be_focused()
    page.keyboard.press("Space")
    name = page.locator(".oi-name").first.inner_text()
    page.locator(".oi-bar button").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("[name=subset]").focus()
    page.keyboard.type("chosen-by-keys")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".oi-confirm button")).to_have_text("Move 1 image to the subset “chosen-by-keys”")
    page.locator(".oi-confirm button").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("Moved to the subset “chosen-by-keys”: 1 image.")
    assert site.rows("SELECT name FROM openimages_io_image WHERE subset = 'chosen-by-keys'") == [(name,)]


def test_without_scripts_and_on_a_phone(browser: Browser, site: Site, scenes: int) -> None:
    phone = {"width": 390, "height": 844}
    context = browser.new_context(base_url=site.url, java_script_enabled=False, viewport=phone)  # type: ignore[arg-type]
    page = context.new_page()
    log_in(page)
    page.goto(gallery(scenes))
    expect(page.get_by_label("Select all on this page")).to_be_hidden()
    page.locator(".oi-pick input").nth(1).check()
    follow(page, "text=Export…")
    expect(page.locator("#content")).to_contain_text("1 selected image")
    follow(page, "input[value=Export]")
    expect(page.locator(".oi-facts")).to_contain_text("1 selected image")
    context.close()


def test_nothing_serious_is_wrong_with_any_page(looker: Looker) -> None:
    assert looker.faults == []
