"""A TypeScript client that is generated from the OpenAPI document compiles, and knows what the document says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from docs.generate_openapi import TARGET
from tests.conftest import ROOT

pytestmark = [pytest.mark.programs, pytest.mark.thorough]

FRONTEND = ROOT / "tests" / "frontend"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what npm has to bring; skips where there is no npm, unless it is required."""
    npm = shutil.which("npm")
    required = os.environ.get("OPENIMAGES_REQUIRE_NODE") == "1"
    if npm is None or shutil.which("node") is None:
        if required:
            pytest.fail("OPENIMAGES_REQUIRE_NODE is 1, but there is no node with npm.")
        pytest.skip("there is no node with npm to generate a client with")
    made = tmp_path_factory.mktemp("frontend")
    for name in ("package.json", "sample.ts"):
        shutil.copy(FRONTEND / name, made)
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and not required:
        pytest.skip(f"npm could not get what is needed: {done.stderr[-300:]}")
    assert not done.returncode, done.stderr
    return made


def run(folder: Path, *words: str) -> str:
    """What a program of node prints; it must not fail."""
    command = [str(folder / "node_modules" / ".bin" / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def test_a_generated_client_compiles(folder: Path) -> None:
    run(folder, "openapi-typescript", str(TARGET), "--output", "api.d.ts")
    run(folder, "tsc", "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable",
        "--module", "esnext", "--moduleResolution", "bundler", "sample.ts", "api.d.ts")  # fmt: skip
