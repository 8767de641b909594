"""A gallery's filter in a browser: facets, an image, the next one, a save, and back; with and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site

pytestmark = pytest.mark.thorough

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


def test_a_save_that_leads_out_of_the_filter_says_so(page: Page, site: Site, scenes: int) -> None:
    page.goto(f"{ADMIN}/task/{scenes}/gallery/")
    page.click("summary:text-is('Label')")
    follow(page, ".oi-facet[open] .oi-choice:has-text('Cat')")
    follow(page, ".oi-cards a >> nth=0")
    where = page.locator(".oi-place")
    expect(where).to_have_text("1 of 2 · Cat, present")
    next_one = page.get_attribute("a[rel=next]", "href")
    page.click("[data-do=begin]")
    expect(page.locator("[data-do=save]")).to_be_visible()
    page.evaluate("""() => {
      const {editor} = openimages;
      const cat = editor.words.labels.find(label => label.text === 'Cat').id;
      for (const [key, shape] of [...editor.now]) if (shape.label === cat) editor.remove(key);
    }""")
    page.keyboard.press("Control+s")
    expect(where).to_have_text("not the 1 image that matches · Cat, present")
    assert page.get_attribute("a[rel=next]", "href") == f"{next_one}#edit"  # Who edits an image edits the next one too.
    follow(page, "a[rel=next]")
    expect(where).to_have_text("1 of 1 · Cat, present")
    expect(page.locator("a[rel=prev]")).to_have_count(0)
    follow(page, "text=Back to the gallery")
    expect(page.locator(".oi-cards li")).to_have_count(1)


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


_UNCOUNTED = """
import django
django.setup()
from openimages_io.models import Image, Label, Shape, Task
task = Task.objects.create(name="nobody has counted")
image = Image.objects.create(task=task, name="one", subset="train")
label = Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")
Shape.objects.bulk_create(Shape(task=task, image=image, label=label, kind="tag") for _ in range(2001))
"""


def test_the_list_of_tasks_counts_what_nobody_has_counted(page: Page, site: Site) -> None:
    site.do(_UNCOUNTED)
    page.goto("/admin/openimages_io/task/")
    row = page.locator("#result_list tr").filter(has_text="nobody has counted")
    expect(row.locator(".field-annotations")).to_have_text("2,001 tags")
    expect(row.locator(".field-images")).to_have_text("1")
