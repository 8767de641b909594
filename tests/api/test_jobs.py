"""Jobs as a poller sees them, page by page, and what may be asked of them."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from openimages_io.jobs import heartbeat
from openimages_io.models import Job, JobState, Task
from openimages_io.transfer.report import Totals
from tests.api.job_factories import client, export, job, paths, scenes, task, upload, url, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def here(owner: Any) -> Task:
    return task(owner)


def read(who: Any, made: Job) -> Any:
    return client(who).get(url("job-detail", made.pk))


def listed(who: Any, **query: Any) -> list[str]:
    response = client(who).get(url("job-list", **query))
    assert response.status_code == 200, response.json()
    return [found["id"] for found in response.json()["results"]]


def test_a_job_that_waits_says_so_and_when_to_look_again(here: Task, owner: Any) -> None:
    response = read(owner, job(here, "import", "queued"))
    body = response.json()
    assert (body["state"], body["waiting"], body["cancelling"]) == ("queued", True, False)
    assert (body["can_cancel"], body["can_confirm"], body["can_retry"]) == (True, False, False)
    assert body["file"] is body["finished"] is None
    assert response["Retry-After"] == "1"


def test_a_job_that_has_ended_is_not_looked_at_again(here: Task, owner: Any) -> None:
    made = export(here, b"PK")
    response = read(owner, made)
    body = response.json()
    assert (body["state"], body["waiting"]) == ("succeeded", False)
    assert body["finished"] is not None
    assert body["file"] == f"http://testserver{url('job-file', made.pk)}"
    assert body["issues"] == f"http://testserver{url('job-issues', made.pk)}"
    assert "Retry-After" not in response


def test_a_job_that_runs_shows_what_its_worker_shows(here: Task, owner: Any) -> None:
    made = job(here, "import", "running", started=timezone.now(), heartbeat=timezone.now(), phase="check", attempt=1)
    with patch(
        "openimages_io.jobs.status.read_heartbeat", lambda _: heartbeat.Heartbeat("commit", 5, 10, timezone.now(), True)
    ):
        response = read(owner, made)
    body = response.json()
    assert (body["state"], body["phase"], body["done"], body["total"]) == ("running", "commit", 5, 10)
    assert (body["cancelling"], body["finished"]) == (True, None)
    assert response["Retry-After"] == "1"


def test_a_job_whose_worker_is_silent_has_failed_and_can_be_started_again(here: Task, owner: Any) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    made = job(here, "check", "running", started=long_ago, heartbeat=long_ago, attempt=1)
    response = read(owner, made)
    body = response.json()
    assert (body["state"], body["can_cancel"], body["can_retry"]) == ("failed", False, True)
    assert "worker" in body["message"]
    assert "Retry-After" not in response
    assert long_ago < datetime.fromisoformat(body["finished"]) < timezone.now()
    assert read(owner, made).json()["finished"] == body["finished"]
    made.refresh_from_db()
    assert made.state == "running"
    assert client(owner).post(url("job-retry", made.pk)).status_code == 202


@pytest.mark.parametrize("state", [state.value for state in JobState])
def test_whether_to_look_again_a_field_says(here: Task, owner: Any, state: str) -> None:
    now = timezone.now()
    made = job(here, "check", state, started=now, heartbeat=now, attempt=1, finished=None)  # the state alone counts
    goes_on = state in ("queued", "running")
    for body in (read(owner, made).json(), client(owner).get(url("job-list")).json()["results"][0]):
        assert (body["finished"] is None) is goes_on
    assert ("Retry-After" in read(owner, made)) is goes_on


def test_a_job_that_ends_while_it_is_shown_is_shown_whole(here: Task, owner: Any) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    made = job(here, "check", "running", started=long_ago, heartbeat=long_ago, attempt=1)
    silent = heartbeat.Heartbeat("check", 1, 2, long_ago, False)

    def ends(_: Job) -> heartbeat.Heartbeat:
        Job.objects.filter(pk=made.pk).update(
            state="succeeded", finished=timezone.now(), outcome={"code": "text", "params": {"text": "Done."}}, errors=3
        )
        return silent

    with patch("openimages_io.jobs.status.read_heartbeat", ends):
        body = read(owner, made).json()
    assert (body["state"], body["message"], body["errors"]) == ("succeeded", "Done.", 3)
    assert body["finished"] is not None


def test_a_job_without_its_maker(here: Task, owner: Any) -> None:
    assert read(owner, job(here)).json()["created_by"] is None


def test_lists_have_the_newest_first_whatever_the_page(here: Task, owner: Any) -> None:
    made = [str(job(here, number=number // 3).pk) for number in range(10)]
    found, pages = [], []
    link: str | None = url("job-list", page_size=4)
    while link:
        body = client(owner).get(link).json()
        pages.append(link)
        found += [(one["created"], one["id"]) for one in body["results"]]
        link = body["next"]
    assert len(pages) == 3
    assert {key for _, key in found} == set(made)
    assert found == sorted(found, reverse=True)


def test_a_page_leads_back_to_the_one_before(here: Task, owner: Any) -> None:
    made = [str(job(here, number=number).pk) for number in range(10)][::-1]
    first = client(owner).get(url("job-list", page_size=4)).json()
    second = client(owner).get(first["next"]).json()
    third = client(owner).get(second["next"]).json()
    again = client(owner).get(third["previous"]).json()
    assert [one["id"] for one in again["results"]] == [one["id"] for one in second["results"]] == made[4:8]
    assert first["previous"] is third["next"] is None


def test_a_page_is_steady_while_jobs_are_added(here: Task, owner: Any) -> None:
    for number in range(4):
        job(here, number=number)
    body = client(owner).get(url("job-list", page_size=2)).json()
    job(here, number=100)
    later = [one["id"] for one in client(owner).get(body["next"]).json()["results"]]
    assert not {one["id"] for one in body["results"]} & set(later)
    assert len(later) == 2


def test_filters(here: Task, owner: Any) -> None:
    other = task(owner, "other")
    first = job(here, "export", "failed", number=1)
    second = job(other, "import", "succeeded", number=2)
    third = job(other, "import", "queued", number=3)
    assert listed(owner) == [str(one.pk) for one in (third, second, first)]
    assert listed(owner, task=other.pk) == [str(third.pk), str(second.pk)]
    assert listed(owner, kind="export") == [str(first.pk)]
    assert listed(owner, state="queued", task=other.pk) == [str(third.pk)]
    assert listed(owner, task=10**18) == []


@pytest.mark.parametrize(
    ("query", "path"),
    [({"task": "x"}, "task"), ({"task": 10**30}, "task"), ({"task": "0"}, "task"), ({"kind": "move"}, "kind"),
     ({"state": "done"}, "state"), ({"state": "\0"}, "state"), ({"stat": "queued"}, "stat"),
     ({"page_size": "x"}, "page_size"), ({"page_size": "0"}, "page_size")],
)  # fmt: skip
def test_a_filter_that_is_none_is_400(owner: Any, query: dict[str, Any], path: str) -> None:
    response = client(owner).get(url("job-list", **query))
    assert (response.status_code, paths(response)) == (400, [path])


MOMENT = "2026-01-01T00:00:00+00:00"
KEY = "00000000-0000-4000-8000-000000000001"


def cursor(*said: Any) -> str:
    """A cursor as pages have them: the direction, the order, and the place to go on from."""
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def hostile() -> Iterator[str]:
    moments: tuple[Any, ...] = (
        "x", "", 1, True, None, [], "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2026-13-01T00:00:00Z", "\0", "2026-01-01T00:00:00+99:99",
    )  # fmt: skip
    yield from (cursor(0, "-created", [moment, KEY]) for moment in moments)
    for key in ("x", "", 1, None, "\0", 10**400):
        yield cursor(0, "-created", [MOMENT, key])
    others: tuple[tuple[Any, ...], ...] = (
        (2, "-created", None), (0, "created", None), (0, "state", None), (0, "-created", []), (0, "-created"),
        (0, "-created", 5), (0, "-created", [MOMENT, KEY, 1]), ([], {}, None),
    )  # fmt: skip
    yield from (cursor(*said) for said in others)
    yield cursor(*[0] * 9)
    yield from (
        base64.b64encode(text.encode()).decode() for text in ("5", "[" * 1400, "null", "p=1", '"abc"', "1" * 1400)
    )
    yield from ("x", "====", "ü", "\0", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "A" * 9000)


@pytest.mark.parametrize("text", list(hostile()), ids=lambda text: text[:30])
def test_a_hostile_cursor_is_refused(here: Task, owner: Any, text: str) -> None:
    job(here)
    assert client(owner).get(url("job-list", cursor=text)).status_code == (
        400 if "\0" in text or len(text) > 2000 else 404
    )


def test_a_moment_without_a_page_is_an_empty_page(here: Task, owner: Any) -> None:
    job(here)
    assert listed(owner, cursor=cursor(0, "-created", ["1999-01-01 00:00:00+00:00", KEY])) == []


@pytest.mark.long
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_any_position_is_a_page_or_404(owner: Any, position: str) -> None:
    text = cursor(0, "-created", [position, KEY])
    assert client(owner).get(url("job-list", cursor=text)).status_code in {200, 404}


def test_the_number_of_queries_is_constant(here: Task, owner: Any) -> None:
    long_ago = timezone.now() - timedelta(hours=1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client(owner).get(url("job-list")).status_code == 200
        return len(captured)

    def fill() -> None:
        for state in ("queued", "succeeded", "failed", "cancelled"):
            job(here, "import", state, created_by=owner)
        job(here, "import", "running", started=long_ago, heartbeat=long_ago, created_by=owner)
        job(here, "import", "running", started=timezone.now(), heartbeat=timezone.now(), created_by=owner)
        job(None, "import", "succeeded", created_by=owner, dry_run=True)

    fill()
    before = queries()
    for _ in range(5):
        fill()
    assert queries() == before


def test_who_sees_which_jobs(here: Task, owner: Any) -> None:
    another_user = user("another")
    staff = user("staff", may=("view_task",), is_staff=True)
    made, new = job(here), job(None, "import", created_by=another_user)
    assert listed(owner) == [str(made.pk)]
    assert listed(another_user) == [str(new.pk)]
    assert set(listed(staff)) == {str(made.pk), str(new.pk)}
    assert read(owner, new).status_code == read(another_user, made).status_code == 404
    assert read(staff, made).status_code == 200
    assert read(None, made).status_code == client().get(url("job-list")).status_code == 401


@pytest.mark.parametrize("step", ["job-cancel", "job-confirm", "job-retry"])
def test_who_steers_which_jobs(here: Task, owner: Any, step: str) -> None:
    made = job(here, "import")
    weak = user("weak", may=())
    theirs = job(task(weak, "theirs"), "import")
    assert client(user("another")).post(url(step, made.pk)).status_code == 404
    assert client(weak).post(url(step, theirs.pk)).status_code == 403
    assert client().post(url(step, made.pk)).status_code == 401
    assert client(owner).post(url(step, made.pk)).status_code == 409
    assert client(owner).get(url(step, made.pk)).status_code == 405


@pytest.mark.parametrize(
    ("step", "kind", "state", "dry_run", "word"),
    [
        ("job-cancel", "check", "succeeded", False, "ended"),
        ("job-confirm", "import", "succeeded", False, "dry run"),
        ("job-confirm", "export", "succeeded", False, "dry run"),
        ("job-confirm", "import", "queued", True, "queued"),
        ("job-confirm", "import", "succeeded", True, "upload"),
        ("job-retry", "check", "succeeded", False, "succeeded"),
        ("job-retry", "import", "failed", False, "upload"),
    ],
)
def test_what_cannot_be_done_now_is_409_with_the_reason(
    here: Task, owner: Any, step: str, kind: str, state: str, dry_run: bool, word: str
) -> None:
    made = job(here, kind, state, dry_run=dry_run)
    response = client(owner).post(url(step, made.pk))
    assert response.status_code == 409
    assert word in response.json()["detail"]


def test_a_job_that_waits_is_cancelled_and_started_again(here: Task, owner: Any) -> None:
    made = job(here, "check", "queued")
    response = client(owner).post(url("job-cancel", made.pk))
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    assert response["Location"] == f"http://testserver{url('job-detail', made.pk)}"
    response = client(owner).post(url("job-retry", made.pk), {}, format="json")
    assert (response.status_code, response.json()["id"]) == (202, str(made.pk))


def test_a_dry_run_with_bad_rows_is_confirmed_without_them(here: Task, owner: Any) -> None:
    made = job(here, "import", "succeeded", dry_run=True)
    made.refused, made.summary = True, [{"code": "bad-fraction", "severity": "error", "count": 1}]
    made.totals = {"boxes": Totals(read=3, skipped=Counter(bad=2)).as_dict()}
    made.source.save("archive", ContentFile(b"PK"))
    made.save()
    body = client(owner).get(url("job-detail", made.pk)).json()
    assert (body["can_confirm"], body["bad_rows"]) == (False, 2)
    for body, status in (({}, 409), ({"on_error": "abort"}, 409), ({"on_error": "guess"}, 400), ({"skip": 1}, 400)):
        assert client(owner).post(url("job-confirm", made.pk), body, format="json").status_code == status
    response = client(owner).post(url("job-confirm", made.pk), {"on_error": "skip"}, format="json")
    assert (response.status_code, response.json()["options"]["on_error"]) == (202, "skip")


def test_a_step_takes_no_words(here: Task, owner: Any) -> None:
    made = job(here, "check", "queued")
    response = client(owner).post(url("job-cancel", made.pk), {"now": True}, format="json")
    assert (response.status_code, paths(response)) == (400, ["now"])
    assert client(owner).post(url("job-cancel", made.pk), [1], format="json").status_code == 400
    assert client(owner).post(url("job-cancel", made.pk), {"a": "b"}).status_code == 415


def test_a_job_that_has_ended_is_deleted_with_its_file(
    here: Task, owner: Any, django_capture_on_commit_callbacks: Any
) -> None:
    made = export(here, b"PK")
    with django_capture_on_commit_callbacks(execute=True):
        assert client(owner).delete(url("job-detail", made.pk)).status_code == 204
    assert not Job.objects.exists()
    assert not made.result.storage.exists(str(made.result))
    assert read(owner, made).status_code == 404


def test_a_job_that_goes_on_is_not_deleted(here: Task, owner: Any) -> None:
    made = job(here, "check", "queued")
    response = client(owner).delete(url("job-detail", made.pk))
    assert response.status_code == 409
    assert "cancel it first" in response.json()["detail"]
    assert client(user("another")).delete(url("job-detail", made.pk)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"layout": "datumaro", "label_names": "display", "subsets": ["train"], "labels": ["Cat"], "pictures": False,
         "mask_size": "image"},
    ],
)  # fmt: skip
def test_an_export_is_accepted_with_its_options(here: Task, owner: Any, body: dict[str, Any]) -> None:
    response = client(owner).post(url("task-exports", here.pk), body, format="json")
    assert response.status_code == 202
    assert (response.json()["kind"], response.json()["task"]) == ("export", here.pk)
    assert response.json()["options"].items() >= body.items()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"layout": "coco"}, "layout"),
        ({"layout": 1}, "layout"),
        ({"layout": None}, "layout"),
        ({"layout": ["datumaro"]}, "layout"),
        ({"subsets": "train"}, "subsets"),
        ({"subsets": [1]}, "subsets[0]"),
        ({"labels": {"a": "b"}}, "labels"),
        ({"labels": ["a", ""]}, "labels[1]"),
        ({"pictures": "yes"}, "pictures"),
        ({"pictures": 1}, "pictures"),
        ({"mask_size": "tiny"}, "mask_size"),
        ({"force": True}, "force"),
        ([], ""),
        (None, ""),
        (5, ""),
    ],
)
def test_an_export_that_makes_no_sense_is_400(here: Task, owner: Any, body: Any, path: str) -> None:
    response = client(owner).post(url("task-exports", here.pk), json.dumps(body), content_type="application/json")
    assert (response.status_code, paths(response)) == (400, [path])


@pytest.mark.parametrize("body", ["[" * 100_000, '{"layout": NaN}', '{"\\ud800": 1}', '{"layout": "\\ud800"}', "\xff"])
def test_hostile_json_is_400(here: Task, owner: Any, body: str) -> None:
    data = body.encode("latin-1")
    response = client(owner).post(url("task-exports", here.pk), data, content_type="application/json")
    assert response.status_code == 400


def test_who_may_export(here: Task, owner: Any) -> None:
    weak = user("weak", may=())
    assert client(weak).post(url("task-exports", task(weak, "theirs").pk), {}, format="json").status_code == 403
    assert client(user("another")).post(url("task-exports", here.pk), {}, format="json").status_code == 404
    assert client().post(url("task-exports", here.pk), {}, format="json").status_code == 401
    assert client(owner).post(url("task-exports", 10**30), {}, format="json").status_code == 404


def test_a_check_is_for_whoever_sees_the_task(here: Task, owner: Any) -> None:
    weak = user("weak", may=())
    response = client(weak).post(url("task-checks", task(weak, "theirs").pk))
    assert (response.status_code, response.json()["kind"]) == (202, "check")
    assert client(user("another")).post(url("task-checks", here.pk)).status_code == 404
    assert paths(client(owner).post(url("task-checks", here.pk), {"deep": 1}, format="json")) == ["deep"]


def test_uploads_are_not_counted_against_looking(here: Task, owner: Any, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"UPLOAD_RATE": "1/hour"}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "looking"}}
    made = client(owner).post(url("task-imports", here.pk), {"archive": upload(scenes())}).json()
    for _ in range(5):
        assert client(owner).get(url("job-detail", made["id"])).status_code == 200
