"""Two saves at once are one save and one 412: never a lost one, never two that wait for each other."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.api.concurrent_saves import add_at_once, race
from tests.conftest import ROOT

_ON_A_FILE = """
import django
django.setup()
from django.conf import settings
from django.test.utils import setup_test_environment
settings.ROOT_URLCONF = "tests.api.shapes_client"
setup_test_environment()
from tests.api.concurrent_saves import add_at_once, race
from openimages_io.models import Task
race(10)
Task.objects.all().delete()
from django.contrib.auth import get_user_model
get_user_model().objects.all().delete()
add_at_once(10)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.api.shapes_client")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's test database is in memory; see below for a file")
class TestOnAServer:
    """On PostgreSQL, whose writers lock rows."""

    def test_one_save_wins(self) -> None:
        race(20)

    def test_nobody_waits_in_a_ring(self) -> None:
        add_at_once(20)


@pytest.mark.programs
def test_on_sqlite_in_a_file(database_file: Path, tmp_path: Path) -> None:
    """In a process of its own: a test run has one database, and on SQLite it is in memory."""
    environment = {
        "DATABASE_URL": f"sqlite:///{database_file}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": str(ROOT),
        "MEDIA_ROOT": str(tmp_path / "media"),
    }
    command = [sys.executable, "-W", "error", "-c", _ON_A_FILE]
    found = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert found.returncode == 0, found.stderr
