"""What is loaded before a command begins: not what only some commands and pages need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.programs

_ROOT = Path(__file__).resolve().parent.parent
_LATE = {
    "numpy",
    "PIL",
    "tqdm",
    "rest_framework.views",
    "drf_spectacular.openapi",
    "openimages_io.api",
    "openimages_io.archives.opening",
    "openimages_io.geometry",
    "openimages_io.transfer.importer",
    "openimages_io.transfer.exporter",
    "openimages_io.viewing",
    "openimages_io.viewing.charts",
    "openimages_io.jobs.work",
    "openimages_io.jobs.submission",
}
"""Neither models nor the classes of the admin site need these. `multiprocessing` is not among them: Django's backend
for SQLite loads it."""
_OF_OTHERS = {
    "tqdm",
    "rest_framework.views",
    "drf_spectacular.openapi",
    "openimages_io.api.base",
    "openimages_io.viewing.charts",
}


def _loaded(script: str, tmp_path: Path) -> set[str]:
    script = f"import sys\n{script}\nprint('LOADED', *sys.modules)"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED ")[2].split())


def test_django_starts_without_what_few_commands_need(tmp_path: Path) -> None:
    loaded = _loaded("import django; django.setup()", tmp_path)
    assert {"openimages_io.models", "openimages_io.admin.task", "openimages_io.admin.job"} <= loaded
    assert loaded & _LATE == set()


@pytest.mark.parametrize("command", ["import_openimages fixtures --task t", "export_openimages t out.zip"])
def test_a_command_loads_neither_the_api_nor_the_pages(command: str, database_file: Path, tmp_path: Path) -> None:
    script = f"""
import django; django.setup()
from django.core.management import execute_from_command_line
try:
    execute_from_command_line("manage.py {command}".split())
except SystemExit:
    pass
"""
    loaded = _loaded(script, tmp_path)
    assert loaded & _OF_OTHERS == set()
    assert "openimages_io.management.reporting" in loaded
