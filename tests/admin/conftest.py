"""What tests of the admin site share: a site with the example data set, and people who may do this or that."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fixtures.draw_scenes import FOLDER
from openimages_io.models import Task
from openimages_io.transfer.importer import Importer

SCENES = FOLDER / "scenes"
BOXES = "annotations/train-annotations-bbox.csv"

Browser = Callable[..., Client]
Changes = dict[str, Callable[[bytes], bytes]]
"""By path, what becomes of a file."""


@pytest.fixture
def scenes(db: None) -> Task:
    """The example data set as a task."""
    result = Importer(SCENES, "scenes").run()
    assert result.task is not None
    return result.task


@pytest.fixture
def as_staff(db: None) -> Browser:
    """Logs a new person in who has these permissions and no others."""

    def log_in(*permissions: str, name: str = "staff", superuser: bool = False) -> Client:
        user = User.objects.create_user(name, is_staff=True, is_superuser=superuser)
        found = Permission.objects.filter(content_type__app_label="openimages_io", codename__in=permissions)
        assert found.count() == len(permissions), permissions
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def boss(as_staff: Browser) -> Client:
    """A superuser."""
    return as_staff(name="boss", superuser=True)


@pytest.fixture
def send(boss: Client, django_capture_on_commit_callbacks: Any) -> Any:
    """Posts, and has what that started done at once."""

    def post(address: str, body: dict[str, Any] | None = None, **uploads: Path) -> Any:
        files = {name: SimpleUploadedFile(path.name, path.read_bytes()) for name, path in uploads.items()}
        with django_capture_on_commit_callbacks(execute=True):
            return boss.post(address, {**(body or {}), **files})

    return post


def pack(target: Path, changes: Changes | None = None) -> Path:
    """The example data set as a zip, with some files changed."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(SCENES.rglob("*")):
            if path.is_file():
                name = path.relative_to(SCENES).as_posix()
                data = path.read_bytes()
                archive.writestr(name, (changes or {}).get(name, bytes)(data))
    return target


def broken_row(data: bytes) -> bytes:
    """The table with an XMin in its third line that is not a fraction."""
    lines = data.decode().split("\n")
    cells = lines[2].split(",")
    cells[lines[0].split(",").index("XMin")] = "left"
    lines[2] = ",".join(cells)
    return "\n".join(lines).encode()


@pytest.fixture
def good_archive(tmp_path: Path) -> Path:
    """The example data set as a zip."""
    return pack(tmp_path / "scenes.zip")


@pytest.fixture
def broken_archive(tmp_path: Path) -> Path:
    """The same with one broken row."""
    return pack(tmp_path / "broken.zip", {BOXES: broken_row})


def text_of(response: Any) -> str:
    """The page as text."""
    return str(response.content.decode())
