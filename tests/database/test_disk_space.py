"""A load for which the disk has no space does not begin."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.db.utils import ConnectionHandler

from openimages_io.database import disk_space
from openimages_io.exceptions import Failure
from openimages_io.models import Task
from openimages_io.transfer import importer
from tests.transfer.archives import good, write
from tests.transfer.datasets import bring_in

pytestmark = pytest.mark.django_db


class Usage(NamedTuple):
    """What `shutil.disk_usage` gives."""

    total: int
    used: int
    free: int


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConnectionHandler:
    """A database in a file, and one in memory; 25 MiB are free."""
    usual = settings.DATABASES["default"] | {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}}
    made = ConnectionHandler(
        {"default": usual | {"NAME": str(tmp_path / "db.sqlite3")}, "memory": usual | {"NAME": ":memory:"}}
    )
    monkeypatch.setattr(disk_space, "connections", made)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 25 * 2**20))
    return made


def test_with_a_write_ahead_log_rows_take_twice_their_space(connections: ConnectionHandler) -> None:
    try:
        disk_space.check_disk_space("default", 200_000)
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = wal")
        with pytest.raises(Failure, match=r"200,000 rows to write, .* about 46 MiB in .*, where 25 MiB are"):
            disk_space.check_disk_space("default", 200_000)
        disk_space.check_disk_space("default", 100_000)
    finally:
        connections.close_all()


def test_a_database_in_memory_is_not_asked(connections: ConnectionHandler) -> None:
    try:
        disk_space.check_disk_space("memory", 10**9)
    finally:
        connections.close_all()


def test_an_import_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def check(using: str, rows: int) -> None:
        asked.append(rows)
        raise Failure("database-space", rows=rows, needed=2, free=1, folder="/x")

    monkeypatch.setattr(importer, "check_disk_space", check)
    with pytest.raises(Failure, match="2 MiB in /x, where 1 MiB are free, so nothing was written"):
        bring_in(write(tmp_path / "in", good()), check_first=False)
    assert asked[0] > 0
    assert not Task.objects.exists()
