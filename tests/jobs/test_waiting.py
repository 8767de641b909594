"""A job that waits says how long no worker has shown itself, and whether one is at work on another job."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openimages_io.admin.jobpages import progress_text
from openimages_io.jobs.live import line
from openimages_io.jobs.rows import claim
from openimages_io.jobs.watching import Workers, status, workers
from openimages_io.models import Job, JobKind, JobState

pytestmark = pytest.mark.django_db


def job(queued: datetime | None = None, **values: Any) -> Job:
    return Job.objects.create(
        kind=JobKind.CHECK, task_name="scenes", queued=queued or timezone.now(), **{"state": JobState.QUEUED} | values
    )


def before(**ago: float) -> datetime:
    return timezone.now() - timedelta(**ago)


def text(waiting: Job) -> str:
    return progress_text(waiting, status(waiting)).replace("\xa0", " ")


def test_where_no_worker_ever_ran() -> None:
    waiting = job(before(minutes=12))
    assert workers() == Workers(None, busy=False)
    assert text(waiting) == "It has waited for 12 minutes. No worker has ever shown itself."


def test_the_last_sign_of_life_of_whatever_job_counts() -> None:
    job(state=JobState.SUCCEEDED, started=before(hours=3), heartbeat=before(hours=2))
    job(state=JobState.FAILED, started=before(hours=9), heartbeat=before(hours=8))
    waiting = job(before(seconds=45))
    assert text(waiting).startswith("It has waited for 45 seconds. No worker has shown itself since ")
    assert text(waiting).endswith(" (2 hours ago).")


def test_a_job_that_just_came_says_no_more_than_that_it_waits() -> None:
    job(state=JobState.SUCCEEDED, started=before(hours=3), heartbeat=before(hours=2))
    assert text(job()) == "Waiting for a worker to take it up."


def test_a_worker_that_is_at_work_is_no_reason_to_worry() -> None:
    attempt = claim(str(job().pk))
    assert attempt is not None
    shown = line(attempt)
    if shown is not None:  # on PostgreSQL nobody sees the row within this transaction
        shown.publish("check", 1, 2)
    waiting = job(before(hours=1))
    known = workers()
    assert known.busy
    assert known.seen is not None
    assert timezone.now() - known.seen < timedelta(seconds=30)
    assert text(waiting) == "Waiting: a worker is at work on another job."
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
    assert "It has waited for 12\xa0minutes. No worker has shown itself since" in page
    polled = client.get(reverse("admin:openimages_io_job_status", args=[waiting.pk])).json()
    assert polled["text"].endswith(" (2\xa0hours ago).")
    answer = client.get(reverse("openimages_io:job-detail", args=[waiting.pk])).json()
    assert (answer["waiting"], answer["worker_busy"]) == (True, False)
    assert datetime.fromisoformat(answer["worker_seen"]) == seen
    done = client.get(reverse("openimages_io:job-detail", args=[earlier.pk])).json()
    assert (done["waiting"], done["worker_seen"], done["worker_busy"]) == (False, None, None)
