"""An image that was made by its name takes its picture later."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from PIL import Image as Pillow
from rest_framework.test import APIClient

from openimages_io.models import Image, Task
from tests.api.responses import faults, ok, refusal


def picture(name: str = "a.png", color: int = 0, size: tuple[int, int] = (8, 6)) -> SimpleUploadedFile:
    """A picture to send."""
    with io.BytesIO() as data:
        Pillow.new("L", size, color).save(data, "PNG")
        return SimpleUploadedFile(name, data.getvalue())


@pytest.fixture
def image(task: Task) -> Image:
    return Image.objects.create(task=task, name="a", width=3, height=4)


@pytest.fixture
def url(image: Image) -> str:
    return f"/api/v1/images/{image.pk}/file/"


def put(api: APIClient, url: str, headers: dict[str, str] | None = None, **files: Any) -> Any:
    """Sends a form."""
    return api.put(url, files, format="multipart", headers=headers)


def stored(media: Path) -> list[Path]:
    return [path for path in media.rglob("*.png") if path.is_file()]


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_a_picture_and_its_size(api: APIClient, image: Image, url: str, media: Path) -> None:
    before = api.get(f"/api/v1/images/{image.pk}/")
    response = put(api, url, {"If-Match": before["ETag"]}, file=picture("photo.PNG"))
    body = ok(response)
    assert (body["width"], body["height"], body["file_suffix"], body["name"]) == (8, 6, ".PNG", "a")
    assert response["ETag"] == api.get(f"/api/v1/images/{image.pk}/")["ETag"] != before["ETag"]
    assert b"".join(api.get(url).streaming_content) == picture().read()  # type: ignore[attr-defined]
    assert len(stored(media)) == 1


def test_the_same_again_changes_nothing_and_another_is_a_conflict(
    api: APIClient, image: Image, url: str, media: Path
) -> None:
    ok(put(api, url, file=picture()))
    row = Image.objects.values().get()
    ok(put(api, url, file=picture("other.png")))
    assert "annotations were drawn" in refusal(put(api, url, file=picture(color=9)), 409)
    assert Image.objects.values().get() == row
    assert len(stored(media)) == 1


def test_what_somebody_has_changed_is_not_saved_over(api: APIClient, image: Image, url: str, media: Path) -> None:
    tag = api.get(f"/api/v1/images/{image.pk}/")["ETag"]
    Image.objects.update(title="theirs")
    refusal(put(api, url, {"If-Match": tag}, file=picture()), 412)
    assert not Image.objects.get().file
    assert stored(media) == []


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ({}, ["file"]),
        ({"file": SimpleUploadedFile("a.png", b"no picture")}, ["file"]),
        ({"file": picture("a.txt")}, ["file"]),
        ({"files": picture()}, ["files"]),
        ({"file": picture(), "name": "b"}, ["name"]),
    ],
    ids=["nothing", "none", "ending", "misspelt", "more"],
)
def test_forms_that_are_refused(api: APIClient, url: str, media: Path, files: dict[str, Any], paths: list[str]) -> None:
    assert list(faults(put(api, url, **files))) == paths
    assert stored(media) == []


def test_another_type_of_body(api: APIClient, url: str) -> None:
    assert "media type" in refusal(api.put(url, {"file": "a"}, format="json"), 415)


def test_nothing_is_stored_if_the_database_refuses(
    api: APIClient, url: str, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Image, **kwargs: Any) -> None:
        raise DatabaseError("it is broken")

    monkeypatch.setattr(Image, "save", fail)
    with pytest.raises(DatabaseError):
        put(api, url, file=picture())
    assert stored(media) == []
