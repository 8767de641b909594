"""What a person does who never opens a terminal, in a real browser, with a real worker."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.admin.conftest import BOXES, SCENES, broken_row, pack
from tests.browser.conftest import follow, log_in
from tests.browser.page_checks import Looker
from tests.browser.serving import Site
from tests.jobs.archives import write_large

pytestmark = pytest.mark.thorough

ADMIN = "/admin/openimages_io"


def test_import_repair_confirm_look_and_export(page: Page, site: Site, looker: Looker, tmp_path: Path) -> None:
    broken = pack(tmp_path / "broken.zip", {BOXES: broken_row})
    good = pack(tmp_path / "scenes.zip")
    page.goto(f"{ADMIN}/task/")
    follow(page, "text=Import an archive")
    looker.look(page, "import")
    page.fill("[name=task_name]", "scenes")
    page.set_input_files("[name=upload]", broken)
    follow(page, "text=Upload and check")
    # Nobody has come for the job yet, and the page says so.
    expect(page.locator("#oi-text")).to_have_text("Waiting for a worker.")
    looker.look(page, "job-waiting")
    with site.worker():
        # The page turns by itself.
        expect(page.locator(".oi-message")).to_contain_text("1 error")
        row = page.locator(".oi-issues tbody tr")
        expect(row).to_have_count(1)
        assert row.locator("td").all_inner_texts()[:5] == ["error", BOXES, "3", "XMin", "left"]
        assert page.locator("text=Confirm: import it").count() == 0
        looker.look(page, "job-issue")
        assert site.rows("SELECT count(*) FROM openimages_io_task") == [(0,)]

        follow(page, "text=Upload a corrected archive")
        assert page.input_value("[name=task_name]") == "scenes"
        page.set_input_files("[name=upload]", good)
        follow(page, "text=Upload and check")
        expect(page.locator("text=Confirm: import it")).to_be_visible()
        looker.look(page, "job-dry-run")
        assert site.rows("SELECT count(*) FROM openimages_io_task") == [(0,)]
        follow(page, "text=Confirm: import it")
        expect(page.locator("#oi-totals")).to_have_text("What the job did")
        looker.look(page, "job-done")
        follow(page, ".oi-facts a:text-is('scenes')")
        looker.look(page, "task")

        follow(page, ".object-tools >> text=Export")
        looker.look(page, "export")
        follow(page, "input[type=submit][value=Export]")
        expect(page.locator("text=Download the archive")).to_be_visible()
        looker.look(page, "job-export")
        with page.expect_download() as download:
            page.click("text=Download the archive")
        assert download.value.suggested_filename == "scenes.zip"
        download.value.save_as(tmp_path / "out.zip")
        page.goto(f"{ADMIN}/task/")
        page.check(".action-select")
        page.select_option("[name=action]", "check_tasks")
        follow(page, "button[name=index]")
        expect(page.locator(".oi-message")).to_contain_text("nothing is wrong")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        came = {name: archive.read(name) for name in archive.namelist()}
    went = {path.relative_to(SCENES).as_posix(): path.read_bytes() for path in SCENES.rglob("*") if path.is_file()}
    assert came.keys() == went.keys()
    assert without_form(came) == without_form(went)


def without_form(files: dict[str, bytes]) -> dict[str, Any]:
    """The files; of those that may say a thing in several ways, what they say."""
    sizes, tree = "annotations/images.meta", "annotations/bbox_labels_600_hierarchy.json"
    lines = [line for line in files[sizes].splitlines() if line and not line.startswith(b"#")]
    tables = {name: [list(map(value, row)) for row in rows(data)] for name, data in files.items() if ".csv" in name}
    return files | tables | {sizes: lines, tree: json.loads(files[tree])}


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def value(cell: str) -> str | float:
    try:
        return float(cell)
    except ValueError:
        return cell


def test_boxes_lie_where_their_rows_say(page: Page, site: Site, scenes: int, looker: Looker) -> None:
    page.goto(f"{ADMIN}/task/{scenes}/change/")
    follow(page, ".object-tools >> text=Gallery")
    expect(page.locator("a[href*='/picture/']")).to_have_count(12)
    looker.look(page, "gallery")
    follow(page, "a[href*='/picture/'] >> nth=0")
    looker.look(page, "picture")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 860})
        for name in ("cat-sofa", "cat-window", "b/c/2"):
            ((image,),) = site.rows("SELECT id FROM openimages_io_image WHERE name = ?", name)
            page.goto(f"{ADMIN}/image/{image}/picture/")
            ((left, top, wide, high),) = page.evaluate(_PLACES, ".oi-stage image").values()
            assert wide > width / 4
            drawn = page.evaluate(_PLACES, ".oi-stage [data-kind=rectangle]")
            rows = site.rows(f"SELECT {_BOX} FROM openimages_io_shape WHERE image_id = ? AND kind = 'rectangle'", image)
            assert {int(key) for key in drawn} == {key for key, *_ in rows}
            assert rows
            for key, x_min, x_max, y_min, y_max in rows:
                told = (left + x_min * wide, top + y_min * high, (x_max - x_min) * wide, (y_max - y_min) * high)
                assert drawn[str(key)] == pytest.approx(told, abs=1), (name, width, key)


_BOX = "id, x_min, x_max, y_min, y_max"
_PLACES = """selector => Object.fromEntries([...document.querySelectorAll(selector)].map(element => {
  const {left, top, width, height} = element.getBoundingClientRect();
  return [element.dataset.shape, [left, top, width, height]];
}))"""


def test_every_other_page_is_fit_to_be_seen(page: Page, site: Site, scenes: int, looker: Looker) -> None:
    ((image,),) = site.rows("SELECT id FROM openimages_io_image WHERE name = 'cat-sofa'")
    ((label,),) = site.rows("SELECT id FROM openimages_io_label WHERE display_name = 'Window'")
    ((shape,),) = site.rows("SELECT min(id) FROM openimages_io_shape WHERE kind = 'mask'")
    pages = {
        "tasks": "task/",
        "task-delete": f"task/{scenes}/delete/",
        "hierarchy": f"task/{scenes}/hierarchy/",
        "import-into-task": f"task/{scenes}/import/",
        "images": "image/",
        "image": f"image/{image}/change/",
        "labels": "label/",
        "label": f"label/{label}/change/",
        "shapes": "shape/",
        "shape": f"shape/{shape}/change/",
        "jobs": "job/",
    }
    for name, where in pages.items():
        page.goto(f"{ADMIN}/{where}")
        for folded in page.locator("fieldset details:not([open]) > summary").all():
            folded.click()
        looker.look(page, name)


def test_progress_is_seen_and_a_job_is_cancelled(page: Page, site: Site, looker: Looker, tmp_path: Path) -> None:
    page.goto(f"{ADMIN}/task/import/")
    page.fill("[name=task_name]", "large")
    page.set_input_files("[name=upload]", write_large(tmp_path / "large.zip", 5_000))
    with site.held_worker("check"):
        follow(page, "text=Upload and check")
        page.wait_for_function("document.querySelector('#oi-bar')?.value > 0")
        expect(page.locator("#oi-text")).to_contain_text(re.compile(r"Reading and checking the archive: \d+ %"))
        looker.keep(page, "job-running-light")
        page.click("text=Cancel the job")
        expect(page.locator(".oi-message")).to_contain_text("Cancelled: nothing was written.")
        looker.look(page, "job-cancelled")
    assert site.rows("SELECT count(*) FROM openimages_io_task WHERE name = 'large'") == [(0,)]


def test_without_scripts_a_jobs_page_reloads_itself(browser: Browser, site: Site, scenes: int) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page)
    page.goto(f"{ADMIN}/task/{scenes}/change/")
    follow(page, ".object-tools >> text=Check")
    expect(page.locator("#oi-text")).to_have_text("Waiting for a worker.")
    with site.worker():
        expect(page.locator(".oi-message")).to_contain_text("nothing is wrong")
    context.close()


def test_nothing_serious_is_wrong_with_any_page(looker: Looker) -> None:
    assert not looker.faults, "\n".join(looker.faults)
