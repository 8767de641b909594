"""Two people edit one image, sessions end, and answers come late: nothing is overwritten, and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from tests.browser.conftest import follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site
from tests.browser.test_editor import begin, choose, drag, draw, other_user_saves, rows_of, save, saved, sides
from tests.browser.test_viewer import keys, site, view, viewed

pytestmark = pytest.mark.thorough

__all__ = ["keys", "site", "viewed"]

Rows = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def boxes(page: Page, site: Site, keys: dict[str, int], expected: set[int]) -> list[int]:
    """Five boxes on a picture of their own, which is edited."""
    expected.add(412)
    image = keys["turn5"]
    site.do(_BOXES, str(image))
    view(page, image)
    begin(page)
    return [row["id"] for row in rows_of(site, image)]


_BOXES = """
import django, sys
django.setup()
from openimages_io.models import Image, Shape
image = Image.objects.get(pk=sys.argv[1])
image.shapes.all().delete()
label = image.task.labels.get(name="Red")
for place in range(5):
    x = 0.05 + place * 0.18
    Shape.objects.create(task=image.task, image=image, label=label, kind="rectangle", attributes={},
                         x_min=x, x_max=x + 0.12, y_min=0.3, y_max=0.6)
"""


@contextmanager
def logged_in(browser: Browser, site: Site, name: str) -> Iterator[Page]:
    """Another user, in a browser of their own."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 860})
    tab = context.new_page()
    log_in(tab, name)
    yield tab
    context.close()


@pytest.fixture
def colleague(browser: Browser, site: Site) -> Iterator[Page]:
    """Somebody who may do as much."""
    site.do(_COLLEAGUE)
    with logged_in(browser, site, "colleague") as tab:
        yield tab


_COLLEAGUE = """
import django
django.setup()
from django.contrib.auth.models import User
if not User.objects.filter(username="colleague").exists():
    User.objects.create_superuser("colleague", password="admin")
"""


def test_two_people_edit_one_image(
    page: Page, site: Site, boxes: list[int], colleague: Page, keys: dict[str, int], looker: Looker
) -> None:
    image = keys["turn5"]
    first, second, third, fourth, fifth = boxes
    view(colleague, image)
    begin(colleague)

    # The colleague moves two, deletes one that we change, and one that we leave alone is moved, too.
    drag(colleague, (0.11, 0.45), (0.11, 0.2))
    choose(colleague, first)
    drag(colleague, (0.11, 0.45), (0.11, 0.25))
    choose(colleague, second)
    drag(colleague, (0.29, 0.45), (0.29, 0.25))
    choose(colleague, third)
    colleague.keyboard.press("Delete")
    choose(colleague, fourth)
    colleague.keyboard.press("ArrowUp")
    choose(colleague, fifth)
    colleague.keyboard.press("ArrowUp")
    save(colleague)

    # We move the first two and the third, delete the fourth, and draw one.
    for key, x in ((first, 0.11), (second, 0.29), (third, 0.47)):
        choose(page, key)
        drag(page, (x, 0.45), (x, 0.75))
    choose(page, fourth)
    page.keyboard.press("Delete")
    draw(page, (0.1, 0.05), (0.3, 0.15))
    theirs = {row["id"]: row for row in rows_of(site, image)}
    page.keyboard.press("Control+s")

    asked = page.locator(".oi-conflict")
    expect(asked).to_be_focused()
    lines = asked.locator("ol li")
    expect(lines).to_have_count(4)
    expect(asked.locator(".oi-theirs-too")).to_contain_text("1 change of theirs")
    expect(page.locator(".oi-both text").filter(has_text="yours")).to_have_text(["1 yours", "2 yours", "3 yours"])
    expect(page.locator(".oi-both text").filter(has_text="theirs")).to_have_text(
        ["+ theirs", "1 theirs", "2 theirs", "4 theirs"]
    )
    dashes = page.eval_on_selector_all(
        ".oi-both .oi-line",
        "lines => lines.map(line => [line.classList.contains('oi-theirs'), getComputedStyle(line).strokeDasharray])",
    )
    assert {(is_theirs, dash != "none") for is_theirs, dash in dashes} == {(True, True), (False, False)}
    mine, other = (page.locator(f".oi-both .oi-line.oi-{side}").nth(1) for side in ("mine", "theirs"))
    assert mine.bounding_box() != other.bounding_box()
    expect(lines.nth(2)).to_contain_text("Take theirs: deleted")
    expect(lines.nth(3)).to_contain_text("Keep mine: deleted")
    looker.look(page, "editor-both")

    # Nothing is saved or changed before all is decided.
    expect(asked.locator("[data-do=decided]")).to_be_disabled()
    page.keyboard.press("Control+s")
    page.keyboard.press("Delete")
    page.keyboard.press("r")
    drag(page, (0.6, 0.1), (0.7, 0.2))
    assert {row["id"]: row for row in rows_of(site, image)} == theirs
    lines.nth(0).locator("[value=mine]").check()
    lines.nth(1).locator("[value=theirs]").check()
    lines.nth(2).locator("[value=mine]").check()
    expect(asked.locator("[data-do=decided]")).to_be_disabled()
    lines.nth(3).locator("[value=theirs]").check()
    looker.keep(page, "editor-both-chosen")
    asked.locator("[data-do=decided]").click()
    saved(page)
    expect(asked).to_be_hidden()
    expect(page.locator(".oi-both")).to_have_count(0)
    after = {row["id"]: row for row in rows_of(site, image)}
    assert sides(after[first])[2] == pytest.approx(0.6, abs=0.01)
    assert after[second] == theirs[second]
    assert after[fourth] == theirs[fourth]
    assert after[fifth] == theirs[fifth]
    new = [row for key, row in after.items() if key not in theirs]
    assert len(new) == 2  # the third, which they had deleted, and the drawn one
    assert sorted(round(sides(row)[2], 1) for row in new) == [0.1, 0.6] or sorted(
        round(sides(row)[0], 2) for row in new
    ) == pytest.approx([0.1, 0.41], abs=0.02)

    # The one who saved first meets it the same way, and all may be theirs.
    choose(colleague, first)
    colleague.keyboard.press("ArrowDown")
    colleague.keyboard.press("Control+s")
    expect(colleague.locator(".oi-conflict ol li")).to_have_count(1)
    colleague.locator(".oi-conflict [data-all=theirs]").click()
    colleague.locator(".oi-conflict [data-do=decided]").click()
    expect(colleague.locator(".oi-status")).to_contain_text("Theirs are taken")
    expect(colleague.locator(".oi-unsaved")).to_have_text("")
    assert {row["id"]: row for row in rows_of(site, image)} == after
    assert not looker.faults, "\n".join(looker.faults)


def test_to_decide_later_loses_nothing(page: Page, site: Site, boxes: list[int], keys: dict[str, int]) -> None:
    choose(page, boxes[0])
    page.keyboard.press("ArrowRight")
    mine = page.locator(f"[data-shape='{boxes[0]}']").get_attribute("x")
    other_user_saves(page, {"update": [{"id": boxes[0], "y_max": 0.9}]})
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-conflict")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".oi-conflict")).to_be_hidden()
    expect(page.locator(".oi-both")).to_have_count(0)
    expect(page.locator(f"[data-shape='{boxes[0]}']")).to_be_visible()
    assert page.locator(f"[data-shape='{boxes[0]}']").get_attribute("x") == mine
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-conflict ol li")).to_have_count(1)
    # A third save, while they decide, is met once more.
    other_user_saves(page, {"update": [{"id": boxes[0], "y_max": 0.95}]})
    page.locator(".oi-conflict [data-all=mine]").click()
    page.locator(".oi-conflict [data-do=decided]").click()
    expect(page.locator(".oi-conflict ol li")).to_contain_text("1330")
    page.locator(".oi-conflict [data-all=mine]").click()
    page.locator(".oi-conflict [data-do=decided]").click()
    saved(page)
    row = rows_of(site, keys["turn5"])[0]
    assert sides(row)[3] == 0.6


def test_mine_keeps_what_only_they_have_changed(page: Page, site: Site, boxes: list[int], keys: dict[str, int]) -> None:
    image = keys["turn5"]
    site.run("-c", _SPEC, str(image))
    choose(page, boxes[0])
    page.keyboard.press("ArrowRight")
    page.evaluate("key => openimages.editor.change(key, {score: 0.5})", str(boxes[0]))
    theirs = {"id": boxes[0], "occluded": True, "source": "freeform", "score": 0.25, "attributes": {"truncated": True}}
    other_user_saves(page, {"update": [theirs]})
    page.keyboard.press("Control+s")
    line = page.locator(".oi-conflict ol li")
    expect(line.locator("label").nth(0)).to_contain_text("Confidence: 0.5")
    expect(line.locator("label").nth(0)).not_to_contain_text("Occluded")
    page.locator(".oi-conflict [data-all=mine]").click()
    page.locator(".oi-conflict [data-do=decided]").click()
    saved(page)
    query = "SELECT x_min, score, occluded, source, truncated FROM openimages_io_shape WHERE id = ?"
    ((x_min, *rest),) = site.rows(query, boxes[0])
    assert x_min > 0.05
    assert rest == [0.5, 1, "freeform", 1]


_SPEC = """
import django, sys
django.setup()
from openimages_io.models import AttributeSpec, Image
label = Image.objects.get(pk=sys.argv[1]).task.labels.get(name="Red")
AttributeSpec.objects.get_or_create(label=label, name="truncated", defaults={"input_type": "checkbox"})
"""


def test_a_mask_that_somebody_has_deleted_cannot_be_kept(
    page: Page, site: Site, keys: dict[str, int], expected: set[int]
) -> None:
    expected.add(412)
    image = keys["cat-sofa"]
    view(page, image)
    begin(page)
    mask = next(row for row in rows_of(site, image) if row["kind"] == "mask")
    choose(page, mask["id"])
    page.fill(".oi-label", "vehicle")
    page.keyboard.press("Enter")
    expect(page.locator(".oi-details h2")).to_have_text("Vehicle")
    page.locator(".oi-label").blur()
    other_user_saves(page, {"delete": [mask["id"]]})
    page.keyboard.press("Control+s")
    line = page.locator(".oi-conflict ol li")
    expect(line).to_contain_text("its pixels are gone")
    expect(line.locator("[value=mine]")).to_be_disabled()
    expect(line.locator("[value=theirs]")).to_be_checked()
    page.locator(".oi-conflict [data-do=decided]").click()
    expect(page.locator(".oi-status")).to_contain_text("Theirs are taken")


def test_both_give_the_image_one_label(page: Page, site: Site, boxes: list[int], keys: dict[str, int]) -> None:
    label = page.evaluate("openimages.editor.words.labels[0]")
    place = page.locator(".oi-tag-edit")
    for score, is_asked in ((1, False), (0, True)):
        place.locator("input").fill(label["text"])
        place.locator("button[value='1']").click()
        expect(place.locator("li")).to_have_count(1)
        page.evaluate("document.activeElement.blur()")
        other_user_saves(page, {"create": [{"kind": "tag", "label": label["id"], "score": score}]})
        page.keyboard.press("Control+s")
        expect(page.locator(".oi-conflict")).to_be_visible()
        expect(page.locator(".oi-conflict ol li")).to_have_count(int(is_asked))
        if is_asked:
            expect(page.locator(".oi-conflict ol li")).to_contain_text(f"Take theirs: {label['text']}, absent")
            page.locator(".oi-conflict [data-all=mine]").click()
        page.locator(".oi-conflict [data-do=decided]").click()
        expect(page.locator(".oi-conflict")).to_be_hidden()
        expect(page.locator(".oi-unsaved")).to_have_text("")
        tags = [row for row in rows_of(site, keys["turn5"]) if row["kind"] == "tag"]
        assert [tag["score"] for tag in tags] == [1]
        place.locator("li").get_by_text("Remove").click()
        page.evaluate("document.activeElement.blur()")
        save(page)


def test_what_is_edited_while_a_save_is_awaited_is_not_lost(
    page: Page, site: Site, boxes: list[int], keys: dict[str, int]
) -> None:
    held: list[Route] = []
    page.route("**/shapes/", lambda route: held.append(route))  # noqa: PLW0108  (a built-in method is refused)
    choose(page, boxes[0])
    page.keyboard.press("ArrowDown")
    draw(page, (0.1, 0.05), (0.3, 0.15))
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-status")).to_have_text("Saving …")
    expect(page.locator("[data-do=stop]")).to_be_disabled()
    page.keyboard.press("ArrowRight")  # the new one, further
    choose(page, boxes[0])
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    choose(page, boxes[1])
    page.keyboard.press("Delete")
    draw(page, (0.5, 0.05), (0.6, 0.15))
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.unroute("**/shapes/")
    expect(page.locator(".oi-status")).to_contain_text("Saved: 2 changes.")
    expect(page.locator(".oi-unsaved")).to_have_text("4 changes are not saved.")
    before = {row["id"]: row for row in rows_of(site, keys["turn5"])}
    assert boxes[1] in before
    save(page)
    after = {row["id"]: row for row in rows_of(site, keys["turn5"])}
    assert boxes[1] not in after
    assert sides(after[boxes[0]])[2] > sides(before[boxes[0]])[2]
    (moved,) = before.keys() - set(boxes)
    assert sides(after[moved])[0] > sides(before[moved])[0]
    assert len(after) == len(boxes) - 1 + 2


def test_a_session_that_ended_loses_nothing(
    page: Page, site: Site, boxes: list[int], keys: dict[str, int], expected: set[int]
) -> None:
    expected |= {401, 403}
    choose(page, boxes[0])
    page.keyboard.press("ArrowDown")
    tab = page.context.new_page()
    tab.goto("/admin/")
    follow(tab, "#logout-form button")
    page.click("[data-do=save]")
    expect(page.locator(".oi-status.oi-fault")).to_contain_text("log in again in another tab")
    expect(page.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
    log_in(tab)  # with a new token, which this page doesn't have
    tab.close()
    page.click("[data-do=save]")
    saved(page)
    assert sides(rows_of(site, keys["turn5"])[0])[2] > 0.3


def test_what_one_user_has_begun_is_not_saved_as_anothers(
    page: Page, site: Site, boxes: list[int], keys: dict[str, int], expected: set[int]
) -> None:
    expected |= {401, 403}
    site.run("-c", _COLLEAGUE)
    choose(page, boxes[0])
    page.keyboard.press("ArrowDown")
    tab = page.context.new_page()
    tab.goto("/admin/")
    tab.click("#logout-form button")
    tab.wait_for_load_state()
    log_in(tab, "colleague")
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", refuse)
    page.click("[data-do=save]")
    expect(page.locator(".oi-status.oi-fault")).to_contain_text("logged in as colleague now, not as admin")
    assert asked == ["You began as admin and are logged in as colleague now. Go on as colleague?"]
    assert sides(rows_of(site, keys["turn5"])[0])[2] == 0.3
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-do=save]")
    saved(page)
    assert sides(rows_of(site, keys["turn5"])[0])[2] > 0.3
    tab.goto("/admin/")
    tab.click("#logout-form button")
    tab.close()


def test_a_permission_that_was_taken_away_is_said(
    browser: Browser, site: Site, boxes: list[int], keys: dict[str, int]
) -> None:
    with editor(browser, site, keys["turn5"], "change_shape") as tab:
        choose(tab, boxes[0])
        tab.keyboard.press("ArrowDown")
        site.do(_EDITOR, "remove", "change_shape")
        tab.click("[data-do=save]")
        expect(tab.locator(".oi-status.oi-fault")).to_contain_text("Nothing was lost")
        expect(tab.locator(".oi-unsaved")).to_have_text("1 change is not saved.")
        assert sides(rows_of(site, keys["turn5"])[0])[2] == 0.3


def test_what_they_have_deleted_is_not_said_to_be_drawn(page: Page, boxes: list[int], expected: set[int]) -> None:
    expected.add(412)
    label = page.evaluate("openimages.editor.words.labels[0]")
    choose(page, boxes[0])
    page.keyboard.press("ArrowRight")
    tag = {"kind": "tag", "label": label["id"], "score": 0}
    other_user_saves(page, {"delete": [boxes[1]], "create": [tag]})
    page.keyboard.press("Control+s")
    expect(page.locator(".oi-theirs-too")).to_have_text(
        f"Also theirs: {label['text']}, deleted; {label['text']}, absent."
    )
    page.locator(".oi-conflict [data-do=decided]").click()
    saved(page)


def test_what_a_user_may_not_do_is_said(browser: Browser, site: Site, boxes: list[int], keys: dict[str, int]) -> None:
    for verb in ("add", "delete"):
        with editor(browser, site, keys["turn5"], f"{verb}_shape") as tab:
            choose(tab, boxes[0])
            expect(tab.locator(".oi-label")).to_be_enabled(enabled=verb == "add")
            tab.keyboard.press("ArrowDown")
            expect(tab.locator(".oi-status")).to_have_text("You may not change this shape.")
            if verb == "add":
                before = tab.input_value(".oi-label")
                tab.fill(".oi-label", "Label1")
                tab.keyboard.press("Enter")
                expect(tab.locator(".oi-label")).to_have_value(before)
            expect(tab.locator(".oi-unsaved")).to_have_text("")


@contextmanager
def editor(browser: Browser, site: Site, image: int, permission: str) -> Iterator[Page]:
    """Somebody with this permission, who has begun to edit the image."""
    site.do(_EDITOR, "add", permission)
    with logged_in(browser, site, "editor") as tab:
        view(tab, image)
        begin(tab)
        yield tab


_EDITOR = """
import django, sys
django.setup()
from django.contrib.auth.models import Permission, User
user, made = User.objects.get_or_create(username="editor", is_staff=True)
user.set_password("admin")
if made:
    user.save()
ours = Permission.objects.filter(content_type__app_label="openimages_io")
user.user_permissions.set(ours.filter(codename__startswith="view"))
others = ours.filter(codename=sys.argv[2])
if sys.argv[1] == "remove":
    user.user_permissions.remove(*others)
else:
    user.user_permissions.add(*others)
"""
