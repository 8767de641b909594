"""What tests of every room share."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("OPENIMAGES_SHARED", ROOT.parent / "shared"))
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whatever needs the database, also through a fixture, so that `-m django_db` selects all of it."""
    for item in items:
        if _DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("django_db")


@pytest.fixture
def shared() -> Path:
    """The folder of real Open Images files that some checkouts have beside them."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip(f"there is no folder {data} with real files")
    return data


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The folder where this test's pictures are stored. It is there once something was."""
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder
    return folder
