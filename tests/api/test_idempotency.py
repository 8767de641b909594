"""A request that starts a job may be sent again: with the same Idempotency-Key it starts one."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings

from openimages_io.api.idempotency import digest_of
from openimages_io.jobs.idempotency import Claim
from openimages_io.jobs.submission import submit_check
from openimages_io.models import IdempotencyKey, Job, Task
from tests.api.concurrent_starts import archives, start_at_once
from tests.api.job_factories import client, job, scenes, task, upload, url, user
from tests.api.responses import faults, problem, refusal
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def here(owner: Any) -> Task:
    return task(owner)


def post(who: Any, place: str, fields: dict[str, Any] | None = None, key: str = KEY) -> Any:
    kind = "multipart" if fields and "archive" in fields else "json"
    return client(who).post(place, fields or {}, format=kind, headers={"Idempotency-Key": key})


def started(response: Any) -> str:
    assert response.status_code == 202, response.content
    assert response["Location"].endswith(url("job-detail", response.json()["id"]))
    return str(response.json()["id"])


def places(here: Task) -> list[tuple[str, dict[str, Any]]]:
    ended = job(here, "import", dry_run=True)
    ended.source.save("archive", upload())
    failed = job(here, "export", "failed")
    archive = scenes()
    return [
        (url("task-imports", here.pk), {"archive": archive, "missing_labels": "create"}),
        (url("imports"), {"archive": archive, "task_name": "new", "missing_labels": "create"}),
        (url("task-exports", here.pk), {"subsets": ["train"]}),
        (url("task-checks", here.pk), {}),
        (url("job-confirm", ended.pk), {}),
        (url("job-retry", failed.pk), {}),
    ]


@pytest.mark.parametrize("number", range(6))
def test_the_same_request_again_is_answered_with_the_same_job(here: Task, owner: Any, number: int) -> None:
    place, fields = places(here)[number]

    def send() -> Any:
        sent = {name: upload(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        return post(owner, place, sent)

    key = started(send())
    count, files = Job.objects.count(), archives()
    attempt = Job.objects.get(pk=key).attempt
    assert started(send()) == started(send()) == key
    assert (Job.objects.count(), archives()) == (count, files)
    assert Job.objects.get(pk=key).attempt == attempt
    assert IdempotencyKey.objects.count() == 1


def test_an_answer_shows_the_job_as_it_is_today(here: Task, owner: Any) -> None:
    key = started(post(owner, url("task-exports", here.pk)))
    Job.objects.filter(pk=key).update(errors=7)
    assert post(owner, url("task-exports", here.pk)).json()["errors"] == 7


def test_another_request_with_the_key_is_refused(here: Task, owner: Any) -> None:
    started(post(owner, url("task-exports", here.pk)))
    response = post(owner, url("task-exports", here.pk), {"subsets": ["train"]})
    assert problem(response, 422)["code"] == "key_reused"
    place = url("task-imports", here.pk)
    started(post(owner, place, {"archive": upload(b"a")}))
    others: list[dict[str, Any]] = [
        {"archive": upload(b"b")},
        {"archive": upload(b"a", "b.zip")},
        {"archive": upload(b"a"), "clip": "true"},
    ]
    for other in others:
        assert problem(post(owner, place, other), 422)["code"] == "key_reused"
    assert Job.objects.count() == 2


def test_a_key_is_that_of_a_user_and_of_an_address(here: Task, owner: Any) -> None:
    staff = user("staff", is_staff=True, may=("export_task", "change_task"))
    other = task(owner, "other")
    requests = [
        (owner, url("task-exports", here.pk)), (staff, url("task-exports", here.pk)),
        (owner, url("task-exports", other.pk)), (owner, url("task-checks", here.pk)),
    ]  # fmt: skip
    assert len({started(post(who, place)) for who, place in requests}) == 4


def test_without_a_key_each_request_starts_a_job(here: Task, owner: Any) -> None:
    place = url("task-checks", here.pk)
    assert len({client(owner).post(place).json()["id"] for _ in range(2)}) == 2
    assert not IdempotencyKey.objects.exists()


def test_whoever_may_no_longer_do_it_is_not_told_of_it(here: Task, owner: Any) -> None:
    place = url("task-exports", here.pk)
    started(post(owner, place))
    owner = type(owner).objects.get(pk=owner.pk)
    owner.user_permissions.clear()
    assert refusal(post(owner, place), 403)
    here.owner = None
    here.save()
    assert refusal(post(owner, place), 404)


def test_a_job_that_was_deleted_is_not_started_again(here: Task, owner: Any) -> None:
    place = url("task-checks", here.pk)
    started(post(owner, place))
    Job.objects.all().delete()
    assert refusal(post(owner, place), 404) == "The job that this request has started was deleted."


def test_what_was_refused_has_taken_no_key(here: Task, owner: Any) -> None:
    place = url("task-exports", here.pk)
    assert faults(post(owner, place, {"subset": "train"})) == {"subset": "unknown"}
    started(post(owner, place, {}))


def test_a_key_is_forgotten_after_a_day(here: Task, owner: Any) -> None:
    place = url("task-checks", here.pk)
    keys = [started(post(owner, place))]
    for _ in range(2):
        IdempotencyKey.objects.update(created=timezone.now() - timedelta(hours=25))
        keys.append(started(post(owner, place)))
    assert len(set(keys)) == 3
    assert IdempotencyKey.objects.count() == 1
    call_command("prune_openimages_jobs", verbosity=0)
    assert IdempotencyKey.objects.count() == 1
    IdempotencyKey.objects.update(created=timezone.now() - timedelta(hours=25))
    call_command("prune_openimages_jobs", "--dry-run", verbosity=0)
    assert IdempotencyKey.objects.count() == 1
    call_command("prune_openimages_jobs", verbosity=0)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "a b", "a\tb", "ü", "x" * 256])
def test_a_key_has_bounds(here: Task, owner: Any, key: str) -> None:
    response = post(owner, url("task-checks", here.pk), key=key)
    assert problem(response, 400)["code"] == "bad_idempotency_key"
    assert not Job.objects.exists()


@pytest.mark.parametrize("key", ["!", '"quoted"', "~" * 255])
def test_a_key_within_them(here: Task, owner: Any, key: str) -> None:
    started(post(owner, url("task-checks", here.pk), key=key))
    assert IdempotencyKey.objects.get().key == key


def test_the_keys_of_a_user_go_with_the_user(here: Task, owner: Any) -> None:
    started(post(owner, url("task-checks", here.pk)))
    owner.delete()
    assert not IdempotencyKey.objects.exists()


class Large(TemporaryUploadedFile):
    """A file that may not be read whole."""

    def __init__(self) -> None:
        super().__init__("a", "application/zip", 3_000_000, None)
        assert self.file
        self.file.write(b"x" * 3_000_000)

    def read(self, size: int = -1) -> bytes:
        """A part of it."""
        assert 0 <= size <= 1 << 20
        assert self.file
        part: bytes = self.file.read(size)
        return part


def form(*fields: tuple[str, Any]) -> MultiValueDict[str, Any]:
    made = MultiValueDict[str, Any]()
    for name, value in fields:
        made.appendlist(name, value)
    return made


def test_digests() -> None:
    large = Large()
    assert digest_of(form(("a", large))) == digest_of(form(("a", large)))
    assert large.tell() == 0
    assert digest_of(form(("a", "1"), ("b", "2"))) == digest_of(form(("b", "2"), ("a", "1")))
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    different: list[Any] = [
        form(("a", "1"), ("a", "2")), form(("a", "2"), ("a", "1")), form(("a", "12")), form(("a", "1"), ("b", "2")),
        form(("a", SimpleUploadedFile("n", b"1"))), form(("a", SimpleUploadedFile("n", b"2"))),
        form(("a", SimpleUploadedFile("m", b"1"))), {}, [], {"a": 1}, {"a": "1"}, {"a": True}, {"a": "\ud800"}, None,
    ]  # fmt: skip
    assert len({digest_of(data) for data in different}) == len(different)


_ON_A_FILE = """
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
from tests.api.concurrent_starts import start_at_once
start_at_once(4)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's test database is in memory; see below for a file")
def test_requests_at_once_start_one_job(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}  # no job runs
    start_at_once(6)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="a writer of SQLite waits for the other one")
def test_while_a_request_is_answered_the_same_one_is_refused(here: Task, owner: Any, settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    place = url("task-checks", here.pk)
    taken, may_end = Event(), Event()
    first = Claim(user=owner, route=f"task-checks {here.pk}", key=KEY, digest=digest_of({}))

    def answer() -> str:
        try:
            with transaction.atomic():
                job = submit_check(here, user=owner, claim=first)
                taken.set()
                assert may_end.wait(20)
            return str(job.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(answer)
        assert taken.wait(20)
        assert problem(post(owner, place), 409)["code"] == "key_in_use"
        started(post(owner, place, key="another"))
        may_end.set()
        key = found.result(20)
        assert started(post(owner, place)) == key


@pytest.mark.programs
@pytest.mark.skipif(connection.vendor != "sqlite", reason="it has a database of its own")
def test_requests_at_once_start_one_job_on_sqlite_in_a_file(database_file: Path, tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": f"sqlite:///{database_file}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": str(ROOT),
        "JOBS_ROOT": str(tmp_path / "jobs"),
        "MEDIA_ROOT": str(tmp_path / "media"),
    }
    command = [sys.executable, "-W", "error", "-c", _ON_A_FILE]
    found = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert found.returncode == 0, found.stderr
