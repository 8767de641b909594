"""Workers that are processes of their own, on the database that the tests run on."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files import File
from django.db import connection
from pytest_django import Settings

from openimages_io.jobs.status import Status
from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.jobs.transitions import cancel, retry
from openimages_io.models import Image, Job, Label, Mask, Shape, Task
from openimages_io.transfer.options import ExportOptions, ImportOptions, Missing, OnError
from tests.jobs.archives import small
from tests.jobs.conftest import ROWS
from tests.jobs.sites import Site, ended, now, until

CREATE = ImportOptions(missing_images=Missing.CREATE, missing_labels=Missing.CREATE, on_error=OnError.SKIP)


def submitted(path: Path, name: str = "large") -> Job:
    with path.open("rb") as file:
        return submit_import(
            File(file, name="large.zip"), task=None, task_name=name, options=ImportOptions(), dry_run=False, user=None
        )


def in_phase(job: Job, phase: str) -> Status:
    def holds() -> Status | None:
        found = now(job)
        assert found.state in {"queued", "running"}, found
        return found if found.phase == phase and found.done else None

    found = until(holds, what=f"the phase {phase}")
    assert isinstance(found, Status)
    return found


def test_an_import_is_seen_while_it_runs_and_others_write_meanwhile(site: Site, large: Path) -> None:
    job = submitted(large)
    assert now(job).waiting
    site.start_worker()
    seen: list[Status] = []
    slowest = 0.0
    other = Task.objects.create(name="other")
    while (found := now(job)).state in {"queued", "running"}:
        seen.append(found)
        began = time.monotonic()
        now(job)
        for model in (Task, Label, Image, Shape, Mask):
            model._base_manager.order_by("pk").first()
        slowest = max(slowest, time.monotonic() - began)
        if found.phase == "check" and found.done < found.total / 2:  # the commit will have SQLite's write lock
            Image.objects.create(task=other, name=f"{len(seen)}")
        time.sleep(0.02)
    job.refresh_from_db()
    assert (job.state, job.committed, job.errors) == ("succeeded", True, 0), (job.message, site.log)
    assert job.message.startswith(
        "Imported: 2 labels, 10 attribute specs, 1,000 images, 50,000 boxes and 1 picture file"
    )
    assert job.task is not None
    assert job.task.shapes.count() == ROWS
    running = [one for one in seen if one.state == "running"]
    assert {"check", "commit"} <= {one.phase for one in running}
    assert len({one.done for one in running}) > 3
    assert all(0 <= one.done <= one.total for one in running)
    assert other.images.exists()
    assert slowest < 1
    kept = [f"jobs/{job.source}", f"media/{Image.objects.exclude(file='').get().file}"]
    until(lambda: site.files() == kept, what="the tidying up")


@pytest.mark.parametrize("phase", ["check", "commit"])
def test_a_job_that_is_cancelled_stops_within_two_seconds_and_leaves_nothing(
    site: Site, large: Path, phase: str
) -> None:
    job = submitted(large)
    site.hold(phase)
    site.start_worker()
    in_phase(job, phase)
    _cancelled(site, job)


@contextmanager
def others_writing() -> Iterator[None]:
    """Keeps the worker from writing labels: on SQLite it cannot even begin, on PostgreSQL its first INSERT waits."""
    other = connection.copy()
    postgresql = connection.vendor == "postgresql"
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN" if postgresql else "BEGIN IMMEDIATE")
            if postgresql:
                cursor.execute(f"LOCK TABLE {Label._meta.db_table} IN SHARE MODE")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_a_job_that_waits_for_others_who_write_can_be_cancelled_too(site: Site, large: Path) -> None:
    job = submitted(large)
    site.hold("check")
    site.start_worker()
    in_phase(job, "check")
    with others_writing():
        site.go_on()
        if connection.vendor == "sqlite":
            until(lambda: now(job).phase == "wait", what="the phase wait")
        else:
            until(_waits_for_a_lock, what="a worker that waits for a lock")
        cancel(job)
        if connection.vendor == "postgresql":
            assert until(lambda: now(job).state == "cancelled", 2)
        else:
            time.sleep(0.6)  # it stops, but cannot say so before the other has written
            assert now(job).cancelling
    until(lambda: now(job).state == "cancelled", 2)
    assert not Task.objects.exists()
    until(lambda: site.files() == [f"jobs/{job.source}"], what="the tidying up")


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


def _cancelled(site: Site, job: Job) -> None:
    began = time.monotonic()
    cancel(job)
    asked = time.monotonic() - began
    job = ended(job)
    took = time.monotonic() - began
    assert (job.state, job.message) == ("cancelled", "Cancelled: nothing was written."), site.log
    assert took < 2, "that took too long"
    assert asked < 0.5
    assert not Task.objects.exists()
    assert not Shape.objects.exists()
    until(lambda: site.files() == [f"jobs/{job.source}"], what="the tidying up")


@pytest.mark.thorough
def test_a_worker_that_is_killed_leaves_a_job_that_can_be_started_again(
    site: Site, large: Path, settings: Settings
) -> None:
    settings.OPENIMAGES_IO = {"JOB_SILENCE": 3}
    job = submitted(large)
    site.hold("commit")
    worker = site.start_worker()
    in_phase(job, "commit")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    site.go_on()
    until(lambda: now(job).state == "failed", 9, what="the sign that it is dead")
    assert now(job).message.startswith("The worker stopped")
    assert Job.objects.get(pk=job.pk).state == "running"
    assert not Task.objects.exists()
    assert retry(job).state == "queued"
    site.environment["SLOWLY"] = "0"
    site.start_worker()
    job = ended(job)
    assert (job.state, job.attempt) == ("succeeded", 2), (job.message, site.log)
    assert Shape.objects.count() == ROWS


def test_a_worker_that_is_told_to_go_says_so(site: Site, large: Path) -> None:
    job = submitted(large)
    site.hold("check")
    worker = site.start_worker()
    in_phase(job, "check")
    worker.terminate()
    until(lambda: "shutting down gracefully" in site.log)
    worker.terminate()
    worker.wait(10)
    job.refresh_from_db()
    assert (job.state, job.message.partition(",")[0]) == ("failed", "The worker was stopped"), site.log
    assert not Task.objects.exists()
    assert site.files() == [f"jobs/{job.source}"]


def test_a_worker_that_is_told_to_go_does_not_wait_for_others_who_write(site: Site, large: Path) -> None:
    site.environment["SQLITE_TIMEOUT"] = "0.5"
    job = submitted(large)
    site.hold("check")
    worker = site.start_worker()
    in_phase(job, "check")
    with others_writing():
        worker.terminate()
        until(lambda: "shutting down gracefully" in site.log)
        worker.terminate()
        worker.wait(20)
    if connection.vendor == "sqlite":  # the row says it when the worker has been silent for a while
        assert f"What came of job {job.pk} cannot be written: The worker was stopped" in site.log
    assert not Task.objects.exists()


def test_a_worker_that_is_stopped_twice_after_the_commit_loses_nothing(site: Site) -> None:
    """While it removes the pictures that were replaced, which takes 0.3 s each."""
    first = submit_import(small(pictures=20), task=None, task_name="x", options=CREATE, dry_run=False, user=None)
    site.environment |= {"SLOWLY": "0", "SLOWLY_REMOVED": "0.3"}
    worker = site.start_worker()
    task = ended(first).task
    Image.objects.exclude(file="").update(file_digest="another", file_suffix=".PNG")
    bad = "b,xclick,/m/01yrx,1,0.5,0.1,0.2,0.6,0,0,0,0,0\n"
    archive = small(pictures=20, boxes=bad)
    job = submit_import(archive, task=task, task_name="", options=CREATE, dry_run=False, user=None)
    old = site.files()
    until(lambda: now(job).state == "succeeded", what="the commit")
    worker.terminate()
    until(lambda: "shutting down gracefully" in site.log)
    worker.terminate()
    worker.wait(10)
    job.refresh_from_db()
    assert (job.state, job.committed, job.errors) == ("succeeded", True, 1), (job.message, site.log)
    files = site.files()
    assert f"jobs/{job.report}" in files
    assert {f"media/{image.file}" for image in Image.objects.exclude(file="")} <= set(files)
    assert set(old) & set(files), "it had removed all of them already, so nothing was tried"
    assert "terminating current task" in site.log


def test_an_export_goes_through_a_worker(site: Site) -> None:
    job = submit_import(small(), task=None, task_name="a/b: c", options=ImportOptions(), dry_run=False, user=None)
    site.start_worker()
    task = ended(job).task
    assert task is not None
    job = ended(submit_export(task, ExportOptions(), user=None))
    assert job.state == "succeeded", (job.message, site.log)
    assert str(job.result).endswith("/a_b_ c.zip")
