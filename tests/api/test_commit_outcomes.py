"""What the API answers, and which files stay, whatever happens around a request's COMMIT."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image as Pillow
from pytest_django import Settings

from openimages_io.annotations import images as annotated_images
from openimages_io.database.bulk import plain
from openimages_io.models import Image, Label, Task
from openimages_io.models.revisions import Owners
from tests.transaction_faults import DONE, EVERY, MAYBE, NOT, STOPPED, Ending, is_written, lost_files, pictures

pytestmark = pytest.mark.django_db(transaction=True)

FILES = 5


@pytest.fixture
def task() -> Task:
    user = get_user_model()._default_manager.create_user("mia")
    return Task.objects.create(name="x", owner=user)


@pytest.fixture
def client(task: Task) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(task.owner)  # type: ignore[arg-type]  # it has one
    return client


def send(client: Client, task: Task) -> Any:
    with io.BytesIO() as data:
        Pillow.new("L", (4, 3)).save(data, "PNG")
        files = [SimpleUploadedFile(f"{number}.png", data.getvalue()) for number in range(FILES)]
    return client.post(f"/api/v1/tasks/{task.pk}/images/upload/", {"files": files})


def arm_in_the_request(end: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = annotated_images._refuse_taken

    def in_the_transaction(*args: Any) -> None:
        refuse(*args)
        if connection.in_atomic_block:
            end.arm()

    monkeypatch.setattr(annotated_images, "_refuse_taken", in_the_transaction)


@pytest.mark.parametrize("how", EVERY)
def test_an_upload(how: str, client: Client, task: Task, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arm_in_the_request(end := Ending(monkeypatch, how), monkeypatch)
    if how in STOPPED & MAYBE:
        with pytest.raises(KeyboardInterrupt):
            send(client, task)
    else:
        response = send(client, task)
        assert response.status_code == (201 if how in DONE else 500)
        if how in MAYBE:
            assert response.json()["code"] == "maybe_saved"
            assert "may have been saved: read what is there" in response.json()["detail"]
    assert end.is_done
    assert not lost_files()
    assert Image.objects.count() == FILES * is_written(how)
    assert len(pictures(media)) == FILES * (how not in NOT)


def test_a_request_that_is_one_transaction(
    client: Client, task: Task, media: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ATOMIC_REQUESTS it is not the view that commits."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert send(client, task).status_code == 201
    assert (Image.objects.count(), len(pictures(media))) == (FILES, FILES)
    assert send(client, task).status_code == 400  # the names are taken
    assert len(pictures(media)) == FILES
    Image.objects.all().delete()
    assert len(pictures(media)) == 0

    def fail(*args: Any, **options: Any) -> None:
        raise ValueError

    monkeypatch.setattr("openimages_io.api.images.views.serialize_images", fail)
    assert send(client, task).status_code == 500
    assert not Image.objects.exists()
    assert len(pictures(media)) == FILES  # for the prune command: the view cannot know what becomes of the request


@pytest.mark.parametrize("how", ["answer lost", "commit lost", "another's hook fails"])
@pytest.mark.parametrize("what", ["image", "shapes"])
def test_a_save(what: str, how: str, client: Client, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.objects.create(task=task, name="a", width=10, height=10)
    label = Label.objects.create(task=task, name="/m/x")
    end = Ending(monkeypatch, how)
    touched = Owners.touch

    def arm(owners: Owners, using: str) -> None:
        touched(owners, using)
        end.arm()

    monkeypatch.setattr(Owners, "touch", arm)
    if what == "image":
        response = client.patch(f"/api/v1/images/{image.pk}/", {"name": "b"}, content_type="application/json")
    else:
        url, shape = f"/api/v1/images/{image.pk}/shapes/", {"kind": "tag", "label": label.pk}
        response = client.post(url, shape, content_type="application/json")
    assert end.is_done
    if how in DONE:
        assert response.status_code in {200, 201}
    else:
        assert (response.status_code, response.json()["code"]) == (500, "maybe_saved")
    saved = plain(Image, "default").get().name == "b" if what == "image" else image.shapes.exists()
    assert saved == is_written(how)
