"""What the tests of every package share."""

import gc
import itertools
import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy.testing  # noqa: F401  (an old one starts a program when it is first used)
import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.postgres import hurry
from tests.tables import Tables

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("OPENIMAGES_SHARED", ROOT.parent / "shared"))
# What is asked there does not depend on the database, so PostgreSQL is not asked it again.
SQLITE_ONLY = {
    "admin/test_access.py",
    "admin/test_declared_permissions.py",
    "admin/test_editing.py",
    "admin/test_exporting.py",
    "admin/test_importing.py",
    "admin/test_kept_uploads.py",
    "admin/test_links.py",
    "admin/test_one_language.py",
    "admin/test_own_admin.py",
    "admin/test_permissions.py",
    "admin/test_picture.py",
    "admin/test_shape_forms.py",
    "api/test_browsable.py",
    "api/test_declared_permissions.py",
    "api/test_imports.py",
    "api/test_login.py",
    "api/test_me.py",
    "api/test_orientation.py",
    "api/test_permissions.py",
    "api/test_pictures.py",
    "api/test_problems.py",
    "api/test_schema.py",
    "api/test_session.py",
    "api/test_signed.py",
    "api/test_uploads.py",
    "jobs/test_redis.py",
    "test_checks.py",
    "test_login_throttling.py",
    "test_options.py",
    "test_project.py",
    "transfer/test_bad_archives.py",
    "transfer/test_bad_documents.py",
    "transfer/test_bad_masks_and_pictures.py",
    "transfer/test_bad_tables.py",
    "transfer/test_export_files.py",
    "transfer/test_import_command.py",
    "transfer/test_import_command_refuses.py",
    "transfer/test_import_layouts.py",
    "transfer/test_lenient_names.py",
    "transfer/test_lenient_trees.py",
    "transfer/test_many_faults.py",
    "viewing/test_memory.py",
    "viewing/test_orientation.py",
    "viewing/test_overlay.py",
    "viewing/test_thumbnails.py",
}
NO_DATABASE: Final = {"archives", "browser", "clients", "format", "geometry"}
"""Folders whose tests use none, or one of their own."""
ON_POSTGRES: Final = os.environ.get("DATABASE_URL", "").startswith("postgres")
QUICK: Final = os.environ.get("OPENIMAGES_QUICK") == "1"
"""Whether one case of each test is tried, and Hypothesis tries a tenth of its examples."""
_OF_DATABASES: Final = {"database", "models", "jobs"}
"""The folders whose tests are of what databases differ in: on PostgreSQL all their cases are tried."""
hypothesis_settings.register_profile("tests", deadline=None)  # that the machine is busy is no fault of the code's
hypothesis_settings.load_profile("tests")
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


_PROGRAM_FIXTURES: Final = {"site", "browser", "empty_database"}
_PROGRAM_FOLDERS: Final = {"browser", "interop", "torture"}
_UNMEASURED: Final = pytest.StashKey[bool]()
"""Of a test: whether coverage is not gathered in it, which would double its time. Others reach what it reaches."""
_running: list[pytest.Item] = []
_numbers: Final = itertools.count()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """On PostgreSQL the files of `SQLITE_ONLY` and the folders of `NO_DATABASE` are not even read."""
    name = collection_path.as_posix().removeprefix(f"{(ROOT / 'tests').as_posix()}/")
    return True if ON_POSTGRES and name in SQLITE_ONLY | NO_DATABASE else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs the database and what starts programs, by a fixture, too, so that `-m` selects all of it."""
    for item in tried_in_part(items):
        item.add_marker("many")
    if QUICK:
        items[:] = sample(items, _OF_DATABASES if ON_POSTGRES else set())
    for item in items:
        if operation := getattr(item, "operation_label", None):  # schemathesis gives all its tests one name
            item._id = item.id.with_params(operation)
        fixtures, folder = getattr(item, "fixturenames", ()), _file(item).partition("/")[0]
        if _DATABASE_FIXTURES.intersection(fixtures):
            item.add_marker("django_db")
        if _PROGRAM_FIXTURES.intersection(fixtures) or folder in _PROGRAM_FOLDERS:
            item.add_marker("programs")
        item.stash[_UNMEASURED] = item.get_closest_marker("long") is not None
        if QUICK and (examples := _examples(item)):
            examples._hypothesis_internal_use_settings = _fewer(examples._hypothesis_internal_use_settings)
    doubled = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if doubled:
        raise pytest.UsageError(f"Side by side only one of the tests of one name is run: {', '.join(doubled)}")
    # Files that wait for programs come first, or one of them would be waited for at the end.
    waiting = {item.path for item in items if item.get_closest_marker("programs")}
    items.sort(key=lambda item: item.path not in waiting)


def sample(items: list[pytest.Item], whole: set[str]) -> list[pytest.Item]:
    """The first case of each test, or all where its folder is to be whole; `make test-thorough` tries the others."""
    first: dict[str, pytest.Item] = {}
    for item in items:
        first.setdefault(_test(item), item)
    return [item for item in items if first[_test(item)] is item or _file(item).partition("/")[0] in whole]


def tried_in_part(items: list[pytest.Item]) -> list[pytest.Item]:
    """What is not tried, or not with all of its examples, if `QUICK`; it is marked `many`."""
    tried = set(map(id, sample(items, set())))
    return [item for item in items if id(item) not in tried or _examples(item)]


def _test(item: pytest.Item) -> str:
    """The name of an item without its case."""
    return item.nodeid.partition("[")[0]


def _examples(item: pytest.Item) -> Any:
    """The test of Hypothesis that an item is, or None."""
    test = getattr(item, "obj", None)
    test = getattr(test, "__func__", test)
    return test if getattr(test, "is_hypothesis_test", False) else None


def _fewer(usual: hypothesis_settings) -> hypothesis_settings:
    return hypothesis_settings(usual, max_examples=max(usual.max_examples // 10, 3))


def pytest_collection_finish() -> None:
    """Has the garbage collector leave out what lives as long as the process: thousands of tests and modules."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """Has a test that starts a program without saying so fail, for `make test-fast` would wait for it.

    A shell has what it runs in the background ignore Ctrl-C, which would go on to everything that tests start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    start = subprocess.Popen.__init__

    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        if _running and _running[-1].get_closest_marker("programs") is None:
            raise AssertionError(
                f"{_running[-1].nodeid} starts a program ({args[0] if args else kwargs['args']}): "
                "mark it with pytest.mark.programs, so that `make test-fast` leaves it out."
            )
        start(self, *args, **kwargs)

    subprocess.Popen.__init__ = checked  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Knows which test is running, and gathers coverage in it or not, with all that is made for it."""
    _running.append(item)
    plugin = item.config.pluginmanager.getplugin("_cov")
    coverage = plugin and plugin.cov_controller if item.stash[_UNMEASURED] else None
    if coverage:
        coverage.pause()
    try:
        return (yield)
    finally:
        if coverage:
            coverage.resume()
        _running.pop()


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").as_posix()


@pytest.fixture(scope="session")
def tables(pytestconfig: pytest.Config) -> Tables:
    """The tables that a test database begins with."""
    return Tables(pytestconfig.cache.mkdir("tables"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tables: Tables) -> None:
    """The test database's settings, by which it begins as a copy."""
    tables.lend()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tables: Tables) -> None:
    """The test database of pytest-django, in which nobody waits for a disk."""
    with django_db_blocker.unblock():
        tables.keep()
        hurry()


@pytest.fixture(scope="session")
def empty_database(tables: Tables) -> Path:
    """An SQLite file with the demo site's tables, to be copied."""
    return tables.file()


@pytest.fixture
def database_file(empty_database: Path, tmp_path: Path) -> Path:
    """A copy of it for one test, `db.sqlite3` in its folder."""
    return Path(shutil.copy(empty_database, tmp_path / "db.sqlite3"))


@pytest.fixture
def shared() -> Path:
    """The folder of real Open Images files that some checkouts have beside them."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip(f"there is no folder {data} with real files")
    return data


@pytest.fixture(autouse=True)
def media(request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where this test's pictures are stored. It is there once something was."""
    if "tmp_path" in request.fixturenames:
        folder: Path = request.getfixturevalue("tmp_path") / "media"
    else:  # most tests need none, and making one takes longer than they do
        folder = tmp_path_factory.getbasetemp() / f"media-{next(_numbers)}"
    settings.MEDIA_ROOT = folder
    return folder
