"""A real browser, which turns pictures by their EXIF tag: what we serve it shows boxes where they belong."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page

from tests.browser.serving import Site
from tests.format.test_orientation import HEIGHT, WIDTH, turned

_DRAWN = """
async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const at = (x, y) => Array.from(canvas.getImageData(x, y, 1, 1).data.slice(0, 3));
  return [image.naturalWidth, image.naturalHeight, at(4, 4), at(image.naturalWidth - 5, 4)];
}
"""
_RED, _GREEN = (255, 0, 0), (0, 255, 0)


def near(shown: Any, wanted: tuple[int, ...]) -> bool:
    return max(abs(int(a) - b) for a, b in zip(shown, wanted, strict=True)) < 40


@pytest.mark.thorough
def test_boxes_stand_where_they_belong(page: Page, site: Site, tmp_path: Path) -> None:
    for turn in (3, 6):
        path = tmp_path / "set" / "images" / "train" / f"turned{turn}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(turned(turn))
    # The left upper quarter, which is red in the stored pixels: exactly below the box.
    (tmp_path / "set" / "train-annotations-bbox.csv").write_text(
        "ImageID,LabelName,XMin,XMax,YMin,YMax\nturned3,Red,0,0.5,0,0.5\nturned6,Red,0,0.5,0,0.5\n"
    )
    site.run("manage.py", "import_openimages", tmp_path / "set", "--task", "turned", "--no-progress")
    page.goto("/admin/")
    for key, name in site.rows("SELECT id, name FROM openimages_io_image WHERE name LIKE 'turned%' ORDER BY name"):
        file = f"/api/v1/images/{key}/file/"
        *size, left, right = page.evaluate(_DRAWN, f"{file}?as_stored=1")
        assert size == [WIDTH, HEIGHT]
        assert near(left, _RED)
        assert near(right, _GREEN)
        as_it_came = page.evaluate(_DRAWN, file)  # the test of the test: this browser heeds the tag
        assert as_it_came[:2] == ([WIDTH, HEIGHT] if name == "turned3" else [HEIGHT, WIDTH])
        assert not near(as_it_came[2], _RED)
        assert page.evaluate(_DRAWN, f"/admin/openimages_io/image/{key}/file/")[:2] == [WIDTH, HEIGHT]

        page.goto(f"/admin/openimages_io/image/{key}/picture/")
        box = page.locator("[data-shape]").bounding_box()
        assert box is not None
        with Pillow.open(io.BytesIO(page.screenshot(full_page=True))) as screen:
            pixels = np.asarray(screen.convert("RGB"), np.int16)
        x, y = round(box["x"]), round(box["y"])
        width, height = round(box["width"]), round(box["height"])
        inside = pixels[y + height // 2, x + width // 2]
        beside = pixels[y + height // 2, x + width + width // 2]
        assert inside[0] > inside[1] + 60, (name, inside)
        assert near(beside, _GREEN), (name, beside)
