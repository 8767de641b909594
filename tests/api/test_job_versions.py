"""Jobs have ETags: a poller is told only of what has changed, and nobody deletes another run than the one seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openimages_io.jobs import heartbeat
from openimages_io.models import Job, Task
from tests.api.job_factories import START, client, export, job, task, url, user
from tests.api.responses import problem

TOTALS = {"read": 1, "added": 1, "updated": 0, "unchanged": 0, "removed": 0, "written": 0, "skipped": {}}
pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def here(owner: Any) -> Task:
    return task(owner)


def read(who: Any, made: Job, etag: str = "") -> Any:
    headers = {"If-None-Match": etag} if etag else {}
    return client(who).get(url("job-detail", made.pk), headers=headers)


def delete(who: Any, made: Job, etag: str) -> Any:
    return client(who).delete(url("job-detail", made.pk), headers={"If-Match": etag})


def test_a_poller_is_told_of_what_has_changed_alone(here: Task, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    made = job(here, "import", "running", started=now, heartbeat=now, attempt=1)
    seen = []
    for done in (5, 5, 6):
        beat = heartbeat.Heartbeat("commit", done, 10, timezone.now(), False)
        monkeypatch.setattr("openimages_io.jobs.status.read_heartbeat", lambda _, beat=beat: beat)
        response = read(owner, made)
        assert response.status_code == 200
        seen.append(response["ETag"])
        again = read(owner, made, response["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", response["ETag"])
        assert again["Retry-After"] == response["Retry-After"] == "1"
        assert "private" in again["Cache-Control"]
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "failed"}, {"errors": 1}, {"pruned": START}, {"task_name": "b"}, {"committed": True},
        {"outcome": {"code": "text", "params": {"text": "Done."}}}, {"totals": {"boxes": TOTALS}}, {"created_by": None},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_is_shown_counts(here: Task, owner: Any, change: dict[str, Any]) -> None:
    made = export(here, b"PK", created_by=owner)
    etag = read(owner, made)["ETag"]
    assert read(owner, made, etag).status_code == 304
    Job.objects.filter(pk=made.pk).update(**change)
    assert read(owner, made, etag).status_code == 200
    assert read(owner, made)["ETag"] != etag


def test_a_run_that_nobody_has_seen_is_not_deleted(here: Task, owner: Any) -> None:
    made = job(here, "export", "failed", attempt=1)
    etag = read(owner, made)["ETag"]
    assert client(owner).post(url("job-retry", made.pk)).status_code == 202
    assert problem(delete(owner, made, etag), 412)["code"] == "changed_meanwhile"
    Job.objects.filter(pk=made.pk).update(state="failed")
    assert problem(delete(owner, made, etag), 412)["code"] == "changed_meanwhile"
    assert problem(delete(owner, made, '"0"'), 412)["code"] == "changed_meanwhile"
    etag = read(owner, made)["ETag"]
    Job.objects.filter(pk=made.pk).update(errors=1)  # the same run
    assert delete(owner, made, f"W/{etag}").status_code == 204
    assert not Job.objects.exists()


@pytest.mark.parametrize("etag", ["*", ""])
def test_any_run_is_deleted_for_who_does_not_mind(here: Task, owner: Any, etag: str) -> None:
    made = job(here)
    assert delete(owner, made, etag).status_code == 204


def test_a_job_that_goes_on_is_not_deleted_though_it_was_seen(here: Task, owner: Any) -> None:
    made = job(here, "export", "queued")
    assert problem(delete(owner, made, read(owner, made)["ETag"]), 409)["code"] == "job_not_ended"


def test_a_job_whose_worker_was_lost_is_deleted_as_it_was_seen(here: Task, owner: Any) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    made = job(here, "check", "running", started=long_ago, heartbeat=long_ago, attempt=1)
    response = read(owner, made)
    assert response.json()["state"] == "failed"
    assert delete(owner, made, response["ETag"]).status_code == 204


def test_a_version_costs_no_query_more(here: Task, owner: Any) -> None:
    made = job(here)
    etag = read(owner, made)["ETag"]
    counts = []
    for known in ("", etag):
        with CaptureQueriesContext(connection) as queries:
            read(owner, made, known)
        counts.append(len(queries))
    assert counts[0] == counts[1]
