"""The table of shapes below the picture, while they are edited: it always has what is drawn."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import Site
from tests.browser.test_editor import at, begin, choose, draw, edited, rows_of, save
from tests.browser.test_viewer import keys, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["edited", "keys", "site", "viewed"]


def test_a_new_shape_has_a_row_at_once(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    view(page, image)
    begin(page)
    rows = page.locator(".oi-shapes tbody tr:visible")
    count = rows.count()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    row = rows.last
    expect(rows).to_have_count(count + 1)
    name = page.input_value(".oi-label")
    expect(row.locator("th")).to_contain_text(name)
    expect(row.locator(".oi-mark")).to_have_text("not saved")
    expect(row).to_have_class("oi-selected")
    assert [float(cell) for cell in row.locator(".oi-number").all_inner_texts()[:4]] == pytest.approx(
        [0.1, 0.3, 0.2, 0.5], abs=0.006
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(rows).to_have_count(count)
    page.keyboard.press("Control+y")
    expect(rows).to_have_count(count + 1)
    # Selected by either.
    row.locator("td").first.click()
    expect(page.locator("[data-shape^=new-].oi-selected")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(row).not_to_have_class("oi-selected")
    page.mouse.click(*at(page, 0.12, 0.22))
    save(page)
    new = rows_of(site, image)[-1]["id"]
    expect(row).to_have_attribute("data-row", str(new))
    expect(row).to_have_id(f"oi-row-{new}")
    expect(row.locator(".oi-mark")).to_have_count(0)
    expect(row.locator("th a")).to_have_attribute("href", f"/admin/openimages_io/shape/{new}/change/?within=%26")
    choose(page, new)
    page.keyboard.press("Delete")
    expect(rows).to_have_count(count)
    save(page)


def test_a_row_follows_its_shape(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    view(page, image)
    begin(page)
    shape = next(row for row in rows_of(site, image) if row["kind"] == "rectangle")
    row = page.locator(f"[data-row='{shape['id']}']")
    before = row.inner_text()
    choose(page, shape["id"])
    page.keyboard.press("ArrowRight")
    expect(row.locator(".oi-mark")).to_have_count(1)
    assert float(row.locator(".oi-number").first.inner_text()) > shape["x_min"]
    page.keyboard.press("Control+z")
    expect(row.locator(".oi-mark")).to_have_count(0)
    assert row.inner_text() == before
    page.keyboard.press("Delete")
    expect(row).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(row).to_be_visible()


def test_the_first_shape_of_an_image_and_the_last(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["turn4"]
    site.do(_EMPTY, str(image))
    view(page, image)
    expect(page.locator(".oi-no-shapes")).to_be_visible()
    begin(page)
    page.fill(".oi-label", "Red")
    page.keyboard.press("Enter")
    page.locator(".oi-label").blur()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    expect(page.locator(".oi-shapes tbody tr")).to_have_count(1)
    expect(page.locator(".oi-no-shapes")).to_be_hidden()
    save(page)
    page.keyboard.press("Delete")
    expect(page.locator(".oi-no-shapes")).to_be_visible()
    expect(page.locator(".oi-shapes")).to_be_hidden()
    save(page)


_EMPTY = """
import django, sys
django.setup()
from openimages_io.models import Shape
Shape.objects.filter(image=sys.argv[1]).delete()
"""


def test_the_legend_counts_what_is_drawn(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    view(page, image)
    begin(page)
    other = page.evaluate("fetch(document.querySelector('.oi-edit').dataset.labels + '?q=').then(got => got.json())")
    names = page.locator(".oi-legend [data-field=label] .oi-text").all_inner_texts()
    new = next(label["text"] for label in other["labels"] if label["text"] not in names)
    count = page.locator(".oi-legend [data-field=label] .oi-count").first
    before = int(count.inner_text())
    page.fill(".oi-label", names[0])
    page.keyboard.press("Enter")
    page.locator(".oi-label").blur()
    draw(page, (0.1, 0.2), (0.3, 0.5))
    expect(count).to_have_text(str(before + 1))
    page.fill(".oi-label", new)
    page.keyboard.press("Enter")
    page.locator(".oi-label").blur()
    expect(count).to_have_text(str(before))
    line = page.locator(".oi-legend [data-field=label] label").filter(has_text=new)
    expect(line.locator(".oi-count")).to_have_text("1")
    kinds = page.locator(".oi-legend [data-field=kind] .oi-text").all_inner_texts()
    page.keyboard.press("p")
    for x, y in ((0.2, 0.2), (0.6, 0.2), (0.5, 0.9)):
        page.mouse.click(*at(page, x, y))
    page.keyboard.press("Enter")
    assert "polygon" not in kinds
    polygons = page.locator(".oi-legend [data-field=kind] label").filter(has_text="polygon")
    expect(polygons.locator(".oi-count")).to_have_text("1")
    polygons.locator("input").uncheck()
    expect(page.locator("[data-shape^=new-][data-kind=polygon]")).to_be_hidden()
    expect(page.locator("[data-row^=new-][data-kind=polygon]")).to_be_hidden()
    page.keyboard.press("Control+z")
    line.locator("input").uncheck()
    expect(page.locator("[data-shape^=new-]")).to_be_hidden()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(line.locator(".oi-count")).to_have_text("0")
