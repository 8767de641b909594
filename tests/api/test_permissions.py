"""Who may do what: every endpoint is asked by everybody.

To add an endpoint, add a line to `TABLE`; the tests say which are missing. What an answer may be besides 401, 403 and
404 is the business of the endpoint's own tests: here any other status means that the door was open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.urls import URLPattern, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from openimages_io.api import urls
from openimages_io.format.masks import encode
from openimages_io.models import AttributeSpec, Image, Job, Label, Mask, Shape, Task
from tests.api.job_factories import let_go

pytestmark = pytest.mark.django_db

MEMBERS: Final = "anybody with a login"
"""Nothing that has an owner is asked for."""
TASK: Final = "who may do this with the task"
"""The owner, and staff with the model's permissions."""
IMPORT: Final = "who may import"
"""Of those, who has the permission to import, the owner too."""
EXPORT: Final = "who may export"

SIGNED: Final = "who has the address"
"""Without a login."""


@dataclass(frozen=True)
class Place:
    """One row of each kind, which all belong to one owner's task. The image has a picture, the shape a mask."""

    task: Task
    label: Label
    image: Image
    shape: Shape
    job: Job
    """An import."""
    export: Job


Key = Callable[[Place], Any]


@dataclass(frozen=True)
class Row:
    """An endpoint, what it is asked with, and who may ask."""

    name: str
    method: str
    who: str
    key: Key | None = None
    """What stands in the path."""
    needs: frozenset[str] = frozenset()
    """The permissions of our models that staff needs for it, beside `view_task`."""

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    def ask(self, client: APIClient, place: Place) -> Any:
        args = [] if self.key is None else [self.key(place)]
        return client.generic(self.method, reverse(f"openimages_io:{self.name}", args=args), "{}", "application/json")


def of_task(place: Place) -> int:
    return place.task.pk


def of_label(place: Place) -> int:
    return place.label.pk


def of_image(place: Place) -> int:
    return place.image.pk


def of_shape(place: Place) -> int:
    return place.shape.pk


def of_job(place: Place) -> Any:
    return place.job.pk


def of_export(place: Place) -> Any:
    return place.export.pk


def verbs(model: str, *names: str) -> frozenset[str]:
    return frozenset(f"{name}_{model}" for name in names)


EDGES: Final = verbs("hierarchyedge", "add", "change", "delete")
NOTHING: Final = frozenset[str]()

TABLE: Final = [
    Row("api-root", "get", MEMBERS),
    Row("me", "get", MEMBERS),
    Row("task-list", "get", MEMBERS),
    Row("task-list", "post", MEMBERS),
    Row("task-detail", "get", TASK, of_task),
    Row("task-detail", "patch", TASK, of_task, verbs("task", "change")),
    Row("task-detail", "delete", TASK, of_task, verbs("task", "delete")),
    Row("label-list", "get", TASK, of_task, verbs("label", "view")),
    Row("label-list", "post", TASK, of_task, verbs("label", "add")),
    Row("label-detail", "get", TASK, of_label, verbs("label", "view")),
    Row("label-detail", "patch", TASK, of_label, verbs("label", "change")),
    Row("label-detail", "delete", TASK, of_label, verbs("label", "delete")),
    Row("hierarchy", "get", TASK, of_task, verbs("hierarchyedge", "view")),
    Row("hierarchy", "put", TASK, of_task, EDGES),
    Row("image-list", "get", TASK, of_task, verbs("image", "view")),
    Row("image-list", "post", TASK, of_task, verbs("image", "add")),
    Row("image-upload", "post", TASK, of_task, verbs("image", "add")),
    Row("image-detail", "get", TASK, of_image, verbs("image", "view")),
    Row("image-detail", "patch", TASK, of_image, verbs("image", "change")),
    Row("image-detail", "delete", TASK, of_image, verbs("image", "delete")),
    Row("image-file", "get", TASK, of_image, verbs("image", "view")),
    Row("image-file", "put", TASK, of_image, verbs("image", "change")),
    Row("image-thumbnail", "get", TASK, of_image, verbs("image", "view")),
    Row("signed-file", "get", SIGNED, of_image),
    Row("signed-thumbnail", "get", SIGNED, of_image),
    Row("image-neighbours", "get", TASK, of_image, verbs("image", "view")),
    Row("image-overlay", "get", TASK, of_image, verbs("image", "view") | verbs("shape", "view")),
    Row("image-shapes", "get", TASK, of_image, verbs("shape", "view")),
    Row("image-shapes", "put", TASK, of_image, verbs("shape", "add", "change", "delete")),
    Row("image-shapes", "patch", TASK, of_image, verbs("shape", "view")),
    Row("image-shapes", "post", TASK, of_image, verbs("shape", "add")),
    Row("shape-detail", "get", TASK, of_shape, verbs("shape", "view")),
    Row("shape-detail", "patch", TASK, of_shape, verbs("shape", "change")),
    Row("shape-detail", "delete", TASK, of_shape, verbs("shape", "delete")),
    Row("shape-mask", "get", TASK, of_shape, verbs("shape", "view")),
    Row("signed-mask", "get", SIGNED, of_shape),
    Row("imports", "post", IMPORT),
    Row("task-imports", "post", IMPORT, of_task, verbs("task", "change")),
    Row("task-exports", "post", EXPORT, of_task),
    Row("task-checks", "post", TASK, of_task),
    Row("images-move", "post", TASK, of_task, verbs("image", "change") | verbs("shape", "view")),
    Row("shapes-relabel", "post", TASK, of_task, verbs("shape", "change") | verbs("image", "view")),
    Row("shapes-delete", "post", TASK, of_task, verbs("shape", "view", "delete") | verbs("image", "view")),
    Row("job-list", "get", MEMBERS),
    Row("job-detail", "get", TASK, of_job),
    Row("job-detail", "delete", IMPORT, of_job, verbs("task", "change")),
    Row("job-issues", "get", TASK, of_job),
    Row("job-cancel", "post", IMPORT, of_job, verbs("task", "change")),
    Row("job-confirm", "post", IMPORT, of_job, verbs("task", "change")),
    Row("job-retry", "post", IMPORT, of_job, verbs("task", "change")),
    Row("job-file", "get", EXPORT, of_export),
]


def methods(pattern: URLPattern) -> set[str]:
    view: Any = pattern.callback
    return set(view.actions) - {"head"}


@pytest.fixture
def owner() -> Any:
    return user("owner")


def user(name: str, *permissions: str, is_staff: bool = False) -> Any:
    made = get_user_model().objects.create_user(name, is_staff=is_staff)
    known = Permission.objects.filter(content_type__app_label="openimages_io", codename__in=permissions)
    assert known.count() == len(set(permissions))
    made.user_permissions.set(known)
    return made


@pytest.fixture
def place(owner: Any) -> Place:
    task = Task.objects.create(name="street", owner=owner)
    label = Label.objects.create(task=task, name="/m/01yrx")
    png = encode(np.ones((3, 4), dtype=bool))
    image = Image.objects.create(task=task, name="a", file=ContentFile(png, "a.png"), width=4, height=3)
    shape = Shape.objects.create(task=task, image=image, label=label, kind="mask")
    Mask.objects.create(shape=shape, png=png, width=4, height=3)
    job, export = (
        Job.objects.create(kind=kind, task=task, task_name=task.name, created_by=owner, queued=timezone.now())
        for kind in ("import", "export")
    )
    return Place(task, label, image, shape, job, export)


def status(row: Row, place: Place, who: Any) -> int:
    client = APIClient()
    if who is not None:
        client.force_authenticate(who)
    response = row.ask(client, place)
    found: int = response.status_code
    let_go(response)
    assert found < 500
    assert found != 405
    return found


def is_open(code: int) -> bool:
    return code not in {401, 403, 404}


def extra(row: Row) -> list[str]:
    return {IMPORT: ["import_task"], EXPORT: ["export_task"]}.get(row.who, [])


def test_the_table_has_every_endpoint_once() -> None:
    told = [(row.name, row.method) for row in TABLE]
    assert len(set(told)) == len(told)
    there = {(str(pattern.name), method) for pattern in urls.urlpatterns for method in methods(pattern)}
    assert set(told) == there


ROWS: Final = pytest.mark.parametrize("row", [row for row in TABLE if row.who != SIGNED], ids=str)


@ROWS
def test_nobody_is_asked_to_log_in(row: Row, place: Place) -> None:
    assert status(row, place, None) == 401


@ROWS
def test_to_other_users_nothing_exists(row: Row, place: Place) -> None:
    # Permissions of models are for staff: another user who has them all is still one.
    everything = Permission.objects.filter(content_type__app_label="openimages_io").values_list("codename", flat=True)
    for number, who in enumerate([user("another"), user("visitor", *everything), user("clerk", is_staff=True)]):
        code = status(row, place, who)
        if row.key is None:
            assert is_open(code) or (row.who in {IMPORT, EXPORT} and code == 403), number
        else:
            assert code == 404, number


@ROWS
def test_the_owner_may_do_all_but_import_and_export(row: Row, place: Place, owner: Any) -> None:
    code = status(row, place, owner)
    if row.who in {IMPORT, EXPORT}:
        assert code == 403
        owner.user_permissions.add(Permission.objects.get(codename=extra(row)[0]))
        code = status(row, place, get_user_model().objects.get(pk=owner.pk))
    assert is_open(code)


@ROWS
def test_staff_may_do_what_the_models_permissions_say(row: Row, place: Place) -> None:
    needs = {*row.needs, *extra(row)}
    if row.key is not None:
        looker = user("looker", "view_task", is_staff=True)
        code = status(row, place, looker)
        assert (code == 403) if needs else is_open(code)
    for lacking in needs:
        who = user(f"almost {lacking}", "view_task", *(needs - {lacking}), is_staff=True)
        assert status(row, place, who) == 403, lacking
    assert is_open(status(row, place, user("worker", "view_task", *needs, is_staff=True)))


def signed_url(client: APIClient, row: Row, place: Place) -> str:
    """The address that whoever may see the picture or the mask is given."""
    shown = row.name.removeprefix("signed-")
    if shown == "mask":
        return str(client.get(f"/api/v1/images/{place.image.pk}/shapes/").json()["shapes"][0]["mask"]["url"])
    return str(client.get(f"/api/v1/images/{place.image.pk}/").json()[shown])


@pytest.mark.parametrize("row", [row for row in TABLE if row.who == SIGNED], ids=str)
def test_a_signed_address_is_for_whoever_has_it_and_for_nobody_else(row: Row, place: Place, owner: Any) -> None:
    client = APIClient()
    client.force_authenticate(owner)
    url = signed_url(client, row, place)
    made_up = reverse(f"openimages_io:{row.name}", args=[row.key(place) if row.key else 0, "x"])
    for who in (None, user("another"), owner):
        client = APIClient()
        if who is not None:
            client.force_authenticate(who)
        response = client.get(url)
        let_go(response)
        assert response.status_code == 200
        assert client.get(made_up).status_code == 403


def test_specs_have_permissions_of_their_own(place: Place) -> None:
    url, body = f"/api/v1/labels/{place.label.pk}/", {"attribute_specs": [{"name": "a", "input_type": "text"}]}
    client = APIClient()
    specs = ["add_attributespec", "change_attributespec", "delete_attributespec"]
    client.force_authenticate(user("half", "view_task", "change_label", *specs[:2], is_staff=True))
    assert client.patch(url, body, format="json").status_code == 403
    assert not AttributeSpec.objects.exists()
    client.force_authenticate(user("whole", "view_task", "change_label", *specs, is_staff=True))
    assert client.patch(url, body, format="json", headers={"If-Match": "*"}).status_code == 200
