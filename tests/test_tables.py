"""The tables that tests begin with are those that migrations make."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from openimages_io.models import Task
from tests.tables import Tables


def schema(path: Path) -> tuple[set[tuple[str, str]], list[tuple[str, ...]]]:
    """The statements that make it, and the permissions that it has."""
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        permissions = connection.execute("SELECT codename, name FROM auth_permission ORDER BY 1, 2").fetchall()
    return set(made), permissions


@pytest.mark.programs
@pytest.mark.thorough
def test_they_are_what_a_migration_makes(empty_database: Path, tmp_path: Path) -> None:
    assert schema(empty_database) == schema(Tables(tmp_path).file())


def test_another_model_makes_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Tables(tmp_path).path
    assert Tables(tmp_path).path == before
    monkeypatch.setattr(Task._meta, "permissions", [("look", "Can look")])
    assert Tables(tmp_path).path != before
