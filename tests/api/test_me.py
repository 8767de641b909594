"""Who asks, what that user may do, and the limits of the site."""

import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from openimages_io import conf
from openimages_io.api.me import PERMISSIONS
from openimages_io.format.limits import Limits
from openimages_io.models import Task
from openimages_io.permissions import TaskPermissions
from tests.api.conftest import client_of
from tests.api.responses import faults, ok, refusal

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"
OF_OWNERS = {*PERMISSIONS} - {"add_task", "import_task", "export_task", "give_task"}


def may(api: APIClient, task: Task | None = None) -> set[str]:
    """What the user may do in a task, or everywhere."""
    body = ok(api.get(ME, {} if task is None else {"task": task.pk}))
    words: list[str] = (body if task is None else body["task"])["permissions"]
    assert len(set(words)) == len(words)
    assert set(words) <= set(PERMISSIONS)
    return set(words)


def grant(user: Any, *names: str) -> APIClient:
    """The client of the user, who has these permissions of our models now."""
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="openimages_io", codename__in=names))
    return client_of(get_user_model().objects.get(pk=user.pk))


def test_a_user_reads_who_it_is(api: APIClient, owner: Any) -> None:
    body = ok(api.get(ME))
    assert (body["id"], body["username"], body["task"]) == (owner.pk, "owner", None)
    assert body.keys() == {"id", "username", "permissions", "task", "limits"}


def test_nobody_is_nobody() -> None:
    refusal(APIClient().get(ME), 401)


def test_an_owner_may_do_everything_with_the_task_but_nothing_everywhere(
    api: APIClient, owner: Any, task: Task
) -> None:
    assert may(api) == {"add_task"}
    assert may(api, task) == OF_OWNERS
    api = grant(owner, "import_task", "export_task")
    assert may(api) == {"add_task", "import_task", "export_task"}
    assert may(api, task) == OF_OWNERS | {"import_task", "export_task"}


def test_staff_may_do_what_the_models_permissions_say(task: Task) -> None:
    staff = get_user_model().objects.create_user("staff", is_staff=True)
    api = grant(staff, "view_task", "change_shape", "add_label")
    assert may(api) == {"add_task", "view_task", "change_shape", "view_shape", "add_label"}
    assert may(api, task) == may(api) - {"add_task"}
    assert may(grant(staff, "change_task"), task) == {"view_task", "change_task", "give_task"}
    assert may(grant(staff, "import_task", "view_task"), task) == {"view_task"}  # who may not change it imports nothing
    everything = {"view_task", "change_task", "give_task", "import_task"}
    assert may(grant(staff, "import_task", "change_task"), task) == everything


@pytest.mark.parametrize("name", ["staff_api", "api", "another_api"])
def test_what_is_said_is_what_is_done(request: pytest.FixtureRequest, name: str, task: Task) -> None:
    client = request.getfixturevalue(name)
    place = f"/api/v1/tasks/{task.pk}/"
    assert "add_task" in may(client)
    assert client.post("/api/v1/tasks/", {"name": name}, format="json").status_code == 201
    if client.get(place).status_code == 404:
        refusal(client.get(ME, {"task": task.pk}), 404)
        return
    exported = client.post(f"{place}exports/", {}, format="json").status_code == 202
    assert ("export_task" in may(client, task)) is exported
    assert "change_task" in may(client, task)
    assert client.patch(place, {"name": "road"}, format="json").status_code == 200


def test_of_a_task_that_does_not_exist_for_the_user_nothing_is_said(another_api: APIClient, task: Task) -> None:
    for key in (task.pk, task.pk + 1, 10**30):
        refusal(another_api.get(ME, {"task": key}), 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"task": "a"}, {"task": "wrong_type"}),
        ({"task": "0"}, {"task": "out_of_range"}),
        ({"task": ["1", "2"]}, {"task": "repeated"}),
        ({"tusk": "1"}, {"tusk": "unknown"}),
    ],
)
def test_a_query_that_means_nothing_is_refused(api: APIClient, query: dict[str, Any], found: dict[str, str]) -> None:
    assert faults(api.get(ME, query)) == found


def test_the_limits_are_those_of_the_site(api: APIClient, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"MAX_UPLOAD_BYTES": 7000, "PAGE_SIZE": 3, "MAX_PICTURE_PIXELS": 5}
    limits = ok(api.get(ME))["limits"]
    assert (limits["max_upload_bytes"], limits["page_size"], limits["max_picture_pixels"]) == (7000, 3, 5)
    assert limits["max_shape_points"] == Limits().max_shape_points
    assert limits["max_page_size"] == conf.Options().max_page_size


class Team(TaskPermissions):
    """Tasks whose names begin with the user's; nobody may make one, or change labels."""

    def owned(self, user: Any) -> Q:
        return Q(name__startswith=user.get_username())

    def may_create_tasks(self, user: Any) -> bool:
        return False

    def allows(self, user: Any, verb: Any, model: Any, task: Task) -> bool:
        return model.__name__ != "Label" and super().allows(user, verb, model, task)


def test_a_sites_own_class_is_asked(settings: Any, monkeypatch: pytest.MonkeyPatch, another_api: APIClient) -> None:
    module = ModuleType("site_access")
    monkeypatch.setitem(sys.modules, "site_access", module)
    monkeypatch.setattr(module, "Team", Team, raising=False)
    settings.OPENIMAGES_IO = {"PERMISSIONS": "site_access.Team"}
    task = Task.objects.create(name="another 1")
    assert may(another_api) == set()
    assert may(another_api, task) == {word for word in OF_OWNERS if not word.endswith("_label")}
    with CaptureQueriesContext(connection) as queries:
        may(another_api, task)
    assert len(queries) <= 5, [query["sql"] for query in queries]
