"""One smoke test for each configuration of a stock Django site; see `smoke.py` and `settings.py`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.programs

NAMES = (
    "stock",
    "naive-times",
    "uuid-users",
    "german",
    "replica",
    "atomic-requests",
    "second-database",
    "own-picture-storage",
)


def run(name: str, folder: Path, **environment: str) -> None:
    """Goes through everything with these settings."""
    told = {"MATRIX": name, "MATRIX_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "tests.matrix.settings"}
    command = [sys.executable, "-W", "error", "-m", "tests.matrix"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | told | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout[-13:]) == (0, "went through\n"), done.stdout[-2000:] + done.stderr[-6000:]


@pytest.mark.parametrize("name", NAMES)
def test_everything_works_with(name: str, tmp_path: Path) -> None:
    run(name, tmp_path)
