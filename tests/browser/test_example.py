"""The example frontend in a real browser, from an origin of its own, on Django's server and on one for production."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.browser.page_checks import Looker
from tests.browser.serving import NAME, PASSWORD, Site
from tests.conftest import ROOT
from tests.jobs.sites import until
from tests.jobs.test_demo import answers, free_port

pytestmark = pytest.mark.thorough

_SPECS = """
import django
django.setup()
from openimages_io.models import AttributeSpec, Label
cat = Label.objects.get(display_name="Cat")
for name, kind, values, default in (
    ("pose", "radio", ["sits", "runs"], "sits"),
    ("fur", "select", ["short", "long", "<b>none</b>"], None),
    ("age", "number", [0, 30, 0.5], None),
    ("tail", "text", [], None),
    ("tame", "checkbox", [], None),
):
    AttributeSpec.objects.create(label=cat, name=name, input_type=kind, values=values, default_value=default)
"""
_PLACE = {"left": 0.2, "right": 0.45, "top": 0.3, "bottom": 0.7}


@dataclass
class Example:
    """The example on its origin, and the site that it asks."""

    url: str
    site: Site

    def boxes(self, image: str) -> dict[int, list[Any]]:
        """The rectangles of an image, as they are stored."""
        query = (
            "SELECT s.id, l.display_name, x_min, x_max, y_min, y_max, s.attributes FROM openimages_io_shape s "
            "JOIN openimages_io_image i ON i.id = s.image_id JOIN openimages_io_label l ON l.id = s.label_id "
            "WHERE i.name = ? AND s.kind = 'rectangle' ORDER BY s.id"
        )
        return {key: row for key, *row in self.site.rows(query, image)}

    def others(self, image: str) -> list[tuple[Any, ...]]:
        """What the example knows nothing of."""
        query = (
            "SELECT s.* FROM openimages_io_shape s JOIN openimages_io_image i ON i.id = s.image_id "
            "WHERE i.name = ? AND s.kind <> 'rectangle' ORDER BY s.id"
        )
        return self.site.rows(query, image)

    def patch(self, image: str, body: dict[str, Any]) -> None:
        """Somebody else saves."""
        ((key,),) = self.site.rows("SELECT id FROM openimages_io_image WHERE name = ?", image)
        login = {"username": NAME, "password": PASSWORD}
        token = self._send("POST", "/api/token/", login, {})["token"]
        self._send("PATCH", f"/api/v1/images/{key}/shapes/", body, {"Authorization": f"Bearer {token}"})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310  (our own site)
            self.site.url + path,
            json.dumps(body).encode(),
            headers | {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


@pytest.fixture(scope="module", params=["runserver", "gunicorn"])
def example(
    browser: Browser, login_database: Path, tmp_path_factory: pytest.TempPathFactory, request: Any
) -> Iterator[Example]:
    """The demo site with the example data set, and the example beside it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    site = Site(tmp_path_factory.mktemp("site"), CORS_ALLOWED_ORIGINS=url)
    shutil.copy(login_database, site.database)
    site.run("manage.py", "import_openimages", "fixtures/scenes", "--task", "scenes", "--no-progress")
    site.do(_SPECS)
    served = site.served() if request.param == "runserver" else site.served_by_gunicorn()
    files = subprocess.Popen([sys.executable, "-m", "project.example", str(port), site.url], cwd=ROOT)
    try:
        until(lambda: answers(port, "/site.json"), 180, what="the example")
        with served:
            yield Example(url, site)
    finally:
        files.terminate()
        files.wait()
        site.close()


@pytest.fixture
def said() -> list[str]:
    """What the browser complains of: scripts that fail, policies that are broken, requests that are refused."""
    return []


@pytest.fixture
def page(browser: Browser, example: Example, said: list[str]) -> Iterator[Page]:
    """The example, with somebody logged in."""
    context = browser.new_context(base_url=example.url, viewport={"width": 1280, "height": 860})
    tab = context.new_page()

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    tab.on("console", complain)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("requestfailed", lambda asked: said.append(f"{asked.url}: {asked.failure}"))
    tab.goto("/")
    log_in(tab)
    yield tab
    context.close()


def log_in(page: Page) -> None:
    page.fill("[name=username]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.click("#login button")
    expect(page.locator("#name")).to_have_text(re.compile("."))


def open_image(page: Page, name: str) -> None:
    """Goes on until that image is shown, and its picture is loaded."""
    for _ in range(12):
        if page.locator("#name").inner_text() == name:
            break
        before = page.locator("#name").inner_text()
        page.click("#next")
        expect(page.locator("#name")).not_to_have_text(before)
    expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#work")).not_to_have_attribute("inert", "")
    assert page.evaluate("document.querySelector('#picture').decode().then(() => true)")


def draw(page: Page, left: float, right: float, top: float, bottom: float) -> None:
    """Draws a box with the mouse, in fractions of the picture."""
    place = page.locator("#boxes").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + left * place["width"], place["y"] + top * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + right * place["width"] - 9, place["y"] + bottom * place["height"] - 9)
    page.mouse.move(place["x"] + right * place["width"], place["y"] + bottom * place["height"])
    page.mouse.up()


def field(page: Page, name: str) -> Locator:
    """An input of the form of a box."""
    return page.locator("#box").get_by_label(name, exact=True)


def save(page: Page) -> None:
    page.click("#save")
    expect(page.locator("#message")).to_have_text("Saved.")
    expect(page.locator("#work")).not_to_have_attribute("inert", "")


def test_it_says_that_it_loads_and_saves(page: Page) -> None:
    page.evaluate(
        "() => { const [ask, held] = [window.fetch, new Promise(go => { window.answer = go; })];"
        " window.fetch = (...asked) => held.then(() => ask(...asked)); }"
    )
    message = page.locator("#message")
    before = page.locator("#name").inner_text()
    page.click("#next")
    expect(message).to_have_text("Loading…")
    page.evaluate("() => window.answer()")
    expect(page.locator("#name")).not_to_have_text(before)
    expect(message).to_have_text("")


def test_a_person_logs_in_draws_labels_saves_and_goes_on(
    page: Page, example: Example, said: list[str], looker: Looker
) -> None:
    open_image(page, "cat-sofa")
    before, others = example.boxes("cat-sofa"), example.others("cat-sofa")
    expect(page.locator("#list button")).to_have_count(len(before))
    expect(page.locator("#boxes rect[data-index]")).to_have_count(len(before))
    draw(page, **_PLACE)
    expect(page.locator("#label")).to_be_focused()
    page.select_option("#label", label="Cat")
    expect(field(page, "sits")).to_be_checked()  # its default
    field(page, "runs").check()
    page.get_by_role("combobox", name="fur").select_option(label="<b>none</b>")
    field(page, "age").fill("2.5")
    field(page, "tail").fill("long")
    tame = field(page, "tame")
    for state in (True, False, None, True):  # None is unknown, as at first
        tame.click()
        assert tame.evaluate("box => box.indeterminate ? null : box.checked") is state
    looker.look(page, "example", content="body")
    save(page)
    new = {key: row for key, row in example.boxes("cat-sofa").items() if key not in before}
    ((label, *sides, attributes),) = new.values()
    assert label == "Cat"
    assert sides == pytest.approx([*_PLACE.values()], abs=0.003)
    assert json.loads(attributes) == {"pose": "runs", "fur": "<b>none</b>", "age": 2.5, "tail": "long", "tame": True}
    assert {key: row for key, row in example.boxes("cat-sofa").items() if key in before} == before
    assert example.others("cat-sofa") == others  # masks, tags and polygons are as they were
    page.locator("#list button").last.click()
    tame.click()
    tame.click()
    save(page)
    ((_label, *_sides, attributes),) = (row for key, row in example.boxes("cat-sofa").items() if key in new)
    assert "tame" not in json.loads(attributes)
    page.click("#save")
    expect(page.locator("#message")).to_have_text("Nothing has changed.")
    page.click("#next")
    expect(page.locator("#name")).to_have_text("boats-day")
    page.click("#previous")
    expect(page.locator("#name")).to_have_text("cat-sofa")
    expect(page.locator("#list button")).to_have_count(len(before) + 1)
    assert not said, said


def test_without_a_mouse(page: Page, example: Example, said: list[str]) -> None:
    open_image(page, "harbour")
    before = example.boxes("harbour")
    page.focus("#add")
    page.keyboard.press("Enter")
    expect(page.locator("#label")).to_be_focused()
    page.keyboard.press("3")
    label = page.locator("#label option:checked").inner_text()
    assert label == page.locator("#label option").nth(2).inner_text()
    field(page, "Right, %").fill("80")
    page.keyboard.press("Tab")
    page.focus("#save")
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_have_text("Saved.")
    expect(page.locator("#save")).to_be_focused()
    (row,) = (row for key, row in example.boxes("harbour").items() if key not in before)
    assert row[:5] == [label, 0.25, 0.8, 0.25, 0.75]
    page.focus("#list button >> nth=-1")
    page.keyboard.press("Enter")
    page.focus("#box button")
    page.keyboard.press("Enter")
    expect(page.locator("#add")).to_be_focused()
    save(page)
    assert example.boxes("harbour") == before
    assert not said, said


@pytest.mark.parametrize("choice", ["Take theirs", "Keep mine", "Escape"])
def test_a_conflict_is_shown_and_settled(
    page: Page, example: Example, said: list[str], looker: Looker, choice: str
) -> None:
    open_image(page, "cat-window")
    before = example.boxes("cat-window")
    first, second, *_ = before
    page.click("#list button >> nth=0")
    field(page, "Left, %").fill("1")
    page.keyboard.press("Tab")
    page.click("#list button >> nth=1")
    field(page, "Left, %").fill("2")
    page.keyboard.press("Tab")
    ((label,),) = example.site.rows("SELECT id FROM openimages_io_label WHERE display_name = 'Window'")
    new = {"kind": "rectangle", "label": label, "x_min": 0.5, "x_max": 0.6, "y_min": 0.5, "y_max": 0.6}
    example.patch("cat-window", {"create": [new], "delete": [second]})
    theirs = example.boxes("cat-window")
    page.click("#save")
    expect(page.locator("#conflict")).to_be_visible()
    looker.look(page, "example-conflict", content="body")
    if choice == "Escape":
        page.keyboard.press("Escape")
        expect(page.locator("#message")).to_have_text("Not saved.")
        assert page.locator("#list button").count() == len(before)  # and what was drawn is still there
    else:
        page.click(f"#conflict button:text-is('{choice}')")
    expect(page.locator("#conflict")).to_be_hidden()
    if choice == "Keep mine":
        expect(page.locator("#message")).to_have_text("Saved.")
        now = example.boxes("cat-window")
        assert now[first] == [now[first][0], 0.01, *before[first][2:]]
        (lost,) = (row for key, row in now.items() if key not in theirs)
        assert lost == [before[second][0], 0.02, *before[second][2:]]  # which had been deleted
        assert {key: row for key, row in theirs.items() if key != first}.items() <= now.items()
    elif choice == "Take theirs":
        expect(page.locator("#message")).to_have_text("Your changes were dropped.")
        assert example.boxes("cat-window") == theirs
        expect(page.locator("#list button")).to_have_count(len(theirs))
    else:
        assert example.boxes("cat-window") == theirs
    assert all("412" in text for text in said), said
    said.clear()


def test_what_the_site_refuses_is_said(page: Page, example: Example, said: list[str], looker: Looker) -> None:
    page.click("#list button >> nth=0")
    field(page, "Left, %").fill("100")
    field(page, "Right, %").fill("0")
    page.keyboard.press("Tab")
    page.click("#save")
    expect(page.locator("#message")).to_contain_text("update[0].x_max")
    page.on("dialog", lambda asked: asked.dismiss())
    name = page.locator("#name").inner_text()
    page.click("#next")
    assert page.locator("#name").inner_text() == name  # nobody leaves by mistake
    page.click("#logout")
    expect(page.locator("#login")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    page.fill("[name=username]", NAME)
    page.fill("[name=password]", "wrong")
    page.click("#login button")
    expect(page.locator("#message")).to_contain_text("Unable to log in")
    looker.look(page, "example-login", content="body")
    assert all("400" in text for text in said), said


def test_nothing_serious_is_wrong_with_how_it_looks(looker: Looker) -> None:
    assert not looker.faults, "\n".join(looker.faults)


def test_it_is_short_and_needs_no_build() -> None:
    files = [path for path in (ROOT / "examples" / "annotate").iterdir() if path.suffix in {".html", ".css", ".js"}]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) < 500
    for path in files:
        for name in re.findall(r'(?:src|href|from) ?=? ?"([^"]+)"', path.read_text("utf-8")):
            assert (path.parent / name).is_file(), (path.name, name)
