"""DRF's browsable API on the demo site: every kind of page, with a cost that does not grow with rows or users."""

import json
import re
from typing import Any, Final

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from openimages_io.format.masks import encode
from openimages_io.models import HierarchyEdge, Image, Job, Label, Mask, Shape, Task
from tests.api.conftest import client_of
from tests.api.responses import ok

pytestmark = pytest.mark.django_db

HTML: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES: Final = (
    "",
    "me/?task={task}",
    "tasks/",
    "tasks/{task}/",
    "tasks/{task}/labels/",
    "labels/{label}/",
    "tasks/{task}/hierarchy/",
    "tasks/{task}/images/",
    "images/{image}/",
    "images/{image}/neighbours/",
    "images/{image}/shapes/",
    "images/{image}/shapes/?units=pixels&masks=rle",
    "shapes/{shape}/",
    "jobs/",
    "jobs/{job}/",
)
OF_POST: Final = ("tasks/{task}/images/upload/", "tasks/{task}/imports/", "tasks/{task}/exports/", "imports/")


@pytest.fixture
def boss() -> Any:
    return get_user_model().objects.create_superuser("boss")


@pytest.fixture
def client(boss: Any) -> APIClient:
    return client_of(boss)


@pytest.fixture
def keys(task: Task) -> dict[str, Any]:
    label, part = (Label.objects.create(task=task, name=name) for name in ("/m/01yrx", "/m/0part"))
    HierarchyEdge.objects.create(parent=label, child=part, kind="part")
    image = Image.objects.create(task=task, name="a", width=4, height=3)
    shape = Shape.objects.create(task=task, image=image, label=label, kind="mask")
    png = encode(np.ones((3, 4), dtype=bool))
    Mask.objects.create(shape=shape, png=png, width=4, height=3)
    job = Job.objects.create(kind="export", task=task, task_name=task.name, queued=timezone.now())
    return {"task": task.pk, "label": label.pk, "image": image.pk, "shape": shape.pk, "job": job.pk}


def more(task: Task) -> None:
    """Many rows of every kind, and users."""
    get_user_model().objects.bulk_create(get_user_model()(username=f"user-{number}") for number in range(40))
    for number, user in enumerate(get_user_model().objects.filter(username__startswith="user-")[:20]):
        Task.objects.create(name=f"task-{number}", owner=user)
        label = Label.objects.create(task=task, name=f"/m/{number}")
        image = Image.objects.create(task=task, name=f"image-{number}")
        Shape.objects.create(task=task, image=Image.objects.get(name="a"), label=label, kind="tag")
        Shape.objects.create(task=task, image=image, label=label, kind="tag")
        Job.objects.create(kind="check", task=task, task_name=task.name, created_by=user, queued=timezone.now())


def page_of(client: APIClient, path: str) -> tuple[str, int]:
    """The page, and how many queries it took."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(f"/api/v1/{path}", headers=HTML)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/html; charset=utf-8"
    return response.content.decode(), len(queries)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_what_the_json_says(client: APIClient, keys: dict[str, Any], path: str) -> None:
    path = path.format(**keys)
    page, _ = page_of(client, path)
    assert "HTTP 200 OK" in page
    said = client.get(f"/api/v1/{path}")
    assert said["Content-Type"] == "application/json"
    for word in (json.loads(said.content).keys()) if isinstance(json.loads(said.content), dict) else ():
        assert f"&quot;{word}&quot;" in page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_the_same_with_many_rows_and_names_no_user_in_a_choice(
    client: APIClient, keys: dict[str, Any], task: Task, path: str
) -> None:
    path = path.format(**keys)
    page_of(client, path)  # what is cached is cached
    _, few = page_of(client, path)
    more(task)
    page_of(client, path)  # the numbers of a task are kept once they are counted
    page, many = page_of(client, path)
    assert many <= few, path
    assert "user-39" not in page
    assert page.count("<option") <= 2  # kinds of bodies


@pytest.mark.parametrize("path", OF_POST)
def test_a_page_of_what_is_only_sent_has_its_form(client: APIClient, keys: dict[str, Any], path: str) -> None:
    response = client.get(f"/api/v1/{path.format(**keys)}", headers=HTML)
    assert response.status_code == 405
    page = response.content.decode()
    assert 'method="POST"' in page
    assert "user-" not in page


def test_a_page_of_files_has_a_form_for_them(client: APIClient, keys: dict[str, Any]) -> None:
    page = client.get(f"/api/v1/tasks/{keys['task']}/images/upload/", headers=HTML).content.decode()
    assert 'enctype="multipart/form-data"' in page


def test_what_is_sent_from_a_page_is_answered_by_a_page(client: APIClient, keys: dict[str, Any]) -> None:
    made = client.post("/api/v1/tasks/", {"name": "new"}, format="json", headers=HTML)
    assert made.status_code == 201
    assert "HTTP 201 Created" in made.content.decode()
    wrong = client.post("/api/v1/tasks/", {"name": "new"}, format="json", headers=HTML)
    assert wrong.status_code == 400
    assert "&quot;not_unique&quot;" in wrong.content.decode() or "&quot;unique&quot;" in wrong.content.decode()
    shape = {"kind": "tag", "label": keys["label"]}
    drawn = client.post(f"/api/v1/images/{keys['image']}/shapes/", shape, format="json", headers=HTML)
    assert drawn.status_code == 201
    assert "HTTP 201 Created" in drawn.content.decode()


def test_who_is_not_logged_in_gets_a_page_that_says_so(keys: dict[str, Any]) -> None:
    response = APIClient().get(f"/api/v1/tasks/{keys['task']}/", headers=HTML)
    assert response.status_code == 401
    assert "street" not in response.content.decode()


def test_who_may_not_change_a_task_gets_no_form(keys: dict[str, Any]) -> None:

    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_task"))
    page, _ = page_of(client_of(viewer), f"tasks/{keys['task']}/")
    assert 'data-method="PATCH"' not in page
    assert 'data-method="DELETE"' not in page


def test_the_format_may_stand_in_the_query(client: APIClient, keys: dict[str, Any]) -> None:
    for path in ("tasks/", f"tasks/{keys['task']}/", f"images/{keys['image']}/shapes/"):
        ok(client.get(f"/api/v1/{path}?format=json", headers=HTML))
        assert client.get(f"/api/v1/{path}?format=api")["Content-Type"] == "text/html; charset=utf-8"
        assert client.get(f"/api/v1/{path}?format=nonsense").status_code == 404


def links(page: str) -> set[str]:
    return {place.replace("http://testserver", "") for place in re.findall(r'href="([^"?#]+)', page)}


def test_from_the_root_a_person_gets_everywhere(client: APIClient, keys: dict[str, Any]) -> None:
    start, task, image, job = "/api/v1/", f"tasks/{keys['task']}/", f"images/{keys['image']}/", f"jobs/{keys['job']}/"
    page, _ = page_of(client, "")
    assert {f"{start}{path}" for path in ("me/", "tasks/", "jobs/", "imports/")} <= links(page)
    page, _ = page_of(client, task)
    below = ("labels/", "hierarchy/", "images/", "imports/", "exports/", "checks/")
    assert {f"{start}{task}{path}" for path in below} | {start} <= links(page)
    page, _ = page_of(client, f"{task}images/")
    assert f"{start}{task}images/upload/" in links(page)
    page, _ = page_of(client, image)
    assert {f"{start}{image}{path}" for path in ("shapes/", "file/", "thumbnail/", "neighbours/")} <= links(page)
    page, _ = page_of(client, job)
    assert {f"{start}{job}{path}" for path in ("issues/", "cancel/", "retry/")} <= links(page)


def test_a_person_is_led_to_nothing_that_would_be_refused(keys: dict[str, Any]) -> None:
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=("view_task", "view_label")))
    client = client_of(viewer)
    assert client.get("/api/v1/").json()["imports"] is None
    page, _ = page_of(client, f"tasks/{keys['task']}/")
    task = f"/api/v1/tasks/{keys['task']}/"
    found = {place.removeprefix(task) for place in links(page) if place.startswith(task)}
    assert found - {""} == {"labels/", "checks/"}
    client.get("/api/v1/tasks/987/", headers=HTML)  # which says so, and fails no other way


def test_a_person_logs_in_and_out_by_pages(keys: dict[str, Any]) -> None:
    ann = {"username": "ann", "password": "a long word"}
    get_user_model().objects.create_user(**ann)  # not of the staff
    browser = Client()
    page = browser.get("/api/v1/", headers=HTML).content.decode()
    assert "/api/auth/login/?next=/api/v1/" in page
    form = {**ann, "next": "/api/v1/tasks/"}
    wrong = browser.post("/api/auth/login/", form | {"username": "bob"})
    assert "correct username and password" in wrong.content.decode()
    led = browser.post("/api/auth/login/", form)
    assert (led.status_code, led["Location"]) == (302, "/api/v1/tasks/")
    page = browser.get("/api/v1/tasks/", headers=HTML).content.decode()
    assert 'action="/api/auth/logout/?next=/api/v1/tasks/"' in page
    assert browser.post("/api/auth/logout/?next=/api/v1/tasks/").status_code == 302
    assert browser.get("/api/v1/tasks/").status_code == 401


def test_the_pages_have_no_styles_and_scripts_within(client: APIClient, keys: dict[str, Any]) -> None:
    pages = [page_of(client, path)[0] for path in ("", "tasks/", "jobs/")]
    pages.append(Client().get("/api/auth/login/").content.decode())
    for page in pages:
        assert not re.search(
            r"\s(?:style|on[a-z]+)=[\"']|<style|<script(?![^>]* (?:src|type=.application/json.))", page
        )
