"""A site, a worker and a browser for a module of tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.page_checks import Looker, axe_source
from tests.browser.serving import NAME, PASSWORD, Site

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 120_000
"""Milliseconds: the machine that runs tests may be busy."""
expect.set_options(timeout=_PATIENCE)

PREPARE = """
import django
django.setup()
from django.core.management import call_command
from project.demo import make_login
call_command("migrate", verbosity=0)
make_login()
"""


def _chromium() -> str:
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("OPENIMAGES_REQUIRE_BROWSER") == "1":
        pytest.fail("OPENIMAGES_REQUIRE_BROWSER is 1, but there is no chromium.")
    pytest.skip("there is no chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own chromium. Ends with the module, for its event loop would be in other tests' way."""
    path = _chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def login_database(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the demo's login, to be copied."""
    made = Site(tmp_path_factory.mktemp("login"))
    shutil.copy(empty_database, made.database)
    made.do(PREPARE)
    made.close()
    return made.database


@pytest.fixture(scope="module")
def site(browser: Browser, login_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with its login, empty, without a worker."""
    made = Site(tmp_path_factory.mktemp("site"))
    shutil.copy(login_database, made.database)
    with made.served():
        yield made
    made.close()


@pytest.fixture
def scenes(site: Site) -> int:
    """The key of the task with the example data set, which the first test brings in as a person does."""
    query = "SELECT id FROM openimages_io_task WHERE name = 'scenes'"
    if not site.rows(query):
        site.run("manage.py", "import_openimages", "fixtures/scenes", "--task", "scenes", "--no-progress")
    ((key,),) = site.rows(query)
    return int(key)


@pytest.fixture(scope="module")
def looker() -> Looker:
    """Keeps pictures in the folder that OPENIMAGES_SHOTS names, if it names one."""
    folder = os.environ.get("OPENIMAGES_SHOTS")
    return Looker(Path(folder) if folder else None, axe_source())


@pytest.fixture
def expected() -> set[int]:
    """The statuses of refusals that a test wants to see."""
    return set()


@pytest.fixture(scope="module")
def session() -> list[Any]:
    """The cookies of who has logged in to the module's site."""
    return []


@pytest.fixture
def page(browser: Browser, site: Site, session: list[Any], expected: set[int]) -> Iterator[Page]:
    """A tab in which somebody has logged in. A fault in a script, or a file that is missing, fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 860}, accept_downloads=True)
    context.set_default_timeout(_PATIENCE)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("response", lambda got: faults.append(f"{got.status} {got.url}") if is_refusal(got.status) else None)

    def is_refusal(status: int) -> bool:
        return status >= 400 and status not in expected

    ours = (site.url, "data:", "blob:")
    tab.on("request", lambda asked: None if asked.url.startswith(ours) else faults.append(asked.url))
    if not session:
        log_in(tab)
    context.add_cookies(session)
    yield tab
    session[:] = [cookie for cookie in context.cookies() if cookie["name"] in {"sessionid", "csrftoken"}]
    if not any(cookie["name"] == "sessionid" for cookie in session):  # somebody has logged out
        session.clear()
    context.close()
    assert not faults, faults


def log_in(tab: Page, name: str = NAME) -> None:
    """As the demo's superuser, or another one with that password."""
    tab.goto("/admin/login/?next=/admin/")
    tab.fill("#id_username", name)
    tab.fill("#id_password", PASSWORD)
    follow(tab, "input[type=submit]")
    expect(tab.locator("#logout-form")).to_be_attached()


def follow(page: Page, link: str | Locator) -> None:
    """Clicks on what leads to another page, and waits until that is there, and its scripts listen.

    A busy browser shows a page before they do, and the page before for a while after the click.
    """
    with page.expect_navigation():
        (page.locator(link) if isinstance(link, str) else link).click()


def at_rest(page: Page) -> None:
    """Waits until the page has heard of wheels, fingers and the pointer's moves: it does so once in a frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
