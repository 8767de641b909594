"""How a job ends whatever happens around its COMMIT: row, message, report and pictures say the same."""

import signal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, OperationalError
from django.db.models import QuerySet

from openimages_io.jobs import queue
from openimages_io.jobs.rows import Attempt, AttemptLost, claim
from openimages_io.jobs.running import run_job
from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.jobs.transitions import can_retry
from openimages_io.jobs.work import work
from openimages_io.models import Image, Job, JobState, Shape
from openimages_io.models.installation import MARK
from openimages_io.models.job import report_place
from openimages_io.models.job_files import current_job_storage
from openimages_io.transfer.options import ExportOptions, ImportOptions, Missing, OnError
from tests.jobs.archives import small
from tests.transaction_faults import (
    DONE,
    EVERY,
    MAYBE,
    NOT,
    STOPPED,
    Ending,
    arm_at_the_first_import,
    is_written,
    job_files,
    lost_files,
    pictures,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

BOXES = "a,xclick,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0\n"
BAD = "a,xclick,/m/01yrx,1,0.5,0.1,0.2,0.6,0,0,0,0,0\n"
OPTIONS = ImportOptions(missing_images=Missing.CREATE, missing_labels=Missing.CREATE, on_error=OnError.SKIP)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """An import that waits: of three pictures, two in the place of others, and a box that is reported."""
    first = submit_import(small(pictures=2), task=None, task_name="x", options=OPTIONS, dry_run=False, user=None)
    assert first.state == "succeeded", first.message
    for image in Image.objects.exclude(file=""):
        Image.objects.filter(pk=image.pk).update(file_digest="another")
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)
    archive = small(pictures=3, boxes=BOXES.replace("a,", "b,") + BAD)
    return submit_import(archive, task=first.task, task_name="", options=OPTIONS, dry_run=False, user=None)


@pytest.fixture
def old(job: Job) -> set[str]:
    """The pictures that are replaced."""
    return set(Image.objects.exclude(file="").values_list("file", flat=True))


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("how", EVERY)
def test_every_end_of_an_import(
    how: str, stop: type[BaseException], job: Job, old: set[str], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stop is SystemExit and how not in STOPPED:
        pytest.skip("nothing is stopped")
    arm_at_the_first_import(end := Ending(monkeypatch, how, stop), monkeypatch)
    if how in STOPPED:
        with pytest.raises(stop):
            run_job.call(str(job.pk))
    else:
        run_job.call(str(job.pk))
    assert end.is_done
    job.refresh_from_db()
    report, now = current_job_storage(), set(Image.objects.exclude(file="").values_list("file", flat=True))
    assert not lost_files()
    if is_written(how):
        assert (job.state, job.committed, job.errors) == ("succeeded", True, 1), job.message
        assert job.message.startswith("Imported: 2 images, 1 box and 1 picture file added")
        assert report.exists(str(job.report))
        assert len(now) == 3
        assert not now & old
        assert not can_retry(job)
        assert bool(pictures(media) & old) == (how not in {"as usual", "another's hook fails"})
    else:
        assert (job.state, job.committed, str(job.report)) == ("failed", False, "")
        assert "nothing was written" in job.message
        assert job_files(media, job, "report") == []
        assert now == old <= pictures(media)
        assert can_retry(job)
        assert (how in NOT) == (pictures(media) == old)
    assert Shape.objects.count() == 1 + is_written(how)
    if how in NOT:
        assert job.message == "The database failed, so nothing was written; see the log for details."
    if how == "commit lost":
        assert job.message.startswith("The connection to the database broke while committing, and nothing was written;")


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_second_signal_at_the_very_end(at: str, job: Job, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the row is asked what came of the first."""
    arm_at_the_first_import(Ending(monkeypatch, "stopped after", SystemExit), monkeypatch)
    end = Attempt.end

    def stopped_again(attempt: Attempt, state: JobState, **values: Any) -> None:
        if state == JobState.FAILED and at == "before":
            raise SystemExit
        try:
            end(attempt, state, **values)
        except AttemptLost:
            raise SystemExit from None

    monkeypatch.setattr(Attempt, "end", stopped_again)
    with pytest.raises(SystemExit):
        run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.committed) == ("succeeded", True)
    assert current_job_storage().exists(str(job.report))
    assert not lost_files()


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database does not come back: what the row says cannot be asked."""
    update = QuerySet.update

    def gone(rows: QuerySet[Any], **values: Any) -> int:
        if values.get("state") == JobState.FAILED:
            raise OperationalError("connection refused")
        return update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", gone)


@pytest.mark.parametrize("how", sorted(MAYBE - STOPPED))
def test_a_database_that_does_not_come_back_leaves_all_files(
    how: str, job: Job, old: set[str], media: Path, unreadable: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    arm_at_the_first_import(Ending(monkeypatch, how), monkeypatch)
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert job.state == ("succeeded" if is_written(how) else "running")
    assert len(job_files(media, job, "report")) == 1
    assert old < pictures(media)
    assert not lost_files()
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("kind", ["export", "nothing new"])
@pytest.mark.parametrize("fault", [OperationalError("the link is cut"), SystemExit(), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("is_written", [True, False], ids=["written", "not written"])
def test_the_row_of_a_job_that_commits_nothing_else(
    kind: str, fault: BaseException, is_written: bool, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of an export, and of an import that has nothing to write, is one statement, whose answer may be lost."""
    task = submit_import(small(), task=None, task_name="x", options=OPTIONS, dry_run=False, user=None).task
    assert task is not None
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)
    if kind == "export":
        job = submit_export(task, ExportOptions(), user=None)
    else:
        upload = small(boxes=BOXES + BAD)
        job = submit_import(upload, task=task, task_name="", options=OPTIONS, dry_run=False, user=None)
    end = Attempt.end

    def ended(attempt: Attempt, state: JobState, **values: Any) -> None:
        if state != JobState.SUCCEEDED:
            return end(attempt, state, **values)
        if is_written:
            end(attempt, state, **values)
        raise fault

    monkeypatch.setattr(Attempt, "end", ended)
    if isinstance(fault, DatabaseError):
        run_job.call(str(job.pk))
    else:
        with pytest.raises(type(fault)):
            run_job.call(str(job.pk))
    job.refresh_from_db()
    field = "result" if kind == "export" else "report"
    files = job_files(media, job, field)
    assert job.state == ("succeeded" if is_written else "failed")
    assert len(files) == is_written
    assert bool(getattr(job, field)) == is_written
    assert is_written or "nothing was written" in job.message


def test_a_signal_while_a_report_is_stored_leaves_no_half_of_it(
    job: Job, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save: Any = FileSystemStorage._save  # type: ignore[attr-defined]  # not in the stubs

    def stopped(storage: FileSystemStorage, name: str, content: Any) -> str:
        saved = str(save(storage, name, content))
        if "/report/" in name:
            signal.raise_signal(signal.SIGINT)
        return saved

    monkeypatch.setattr(FileSystemStorage, "_save", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.committed) == ("failed", False)
    assert job_files(media, job, "report") == []
    assert Shape.objects.count() == 1


@pytest.mark.parametrize("how", ["answer lost", "commit lost", "stopped after", "refused", "another's hook fails"])
def test_an_upload_stays_where_its_job_may_be_there(how: str, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)
    end = Ending(monkeypatch, how)
    save = Job.save

    def saved(job: Job, **options: Any) -> None:
        save(job, **options)
        end.arm()

    monkeypatch.setattr(Job, "save", saved)
    try:
        submit_import(small(), task=None, task_name="x", options=OPTIONS, dry_run=False, user=None)
    except BaseException:  # noqa: BLE001  (what it is, tests/transfer/test_commit.py says)
        assert how not in DONE
    files = [path for path in (media / "openimages-jobs").rglob("*") if path.is_file() and path.name != MARK]
    assert Job.objects.count() == is_written(how)
    assert len(files) == (how not in NOT)


def test_a_job_of_another_attempt_keeps_its_report(job: Job, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was given up for dead removes what is its own, and nothing of the run that came after it."""
    attempt = claim(str(job.pk))
    assert attempt is not None
    storage = current_job_storage()
    end = Attempt.end

    def taken(attempt: Attempt, state: JobState, **values: Any) -> None:
        other = storage.save(report_place(job, "2.jsonl"), small())
        Job.objects.filter(pk=job.pk).update(attempt=2, state="succeeded", report=other)
        end(attempt, state, **values)

    monkeypatch.setattr(Attempt, "end", taken)
    work(attempt)
    assert job_files(media, job, "report") == ["2.jsonl"]
