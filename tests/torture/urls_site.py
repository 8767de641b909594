"""A task with all that belongs to it, and the people who ask for it."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token

from openimages_io.format.masks import encode
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Label, Mask, Shape, Task

SECRET = "Geheimnis"  # noqa: S105  (it opens nothing)
"""A word that stands in every name of the owner's, and in no page of the site."""


@dataclass(frozen=True)
class People:
    """What is asked for."""

    keys: dict[str, Any]
    """By the word that stands in an address."""


@dataclass(frozen=True)
class Asker:
    """One who asks."""

    name: str
    client: Client
    session: str
    """The cookie of the log in."""
    may_see: bool
    may_change: bool


def made() -> tuple[People, list[Asker]]:
    """Makes the owner's task, and everybody."""
    owner = _user(f"{SECRET}-owner")
    keys = _task(owner, SECRET)
    other = _user("other", "import_task", "export_task")
    _task(other, "others")
    ours = Permission.objects.filter(content_type__app_label="openimages_io").values_list("codename", flat=True)
    view = [name for name in ours if name.startswith("view_")]
    change = [name for name in ours if name.startswith("change_")]
    boss = User.objects.create_superuser("boss")
    return People(keys), [
        _asker("anonymous", None),
        _asker("no permissions", _user("nobody")),
        _asker("staff without permissions", _user("staff", is_staff=True)),
        _asker("staff who may view", _user("viewer", *view, is_staff=True), may_see=True),
        _asker("staff who may change", _user("changer", *view, *change, is_staff=True), may_see=True, may_change=True),
        _asker("owner of another task", other),
        _asker("superuser", boss, may_see=True, may_change=True),
        _asker("the owner", owner, may_see=True, may_change=True),
    ]


def _user(name: str, *permissions: str, is_staff: bool = False) -> User:
    user = User.objects.create_user(name, is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def _asker(name: str, user: User | None, *, may_see: bool = False, may_change: bool = False) -> Asker:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return Asker(name, client, client.cookies.output(header="", sep=";"), may_see, may_change)


def _task(owner: User, word: str) -> dict[str, Any]:
    task = Task.objects.create(name=f"{word}-task", owner=owner)
    label = Label.objects.create(task=task, name=f"/m/{word}", display_name=word)
    part = Label.objects.create(task=task, name=f"/m/{word}-part")
    HierarchyEdge.objects.create(parent=label, child=part, kind="part")
    AttributeSpec.objects.create(label=label, name=word, input_type="text")
    png = encode(np.eye(4, dtype=bool))
    image = Image(task=task, name=f"{word}-image", width=4, height=4, author=word)
    image.file.save("a.png", ContentFile(png))
    shape = Shape.objects.create(task=task, image=image, label=label, kind="mask", source=word)
    Mask.objects.create(shape=shape, png=png, width=4, height=4, path=f"{word}.png")
    job = Job.objects.create(
        kind="export",
        state="succeeded",
        task=task,
        task_name=task.name,
        created_by=owner,
        queued=timezone.now(),
        outcome={"code": "text", "params": {"text": word}},
        finished=timezone.now(),
        started=timezone.now(),
    )
    job.result.save(f"{word}.zip", ContentFile(b"PK"))
    job.report.save(
        f"{word}.jsonl", ContentFile(b'{"code": "x", "severity": "note", "reason": "%s"}\n' % word.encode())
    )
    token = Token.objects.create(user=owner)
    return {
        "task": task.pk,
        "label": label.pk,
        "image": image.pk,
        "shape": shape.pk,
        "job": job.pk,
        "user": owner.pk,
        "group": Group.objects.create(name=f"{word}-group").pk,
        "tokenproxy": token.pk,
        "content type": ContentType.objects.get_for_model(Task).pk,
        "": uuid.UUID(int=0),
    }
