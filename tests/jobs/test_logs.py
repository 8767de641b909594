"""What the log says of jobs."""

import logging
from types import SimpleNamespace

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from openimages_io.jobs.submission import submit_check, submit_import
from openimages_io.models import Job, Task
from openimages_io.transfer.options import ImportOptions
from tests.jobs.archives import small

pytestmark = pytest.mark.django_db


def records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "openimages_io.jobs.running"]


def test_a_job_is_logged_with_its_kind_time_and_rows(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with caplog.at_level(logging.INFO, "openimages_io"), django_capture_on_commit_callbacks(execute=True):
        job = submit_import(small(), task=None, task_name="x", options=ImportOptions(), dry_run=False, user=None)
    job = Job.objects.get(pk=job.pk)
    begun, ended = records(caplog)
    assert begun.getMessage() == f"Job {job.pk} (import) begins."
    rows = sum(totals["read"] for totals in job.totals.values())
    assert rows == 10  # two classes, an image, a box, and attribute specs for its values
    seconds = ended.__dict__["seconds"]
    assert ended.getMessage() == f"Job {job.pk} (import): succeeded after {seconds:.1f} s, {rows} rows."
    facts = {name: ended.__dict__[name] for name in ("job", "kind", "state", "rows")}
    assert facts == {"job": str(job.pk), "kind": "import", "state": "succeeded", "rows": rows}
    assert 0 < seconds < 60


def test_the_sentence_and_the_record_round_the_same_time(
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(monotonic=iter((10.0, 10.0497)).__next__)
    monkeypatch.setattr("openimages_io.jobs.running.time", clock)
    task = Task.objects.create(name="x")
    with caplog.at_level(logging.INFO, "openimages_io"), django_capture_on_commit_callbacks(execute=True):
        submit_check(task, user=None)
    ended = records(caplog)[-1]
    assert ended.__dict__["seconds"] == 0.05
    assert f"after {0.05:.1f} s" in ended.getMessage()


def test_a_job_that_fails_is_logged_too(
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(checker: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("openimages_io.jobs.work.Checker.run", fail)
    task = Task.objects.create(name="x")
    with caplog.at_level(logging.INFO, "openimages_io"), django_capture_on_commit_callbacks(execute=True):
        submit_check(task, user=None)
    assert records(caplog)[-1].__dict__["state"] == "failed"
