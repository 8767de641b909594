"""Clients are generated from the OpenAPI document without a warning, compile strictly, and do a day's work."""

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.browser.serving import Site
from tests.clients.conftest import CLIENTS, run

pytestmark = [pytest.mark.programs, pytest.mark.thorough]

KINDS = ["rectangle", "mask", "tag"]


def check_work(site: Site, said: str, archive: Path) -> None:
    """What a program drew, imported and downloaded is there."""
    done = json.loads(said.strip().splitlines()[-1])
    assert done["kinds"] == KINDS
    drawn = "SELECT kind, x_max FROM openimages_io_shape WHERE image_id = ? ORDER BY id"
    (width,) = site.rows("SELECT width FROM openimages_io_image WHERE id = ?", done["image"])[0]
    rows = site.rows(drawn, done["image"])
    assert [kind for kind, _ in rows] == KINDS
    assert rows[0][1] == pytest.approx(15 / width)
    (boxes,) = site.rows(
        "SELECT count(*) FROM openimages_io_shape WHERE task_id = ? AND kind = 'rectangle'", done["task"]
    )[0]
    with zipfile.ZipFile(archive) as found:
        tables = [name for name in found.namelist() if name.endswith("-annotations-bbox.csv")]
        lines = sum(len(found.read(name).decode().splitlines()) - 1 for name in tables)
    assert lines == boxes > 40


def run_compiled(node: Path, site: Site, program: str, document: Path) -> None:
    """Compiles a program of TypeScript strictly, and runs it."""
    project = node / f"tsconfig.{program}.json"
    project.write_text(json.dumps({"extends": "./tsconfig.json", "files": [f"{program}.ts"]}), "utf-8")
    run(node, "node_modules/.bin/tsc", "--project", project.name)
    archive = site.folder / f"{program}-{document.stem}.zip"
    check_work(site, run(node, "node", f"built/{program}.js", *arguments(site, archive)), archive)


def arguments(site: Site, archive: Path) -> tuple[str, Path, Path, Path, str]:
    """What a program is told: the site, what it uploads, where it downloads to, and the name of its task."""
    return site.url, site.folder / "boats.jpg", site.folder / "scenes.zip", archive, archive.stem


def test_openapi_typescript_and_openapi_fetch(node: Path, site: Site, document: Path) -> None:
    said = run(node, "node_modules/.bin/openapi-typescript", document, "--output", "api.d.ts")
    assert "warn" not in said.lower(), said
    run_compiled(node, site, "openapi_fetch", document)


def test_hey_api(node: Path, site: Site, document: Path) -> None:
    said = run(node, "node_modules/.bin/openapi-ts", "--input", document, "--output", "hey", "--no-log-file")
    assert "warn" not in said.lower(), said
    run_compiled(node, site, "hey_api", document)


def test_openapi_python_client(clients_python: Path, site: Site, document: Path, tmp_path: Path) -> None:
    generator = clients_python.with_name("openapi-python-client")
    config = CLIENTS / "openapi-python-client.yaml"
    search = f"{clients_python.parent}{os.pathsep}{os.environ['PATH']}"  # it runs its own ruff over what it has made
    run(tmp_path, "env", f"PATH={search}", generator, "generate", "--path", document, "--config", config,
        "--meta", "none", "--output-path", "openimages", "--fail-on-warning")  # fmt: skip
    program = Path(shutil.copy(CLIENTS / "python_client.py", tmp_path))
    run(tmp_path, sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--python-executable",
        clients_python, program.name)  # fmt: skip
    archive = site.folder / f"python_client-{document.stem}.zip"
    check_work(site, run(tmp_path, clients_python, program.name, *arguments(site, archive)), archive)
