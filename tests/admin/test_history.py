"""What a task's history on the admin site says of imports and exports."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.models import Task
from openimages_io.transfer.options import ExportOptions, ImportOptions
from tests.admin.conftest import text_of
from tests.jobs.archives import small

ADMIN = "/admin/openimages_io"


def imported(user: Any, task: Task | None = None, *, dry_run: bool = False) -> Task | None:
    options = ImportOptions()
    return submit_import(small(), task=task, task_name="x", options=options, dry_run=dry_run, user=user).task


@pytest.fixture
def user(boss: Client, settings: Any) -> Any:
    return boss.get("/admin/").wsgi_request.user


@pytest.mark.django_db(transaction=True)
def test_imports_and_exports_are_in_the_history_of_the_task(user: Any, boss: Client) -> None:
    task = imported(user)
    assert task is not None
    imported(user, task)  # changes nothing
    imported(user, task, dry_run=True)
    submit_export(task, ExportOptions(), user=user)
    submit_export(task, ExportOptions(), user=None)
    entries = LogEntry.objects.order_by("pk")
    assert [(entry.user, entry.action_flag, entry.object_repr) for entry in entries] == [(user, 1, "x"), (user, 2, "x")]
    page = text_of(boss.get(f"{ADMIN}/task/{task.pk}/history/"))
    assert "Imported: 2 labels, 6 attribute specs, 1 image and 1 box added. From the archive small.zip." in page
    assert "Exported: " in page


@pytest.mark.django_db(transaction=True)
def test_an_import_that_cannot_be_noted_is_there_nevertheless(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(LogEntry.objects, "bulk_create", fail)
    assert imported(user) is not None
    assert not LogEntry.objects.exists()
