"""Who may do little meets no dead ends: whatever the admin site links to opens."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from openimages_io.jobs.submission import submit_check, submit_export
from openimages_io.models import Image, Job, Task
from openimages_io.transfer.options import ExportOptions
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"
VIEWS = ("view_task", "view_image", "view_label", "view_shape", "view_job")
USERS = [
    ("view_image",),
    *(tuple(name for name in VIEWS if name != left_out) for left_out in VIEWS),
    ("change_image", "view_shape"),
    ("view_label", "view_shape"),
    ("import_task", "add_task"),
    ("import_task", "change_task"),
    ("export_task", "view_task"),
]
LIMIT = 60


class Links(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.found.append(address)


def dead_ends(client: Client) -> list[str]:
    """Links that do not open, each with the page that has it; the pages are found from the admin site's first one."""
    known, waiting, dead = {"/admin/"}, [("/admin/", "")], []
    kinds: set[str] = set()
    while waiting:
        address, page = waiting.pop(0)
        response = client.get(address)
        if response.status_code >= 400:
            dead.append(f"{page} → {address}: {response.status_code}")
        if response.status_code != 200 or "html" not in response.headers["Content-Type"]:
            continue
        links = Links()
        links.feed(text_of(response))
        for link in links.found:
            target = urljoin(address, link).partition("#")[0]
            parts = urlsplit(target)
            is_ours = parts.netloc == "" and target.startswith("/admin/") and "logout" not in target
            kind = "".join("0" if c.isdigit() else c for c in target)
            if is_ours and target not in known and kind not in kinds and len(known) < LIMIT:
                kinds.add(kind)
                known.add(target)
                waiting.append((target, address))
    assert len(known) > 1
    return dead


@pytest.mark.thorough
@pytest.mark.parametrize("permissions", USERS, ids="+".join)
def test_what_is_linked_opens(
    permissions: tuple[str, ...], scenes: Task, as_staff: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        submit_check(scenes, user=None)
        submit_export(scenes, ExportOptions(), user=None)
    Job.objects.update(created_by=None)
    Task.objects.update(owner=User.objects.create_user("owner"))
    assert dead_ends(as_staff(*permissions)) == []


@pytest.mark.thorough
def test_an_owner_without_permissions_meets_none(scenes: Task, as_staff: Browser) -> None:
    client = as_staff()
    Task.objects.update(owner=client.session["_auth_user_id"])
    assert dead_ends(client) == []
    assert client.get(f"{ADMIN}/image/{Image.objects.values_list('pk', flat=True)[0]}/picture/").status_code == 200


_SEES = ("view_task", "view_image", "view_shape")
REFUSED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "task/{task}/gallery/": (("view_task",), {"view_image", "view_shape"}),
    "image/": (("view_task",), {"view_image"}),
    "image/add/": (("view_task", "view_image"), {"add_image"}),
    "task/{task}/delete/": (("view_task",), {"delete_task"}),
    "task/": ((), {"view_task"}),
    "task/import/": (("view_task",), {"import_task", "add_task"}),
    "task/{task}/import/": (("view_task",), {"import_task", "change_task"}),
    "task/{task}/gallery/bulk/?all=1&action=move": (_SEES, {"change_image"}),
    "task/{task}/gallery/bulk/?all=1&action=relabel": (_SEES, {"change_shape"}),
    "task/{task}/gallery/bulk/?all=1&action=delete": (_SEES, {"delete_shape"}),
    "task/{task}/gallery/bulk/?all=1&action=export": (_SEES, {"export_task"}),
    "task/export/?task={task}": (("view_task",), {"export_task"}),
    "task/{task}/hierarchy/": (("view_task",), {"view_label"}),
}


@pytest.mark.parametrize("address", REFUSED)
def test_a_refusal_says_which_permission_is_missing(address: str, scenes: Task, as_staff: Browser) -> None:
    has, missing = REFUSED[address]
    response = as_staff(*has).get(f"{ADMIN}/{address.format(task=scenes.pk)}")
    assert response.status_code == 403
    page = text_of(response)
    assert "You are logged in as staff." in page
    assert set(re.findall(r"<code>openimages_io\.(\w+)</code>", page)) == missing
    assert ("Can view image" in page) is ("view_image" in missing)
    assert 'href="/admin/"' in page
    assert "The owner of a task needs none for it, except to import and to export." in page


def test_a_refused_post_says_it_too(scenes: Task, as_staff: Browser) -> None:
    image = Image.objects.values_list("pk", flat=True)[0]
    response = as_staff("view_task", "view_image").post(f"{ADMIN}/image/{image}/change/", {"name": "x"})
    assert response.status_code == 403
    assert "openimages_io.change_image" in text_of(response)


def test_who_may_not_change_an_image_is_not_told_to_edit_it(scenes: Task, as_staff: Browser) -> None:
    address = f"{ADMIN}/image/{Image.objects.values_list('pk', flat=True)[0]}/picture/"
    for extra, words in (("change_image", "Edit image"), ("view_label", "Details")):
        page = text_of(as_staff("view_task", "view_image", "view_shape", extra, name=extra).get(address))
        assert f">{words}</a>" in page
        assert page.count(">Edit image</a>") == (extra == "change_image")
