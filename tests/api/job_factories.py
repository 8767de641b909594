"""Users, tasks and jobs for tests of the views of jobs."""

import hashlib
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from fixtures.draw_scenes import FOLDER
from openimages_io.models import Job, JobKind, JobState, Task

SCENES = FOLDER / "scenes"
START = datetime(2026, 1, 1, tzinfo=UTC)


def user(name: str = "owner", *, may: tuple[str, ...] = ("import_task", "export_task"), **values: Any) -> Any:
    """A user with these permissions of ours."""
    made = get_user_model().objects.create_user(name, **values)
    made.user_permissions.set(Permission.objects.filter(codename__in=may, content_type__app_label="openimages_io"))
    return made


def client(who: Any = None) -> APIClient:
    """A client that is logged in as the user."""
    found = APIClient()
    if who is not None:
        found.force_authenticate(who)
    return found


def task(owner: Any, name: str = "scenes") -> Task:
    """An empty task."""
    return Task.objects.create(name=name, owner=owner)


def job(of: Task | None, kind: str = "check", state: str = "succeeded", *, number: int = 0, **values: Any) -> Job:
    """A job as a row alone; the higher the number, the newer."""
    moment = START + timedelta(minutes=number)
    ended = moment if state in {"succeeded", "failed", "cancelled"} else None
    name = of.name if of else "new"
    made = Job.objects.create(
        **{"task": of, "kind": kind, "state": state, "task_name": name, "queued": moment, "finished": ended} | values
    )
    Job.objects.filter(pk=made.pk).update(created=moment)
    made.refresh_from_db()
    return made


def export(of: Task, content: bytes, **values: Any) -> Job:
    """An export that has made this file."""
    made = job(of, JobKind.EXPORT, JobState.SUCCEEDED, result_digest=hashlib.sha256(content).hexdigest(), **values)
    made.result.save("export.zip", ContentFile(content))
    return made


def url(name: str, pk: Any = None, **query: Any) -> str:
    """The path of a view."""
    return reverse(f"openimages_io:{name}", kwargs={} if pk is None else {"pk": pk}, query=query or None)


def scenes(*, replace: dict[str, tuple[str, str]] | None = None, pictures: bool = True) -> bytes:
    """The example data set as a zip, with some texts in some files replaced."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(path for path in SCENES.rglob("*") if path.is_file()):
            name, content = path.relative_to(SCENES).as_posix(), path.read_bytes()
            if name in (replace or {}):
                old, new = (replace or {})[name]
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode(), 1)
            if pictures or not name.startswith("images/"):
                archive.writestr(name, content)
    return file.getvalue()


def upload(content: bytes = b"x", name: str = "scenes.zip") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content, "application/zip")


def paths(response: Any) -> list[str]:
    """Where in the request the faults are."""
    return [fault["path"] for fault in response.json()["errors"]]


def let_go(response: Any) -> None:
    """Ends an answer that nobody has read, as a server does, but leaves the test's connection to the database open."""
    for close in response._resource_closers:
        close()
