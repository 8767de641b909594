"""Shapes are edited with the keyboard alone: nobody loses the place where they are, and nothing has to be clicked."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import Site
from tests.browser.test_editor import Rows, begin, choose, edited, save, saved
from tests.browser.test_viewer import keys, place, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["edited", "keys", "site", "viewed"]

_SPECS = """
import django, sys
django.setup()
from openimages_io.models import AttributeSpec, Shape
label = Shape.objects.get(pk=sys.argv[1]).label
label.attribute_specs.all().delete()
known = {"age": ("number", [1, 7, 2]), "note": ("text", []), "occluded": ("checkbox", []), "score": ("number", [0, 1])}
for name, (kind, values) in known.items():
    AttributeSpec.objects.create(label=label, name=name, input_type=kind, values=values)
"""

_HOLD = """() => {
  const [ask, held] = [openimages.editor.ask, new Promise(go => { window.answer = go; })];
  openimages.editor.ask = (...asked) => held.then(() => ask(...asked));
}"""
"""What is asked of the site waits until it is let go."""


def a_rectangle(rows: Rows) -> int:
    return int(next(row["id"] for row in rows() if row["kind"] == "rectangle"))


def choose_with_specs(page: Page, rows: Rows, site: Site) -> None:
    """Chooses a rectangle whose label declares attributes of each sort."""
    key = a_rectangle(rows)
    site.do(_SPECS, key)
    page.reload()
    begin(page)
    choose(page, key)


def test_enter_takes_a_label_and_leads_back_to_the_shape(page: Page, edited: Rows) -> None:
    key = a_rectangle(edited)
    shape = page.locator(f"[data-shape='{key}']")
    shape.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("l")
    expect(page.locator(".oi-label")).to_be_focused()
    page.keyboard.type("vehicle")
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details h2")).to_have_text("Vehicle")
    expect(shape).to_be_focused()
    page.keyboard.press("ArrowRight")  # it is the shape that has the keys again
    page.keyboard.press("Control+s")
    saved(page)
    assert page.input_value(".oi-label") == "Vehicle"


def test_a_label_is_found_by_its_labelname(page: Page, edited: Rows, site: Site) -> None:
    ((name,),) = site.rows("SELECT name FROM openimages_io_label WHERE display_name = 'Wheel'")
    choose(page, a_rectangle(edited))
    page.keyboard.press("l")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details h2")).to_have_text("Wheel")


def test_tab_goes_through_all_fields(page: Page, edited: Rows, site: Site) -> None:
    choose_with_specs(page, edited, site)
    fields = page.locator(".oi-panel :is(input, select):visible")
    names = fields.evaluate_all("all => all.filter(one => !one.disabled).map(one => one.name)")
    assert set(names[-4:]) == {"score", "occluded", "age", "note"}
    typed = {"age": "3", "note": "x", "score": "0.5", "x_min": "10", "occluded": "y"}
    fields.first.focus()
    for number, name in enumerate(names):
        assert page.evaluate("document.activeElement.name") == name, names[number - 1]
        if name in typed:
            page.keyboard.press("Control+a")
            page.keyboard.type(typed[name])
        page.keyboard.press("Tab")
    for name, value in {"age": "3", "note": "x", "score": "0.5", "x_min": "10", "occluded": "true"}.items():
        expect(page.locator(f".oi-panel [name={name}]")).to_have_value(value)
    # The words of the table.
    for word in ("Confidence", "Occluded"):
        expect(page.locator(".oi-panel label").filter(has_text=word)).to_be_visible()
        expect(page.locator(".oi-details")).to_contain_text(word)
        expect(page.locator(".oi-shapes thead")).to_contain_text(word)


def test_undo_works_in_a_list_of_choices(page: Page, edited: Rows, site: Site) -> None:
    choose_with_specs(page, edited, site)
    field = page.locator(".oi-attributes [name=occluded]")
    before = field.input_value()
    field.select_option("true" if before == "false" else "false")
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    field.focus()
    page.keyboard.press("Control+z")
    expect(page.locator(".oi-unsaved")).to_have_text("")
    expect(field).to_have_value(before)
    expect(field).to_be_focused()


def test_a_value_that_is_refused_does_not_stay(page: Page, edited: Rows) -> None:
    choose(page, a_rectangle(edited))
    field = page.locator("[name=x_min]")
    before = field.input_value()
    field.fill("99999")
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    expect(field).to_have_value(before)
    expect(page.locator(".oi-unsaved")).to_have_text("")


def test_labels_of_the_whole_image_by_keys(page: Page, edited: Rows) -> None:
    place = page.locator(".oi-tag-edit")
    items = place.locator("li")
    count = items.count()
    # A colour each, of absent ones only the line.
    expect(items.locator("svg.oi-swatch")).to_have_count(count)
    label = page.evaluate("openimages.editor.words.labels.find(one => one.text === 'Cat').color")
    assert items.filter(has_text="Cat").first.locator("svg").get_attribute("style") in {
        f"color: {label};",
        page.evaluate("c => { const e = new Option(); e.style.color = c; return e.getAttribute('style') }", label),
    }
    turn = items.first.locator("[data-action=turn]")
    before = turn.inner_text()
    turn.focus()
    page.keyboard.press("Enter")
    expect(turn).not_to_have_text(before)
    expect(turn).to_be_focused()
    expect(items.first.locator("svg.oi-empty")).to_have_count(int(before == "Absent"))
    page.keyboard.press("Enter")
    expect(turn).to_have_text(before)
    items.first.locator("[data-action=remove]").focus()
    page.keyboard.press("Enter")
    expect(items).to_have_count(count - 1)
    expect(items.first.locator("[data-action=remove]")).to_be_focused()
    place.locator("input").focus()
    page.keyboard.type("House")
    page.keyboard.press("Enter")
    expect(items).to_have_count(count)
    expect(items.last).to_contain_text("House · confidence 1")


def test_places_are_fractions_where_the_size_is_unknown(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    view(page, image)
    begin(page)
    choose(page, int(page.locator("[data-shape][data-kind=rectangle]").first.get_attribute("data-shape") or ""))
    expect(page.locator(".oi-sides")).to_contain_text("Left (px)")
    site.do(_UNSIZED, image, "")
    try:
        page.reload()
        begin(page)
        key = page.locator("[data-shape][data-kind=rectangle]").first.get_attribute("data-shape")
        choose(page, int(key or ""))
        expect(page.locator(".oi-sides")).not_to_contain_text("px")
        ((x_max,),) = site.rows("SELECT x_max FROM openimages_io_shape WHERE id = ?", key)
        assert float(page.input_value("[name=x_max]")) == pytest.approx(x_max, abs=1e-6)
        page.fill("[name=x_max]", str(x_max - 0.015625))
        page.keyboard.press("Tab")
        save(page)
        assert site.rows("SELECT x_max FROM openimages_io_shape WHERE id = ?", key) == [(x_max - 0.015625,)]
    finally:
        site.do(_UNSIZED, image, "again")


_UNSIZED = """
import django, sys
django.setup()
from openimages_io.models import Image
image = Image.objects.get(pk=sys.argv[1])
image.width, image.height = (480, 320) if sys.argv[2] else (None, None)
image.save()
"""


def test_arrows_go_where_they_point_on_a_turned_picture(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["turn2"]
    site.do(_TURNED, image)
    view(page, image, "?rotate=1")
    begin(page)
    shape = page.locator("[data-shape]").first
    choose(page, int(shape.get_attribute("data-shape") or ""))
    x, y, width, height = place(shape)
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    moved = place(shape)
    assert moved[0] == pytest.approx(x, abs=0.5)
    assert moved[1] > y + 2
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    again = place(shape)
    assert again[0] > moved[0] + 2
    assert again[1] == pytest.approx(moved[1], abs=0.5)
    page.keyboard.press("Shift+ArrowRight")
    assert place(shape)[2] > width + 0.5
    assert place(shape)[3] == pytest.approx(height, abs=0.5)
    page.keyboard.press("Control+s")
    saved(page)


_TURNED = """
import django, sys
django.setup()
from openimages_io.models import Image, Shape
Image.objects.filter(pk=sys.argv[1]).update(rotation=90)
Shape.objects.filter(image=sys.argv[1]).update(x_min=0.2, x_max=0.4, y_min=0.2, y_max=0.4)
"""


def test_long_names_break(page: Page, site: Site, keys: dict[str, int]) -> None:
    image = keys["harbour"]
    site.do(_LONG, image)
    view(page, image)
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)
    begin(page)
    assert page.evaluate(wide)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(wide)
    site.do(_LONG, image, "no more")


_LONG = """
import django, sys
django.setup()
from openimages_io.models import Image, Label, Shape
image = Image.objects.get(pk=sys.argv[1])
label, _made = Label.objects.get_or_create(task=image.task, name="/m/long", display_name="long" * 40)
if sys.argv[2:]:
    Shape.objects.filter(label=label).delete()
    label.delete()
else:
    box = dict(task=image.task, image=image, label=label)
    Shape.objects.create(kind="tag", score=1, **box)
    Shape.objects.create(kind="rectangle", x_min=0.1, x_max=0.2, y_min=0.1, y_max=0.2, **box)
"""


def test_an_unknown_label_does_not_take_the_focus_back(page: Page, edited: Rows) -> None:
    key = a_rectangle(edited)
    choose(page, key)
    page.evaluate(_HOLD)
    page.keyboard.press("l")
    page.keyboard.type("no such label")
    page.keyboard.press("Tab")
    shape = page.locator(f"[data-shape='{key}']")
    shape.focus()
    page.evaluate("() => window.answer()")
    expect(page.locator(".oi-status")).to_have_text("The task has no such label.")
    expect(shape).to_be_focused()
