"""A job that waits says how long no worker has shown itself, and whether one is at work on another job."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openimages_io.admin.job_page import progress_text
from openimages_io.jobs import queue
from openimages_io.jobs.heartbeat import open_channel
from openimages_io.jobs.rows import claim
from openimages_io.jobs.running import run_job
from openimages_io.jobs.status import Workers, job_status, workers
from openimages_io.jobs.transitions import InvalidTransition, can_retry, requeue_lost, retry
from openimages_io.models import Job, JobKind, JobState, Task

pytestmark = pytest.mark.django_db


def job(queued: datetime | None = None, **values: Any) -> Job:
    return Job.objects.create(
        kind=JobKind.CHECK, task_name="scenes", queued=queued or timezone.now(), **{"state": JobState.QUEUED} | values
    )


def before(**ago: float) -> datetime:
    return timezone.now() - timedelta(**ago)


def text(waiting: Job) -> str:
    return progress_text(waiting, job_status(waiting)).replace("\xa0", " ")


def test_where_no_worker_ever_ran() -> None:
    waiting = job(before(minutes=12))
    assert workers() == Workers(None, busy=False, begun=None)
    assert text(waiting) == "It has waited for 12 minutes. No worker has ever been seen."


def test_the_last_sign_of_life_of_whatever_job_counts() -> None:
    job(state=JobState.SUCCEEDED, started=before(hours=3), heartbeat=before(hours=2))
    job(state=JobState.FAILED, started=before(hours=9), heartbeat=before(hours=8))
    waiting = job(before(seconds=45))
    assert text(waiting).startswith("It has waited for 45 seconds. No worker has been seen since ")
    assert text(waiting).endswith(" (2 hours ago).")


def test_a_job_that_just_came_says_no_more_than_that_it_waits() -> None:
    job(state=JobState.SUCCEEDED, started=before(hours=3), heartbeat=before(hours=2))
    assert text(job()) == "Waiting for a worker."


def test_a_worker_that_is_at_work_is_no_reason_to_worry() -> None:
    attempt = claim(str(job(before(hours=2)).pk))
    assert attempt is not None
    shown = open_channel(attempt)
    if shown is not None:  # on PostgreSQL nobody sees the row within this transaction
        shown.publish("check", 1, 2)
    waiting = job(before(hours=1))
    known = workers()
    assert known.busy
    assert known.seen is not None
    assert timezone.now() - known.seen < timedelta(seconds=30)
    assert text(waiting) == "Waiting: the worker is busy with another job."
    if shown is not None:
        shown.close()


def test_a_worker_that_died_at_work_is_not_at_work() -> None:
    job(state=JobState.RUNNING, attempt=1, started=before(minutes=30), heartbeat=before(minutes=20))
    waiting = job(before(minutes=5))
    known = workers()
    assert not known.busy
    assert text(waiting).endswith(" (20 minutes ago).")


def test_the_page_and_the_json_say_it() -> None:
    boss = get_user_model().objects.create_superuser("boss")
    seen = before(hours=2)
    earlier = job(state=JobState.SUCCEEDED, started=before(hours=3), heartbeat=seen)
    waiting = job(before(minutes=12), created_by=boss)
    client = Client()
    client.force_login(boss)
    page = client.get(reverse("admin:openimages_io_job_change", args=[waiting.pk])).content.decode()
    assert "It has waited for 12\xa0minutes. No worker has been seen since" in page
    polled = client.get(reverse("admin:openimages_io_job_status", args=[waiting.pk])).json()
    assert polled["text"].endswith(" (2\xa0hours ago).")
    answer = client.get(reverse("openimages_io:job-detail", args=[waiting.pk])).json()
    assert (answer["waiting"], answer["worker_busy"]) == (True, False)
    assert datetime.fromisoformat(answer["worker_seen"]) == seen
    done = client.get(reverse("openimages_io:job-detail", args=[earlier.pk])).json()
    assert (done["waiting"], done["worker_seen"], done["worker_busy"]) == (False, None, None)


def test_a_job_whose_message_is_lost_is_queued_again_when_a_worker_takes_up_a_later_one(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    queued: list[str] = []
    monkeypatch.setattr(queue, "_put", lambda key, attempt: queued.append(key))
    task = Task.objects.create(name="scenes")
    lost, young, later = (job(before(**ago), task=task) for ago in ({"minutes": 9}, {"seconds": 9}, {"minutes": 5}))
    with django_capture_on_commit_callbacks(execute=True):
        run_job.call(str(later.pk))
    assert queued == [str(lost.pk)]
    later.refresh_from_db()
    assert later.state == JobState.SUCCEEDED, later.message
    lost.refresh_from_db()
    assert (lost.state, lost.attempt) == (JobState.QUEUED, 0)
    assert timezone.now() - lost.queued < timedelta(seconds=30)
    run_job.call(str(lost.pk))
    run_job.call(str(lost.pk))
    lost.refresh_from_db()
    assert (lost.state, lost.attempt) == (JobState.SUCCEEDED, 1), "two messages, one run"
    young.refresh_from_db()
    assert young.attempt == 0


def test_jobs_that_wait_for_their_turn_are_not_queued_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_put", lambda key, attempt: pytest.fail("it waits for its turn"))
    job(before(hours=3), state=JobState.RUNNING, attempt=1, started=before(hours=2), heartbeat=timezone.now())
    waiting = [job(before(hours=hours)) for hours in (2, 1)]
    assert requeue_lost() == 0
    assert not any(can_retry(one) for one in waiting)
    with pytest.raises(InvalidTransition):
        retry(waiting[0])


def test_a_job_that_nobody_came_for_can_be_queued_again_by_hand_and_by_prune(
    django_capture_on_commit_callbacks: Any,
) -> None:
    boss = get_user_model().objects.create_superuser("boss")
    task = Task.objects.create(name="scenes")
    by_hand, by_prune = (job(before(minutes=minutes), task=task, created_by=boss) for minutes in (12, 11))
    client = Client()
    client.force_login(boss)
    page = client.get(reverse("admin:openimages_io_job_change", args=[by_hand.pk])).content.decode()
    assert "Queue it again" in page
    assert client.get(reverse("openimages_io:job-detail", args=[by_hand.pk])).json()["can_retry"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:openimages_io_job_retry", args=[by_hand.pk]))
    by_hand.refresh_from_db()
    assert by_hand.state == JobState.SUCCEEDED, "the tests' backend runs what is queued"
    by_prune.refresh_from_db()
    assert by_prune.state == JobState.QUEUED or by_prune.attempt == 1
    Job.objects.filter(pk=by_hand.pk).delete()
    Job.objects.filter(pk=by_prune.pk).update(state=JobState.QUEUED, queued=before(minutes=11), started=None)
    out = io.StringIO()
    call_command("prune_openimages_jobs", "--dry-run", stdout=out)
    assert "Would have queued 1 job again that waited in vain." in out.getvalue()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("prune_openimages_jobs", stdout=out)
    assert "Queued 1 job again that waited in vain." in out.getvalue()
    by_prune.refresh_from_db()
    assert by_prune.state == JobState.SUCCEEDED
