"""A site's own admin class for tasks, with our mixins on Django's `ModelAdmin`, as docs/admin.md has it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import clear_url_caches, path

from openimages_io.admin import CheckMixin, GalleryMixin, HierarchyMixin, TaskAdmin, TaskDeletionMixin
from openimages_io.models import Job, Shape, Task
from tests.admin.conftest import Browser, text_of
from tests.admin.test_permissions import EXPORT, FORM
from tests.conftest import ROOT

ADMIN = "/admin/openimages_io/task"
urlpatterns: list[Any] = []

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def own() -> Iterator[type[Any]]:
    """The documentation's class, registered in place of ours."""
    (code,) = re.findall(
        r"```python\n(# mysite/admin.py.*?)```", (ROOT / "docs" / "admin.md").read_text("utf-8"), re.DOTALL
    )
    space: dict[str, Any] = {"__name__": "mysite.admin"}
    exec(code, space)  # noqa: S102  (it is what people copy)
    urlpatterns[:] = [path("admin/", admin.site.urls)]
    clear_url_caches()
    yield space["MyTaskAdmin"]
    admin.site.unregister(Task)
    admin.site.register(Task, TaskAdmin)
    urlpatterns.clear()
    clear_url_caches()


@pytest.mark.long
def test_it_imports_and_exports(
    own: Any, boss: Client, good_archive: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert admin.site.get_model_admin(Task).__class__ is own
    assert boss.get(f"{ADMIN}/import/").status_code == 403  # its own rule, beside ours
    assert f"{ADMIN}/import/" not in text_of(boss.get(f"{ADMIN}/"))
    Group.objects.create(name="importers").user_set.add(User.objects.get(username="boss"))
    assert f"{ADMIN}/import/" in text_of(boss.get(f"{ADMIN}/"))
    upload = SimpleUploadedFile("scenes.zip", good_archive.read_bytes())
    with django_capture_on_commit_callbacks(execute=True):
        response = boss.post(f"{ADMIN}/import/", {"task_name": "new", "upload": upload, **FORM})
    assert "Nothing has been written yet." in text_of(boss.get(response.headers["Location"]))
    job = Job.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        boss.post(f"/admin/openimages_io/job/{job.pk}/confirm/")
    task = Task.objects.get()
    assert (task.name, task.shapes.count()) == ("new", 131)
    page = text_of(boss.get(f"{ADMIN}/{task.pk}/change/"))
    for button, there in (("import", True), ("export", True), ("check", False), ("gallery", False)):
        assert (f"/task/{button}/" in page or f"/{task.pk}/{button}/" in page) is there, button
    listed = text_of(boss.get(f"{ADMIN}/"))
    assert "column-created" in listed
    assert "Export as Open Images" in listed
    response = boss.post(f"{ADMIN}/", {"action": "export_tasks", "_selected_action": [task.pk]})
    assert response.headers["Location"] == f"{ADMIN}/export/?task={task.pk}"
    with django_capture_on_commit_callbacks(execute=True):
        boss.post(f"{ADMIN}/export/?task={task.pk}", EXPORT)
    made = Job.objects.get(kind="export")
    assert (made.state, made.task) == ("succeeded", task)


def test_who_may_do_what_is_as_on_our_own_class(own: Any, as_staff: Browser, scenes: Task) -> None:
    client = as_staff("import_task", name="owner")
    assert client.get(f"{ADMIN}/").status_code == 403
    Task.objects.filter(pk=scenes.pk).update(owner=User.objects.get(username="owner"))
    Task.objects.create(name="of somebody else")
    page = text_of(client.get(f"{ADMIN}/"))
    assert "scenes" in page
    assert "of somebody else" not in page
    assert client.get(f"{ADMIN}/{scenes.pk}/import/").status_code == 403
    Group.objects.create(name="importers").user_set.add(User.objects.get(username="owner"))
    assert client.get(f"{ADMIN}/{scenes.pk}/import/").status_code == 200


class Picky(GalleryMixin, CheckMixin, HierarchyMixin, TaskDeletionMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Some of the mixins, without import and export."""

    actions = ()


def test_any_of_the_mixins_stand_alone(boss: Client, scenes: Task) -> None:
    site = admin.AdminSite()
    site.register(Task, Picky)
    urlpatterns[:] = [path("admin/", site.urls)]
    clear_url_caches()
    page = text_of(boss.get(f"{ADMIN}/{scenes.pk}/change/"))
    for button, there in (("import", False), ("export", False), ("check", True), ("gallery", True)):
        assert (f"/task/{button}/" in page or f"/{scenes.pk}/{button}/" in page) is there, button
    assert boss.get(f"{ADMIN}/{scenes.pk}/hierarchy/").status_code == 200
    assert "cat-sofa" in text_of(boss.get(f"{ADMIN}/{scenes.pk}/gallery/"))
    assert "Shapes: 131" in text_of(boss.get(f"{ADMIN}/{scenes.pk}/delete/"))
    assert boss.post(f"{ADMIN}/{scenes.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Shape.objects.exists()
    urlpatterns.clear()
