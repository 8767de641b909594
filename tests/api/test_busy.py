"""Somebody else writes for longer than the site waits: 503 with a time to try again, not a 500."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from openimages_io.api.exceptions import exception_handler
from tests.conftest import ROOT

_ON_A_FILE = """
import sqlite3
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test.utils import setup_test_environment
settings.ROOT_URLCONF = "tests.api.shapes_client"
setup_test_environment()
from tests.api.shapes_client import Frontend
from openimages_io.models import Image, Job, Label, Task
frontend = Frontend()
client, task, label, image = frontend.client, frontend.task, frontend.dog, frontend.image
shape = frontend.draw()
finished = Job.objects.create(kind="check", state="succeeded", task=task, task_name=task.name, queued=task.created)
other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
works = [
    ("post", "/api/v1/tasks/", {"name": "a"}),
    ("patch", f"/api/v1/tasks/{task.pk}/", {"name": "c"}),
    ("post", f"/api/v1/tasks/{task.pk}/labels/", {"name": "a"}),
    ("patch", f"/api/v1/labels/{label.pk}/", {"display_name": "a"}),
    ("put", f"/api/v1/tasks/{task.pk}/hierarchy/", {"LabelName": "/m/cat"}),
    ("post", f"/api/v1/tasks/{task.pk}/images/", {"name": "b"}),
    ("patch", f"/api/v1/images/{image.pk}/", {"name": "c"}),
    ("post", f"/api/v1/tasks/{task.pk}/checks/", {}),
    ("put", frontend.url, {"shapes": [{"id": shape.pk}]}),
    ("post", frontend.url, frontend.item()),
    ("patch", frontend.shape_url(shape), {"score": 0.5}),
    ("delete", frontend.shape_url(shape), None),
    ("delete", f"/api/v1/labels/{label.pk}/", None),
    ("delete", f"/api/v1/jobs/{finished.pk}/", None),
    ("delete", f"/api/v1/images/{image.pk}/", None),
    ("delete", f"/api/v1/tasks/{task.pk}/", None),
]
connection.ensure_connection()
connection.cursor().execute("PRAGMA busy_timeout = 20")
other.execute("BEGIN IMMEDIATE")
for locked in (True, False):
    if not locked:
        other.execute("ROLLBACK")
    for method, url, body in works:
        response = getattr(client, method)(url, body, content_type="application/json", headers={"If-Match": "*"})
        place = (method, url, response.status_code, response.content)
        if locked:
            assert response.status_code == 503, place
            assert response["Retry-After"] == "1", place
            said = response.json()
            assert (said["code"], said["errors"]) == ("busy", []), place
            assert "try again" in said["detail"], place
        else:
            assert response.status_code < 300, place
    if locked:
        assert client.get(f"/api/v1/tasks/{task.pk}/").status_code == 200
"""


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


def failure(message: str, sqlstate: str) -> OperationalError:
    """As Django raises it, of what the driver has raised."""
    cause = type("Failure", (Exception,), {"sqlstate": sqlstate})(message)
    error = OperationalError(message)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_transactions_in_each_others_way_are_503(sqlstate: str) -> None:
    response = exception_handler(failure("deadlock detected", sqlstate), {})
    assert response is not None
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.data["code"] == "busy"


def test_a_database_that_is_not_there_stays_a_fault_of_ours() -> None:
    assert exception_handler(failure("the connection was closed", "57P01"), {}) is None
    assert exception_handler(OperationalError("disk I/O error"), {}) is None
