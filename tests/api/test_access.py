"""A site's own class that says who may do what, as docs/permissions.md has it, and permissions of single tasks."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Model, Q
from django.utils import timezone
from pytest_django import Settings

from openimages_io.models import Image, Job, Label, Task
from openimages_io.permissions import TaskPermissions
from tests.api.conftest import client_of
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(settings: Settings, monkeypatch: pytest.MonkeyPatch, owner: Any) -> Any:
    """Somebody who shares two groups with the owner, on a site with the documentation's `TeamPermissions`."""
    (code,) = re.findall(
        r"```python\n(# mysite/access.py.*?)```", (ROOT / "docs" / "permissions.md").read_text("utf-8"), re.DOTALL
    )
    module = ModuleType("mysite.access")
    exec(code, module.__dict__)  # noqa: S102  (it is what people copy)
    monkeypatch.setitem(sys.modules, "mysite", ModuleType("mysite"))
    monkeypatch.setitem(sys.modules, "mysite.access", module)
    (given,) = re.findall(r"OPENIMAGES_IO = (\{.*\})", code.splitlines()[0])
    settings.OPENIMAGES_IO = eval(given)  # noqa: S307
    user = get_user_model().objects.create_user("team")
    for name in ("red", "blue"):
        group = Group.objects.create(name=name)
        group.user_set.add(owner, user)
    return user


def test_a_team_does_all_that_the_owner_may(team: Any, owner: Any, task: Task) -> None:
    other = Task.objects.create(name="other")
    image, label = Image.objects.create(task=task, name="a"), Label.objects.create(task=task, name="/m/0k4j")
    Job.objects.create(kind="check", task=task, task_name=task.name, created_by=owner, queued=timezone.now())
    api = client_of(team)
    assert [row["id"] for row in api.get("/api/v1/tasks/").json()["results"]] == [task.pk]
    assert len(api.get("/api/v1/jobs/").json()["results"]) == 1
    for place in (f"/api/v1/tasks/{task.pk}/", f"/api/v1/images/{image.pk}/", f"/api/v1/labels/{label.pk}/"):
        assert api.get(place).status_code == 200, place
    for place in (
        f"/api/v1/tasks/{task.pk}/images/",
        f"/api/v1/tasks/{task.pk}/labels/",
        f"/api/v1/images/{image.pk}/shapes/",
    ):
        assert api.get(place).status_code == 200, place
    assert api.patch(f"/api/v1/labels/{label.pk}/", {"display_name": "Car"}, format="json").status_code == 200
    assert api.post(f"/api/v1/tasks/{task.pk}/exports/", {}, format="json").status_code == 403
    team.user_permissions.add(Permission.objects.get(codename="export_task"))
    again = client_of(get_user_model().objects.get(pk=team.pk))
    assert again.post(f"/api/v1/tasks/{task.pk}/exports/", {}, format="json").status_code == 202
    assert api.get(f"/api/v1/tasks/{other.pk}/").status_code == 404


def test_others_are_none_of_the_team(team: Any, task: Task, another_api: Any) -> None:
    image = Image.objects.create(task=task, name="a")
    assert another_api.get("/api/v1/tasks/").json()["results"] == []
    assert another_api.get(f"/api/v1/tasks/{task.pk}/").status_code == 404
    assert another_api.get(f"/api/v1/images/{image.pk}/").status_code == 404


class OfOneTask:
    """A backend for permissions of single rows, as django-guardian is one: these, for the task called street."""

    permissions = frozenset({"openimages_io.export_task", "openimages_io.change_label"})

    def has_perm(self, user: Any, permission: str, row: Model | None = None) -> bool:
        return isinstance(row, Task) and row.name == "street" and permission in self.permissions


def test_permissions_of_single_tasks_hold(settings: Settings, owner: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", f"{__name__}.OfOneTask"]
    staff = get_user_model().objects.create_user("viewer", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=("view_task", "view_label")))
    tasks = [Task.objects.create(name=name, owner=owner) for name in ("street", "river")]
    labels = [Label.objects.create(task=task, name="/m/0k4j") for task in tasks]
    api = client_of(staff)
    for task, label, may in zip(tasks, labels, (True, False), strict=True):
        changed = api.patch(f"/api/v1/labels/{label.pk}/", {"display_name": "Car"}, format="json")
        assert changed.status_code == (200 if may else 403)
        exported = api.post(f"/api/v1/tasks/{task.pk}/exports/", {}, format="json")
        assert exported.status_code == (202 if may else 403)


def test_who_may_change_rows_may_see_them(task: Task) -> None:
    label = Label.objects.create(task=task, name="/m/0k4j")
    staff = get_user_model().objects.create_user("changer", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=("change_task", "change_label")))
    api = client_of(staff)
    assert api.get(f"/api/v1/tasks/{task.pk}/").status_code == 200
    assert api.get(f"/api/v1/labels/{label.pk}/").status_code == 200
    assert api.get(f"/api/v1/tasks/{task.pk}/images/").status_code == 403
    only_adds = get_user_model().objects.create_user("adder", is_staff=True)
    only_adds.user_permissions.set(Permission.objects.filter(codename__in=("add_task", "delete_task", "view_label")))
    assert client_of(only_adds).get(f"/api/v1/tasks/{task.pk}/").status_code == 404
    assert client_of(only_adds).get(f"/api/v1/labels/{label.pk}/").status_code == 404


class FewTasks(TaskPermissions):
    """Staff sees the tasks whose names begin with an a, and no others."""

    def tasks(self, user: Any) -> Q:
        return super().tasks(user) & Q(name__startswith="a")


def test_jobs_of_tasks_that_a_site_s_class_hides_do_not_exist_either(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, staff: Any
) -> None:
    monkeypatch.setitem(sys.modules, "mysite", ModuleType("mysite"))
    monkeypatch.setattr(sys.modules["mysite"], "FewTasks", FewTasks, raising=False)
    settings.OPENIMAGES_IO = {"PERMISSIONS": "mysite.FewTasks"}
    for name in ("avenue", "boulevard"):
        made = Task.objects.create(name=name)
        Job.objects.create(kind="check", task=made, task_name=name, queued=timezone.now())
    Job.objects.create(kind="import", task_name="of the user", created_by=staff, queued=timezone.now())
    Job.objects.create(kind="import", task_name="of nobody", queued=timezone.now())
    api = client_of(staff)
    assert [row["name"] for row in api.get("/api/v1/tasks/").json()["results"]] == ["avenue"]
    assert {row["task_name"] for row in api.get("/api/v1/jobs/").json()["results"]} == {"avenue", "of the user"}
    hidden = Job.objects.get(task_name="boulevard")
    assert api.get(f"/api/v1/jobs/{hidden.pk}/").status_code == 404
