"""The life of a job where jobs run at once: states, files, reports, and what may be done when."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs import heartbeat, queue, transitions, work
from openimages_io.jobs.files import save_result
from openimages_io.jobs.heartbeat_thread import HeartbeatThread
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import Attempt, AttemptLost, claim, retry_while_locked
from openimages_io.jobs.running import run_job
from openimages_io.jobs.status import job_status
from openimages_io.jobs.submission import submit_check, submit_export, submit_import
from openimages_io.jobs.transitions import (
    InvalidTransition,
    bad_rows,
    can_cancel,
    can_confirm,
    can_retry,
    cancel,
    confirm,
    retry,
)
from openimages_io.models import Image, Job, JobState, Shape, Task, TaskStatistics
from openimages_io.models.job_files import current_job_storage
from openimages_io.transfer.checking import Checker
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, ImportOptions
from openimages_io.transfer.report import Report
from openimages_io.viewing import statistics
from tests.jobs.archives import small, zip_of
from tests.stored_files import stored_files

pytestmark = pytest.mark.django_db(transaction=True)

BAD = "a,xclick,/m/01yrx,1,0.5,0.1,0.2,0.6,0,0,0,0,0\n"


def submitted(task: Task | None = None, name: str = "x", *, dry_run: bool = False, **archive: Any) -> Job:
    return submit_import(
        small(**archive), task=task, task_name=name, options=ImportOptions(), dry_run=dry_run, user=None
    )


@pytest.fixture
def nobody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait: the queue takes them, and no worker does."""
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)


def stored(media: Path) -> list[str]:
    folder = media / "openimages-jobs"
    return [path.relative_to(folder).as_posix().partition("/")[2] for path in stored_files(folder)]


def test_a_failure_is_stored_as_a_code_with_parameters() -> None:
    task = Task.objects.create(name="empty")
    job = submit_export(task, ExportOptions(subsets=frozenset({"none"})), user=None)
    job.refresh_from_db()
    failed = {"code": "no-subset", "params": {"subsets": ["none"]}}
    assert (job.state, job.outcome) == ("failed", {"code": "error", "params": {"error": failed}})
    assert job.message == "The task has no subset “none”."


def test_an_import_makes_the_task_whose_owner_is_the_user() -> None:
    user = get_user_model()._default_manager.create_user("mia")
    job = submit_import(small(pictures=1), task=None, task_name="x", options=ImportOptions(), dry_run=False, user=user)
    assert (job.state, job.committed, job.changed, job.refused, job.attempt) == ("succeeded", True, True, False, 1)
    assert job.message == "Imported: 2 labels, 6 attribute specs, 2 images, 1 box and 1 picture file added."
    assert job.task is not None
    assert (job.task.name, job.task.owner, job.created_by) == ("x", user, user)
    assert job.totals["boxes"]["added"] == 1
    assert job.started is not None
    assert job.finished is not None
    assert job.done == job.total > 0
    found = job_status(job)
    assert (found.state, found.waiting, found.cancelling, found.message) == ("succeeded", False, False, job.message)


def test_after_an_import_nobody_waits_for_the_numbers() -> None:
    task = submitted().task
    assert task is not None
    kept = TaskStatistics.objects.get(task=task)
    assert kept.revision == Task.objects.get(pk=task.pk).revision
    assert kept.data["shapes"] == 1


def test_numbers_that_cannot_be_counted_spoil_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "statistics", refuse)
    job = submitted()
    assert (job.state, job.committed) == ("succeeded", True)


def refuse(task: Task) -> None:
    raise OperationalError("database is locked")


def test_an_import_that_changes_nothing_says_so() -> None:
    task = submitted().task
    job = submitted(task)
    assert (job.state, job.committed, job.changed) == ("succeeded", True, False)
    assert job.message == "Everything exists already, so nothing has changed."


def test_an_anonymous_user_is_nobody() -> None:
    job = submit_import(small(), task=None, task_name="x", options=ImportOptions(), dry_run=False, user=AnonymousUser())
    assert job.created_by is None


def test_a_dry_run_writes_nothing_and_is_done_when_it_is_confirmed() -> None:
    job = submitted(dry_run=True, pictures=1)
    assert (job.state, job.committed, job.changed, job.refused) == ("succeeded", False, True, False)
    assert job.message.startswith("A dry run, so nothing was written. An import would do this: 2 labels")
    assert not Task.objects.exists()
    assert can_confirm(job)
    again = confirm(job)
    assert (again.pk, again.state, again.committed, again.dry_run, again.attempt) == (
        job.pk,
        "succeeded",
        True,
        False,
        2,
    )
    assert Shape.objects.count() == 1
    assert not can_confirm(again)
    with pytest.raises(InvalidTransition, match="Only the dry run"):
        confirm(again)


def test_what_is_confirmed_is_checked_again() -> None:
    job = submitted(dry_run=True)
    Task.objects.create(name="x")
    again = confirm(job)
    assert (again.state, again.committed) == ("failed", False)
    assert again.message.startswith("There is a task “x” already")
    assert not Shape.objects.exists()


def test_a_dry_run_that_finds_errors_cannot_be_confirmed(media: Path) -> None:
    job = submitted(dry_run=True, boxes=BAD)
    assert (job.state, job.refused, job.errors) == ("succeeded", True, 1)
    assert job.message == "Nothing was written, because of what is wrong in the archive: 1 error."
    assert not can_confirm(job)
    with pytest.raises(InvalidTransition, match="found errors"):
        confirm(job)
    assert stored(media) == [f"{job.pk}/report/1.jsonl", f"{job.pk}/source/archive"]


def test_a_dry_run_that_finds_bad_rows_can_be_done_without_them() -> None:
    good = BAD.replace("0.5,0.1", "0.1,0.5")
    job = submitted(dry_run=True, boxes=BAD + good)
    assert bad_rows(job) == 1
    with pytest.raises(InvalidTransition, match="found errors"):
        confirm(job)
    again = confirm(job, without_bad_rows=True)
    assert (again.pk, again.state, again.committed, again.refused) == (job.pk, "succeeded", True, False)
    assert again.options["on_error"] == "skip"
    assert (again.totals["boxes"]["added"], again.totals["boxes"]["skipped"]) == (1, {"bad": 1})
    assert bad_rows(again) == 0


def test_a_dry_run_that_misses_a_column_is_not_done_without_the_file() -> None:
    boxes = zip_of({"annotations/train-annotations-bbox.csv": f"ImageID,LabelName\n{BAD}"})
    job = submit_import(boxes, task=None, task_name="x", options=ImportOptions(), dry_run=True, user=None)
    assert (job.state, job.refused, bad_rows(job)) == ("succeeded", True, 0)
    with pytest.raises(InvalidTransition, match="found errors"):
        confirm(job, without_bad_rows=True)


def test_an_import_that_is_refused_has_failed_and_can_be_tried_again() -> None:
    job = submitted(boxes=BAD)
    assert (job.state, job.refused, job.committed, job.errors) == ("failed", True, False, 1)
    assert job.message == "Nothing was written, because of what is wrong in the archive: 1 error."
    assert can_retry(job)
    again = retry(job)
    assert (again.state, again.attempt, again.errors) == ("failed", 2, 1)
    assert str(again.report).endswith("/report/2.jsonl")
    assert not current_job_storage().exists(str(job.report))


def test_a_report_that_cannot_be_removed_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = submitted(boxes=BAD)

    def fail(*_: Any) -> None:
        raise OSError("the bucket does not answer")

    monkeypatch.setattr(transitions, "remove_files", fail)
    again = retry(job)
    assert (again.state, again.attempt) == ("failed", 2)
    assert "the bucket does not answer" in caplog.text


def test_a_task_is_found_by_its_key_whatever_it_is_called_now(nobody_comes: None) -> None:
    task = Task.objects.create(name="before")
    job = submit_import(
        small(),
        task=task,
        task_name="",
        options=ImportOptions(missing_images="create", missing_labels="create"),  # type: ignore[arg-type]
        dry_run=False,
        user=None,
    )
    Task.objects.filter(pk=task.pk).update(name="after")
    Task.objects.create(name="before")
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.task_id, job.task_name) == ("succeeded", task.pk, "after"), job.message
    assert task.shapes.count() == Shape.objects.count() == 1


def test_a_task_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(small().read())
    task = Task.objects.create(name="x")
    key = task.pk
    task.delete()
    with pytest.raises(OpenImagesError, match="is no longer there"):
        Importer(tmp_path / "a.zip", "x", task_id=key).run()
    assert not Task.objects.exists()


def test_a_message_that_comes_twice_runs_the_job_once() -> None:
    job = submitted()
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("succeeded", 1)
    run_job.call("7d3b1f8a-0000-4000-8000-000000000000")  # a job that was deleted


def test_a_job_that_waits_is_cancelled_at_once(nobody_comes: None) -> None:
    job = submitted()
    assert job_status(job).waiting
    assert can_cancel(job)
    job = cancel(job)
    assert (job.state, job.message) == ("cancelled", "Cancelled before it started.")
    assert not can_cancel(job)
    run_job.call(str(job.pk))
    assert not Task.objects.exists()
    with pytest.raises(InvalidTransition, match="ended already: cancelled"):
        cancel(job)
    assert can_retry(job)
    assert retry(job).state == "queued"
    with pytest.raises(InvalidTransition, match="The job is queued"):
        retry(job)


def test_a_dead_worker_is_seen_and_buried(nobody_comes: None, settings: Settings) -> None:
    job = submitted()
    attempt = claim(str(job.pk))
    assert attempt is not None
    assert claim(str(job.pk)) is None
    job.refresh_from_db()
    assert job_status(job).state == "running"
    assert fail_lost_jobs() == 0
    long_ago = timezone.now() - timedelta(minutes=2)
    Job.objects.update(heartbeat=long_ago, started=long_ago)
    job.refresh_from_db()
    assert job_status(job).state == "failed"
    assert can_retry(job)
    assert not can_cancel(job)
    with pytest.raises(InvalidTransition, match="ended already: failed"):
        cancel(job)
    job.refresh_from_db()
    assert (job.state, job.message.partition(";")[0]) == ("failed", "The worker stopped unexpectedly")
    with pytest.raises(AttemptLost):
        attempt.end(JobState.SUCCEEDED)
    work.work(attempt)  # the worker was alive after all
    job.refresh_from_db()
    assert job.state == "failed"
    assert not Task.objects.exists()


def test_a_commit_of_a_job_that_was_given_up_writes_nothing(
    nobody_comes: None, monkeypatch: pytest.MonkeyPatch, media: Path
) -> None:
    job = submitted(pictures=2, boxes=BAD.replace("0.5,0.1", "0.1,0.5"))
    attempt = claim(str(job.pk))
    assert attempt is not None
    end = Attempt.end

    def given_up(self: Attempt, state: JobState, **values: Any) -> None:
        if state == JobState.SUCCEEDED:
            Job.objects.filter(pk=job.pk).update(attempt=7)
        end(self, state, **values)

    monkeypatch.setattr(Attempt, "end", given_up)
    work.work(attempt)
    assert not Task.objects.exists()
    assert not Image.objects.exists()
    assert not stored_files(media / "openimages")
    assert stored(media) == [f"{job.pk}/source/archive"]


@pytest.mark.parametrize("phase", ["check", "pictures", "commit"])
def test_a_wish_to_cancel_is_heard_in_every_phase_and_leaves_nothing(
    phase: str, monkeypatch: pytest.MonkeyPatch, media: Path
) -> None:
    tell = HeartbeatThread.progress

    def progress(self: HeartbeatThread, now: str, done: int, total: int) -> None:
        self.stopped |= now == phase
        tell(self, now, done, total)

    monkeypatch.setattr(HeartbeatThread, "progress", progress)
    job = submitted(pictures=2)
    assert (job.state, job.message) == ("cancelled", "Cancelled: nothing was written.")
    assert not Task.objects.exists()
    assert not stored_files(media / "openimages")
    assert stored(media) == [f"{job.pk}/source/archive"]


def test_an_export_is_stored_with_its_digest_and_the_same_each_time(media: Path) -> None:
    task = submitted(name='so/"called"').task
    assert task is not None
    first, second = (submit_export(task, ExportOptions(), user=None) for _ in "ab")
    assert first.state == "succeeded", first.message
    assert str(first.result).endswith("/so_called.zip")
    assert first.result_digest == second.result_digest != ""
    assert first.message == "Exported: 2 labels, 1 image and 1 box."
    with first.result.open("rb") as one, second.result.open("rb") as other:
        assert one.read() == other.read()


def test_an_export_that_is_cancelled_leaves_no_archive(monkeypatch: pytest.MonkeyPatch, media: Path) -> None:
    task = submitted(pictures=2).task
    assert task is not None
    before = stored(media)
    told: list[str] = []
    tell = HeartbeatThread.tick

    def stop_when_it_is_stored(self: HeartbeatThread) -> None:
        self.stopped |= bool(told)
        tell(self)

    def digest(*args: object) -> object:
        told.append("the archive is written")
        return save_result(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(HeartbeatThread, "tick", stop_when_it_is_stored)
    monkeypatch.setattr(work, "save_result", digest)
    job = submit_export(task, ExportOptions(), user=None)
    assert (told, job.state, str(job.result)) == (["the archive is written"], "cancelled", "")
    assert stored(media) == before


def test_an_unexpected_error_is_told_by_its_kind_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError("the secret")

    monkeypatch.setattr(Importer, "run", fail)
    job = submitted()
    assert job.state == "failed"
    assert job.message == "Unexpected error (ZeroDivisionError), so nothing was written; see the log for details."
    assert "the secret" in caplog.text


def test_a_database_that_fails_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(Importer, "_plan", fail)
    job = submitted()
    assert (job.state, job.message) == (
        "failed",
        "The database failed, so nothing was written; see the log for details.",
    )
    assert "password=secret" in caplog.text


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_a_worker_that_is_stopped_says_so(
    end: type[BaseException], nobody_comes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: Any, **options: Any) -> None:
        raise end

    job = submitted()
    monkeypatch.setattr(Importer, "run", stop)
    with pytest.raises(end):
        run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message.partition(",")[0]) == ("failed", "The worker was stopped")
    assert can_retry(job)


def test_a_queue_that_refuses_makes_the_job_failed(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.OPENIMAGES_IO = {"JOB_QUEUE": "nowhere"}
    job = submitted()
    assert job.state == "failed"
    assert job.message.startswith("The job could not be queued")
    assert "nowhere" in caplog.text


def test_nothing_is_queued_before_the_transaction_commits() -> None:
    with transaction.atomic():
        job = submitted()
        assert job.state == "queued"
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_an_upload_without_a_row_is_removed(monkeypatch: pytest.MonkeyPatch, media: Path) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(Job, "save", fail)
    with pytest.raises(DatabaseError):
        submitted()
    assert stored(media) == []


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "a\ud800b", "x" * 256], ids=ascii)
def test_names_that_no_task_can_have(name: str, media: Path) -> None:
    with pytest.raises(OpenImagesError, match="A task's name has"):
        submitted(name=name)
    assert stored(media) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd", "passwd"), ("a\nb\0c.zip", "a_b_c.zip"), ("", "archive"), (f"{'é' * 300}.zip", "é" * 255)],
    ids=ascii,
)
def test_the_name_of_an_upload_is_only_shown(name: str, shown: str, media: Path) -> None:
    upload = ContentFile(b"PK nothing", name=name)
    job = submit_import(upload, task=None, task_name="x", options=ImportOptions(), dry_run=False, user=None)
    assert job.source_name == shown
    assert job.state == "failed"
    assert stored(media) == [f"{job.pk}/report/1.jsonl", f"{job.pk}/source/archive"]
    assert str(media) not in json.dumps(Job.objects.values_list("outcome", "totals").get())


@pytest.mark.parametrize(
    "delete",
    [
        lambda job: job.delete(),
        lambda job: Job.objects.all().delete(),
        lambda job: job.task.delete(),
        lambda job: Task.objects.all().delete(),
    ],
)
def test_the_files_of_a_job_go_with_it_or_its_task(delete: Callable[[Job], object], media: Path) -> None:
    task = submitted().task
    assert task is not None
    job = submit_export(task, ExportOptions(), user=None)
    with transaction.atomic():
        delete(Job.objects.get(pk=job.pk))
        transaction.set_rollback(True)
    assert len(stored(media)) == 2
    delete(job)
    assert not Job.objects.filter(pk=job.pk).exists()
    assert not [name for name in stored(media) if name.startswith(str(job.pk))]


def test_a_storage_on_another_machine_is_read_through_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    job = submitted(dry_run=True)
    monkeypatch.setattr("openimages_io.jobs.files.current_job_storage", lambda: _Remote(current_job_storage()))
    again = confirm(job)
    assert again.state == "succeeded", again.message


class _Remote:
    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def path(self, name: str) -> str:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


def test_a_job_whose_archive_is_gone_cannot_be_started_again() -> None:
    job = submitted(boxes=BAD)
    current_job_storage().delete(str(job.source))
    with pytest.raises(InvalidTransition, match="upload it again"):
        retry(job)
    Job.objects.filter(pk=job.pk).update(pruned=timezone.now())
    job.refresh_from_db()
    assert not can_retry(job)


def test_only_one_of_two_starts_it_again(nobody_comes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submitted(dry_run=True)
    cancel(job)
    stale = Job.objects.get(pk=job.pk)
    retry(job)
    monkeypatch.setattr(transitions, "_fresh", lambda job: stale)
    with pytest.raises(InvalidTransition, match="Another user has changed the job"):
        retry(stale)


def test_a_job_that_was_deleted_cannot_be_steered() -> None:
    job = submitted()
    key = job.pk
    job.delete()
    job.pk = key
    for steer in (cancel, confirm, retry):
        with pytest.raises(InvalidTransition, match="no longer exists"):
            steer(job)


def test_what_a_running_job_shows_is_seen_without_a_query(
    nobody_comes: None, django_assert_num_queries: Callable[[int], Any]
) -> None:
    job = submitted()
    attempt = claim(str(job.pk))
    assert attempt is not None
    channel = heartbeat.open_channel(attempt)
    assert channel is not None
    channel.publish("check", 3, 10)
    assert not channel.is_cancel_requested()
    job.refresh_from_db()
    with django_assert_num_queries(0):
        found = job_status(job)
    assert (found.state, found.phase, found.done, found.total, found.cancelling) == ("running", "check", 3, 10, False)
    cancel(job)
    job.refresh_from_db()
    assert job_status(job).cancelling
    assert not can_cancel(job)
    assert channel.is_cancel_requested()
    attempt.end(JobState.CANCELLED, outcome={})
    if connection.vendor == "postgresql":
        with pytest.raises(AttemptLost):
            channel.is_cancel_requested()
        return  # its connection is this test's own
    channel.close()
    assert not [path for path in heartbeat.heartbeat_folder().iterdir() if str(job.pk) in path.name]


def test_damaged_live_files_show_as_what_the_row_says(nobody_comes: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has such files")
    job = submitted()
    attempt = claim(str(job.pk))
    assert attempt is not None
    channel = heartbeat.open_channel(attempt)
    assert channel is not None
    channel.publish("check", 3, 10)
    (path,) = heartbeat.heartbeat_folder().glob(f"{job.pk}*")
    job.refresh_from_db()
    for text in ("", "[", "{}", "[1, 2]", '["x", "y", 2]', "7", "null"):
        path.write_text(text)
        assert (job_status(job).phase, job_status(job).done) == ("", 0), text
    channel.close()


def test_within_a_transaction_jobs_run_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """As in a test case of a project, whose rows nobody else sees."""
    caplog.set_level(logging.WARNING)
    with transaction.atomic():
        job = submitted()
        run_job.call(str(job.pk))
        job.refresh_from_db()
        assert (job.state, job.committed) == ("succeeded", True), job.message
    assert not caplog.records


def test_patience_ends_with_what_is_no_lock() -> None:
    tries: list[int] = []

    def locked_twice() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        if len(tries) < 4:
            raise OperationalError("disk I/O error")
        return "done"

    with pytest.raises(DatabaseError, match="disk"):
        retry_while_locked(locked_twice)
    assert retry_while_locked(locked_twice) == "done"


def test_a_check_job_ends_with_a_report() -> None:
    task = submitted().task
    assert task is not None
    job = submit_check(task, user=None)
    assert (job.state, job.errors, job.message) == ("succeeded", 0, "Checked 1 annotation: nothing is wrong.")
    Shape.objects.update(attributes={"colour": "red"})
    job = submit_check(task, user=None)
    assert (job.state, job.errors, job.message) == ("succeeded", 1, "Checked 1 annotation: 1 error.")


def test_a_check_counts_the_task_before_it_reads_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    task = submitted().task
    assert task is not None
    TaskStatistics.objects.all().delete()
    counted_before: list[bool] = []

    def run(checker: Checker) -> Report:
        counted_before.append(TaskStatistics.objects.filter(task=checker.task, revision=F("task__revision")).exists())
        return Report()

    monkeypatch.setattr(Checker, "run", run)
    assert submit_check(task, user=None).state == "succeeded"
    assert counted_before == [True]
