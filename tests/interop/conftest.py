"""Datumaro wants another Pillow than we do, so it runs in a Python of its own, in a process of its own."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "OPENIMAGES_INTEROP_PYTHON"
SCRIPT = Path(__file__).with_name("datumaro_side.py")

Datumaro = Callable[..., Any]
"""Takes a command of `datumaro_side.py` and its arguments; returns what it describes."""


def pytest_configure() -> None:
    """Says what is missing before any test fails for it."""
    python = os.environ.get(VARIABLE)
    if not python:
        raise pytest.UsageError(f"{VARIABLE} must name a Python that has Datumaro; `make test-interop` sees to that.")
    if not Path(python).is_file():
        raise pytest.UsageError(f"{VARIABLE} names {python}, which is not there; `make test-interop` makes one.")


@pytest.fixture(scope="session")
def datumaro() -> Datumaro:
    """Datumaro. The path of its Python is not resolved: a virtual environment is known by its link."""
    python = Path(os.environ[VARIABLE]).absolute()

    def run(command: str, *args: object) -> Any:
        line = [str(python), str(SCRIPT), command, *map(str, args)]
        result = subprocess.run(line, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return run
