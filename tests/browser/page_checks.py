"""A page as it is seen: pictures of it in three looks, if somebody wants them, and what axe-core has to say of it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
LOOKS: dict[str, tuple[int, int, Any]] = {
    "light": (1280, 860, "light"),
    "dark": (1280, 860, "dark"),
    "phone": (390, 844, "light"),
    "narrow": (360, 780, "light"),
}
_AT_REST = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  // Nobody is told of the end of one within a closed <details>.
  const seen = document.getAnimations().filter(animation => animation.effect.target.checkVisibility());
  await Promise.all(seen.map(animation => animation.finished.catch(() => null)));
}"""
_CUT_OFF = """frames => [...document.querySelectorAll(frames)]
  .filter(frame => frame.scrollWidth > frame.clientWidth + 1)
  .map(frame => `${frame.scrollWidth - frame.clientWidth} pixels of “${frame.className}” are out of sight`)"""
"""Tables whose last columns are seen by nobody who doesn't know of them."""
_PHONES = 480
"""Pixels from which on a screen is none of a phone."""
_COLORS = "{runOnly: ['color-contrast', 'link-in-text-block']}"
_BAD = {"serious", "critical"}


def axe_source() -> str:
    """The script of axe-core; npm gets it the first time. Skips where there is no npm, unless it is required."""
    script = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
    with (FRONTEND / "package.json").open("rb") as package:
        fcntl.flock(package, fcntl.LOCK_EX)  # of several processes one installs it
        if not script.exists():
            _install()
    return script.read_text("utf-8")


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("OPENIMAGES_REQUIRE_NODE") == "1":
            pytest.fail("OPENIMAGES_REQUIRE_NODE is 1, but there is no npm.")
        pytest.skip("there is no npm to get axe-core with")
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("OPENIMAGES_REQUIRE_NODE") != "1":
        pytest.skip("npm could not get axe-core")
    assert done.returncode == 0, done.stderr


def cut_off(page: Page, *, is_phone: bool) -> list[str]:
    """Whether one must scroll aside, in words: the page, or the frame of a table."""
    width = page.evaluate("innerWidth")
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    frames: list[str] = page.evaluate(_CUT_OFF, ".results" if is_phone else ".results, .oi-inline")
    return [*frames, *([f"{wide} pixels wide on a screen of {width}"] if wide > width else [])]


class Looker:
    """Looks at pages, keeps their pictures if there is a folder for them, and gathers what is wrong with them."""

    def __init__(self, folder: Path | None, axe: str) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.axe = folder, axe
        self.faults: list[str] = []

    def look(self, page: Page, name: str, *, content: str = "#content") -> None:
        """Shows the page in every look; asks axe, and whether one must scroll aside."""
        page.wait_for_load_state()
        for look, (width, height, scheme) in LOOKS.items():
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(_AT_REST)
            self.keep(page, f"{name}-{look}", full_page=True)
            is_phone = width < _PHONES
            self.faults += [f"{name}, {look}: {fault}" for fault in cut_off(page, is_phone=is_phone)]
            if not is_phone:
                # What is not of colours is the same in the dark.
                self._ask_axe(page, f"{name}, {look}", content, "{}" if look == "light" else _COLORS)
        width, height, scheme = LOOKS["light"]
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})

    def keep(self, page: Page, name: str, *, full_page: bool = False) -> None:
        """Takes a picture of the page as it is, if there is a folder: no test looks at it, and it takes a while."""
        if self.folder:
            page.screenshot(path=self.folder / f"{name}.png", full_page=full_page)

    def _ask_axe(self, page: Page, name: str, content: str, options: str) -> None:
        if not page.evaluate("typeof window.axe === 'object'"):
            page.evaluate(self.axe)
        # Django's own search box is named by a picture, which axe does not take for a label.
        chosen = "{include: [content], exclude: ['#searchbar']}"
        found = page.evaluate(f"content => axe.run({chosen}, {options})", content)
        for violation in found["violations"]:
            if violation["impact"] in _BAD:
                nodes = "; ".join(node["html"][:200] for node in violation["nodes"][:3])
                self.faults.append(f"{name}: {violation['id']} ({violation['impact']}): {nodes}")
