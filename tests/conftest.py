"""What tests of every room share."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("OPENIMAGES_SHARED", ROOT.parent / "shared"))
# What is asked there is no matter of the database, so PostgreSQL is not asked it again.
_ONE_DATABASE_WILL_DO = {
    "admin/test_editing.py",
    "admin/test_exporting.py",
    "admin/test_importing.py",
    "admin/test_permissions.py",
    "admin/test_picture.py",
    "api/test_imports.py",
    "api/test_permissions.py",
    "api/test_pictures.py",
    "api/test_uploads.py",
    "jobs/test_redis.py",
    "transfer/test_bad_archives.py",
    "transfer/test_bad_documents.py",
    "transfer/test_bad_masks_and_pictures.py",
    "transfer/test_bad_tables.py",
    "transfer/test_export_files.py",
    "transfer/test_import_command.py",
    "transfer/test_import_command_refuses.py",
    "transfer/test_import_layouts.py",
    "transfer/test_many_faults.py",
    "viewing/test_overlay.py",
}
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whatever needs the database, also through a fixture, so that `-m django_db` selects all of it.

    On PostgreSQL the files of `_ONE_DATABASE_WILL_DO` are left out.
    """
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        items[:] = [item for item in items if _file(item) not in _ONE_DATABASE_WILL_DO]
    for item in items:
        if _DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("django_db")


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").as_posix()


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
