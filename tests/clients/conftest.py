"""A live site for generated clients, and what npm and pip bring to generate them with."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from drf_spectacular.settings import patched_settings

from docs import generate_openapi
from tests.admin.conftest import pack
from tests.browser.conftest import PREPARE
from tests.browser.serving import Site
from tests.conftest import ROOT

CLIENTS = ROOT / "tests" / "clients"


def run(folder: Path, *words: str | Path) -> str:
    """What a program says; it must not fail."""
    done = subprocess.run([*map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def _missing(what: str) -> NoReturn:
    if os.environ.get("OPENIMAGES_REQUIRE_NODE") == "1":
        pytest.fail(f"OPENIMAGES_REQUIRE_NODE is 1, but {what}.")
    pytest.skip(what)


@pytest.fixture(scope="module")
def site(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo site with its login and a worker, and an archive and a picture in its folder."""
    made = Site(tmp_path_factory.mktemp("site"))
    shutil.copy(empty_database, made.database)
    made.do(PREPARE)
    pack(made.folder / "scenes.zip")
    shutil.copy(ROOT / "fixtures" / "scenes" / "images" / "train" / "boats-day.jpg", made.folder / "boats.jpg")
    with made.served(), made.worker():
        yield made
    made.close()


@pytest.fixture(scope="module", params=["3.1.0", "3.0.3"])
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document in this version of OpenAPI."""
    path = tmp_path_factory.mktemp("document") / f"openapi-{request.param.replace('.', '-')}.json"
    with patched_settings({"OAS_VERSION": request.param}):
        path.write_text(generate_openapi.document(), "utf-8")
    return path


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript programs and what npm has to bring. Skips where there is no npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _missing("there is no node with npm to generate clients with")
    folder = tmp_path_factory.mktemp("node")
    for path in CLIENTS.iterdir():
        if path.suffix in {".ts", ".json"}:
            shutil.copy(path, folder)
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        _missing(f"npm could not get what is needed: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="module")
def clients_python() -> Path:
    """The Python of the virtual environment with openapi-python-client. Skips where there is none."""
    python = os.environ.get("OPENIMAGES_CLIENTS_PYTHON")
    if not python:
        _missing("OPENIMAGES_CLIENTS_PYTHON names no Python with openapi-python-client (`make test-thorough` does)")
    return (ROOT / python).absolute()
