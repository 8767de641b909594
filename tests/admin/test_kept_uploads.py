"""A fault of the import form doesn't lose the file that came with it; nobody else has it, and it is taken once."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from openimages_io.jobs import kept_uploads
from openimages_io.models import Job, JobState, Task
from openimages_io.models.job_files import current_job_storage
from openimages_io.models.stored_files import GRACE
from tests.admin.conftest import Browser, text_of
from tests.admin.test_importing import ADMIN, FORM

NEW = f"{ADMIN}/task/import/"
FAULTS = [
    {"task_name": "scenes"},
    {"task_name": ""},
    {"task_name": "a" * 256},
    {"task_name": "new", "on_error": "perhaps"},
    {"task_name": "new", "subsets": "a\0b"},
]


def kept_in(page: str) -> str:
    found = re.search(r'<input type="hidden" name="kept"(?: value="([0-9a-f-]*)")?', page)
    assert found is not None
    return found[1] or ""


def stored() -> list[Path]:
    return [path for path in Path(current_job_storage().path("")).rglob("source/*") if path.is_file()]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_not_lose_the_file(send: Any, scenes: Task, good_archive: Path, fault: dict[str, str]) -> None:
    page = text_of(send(NEW, {**FORM, **fault}, upload=good_archive))
    assert "errornote" in page
    assert "scenes.zip (" in page
    assert "has arrived and is kept" in page
    assert not re.search(r'<input type="file"[^>]* required', page)
    # Another fault keeps it as well.
    again = text_of(send(NEW, {**FORM, "task_name": "scenes", "kept": kept_in(page)}))
    assert kept_in(again) == kept_in(page)
    response = send(NEW, {**FORM, "task_name": "new", "kept": kept_in(page)})
    job = Job.objects.get()
    assert response.headers["Location"] == f"{ADMIN}/job/{job.pk}/change/"
    assert (job.source_name, job.state, job.errors) == ("scenes.zip", JobState.SUCCEEDED, 0)
    assert [path.read_bytes() for path in stored()] == [good_archive.read_bytes()]


def test_a_fault_of_an_import_into_a_task_keeps_it_too(send: Any, scenes: Task, good_archive: Path) -> None:
    where = f"{ADMIN}/task/{scenes.pk}/import/"
    page = text_of(send(where, {**FORM, "mode": "perhaps"}, upload=good_archive))
    send(where, {**FORM, "mode": "merge", "kept": kept_in(page)})
    assert Job.objects.get().task == scenes


def test_another_file_takes_its_place(send: Any, scenes: Task, good_archive: Path, broken_archive: Path) -> None:
    first = text_of(send(NEW, {**FORM, "task_name": "scenes"}, upload=good_archive))
    second = text_of(send(NEW, {**FORM, "task_name": "scenes", "kept": kept_in(first)}, upload=broken_archive))
    assert "broken.zip (" in second
    assert [path.read_bytes() for path in stored()] == [broken_archive.read_bytes()]
    # A tab that still shows the first must not import the second.
    old = text_of(send(NEW, {**FORM, "task_name": "new", "kept": kept_in(first)}))
    assert "The file is no longer kept. Choose it again." in old
    assert kept_in(old) == ""
    assert re.search(r'<input type="file"[^>]* required', old)
    assert not Job.objects.exists()
    send(NEW, {**FORM, "task_name": "new", "kept": kept_in(second)}, upload=good_archive)
    assert Job.objects.get().source_name == "scenes.zip"


@pytest.mark.long
def test_it_is_of_one_user_and_taken_once(
    send: Any,
    boss: Client,
    as_staff: Browser,
    scenes: Task,
    good_archive: Path,
) -> None:
    key = kept_in(text_of(send(NEW, {**FORM, "task_name": "scenes"}, upload=good_archive)))
    other = as_staff(name="other", superuser=True)
    assert "no longer kept" in text_of(other.post(NEW, {**FORM, "task_name": "new", "kept": key}))
    before = dict(boss.session.items())
    send(NEW, {**FORM, "task_name": "new", "kept": key})
    assert Job.objects.get().created_by == User.objects.get(username="boss")
    for session in (None, before):  # also where two requests began with the same session
        if session:
            saved = boss.session
            saved.update(session)
            saved.save()
        assert "no longer kept" in text_of(send(NEW, {**FORM, "task_name": "newer", "kept": key}))
    assert Job.objects.count() == 1


@pytest.mark.parametrize("key", ["x", "../../etc/passwd", "00000000-0000-4000-8000-000000000000", "a\0b"])
def test_what_was_not_kept_is_not_there(send: Any, key: str, good_archive: Path) -> None:
    page = text_of(send(NEW, {**FORM, "task_name": "new", "kept": key}))
    assert "errornote" in page
    assert kept_in(page) == ""
    assert not Job.objects.exists()


def test_it_ends_before_it_is_pruned(
    send: Any,
    scenes: Task,
    good_archive: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    key = kept_in(text_of(send(NEW, {**FORM, "task_name": "scenes"}, upload=good_archive)))
    call_command("prune_openimages_jobs", verbosity=0)
    assert stored()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + kept_uploads.KEPT.total_seconds() + 1)
    assert "no longer kept" in text_of(send(NEW, {**FORM, "task_name": "new", "kept": key}))
    monkeypatch.setattr("openimages_io.models.stored_files.time_since", lambda _moment: GRACE * 2)
    call_command("prune_openimages_jobs", verbosity=0)
    assert not stored()


def test_what_is_too_large_is_not_kept(send: Any, good_archive: Path, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {**settings.OPENIMAGES_IO, "MAX_UPLOAD_BYTES": 1000}
    page = text_of(send(NEW, {**FORM, "task_name": ""}, upload=good_archive))
    assert kept_in(page) == ""
    assert not stored()


def test_another_person_in_the_same_browser_does_not_get_it(
    send: Any, boss: Client, scenes: Task, good_archive: Path
) -> None:
    key = kept_in(text_of(send(NEW, {**FORM, "task_name": "scenes"}, upload=good_archive)))
    other = User.objects.create_user("other", is_staff=True, is_superuser=True)
    boss.force_login(other)
    assert "no longer kept" in text_of(boss.post(NEW, {**FORM, "task_name": "new", "kept": key}))
