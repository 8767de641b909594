"""A site, a worker and a browser for a module of tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


PREPARE = """
import django
django.setup()
from django.core.management import call_command
from project.demo import make_login
call_command("migrate", verbosity=0)
make_login()
"""


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
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


@pytest.fixture(scope="module")
def site(browser: Browser, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with its login, empty, without a worker."""
    made = Site(tmp_path_factory.mktemp("site"))
    shutil.copy(empty_database, made.database)
    made.run("-c", PREPARE)
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


@pytest.fixture
def page(browser: Browser, site: Site, expected: set[int]) -> Iterator[Page]:
    """A tab in which somebody has logged in. A fault in a script, or a file that is missing, fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 860}, accept_downloads=True)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("response", lambda got: faults.append(f"{got.status} {got.url}") if is_refusal(got.status) else None)

    def is_refusal(status: int) -> bool:
        return status >= 400 and status not in expected

    ours = (site.url, "data:", "blob:")
    tab.on("request", lambda asked: None if asked.url.startswith(ours) else faults.append(asked.url))
    log_in(tab)
    yield tab
    context.close()
    assert not faults, faults


def log_in(tab: Page, name: str = NAME) -> None:
    """As the demo's superuser, or another one with that password."""
    tab.goto("/admin/login/?next=/admin/")
    tab.fill("#id_username", name)
    tab.fill("#id_password", PASSWORD)
    tab.click("input[type=submit]")
    tab.wait_for_selector("#site-name")
