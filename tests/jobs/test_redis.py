"""A queue in Redis: the worker is django-rq's, a process that forks another for each job."""

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pytest_django import Settings

from openimages_io.jobs.submission import submit_import
from openimages_io.jobs.transitions import retry
from openimages_io.models import Task
from openimages_io.transfer.options import ImportOptions
from tests.jobs.archives import small
from tests.jobs.sites import Site, ended, now

URL = os.environ.get("OPENIMAGES_TEST_REDIS") or "redis://127.0.0.1:6379/0"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def queue(settings: Settings, site: Site) -> Iterator[str]:
    """A queue of this test's own, which no other worker looks at."""
    server = redis.Redis.from_url(URL, socket_connect_timeout=2)
    try:
        server.ping()
    except redis.RedisError:
        if os.environ.get("OPENIMAGES_REQUIRE_REDIS") == "1":
            raise
        pytest.skip(f"no Redis answers at {URL}")
    name = f"openimages-{secrets.token_hex(4)}"
    use(settings, name, URL)
    site.environment |= {"RQ_QUEUE": name, "REDIS_URL": URL}
    yield name
    site.close()  # a worker would write more of them
    for key in server.scan_iter(f"rq:*{name}*"):
        server.delete(key)
    server.close()


def use(settings: Settings, name: str, url: str) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_rq.RQBackend", "QUEUES": [name]}}
    settings.RQ_QUEUES = {name: {"URL": url, "DEFAULT_TIMEOUT": -1}}
    settings.OPENIMAGES_IO = {"JOB_QUEUE": name}


def submitted() -> Any:
    return submit_import(small(pictures=2), task=None, task_name="x", options=ImportOptions(), dry_run=False, user=None)


def test_an_import_goes_through_redis(site: Site, queue: str) -> None:
    job = submitted()
    assert now(job).waiting
    site.start_worker("rqworker", queue, "--job-class", "django_tasks_rq.Job")
    job = ended(job)
    assert (job.state, job.committed) == ("succeeded", True), (job.message, site.log)
    assert Task.objects.get(name="x").images.count() == 3


def test_a_queue_that_does_not_answer_makes_the_job_failed_until_it_answers(
    site: Site, queue: str, settings: Settings
) -> None:
    use(settings, queue, NOWHERE)
    job = submitted()
    assert job.state == "failed"
    assert job.message.startswith("The job could not be queued")
    use(settings, queue, URL)
    site.start_worker("rqworker", queue, "--job-class", "django_tasks_rq.Job")
    job = ended(retry(job))
    assert (job.state, job.committed) == ("succeeded", True), (job.message, site.log)
