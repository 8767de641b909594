"""A real browser refuses nothing on a site with a strict content security policy and static files by a manifest."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import follow, log_in
from tests.browser.serving import NAME, PASSWORD, ROOT, Site

pytestmark = pytest.mark.thorough

_PAGES_OF_A_KIND = 2


@pytest.fixture(scope="module")
def strict_site(browser: Browser, login_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with that policy, the example data set, and jobs that have ended, that wait, and that failed."""
    made = Site(tmp_path_factory.mktemp("strict"), DJANGO_SETTINGS_MODULE="tests.browser.strict_settings")
    shutil.copy(login_database, made.database)
    made.run("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    made.run("manage.py", "import_openimages", "fixtures/scenes", "--task", "scenes", "--no-progress")
    made.do(_JOBS)
    with made.worker():
        made.do(_WAIT)
    made.do(_JOBS)
    with made.served("--nostatic"):
        yield made
    made.close()


_JOBS = """
import django
django.setup()
from django.core.files.base import ContentFile
from openimages_io.jobs.submission import submit_check, submit_export, submit_import
from openimages_io.models import Task
from openimages_io.transfer.options import ExportOptions, ImportOptions
from django.contrib.auth import get_user_model
user = get_user_model()._default_manager.get()
task = Task.objects.get(name="scenes")
submit_export(task, ExportOptions(), user=user)
submit_check(task, user=user)
bad = b"ImageID,LabelName,XMin,XMax,YMin,YMax\\nnone,/m/none,0.1,2,0.1,0.5\\n"
import io, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    archive.writestr("train-annotations-bbox.csv", bad)
for dry_run in (True, False):
    submit_import(ContentFile(packed.getvalue(), "bad.zip"), task=task, task_name="", options=ImportOptions(),
                  dry_run=dry_run, user=user)
"""
_WAIT = """
import django, time
django.setup()
from openimages_io.models import Job
end = time.monotonic() + 180
while Job.objects.filter(state__in=("queued", "running")).exists():
    assert time.monotonic() < end
    time.sleep(0.1)
"""
_ICON_WIDTH = """() => new Promise(done => {
  const icon = new Image();
  icon.onload = () => done(icon.naturalWidth);
  icon.onerror = () => done(0);
  icon.src = '/favicon.ico';
})"""


def kind_of(path: str) -> str:
    """A path without its keys: pages of one view look alike."""
    return "/".join("*" if any(map(str.isdigit, part)) else part for part in urlsplit(path).path.split("/"))


def opened(page: Page, start: str) -> Counter[str]:
    """Opens what the pages link to, two of each view, and what can be opened on them; returns the kinds of pages."""
    wanted, seen, times = [start], set[str](), Counter[str]()
    while wanted:
        address = wanted.pop(0)
        kind = kind_of(address)
        if (
            address in seen
            or times[kind] == _PAGES_OF_A_KIND
            or any(part in kind for part in ("logout", "/file/", "/image/*/export/", ".csv"))
        ):
            continue
        seen.add(address)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, (address, answer.status)
        times[kind] += 1
        for summary in page.locator("details > summary").all():  # of those with one name, only one is ever open
            if not summary.evaluate("summary => summary.parentElement.open"):
                summary.click()
        links = page.eval_on_selector_all("a[href]", "found => found.map(one => one.getAttribute('href'))")
        wanted += [path for link in links if (path := urljoin(address, link).split("#")[0]).startswith("/admin/")]
    return times


_LEFT = "net::ERR_ABORTED"
"""A request that ended because the page was left. What the policy forbids is said to be blocked by it."""


def test_no_page_of_the_admin_site_breaks_a_strict_policy(browser: Browser, strict_site: Site) -> None:
    context = browser.new_context(base_url=strict_site.url)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(f"{page.url}: {error}"))
    page.on(
        "requestfailed",
        lambda asked: refused.append(f"{page.url}: {asked.url} {asked.failure}") if asked.failure != _LEFT else None,
    )
    page.goto("/admin/login/")
    page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    assert any("Content Security Policy" in line for line in refused), "this browser refuses nothing"
    refused.clear()
    assert page.evaluate(_ICON_WIDTH) > 0, "the site's icon is not shown"
    log_in(page)
    times = opened(page, "/admin/")
    page.goto("/admin/openimages_io/image/add/")
    page.set_input_files("#id_picture", next((ROOT / "fixtures" / "scenes").rglob("*.jpg")))
    page.locator("canvas.oi-shown").wait_for()
    context.close()
    ours = [kind for kind in times if "/openimages_io/" in kind]
    for name in ("gallery", "picture", "import", "export", "hierarchy", "/job/*/change"):
        assert any(name in kind for kind in ours), (name, sorted(times))
    assert not refused, "\n".join(sorted(set(refused)))


def test_the_browsable_api_is_used_under_a_strict_policy(browser: Browser, strict_site: Site) -> None:
    context = browser.new_context(base_url=strict_site.url)
    page = context.new_page()
    refused: list[str] = []
    page.on(
        "console", lambda said: refused.append(f"{page.url}: {said.text}") if "Content Security" in said.text else None
    )
    page.on("pageerror", lambda error: refused.append(f"{page.url}: {error}"))
    page.goto("/api/v1/")
    follow(page, page.get_by_role("link", name="Log in"))
    page.fill("#id_username", NAME)
    page.fill("#id_password", PASSWORD)
    follow(page, page.get_by_role("button", name="Log in"))
    page.wait_for_url("**/api/v1/")
    follow(page, page.get_by_role("link", name="/api/v1/tasks/"))
    page.wait_for_url("**/api/v1/tasks/")
    page.get_by_role("textbox", name="Content:").fill('{"name": "typed in a page"}')
    page.get_by_role("button", name="POST").click()
    page.wait_for_selector("text=HTTP 201 Created")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/")
    assert page.goto("/api/v1/tasks/").status == 401  # type: ignore[union-attr]
    assert not refused, refused
    context.close()
