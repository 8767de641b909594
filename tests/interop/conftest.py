"""Datumaro wants another Pillow than we do, so it runs in a Python of its own, in a process of its own."""

import os
from pathlib import Path

import pytest

VARIABLE = "OPENIMAGES_INTEROP_PYTHON"


def pytest_configure() -> None:
    """Says what is missing before any test fails for it."""
    python = os.environ.get(VARIABLE)
    if not python:
        raise pytest.UsageError(f"{VARIABLE} must name a Python that has Datumaro; `make test-interop` sees to that.")
    if not Path(python).is_file():
        raise pytest.UsageError(f"{VARIABLE} names {python}, which is not there; `make test-interop` makes one.")


@pytest.fixture(scope="session")
def interop_python() -> Path:
    """The Python that has Datumaro. Not resolved: a virtual environment is known by its link."""
    return Path(os.environ[VARIABLE]).absolute()
