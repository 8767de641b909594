"""An export shows one moment, and keeps nobody from writing."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections

from openimages_io.database.snapshot import snapshot
from openimages_io.models import Shape
from openimages_io.transfer.exporter import Exporter
from tests.conftest import ROOT
from tests.transfer.exporting import WHOLE, Made, lines

Elsewhere = Callable[[Callable[[], object]], None]


@pytest.fixture
def elsewhere(transactional_db: None) -> Elsewhere:
    """Runs something on a connection of its own, which must not have to wait for the export."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's test database is in memory, which connections share by locks; see below for a file")

    def run(work: Callable[[], object]) -> None:
        failures: list[BaseException] = []

        def target() -> None:
            try:
                work()
            except BaseException as failure:  # noqa: BLE001 -- told in the test's own thread
                failures.append(failure)
            finally:
                connections.close_all()

        thread = threading.Thread(target=target)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "the writer had to wait"
        assert not failures, failures

    return run


def test_rows_of_others_do_not_show_and_others_need_not_wait(elsewhere: Elsewhere, tmp_path: Path) -> None:
    made = Made()
    made.add("tag", score=1)
    waiting = [lambda: made.add("rectangle", **WHOLE), made.add_mask, lambda: Shape.objects.all().delete()]

    def write(phase: str, done: int, total: int) -> None:
        while waiting:
            elsewhere(waiting.pop(0))

    Exporter(made.task, tmp_path / "out", progress=write).run()

    assert not Shape.objects.exists()
    assert lines(tmp_path / "out", "train-annotations-human-imagelabels.csv") == ["a,,/m/01yrx,1"]
    assert lines(tmp_path / "out", "train-annotations-bbox.csv") == []
    assert not (tmp_path / "out" / "masks").exists()


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_ends_whatever_happens() -> None:
    made = Made()

    def fail() -> None:
        with snapshot("default"):
            assert Shape.objects.count() == 0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    made.add("tag")
    assert Shape.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no transactions that only read")
def test_nothing_can_be_written_by_mistake() -> None:
    made = Made()
    with pytest.raises(DatabaseError, match="read-only"), snapshot("default"):
        made.add("tag")


_ON_A_FILE = """
import sys, threading
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from django.db import connection, connections
call_command("migrate", verbosity=0)
assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
from openimages_io.models import Shape
from openimages_io.transfer.exporter import Exporter
from tests.transfer.exporting import WHOLE, Made
made = Made()
made.add("tag", score=1)
done = []

def write():
    made.add("rectangle", **WHOLE)
    made.add_mask()
    done.append(Shape.objects.count())
    connections.close_all()

def progress(*told):
    if not done:
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(10)
        assert done == [3], "the writer had to wait"

Exporter(made.task, Path(sys.argv[1]), progress=progress).run()
assert Shape.objects.count() == 3
"""


@pytest.mark.programs
def test_the_same_on_sqlite_in_a_file(tmp_path: Path) -> None:
    """In a process of its own: a test run has one database, and on SQLite it is in memory."""
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": str(ROOT),
        "MEDIA_ROOT": str(tmp_path / "media"),
    }
    command = [sys.executable, "-W", "error", "-c", _ON_A_FILE, str(tmp_path / "out")]
    found = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    assert lines(tmp_path / "out", "train-annotations-human-imagelabels.csv") == ["a,,/m/01yrx,1"]
    assert lines(tmp_path / "out", "train-annotations-bbox.csv") == []
    assert not (tmp_path / "out" / "masks").exists()
