"""A picture file that is chosen in a form is shown before it is saved, as it is shown afterwards."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.browser.conftest import follow
from tests.browser.serving import Site
from tests.format.test_orientation import HEIGHT, WIDTH, turned

pytestmark = pytest.mark.thorough

_CORNERS = """
async (shown) => {
  if (shown.decode) await shown.decode();
  const [width, height] = [shown.naturalWidth || shown.width, shown.naturalHeight || shown.height];
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(shown, 0, 0);
  const at = (x, y) => Array.from(canvas.getImageData(width * x, height * y, 1, 1).data.slice(0, 3));
  return [width / height, at(0.2, 0.2), at(0.8, 0.2), at(0.2, 0.8), at(0.8, 0.8)];
}
"""

_WATCH = """() => {
  let [begun, last] = [0, 0];
  window.gap = 0;
  document.querySelector("#id_picture").addEventListener("change", () => { begun = last = performance.now(); });
  setInterval(() => {
    const now = performance.now();
    if (!begun || window.took) return;
    [window.gap, last] = [Math.max(window.gap, now - last), now];
    if (!document.querySelector("canvas.oi-shown").hidden) window.took = now - begun;
  }, 5);
}"""
"""How long a picture takes from its choice until it is shown, and for how long the page does nothing else meanwhile."""


def _is_alike(one: Any, other: Any) -> bool:
    return abs(one[0] - other[0]) < 0.05 and bool(np.abs(np.subtract(one[1:], other[1:])).max() < 60)


@pytest.mark.parametrize(("kind", "turn"), [("JPEG", 1), ("JPEG", 3), ("JPEG", 6), ("PNG", 6), ("WEBP", 6)])
@pytest.mark.thorough
def test_a_chosen_file_is_shown_as_it_will_be(page: Page, scenes: int, tmp_path: Path, kind: str, turn: int) -> None:
    path = tmp_path / f"{kind} {turn}.{kind.lower()}"
    path.write_bytes(turned(turn, kind))
    page.goto(f"/admin/openimages_io/image/add/?task={scenes}")
    page.set_input_files("#id_picture", path)
    canvas = page.locator("canvas.oi-shown")
    expect(canvas).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", path.name)
    before = canvas.evaluate(_CORNERS)
    follow(page, "input[name=_continue]")
    after = page.locator("img.oi-shown").evaluate(_CORNERS)
    assert _is_alike(before, after), (before, after)
    assert abs(after[0] - WIDTH / HEIGHT) < 0.05


def test_a_file_that_is_not_a_picture_is_said_to_be_none(page: Page, scenes: int, tmp_path: Path) -> None:
    text, picture = tmp_path / "text.png", tmp_path / "picture.png"
    text.write_text("no picture")
    Pillow.new("RGB", (40, 400), "red").save(picture)
    page.goto(f"/admin/openimages_io/image/add/?task={scenes}")
    canvas, words = page.locator("canvas.oi-shown"), page.get_by_text("cannot show this file")
    page.set_input_files("#id_picture", text)
    expect(words).to_be_visible()
    expect(canvas).to_be_hidden()
    page.set_input_files("#id_picture", picture)
    expect(canvas).to_be_visible()
    expect(words).to_have_count(0)
    box = canvas.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (26, 256)
    page.set_input_files("#id_picture", [])
    expect(canvas).to_be_hidden()


@pytest.mark.thorough
def test_a_huge_picture_does_not_hold_up_the_page(page: Page, scenes: int, tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    Pillow.new("RGB", (11_000, 9_000), "green").save(path)
    page.goto(f"/admin/openimages_io/image/add/?task={scenes}")
    page.evaluate(_WATCH)
    page.set_input_files("#id_picture", path)
    expect(page.locator("canvas.oi-shown")).to_be_visible()
    page.wait_for_function("() => window.took")
    took, gap = page.evaluate("[window.took, window.gap]")
    assert gap < 0.9 * took, (gap, took)


def test_another_form_of_an_image_without_a_picture_shows_it_too(
    page: Page, scenes: int, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "chosen.png"
    Pillow.new("RGB", (40, 40), "blue").save(path)
    page.goto(f"/admin/openimages_io/image/add/?task={scenes}")
    page.fill("#id_name", "without a picture")
    follow(page, "input[name=_continue]")
    page.set_input_files("#id_picture", path)
    expect(page.locator("canvas.oi-shown")).to_be_visible()
