"""Tasks over HTTP."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import TestCase
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from openimages_io.jobs import queue
from openimages_io.jobs.running import run_job
from openimages_io.models import Image, Label, Shape, Task
from openimages_io.viewing import statistics as kept
from tests.api.responses import faults, ok, pages, refusal, send

URL = "/api/v1/tasks/"


def detail(task: Task) -> str:
    return f"{URL}{task.pk}/"


def test_a_task_is_made_and_belongs_to_who_made_it(api: APIClient, owner: Any) -> None:
    response = api.post(URL, {"name": " street "}, format="json")
    body = ok(response, 201)
    task = Task.objects.get()
    assert response["Location"] == f"http://testserver{detail(task)}"
    assert (body["id"], body["name"], body["revision"]) == (task.pk, " street ", 0)
    assert body["owner"] == {"id": owner.pk, "username": "owner"}
    assert body["created"].endswith("Z")
    assert task.owner == owner


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "  "}, {"name": None}, {"name": 5}, {"name": True}, {"name": ["a"]}, {"name": {}},
     {"name": "a" * 256},
     {"name": "a\nb"}, {"name": "a\0"}, {"name": "\ud800"}, {"name": "street"}],
    ids=str,
)  # fmt: skip
def test_names_that_no_task_may_have(api: APIClient, task: Task, body: dict[str, Any]) -> None:
    assert list(faults(send(api, "POST", URL, body))) == ["name"]
    assert Task.objects.count() == 1


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"a"', b"", b"{", b"[" * 5000, b"\xff"], ids=repr)
def test_bodies_that_are_no_task(api: APIClient, body: bytes) -> None:
    response = api.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"]


def test_another_content_type_is_refused(api: APIClient) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert "media type" in refusal(api.post(URL, b"name=a", content_type=content_type), 415)


def test_lists_go_page_by_page_and_hold_what_exists_for_the_user(
    api: APIClient, another_api: APIClient, staff_api: APIClient, owner: Any
) -> None:
    Task.objects.create(name="nobody's")
    for number in range(5):
        Task.objects.create(name=f"task {number}", owner=owner)
    found = pages(api, f"{URL}?page_size=2")
    assert [[task["name"] for task in page] for page in found] == [
        ["task 0", "task 1"],
        ["task 2", "task 3"],
        ["task 4"],
    ]
    assert pages(another_api, URL) == [[]]
    assert [task["owner"] for task in pages(staff_api, URL)[0]][:2] == [None, {"id": owner.pk, "username": "owner"}]


def test_a_search_finds_a_part_of_the_name(api: APIClient, owner: Any) -> None:
    for name in ("Streets", "my street", "roads", "100%", "a_b"):
        Task.objects.create(name=name, owner=owner)
    for search, names in {"street": ["Streets", "my street"], "%": ["100%"], "_": ["a_b"], "": 5, "x": []}.items():
        found = [task["name"] for task in pages(api, f"{URL}?search={search.replace('%', '%25')}")[0]]
        assert found == names or len(found) == names
    assert list(faults(api.get(f"{URL}?search=%00"))) == ["search"]
    assert list(faults(api.get(f"{URL}?search={'a' * 256}"))) == ["search"]


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=-1", "page_size=x", "page_size=1e3", f"page_size={'9' * 5000}"]
)
def test_pages_of_a_size_that_is_none(api: APIClient, query: str) -> None:
    assert list(faults(api.get(f"{URL}?{query}"))) == ["page_size"]


@pytest.mark.parametrize("cursor", ["x", "%00", "cD1hYmM%3D", "cD0tMQ%3D%3D", "bz0tMQ%3D%3D", "cj0x", "%F0%9F%98%80"])
def test_a_cursor_that_no_page_gave_out_is_nowhere(api: APIClient, task: Task, cursor: str) -> None:
    assert api.get(f"{URL}?cursor={cursor}").status_code in {200, 400, 404}


@pytest.mark.parametrize("number", [3, 30])
def test_a_list_takes_one_query(
    api: APIClient, owner: Any, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for index in range(number):
        Task.objects.create(name=f"task {index}", owner=owner)
    with django_assert_num_queries(1):
        assert len(pages(api, URL)[0]) == number


def test_a_task_shows_its_counts(api: APIClient, task: Task) -> None:
    label = Label.objects.create(task=task, name="/m/01yrx")
    for subset in ("train", "train", "test"):
        image = Image.objects.create(task=task, subset=subset, name=f"{subset} {Image.objects.count()}")
        if subset == "train":
            Shape.objects.create(task=task, image=image, label=label, kind="tag", source="machine")
    counts = ok(api.get(detail(task)))["counts"]
    assert counts == {
        "revision": ok(api.get(detail(task)))["revision"],
        "stale": False,
        "images": 3,
        "shapes": 2,
        "without_shapes": 1,
        "without_file": 3,
        "by_subset": {"test": {"images": 1, "shapes": 0}, "train": {"images": 2, "shapes": 2}},
        "by_kind": {"tag": 2},
        "by_label": {str(label.pk): 2},
        "by_source": {"machine": 2},
    }


def test_a_large_task_is_not_counted_while_somebody_waits(
    api: APIClient, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_SMALL", 2)
    for number in range(3):
        Image.objects.create(task=task, name=str(number))
    monkeypatch.setattr(kept, "_count", None)
    assert ok(api.get(detail(task)))["counts"] is None
    monkeypatch.undo()
    monkeypatch.setattr(kept, "_SMALL", 2)
    kept.refresh(task)
    monkeypatch.setattr(kept, "_count", None)
    counts = ok(api.get(detail(task)))["counts"]
    assert (counts["images"], counts["stale"]) == (3, False)
    Image.objects.create(task=task, name="one more")
    body = ok(api.get(detail(task)))
    assert (body["counts"]["images"], body["counts"]["stale"]) == (3, True)
    assert body["counts"]["revision"] < body["revision"]


def test_a_check_counts_the_task(api: APIClient, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_SMALL", 0)
    Image.objects.create(task=task, name="a")
    assert ok(api.get(detail(task)))["counts"] is None
    with TestCase.captureOnCommitCallbacks(execute=True):
        ok(send(api, "POST", f"{detail(task)}checks/", {}), 202)
    assert ok(api.get(detail(task)))["counts"]["images"] == 1


def test_a_task_is_renamed(api: APIClient, task: Task) -> None:
    Task.objects.create(name="taken")
    before = ok(api.get(detail(task)))
    body = ok(api.patch(detail(task), {"name": "road", "revision": 9, "id": task.pk}, format="json"))
    assert {**body, "updated": ""} == {**before, "name": "road", "updated": ""}
    assert body["updated"] > before["updated"]
    assert faults(api.patch(detail(task), {"name": "taken"}, format="json")) == {"name": "unique"}
    assert ok(api.patch(detail(task), {"name": "road"}, format="json"))["name"] == "road"
    assert ok(api.patch(detail(task), {}, format="json"))["name"] == "road"


def test_only_staff_gives_a_task_away(api: APIClient, staff_api: APIClient, task: Task) -> None:
    heir = get_user_model().objects.create_user("heir")
    assert "Only staff" in refusal(api.patch(detail(task), {"name": "x", "owner": heir.pk}, format="json"), 403)
    task.refresh_from_db()
    assert task.name == "street"
    body = ok(staff_api.patch(detail(task), {"owner": heir.pk}, format="json"))
    assert body["owner"] == {"id": heir.pk, "username": "heir"}
    assert ok(staff_api.patch(detail(task), {"owner": None}, format="json"))["owner"] is None


@pytest.mark.parametrize(
    "owner", [True, "1", 1.0, 0, -1, 2**70, 10**4000, [], {}, "x"], ids=lambda value: str(value)[:9]
)
def test_owners_that_are_none(staff_api: APIClient, owner: Any) -> None:
    task = Task.objects.create(name="street")
    assert list(faults(staff_api.patch(detail(task), {"owner": owner}, format="json"))) == ["owner"]


def test_a_task_is_deleted_with_all_that_belongs_to_it(api: APIClient, task: Task) -> None:
    image = Image.objects.create(task=task, name="a")
    label = Label.objects.create(task=task, name="/m/01yrx")
    Shape.objects.create(task=task, image=image, label=label, kind="tag")
    ok(api.delete(detail(task)), 204)
    assert not Task.objects.exists()
    assert not Shape.objects.exists()
    assert "No" in refusal(api.get(detail(task)), 404)


def test_a_large_task_is_gone_at_once_and_a_job_deletes_it(
    api: APIClient, task: Task, owner: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENIMAGES_IO = {"DELETE_AT_ONCE": 1}
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)  # nobody comes for it
    image = Image.objects.create(task=task, name="a")
    label = Label.objects.create(task=task, name="/m/01yrx")
    shape = Shape.objects.create(task=task, image=image, label=label, kind="tag")
    refusal(api.delete(detail(task), headers={"If-Match": '"other"'}), 412)
    response = api.delete(detail(task))
    job = ok(response, 202)
    assert (job["kind"], job["state"], job["task"], job["task_name"]) == ("delete", "queued", None, task.name)
    assert (response["Location"], response["Retry-After"]) == (f"http://testserver/api/v1/jobs/{job['id']}/", "1")
    assert (job["can_cancel"], job["can_confirm"], job["can_retry"]) == (False, False, False)
    refusal(api.post(f"/api/v1/jobs/{job['id']}/cancel/"), 409)
    assert ok(api.get(URL))["results"] == []
    for path in (detail(task), f"{detail(task)}images/", f"/api/v1/images/{image.pk}/",
                 f"/api/v1/images/{image.pk}/shapes/", f"/api/v1/labels/{label.pk}/",
                 f"/api/v1/shapes/{shape.pk}/"):  # fmt: skip
        refusal(api.get(path), 404)
    refusal(api.delete(detail(task)), 404)
    ok(api.post(URL, {"name": task.name}, format="json"), 201)
    run_job.call(job["id"])
    assert ok(api.get(f"/api/v1/jobs/{job['id']}/"))["outcome"]["code"] == "deleted"
    assert not Shape.objects.exists()


def test_keys_that_nothing_has(api: APIClient) -> None:
    for key in (0, 2**31, 2**63, 2**70, 10**200):
        assert api.get(f"{URL}{key}/").status_code == 404
        for rest in ("labels/", "images/", "hierarchy/"):
            assert api.get(f"{URL}{key}/{rest}").status_code == 404
        assert api.get(f"/api/v1/labels/{key}/").status_code == 404
        assert api.get(f"/api/v1/images/{key}/").status_code == 404


def test_what_is_not_there_may_not_be_done(api: APIClient, task: Task) -> None:
    for method in ("put", "post"):
        assert "not allowed" in refusal(getattr(api, method)(detail(task)), 405)


def test_options_say_what_a_view_is_and_nothing_of_a_row(api: APIClient, task: Task) -> None:
    said = ok(api.options(detail(task)))
    assert said == {
        "name": "Task Instance",
        "description": "The tasks that exist for the user.",
        "renders": ["application/json", "text/html"],
        "parses": ["application/json"],
    }
    assert ok(api.options(f"{URL}0/")) == said
    refusal(APIClient().options(detail(task)), 401)
