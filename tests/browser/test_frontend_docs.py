"""What docs/frontend.md says of sessions and jobs, in a real browser: from another origin, and from another site."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.serving import NAME, PASSWORD, Site
from tests.conftest import ROOT
from tests.jobs.sites import until
from tests.jobs.test_demo import answers, free_port
from tests.test_frontend_docs import blocks

pytestmark = pytest.mark.thorough
_STARTS = """
const login = await fetch(`${site}/api/token/`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(%s)
});
const headers = { Authorization: `Bearer ${(await login.json()).token}`, "Content-Type": "application/json" };
const task = await (await fetch(`${site}/api/v1/tasks/`, { method: "POST", headers, body: '{"name": "road"}' })).json();
const started = await fetch(`${site}/api/v1/tasks/${task.id}/checks/`, { method: "POST", headers, body: "{}" });
"""


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(browser: Browser, login_database: Path, tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Site]:
    """The demo site, and a frontend beside it by two names: of the same site, and of another."""
    origins = f"http://127.0.0.1:{port},http://localhost:{port}"
    made = Site(tmp_path_factory.mktemp("site"), CORS_ALLOWED_ORIGINS=origins)
    shutil.copy(login_database, made.database)
    files = subprocess.Popen([sys.executable, "-m", "project.example", str(port), made.url], cwd=ROOT)
    try:
        until(lambda: answers(port, "/site.json"), 180, what="the frontend")
        with made.served():
            yield made
    finally:
        files.terminate()
        files.wait()
        made.close()


def run(browser: Browser, site: Site, origin: str, code: str, result: str) -> Any:
    """What code of the page gives in a tab of an origin."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(origin)
    found = page.evaluate(f"async () => {{ const site = '{site.url}'; {code}; return {result}; }}")
    context.close()
    return found


def snippet(word: str) -> str:
    (found,) = (block for block in blocks("js") if word in block)
    return found


def test_a_session_from_another_origin_of_the_same_site(browser: Browser, site: Site, port: int) -> None:
    result = "[login.status, made.status, logout.status, (await made.json()).owner.username]"
    found = run(browser, site, f"http://127.0.0.1:{port}", snippet("csrf_token"), result)
    assert found == [200, 201, 204, "admin"]


def test_no_cookie_goes_to_another_site(browser: Browser, site: Site, port: int) -> None:
    code = snippet("csrf_token").replace("csrf = (await login", "const said = (await login")
    found = run(browser, site, f"http://localhost:{port}", code, "[login.status, made.status]")
    assert found == [403, 401]


def test_a_script_of_another_origin_polls_a_job(browser: Browser, site: Site, port: int) -> None:
    code = _STARTS % f'{{ username: "{NAME}", password: "{PASSWORD}" }}' + snippet("finished")
    with site.worker():
        result = "[started.status, (await ended(await started.json())).state]"
        assert run(browser, site, f"http://localhost:{port}", code, result) == [202, "succeeded"]
