"""Sites with workers, for tests of jobs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections
from pytest_django import Settings

from openimages_io.models.job_files import current_job_storage
from tests.jobs.archives import write_large
from tests.jobs.sites import Site, database_url

ROWS = 50_000


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that takes some seconds to import."""
    return write_large(tmp_path_factory.mktemp("large") / "large.zip", ROWS)


@pytest.fixture
def site(
    request: pytest.FixtureRequest,
    transactional_db: None,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A site on a database that other processes reach: on SQLite a file, for the test's own is in memory."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    monkeypatch.setattr(current_job_storage(), "_location", tmp_path / "jobs")
    current_job_storage().__dict__.pop("base_location", None)
    current_job_storage().__dict__.pop("location", None)
    usual = connections["default"]
    if connection.vendor == "sqlite":
        path = tmp_path / "db.sqlite3"
        shutil.copy(request.getfixturevalue("empty_database"), path)
        connections["default"] = usual.copy()
        connections["default"].settings_dict = usual.settings_dict | {"NAME": str(path)}
    made = Site(tmp_path, database_url())
    try:
        yield made
    finally:
        made.close()
        if connections["default"] is not usual:
            connections["default"].close()
            connections["default"] = usual
