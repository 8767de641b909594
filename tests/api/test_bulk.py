"""Changes of many images by the API: tried, made as they were shown, at once or by a job."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from openimages_io.models import Image, Job, Label, Shape, Task
from tests.api.job_factories import client, user

pytestmark = pytest.mark.django_db(transaction=True)

BOX = {"kind": "rectangle", "x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


class World:
    """An owner's task with two images, a box of a cat on each, and another task."""

    def __init__(self) -> None:
        self.owner = user()
        self.client: APIClient = client(self.owner)
        self.task = Task.objects.create(name="t", owner=self.owner)
        self.cat, self.dog = (Label.objects.create(task=self.task, name=f"/m/{n}", display_name=n) for n in "cd")
        self.images = [Image.objects.create(task=self.task, name=name, subset="train") for name in "ab"]
        for image in self.images:
            Shape.objects.create(task=self.task, image=image, label=self.cat, **BOX)

    def post(self, name: str, body: Any, **headers: str) -> Any:
        return self.client.post(
            reverse(f"openimages_io:{name}", args=[self.task.pk]), body, format="json", headers=headers
        )

    @property
    def relabel(self) -> dict[str, Any]:
        return {"filter": {}, "label": self.cat.pk, "new_label": self.dog.pk}

    @property
    def bodies(self) -> dict[str, dict[str, Any]]:
        return {
            "images-move": {"filter": {}, "subset": "val"},
            "shapes-relabel": self.relabel,
            "shapes-delete": {"filter": {}, "label": self.cat.pk},
        }


@pytest.fixture
def world() -> World:
    return World()


def state() -> list[Any]:
    return [*Shape.objects.order_by("pk").values_list("pk", "label"), *Image.objects.values_list("pk", "subset")]


@pytest.mark.parametrize("name", ["images-move", "shapes-relabel", "shapes-delete"])
def test_tried_then_made_as_it_was_shown(world: World, name: str) -> None:
    before, body = state(), world.bodies[name]
    tried = world.post(name, {**body, "dry_run": True})
    assert tried.status_code == 200
    data = tried.json()
    assert (data["dry_run"], data["images"], data["changed"], data["changed_images"]) == (True, 2, 2, 2)
    assert (state(), data["issues"]) == (before, [])
    done = world.post(name, body, **{"If-Match": tried["ETag"]})
    assert done.status_code == 200
    said = "A dry run, so nothing was changed. It would be: "
    assert data["message"].startswith(said)
    assert done.json() == {**data, "dry_run": False, "message": data["message"].removeprefix(said)}
    assert state() != before
    again = world.post(name, body, **{"If-Match": tried["ETag"]})
    assert (again.status_code, again.json()["code"]) == (412, "changed_meanwhile")
    assert "it was 2 rows, and would be 0 rows" in again.json()["detail"]
    assert world.post(name, body).json()["changed"] == 0


def test_what_is_answered(world: World) -> None:
    Shape.objects.create(task=world.task, image=world.images[0], label=world.dog, **{**BOX, "score": 0.5})
    data = world.post("shapes-relabel", world.relabel).json()
    assert data["message"] == "Relabelled from “c” to “d”: 1 box; 1 box left unchanged."
    assert data["totals"]["boxes"]["skipped"] == {"other-there": 1}
    (issue,) = data["issues"]
    assert (issue["code"], issue["value"], issue["severity"]) == ("annotation-stays", "train/a", "warning")
    assert (data["changed"], data["changed_images"], data["new_specs"]) == (1, 1, [])


def test_only_some_images_and_annotations(world: World) -> None:
    one = world.images[0].pk
    assert world.post("images-move", {"images": [one, one], "subset": "x"}).json()["changed"] == 1
    assert list(Image.objects.order_by("pk").values_list("subset", flat=True)) == ["x", "train"]
    asked = {"subset": "x", "label": [world.cat.pk], "score_max": 1, "has_shapes": True}
    assert world.post("shapes-delete", {"filter": asked, "label": world.cat.pk}).json()["changed"] == 0
    asked = {"subset": "x", "label": [world.cat.pk], "has_file": False, "kind": "rectangle"}
    given = {"filter": asked, "label": world.cat.pk, "annotations": {"kind": "mask"}}
    assert world.post("shapes-delete", given).json()["changed"] == 0
    assert world.post("shapes-delete", {**given, "annotations": {"kind": "rectangle"}}).json()["changed"] == 1


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"filter": None}, "filter", "null"),
        ({"filter": ["x"]}, "filter", "wrong_type"),
        ({"filter": {"colour": "red"}}, "filter.colour", "unknown"),
        ({"filter": {"ordering": "id"}}, "filter.ordering", "unknown"),
        ({"filter": {"label": "5"}}, "filter.label", "wrong_type"),
        ({"filter": {"label": ["5"]}}, "filter.label", "wrong_type"),
        ({"filter": {"label": [True]}}, "filter.label", "wrong_type"),
        ({"filter": {"score_min": "0.5"}}, "filter.score_min", "wrong_type"),
        ({"filter": {"has_file": 1}}, "filter.has_file", "wrong_type"),
        ({"filter": {"kind": "circle"}}, "filter.kind", "invalid_choice"),
        ({"filter": {"score_min": 0.5, "score_max": 0.1}}, "filter.score_max", "wrong_order"),
        ({"filter": ..., "images": []}, "images", "too_short"),
        ({"filter": ..., "images": list(range(1, 502))}, "images", "too_long"),
        ({"filter": ..., "images": ["1"]}, "images[0]", "wrong_type"),
        ({"filter": ..., "images": [2**63]}, "images[0]", "out_of_range"),
        ({"filter": ..., "images": [999999]}, "images", "does_not_exist"),
        ({"filter": ...}, "images", "required"),
        ({"images": [1]}, "filter", "mismatch"),
        ({"label": 999999}, "label", "unknown_label"),
        ({"annotations": {"subset": "x"}}, "annotations.subset", "unknown"),
        ({"annotations": {"presence": 3}}, "annotations.presence", "wrong_type"),
        ({"duplicates": "x"}, "duplicates", "invalid_choice"),
        ({"dry_run": "yes"}, "dry_run", "wrong_type"),
        ({"colour": 1}, "colour", "unknown"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_with_its_path(world: World, change: dict[str, Any], path: str, code: str) -> None:
    before = state()
    body = {name: value for name, value in {**world.relabel, **change}.items() if value is not ...}
    response = world.post("shapes-relabel", body)
    assert response.status_code == 400, response.json()
    assert (path, code) in {(fault["path"], fault["code"]) for fault in response.json()["errors"]}, response.json()
    assert state() == before


def test_a_subset_is_one_that_an_archive_can_have(world: World) -> None:
    response = world.post("images-move", {"filter": {}, "subset": "a/b"})
    assert [(fault["path"], fault["code"]) for fault in response.json()["errors"]] == [("subset", "bad_subset")]


@pytest.mark.parametrize(
    ("extra", "needed"),
    [({"duplicates": "delete"}, "delete_shape"), ({"missing_specs": "create"}, "add_attributespec")],
)
def test_what_a_change_needs_besides(world: World, extra: dict[str, str], needed: str) -> None:
    least = ("view_task", "view_image", "change_shape")
    for number, (may, status) in enumerate(((least, 403), ((*least, needed), 200))):
        world.client = client(user(f"staff{number}", may=may, is_staff=True))
        assert world.post("shapes-relabel", {**world.relabel, "dry_run": True}).status_code == 200
        assert world.post("shapes-relabel", {**world.relabel, **extra, "dry_run": True}).status_code == status


def test_a_large_change_is_a_job_once_for_a_key(world: World, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}
    tried = world.post("shapes-relabel", {**world.relabel, "dry_run": True})
    headers = {"If-Match": tried["ETag"], "Idempotency-Key": "k"}
    response = world.post("shapes-relabel", world.relabel, **headers)
    assert response.status_code == 202
    job = response.json()
    assert response["Location"].endswith(f"/jobs/{job['id']}/")
    assert (job["kind"], job["state"], job["images"], job["committed"]) == ("bulk", "succeeded", {"filter": {}}, True)
    assert job["message"] == "Relabelled from “c” to “d”: 2 boxes."
    assert world.post("shapes-relabel", world.relabel, **headers).json()["id"] == job["id"]
    assert world.post("shapes-relabel", {**world.relabel, "dry_run": True}, **headers).status_code == 422
    assert Job.objects.count() == 1


def test_a_job_whose_preview_has_moved_has_failed(world: World, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}
    tried = world.post("shapes-delete", {**world.bodies["shapes-delete"], "dry_run": True})
    Shape.objects.create(task=world.task, image=world.images[0], label=world.cat, **{**BOX, "x_max": 0.9})
    job = world.post("shapes-delete", world.bodies["shapes-delete"], **{"If-Match": tried["ETag"]}).json()
    assert (job["state"], job["outcome"]["code"], job["can_retry"]) == ("failed", "preview-moved", False)
    assert Shape.objects.count() == 3


@pytest.mark.parametrize("kind", ["view_image", "change_shape"])
def test_who_may_control_its_job(world: World, settings: Settings, kind: str) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}
    job = world.post("shapes-relabel", world.relabel).json()
    staff = client(user("staff", may=("view_task", kind), is_staff=True))
    assert staff.delete(reverse("openimages_io:job-detail", args=[job["id"]])).status_code == 403
    assert world.client.delete(reverse("openimages_io:job-detail", args=[job["id"]])).status_code == 204


@pytest.mark.long
def test_an_export_of_some_images(world: World) -> None:
    one = world.images[0].pk
    for body, stored, written in (
        ({"images": [one]}, {"keys": [one]}, 1),
        ({"filter": {"label": [world.cat.pk]}}, {"filter": {"label": [world.cat.pk]}}, 2),
        ({"filter": {"label": [world.dog.pk]}}, {"filter": {"label": [world.dog.pk]}}, 0),
        ({"filter": {}}, {}, 2),
        ({}, {}, 2),
    ):
        job = world.post("task-exports", {**body, "pictures": False}).json()
        assert (job["state"], job["images"]) == ("succeeded", stored), job
        assert job["totals"].get("images", {}).get("written", 0) == written
    response = world.post("task-exports", {"images": [one], "filter": {}})
    assert [(fault["path"], fault["code"]) for fault in response.json()["errors"]] == [("filter", "mismatch")]
