"""Pictures that are uploaded: all of a request become images, or none."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow
from pytest_django import Settings
from rest_framework.test import APIClient

from openimages_io.annotations import images as annotated_images
from openimages_io.models import Image, Task
from openimages_io.transfer.pictures.storing import digest_of
from tests.api.responses import faults, ok, refusal, send
from tests.stored_files import stored_files


def picture(width: int = 4, height: int = 3, form: str = "PNG", color: int = 0) -> bytes:
    data = io.BytesIO()
    Pillow.new("L", (width, height), color).save(data, form)
    return data.getvalue()


def file(name: str, data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if data is None else data)


@pytest.fixture
def url(task: Task) -> str:
    return f"/api/v1/tasks/{task.pk}/images/upload/"


def post(api: APIClient, url: str, *files: SimpleUploadedFile, **fields: Any) -> Any:
    return api.post(url, {"files": list(files), **fields}, format="multipart")


@pytest.fixture
def stored(media: Path) -> Iterator[list[Path]]:
    """The files in the storage when the test has ended."""
    found: list[Path] = []
    yield found
    assert sorted(found) == stored_files(media)


def test_pictures_become_images(api: APIClient, url: str, media: Path, stored: list[Path]) -> None:
    jpeg = picture(9, 5, "JPEG")
    made = ok(post(api, url, file("one.PNG"), file("two.jpg", jpeg), subset="train"), 201)["results"]
    assert [(found["name"], found["subset"], found["width"], found["height"]) for found in made] == [
        ("one", "train", 4, 3),
        ("two", "train", 9, 5),
    ]
    assert [found["file_suffix"] for found in made] == [".PNG", ".jpg"]
    assert [found["file_digest"] for found in made] == [digest_of(picture()), digest_of(jpeg)]
    for view in ("file", "thumbnail"):
        assert made[0][view].startswith(f"http://testserver/api/v1/images/{made[0]['id']}/{view}/")
    stored += [media / str(image.file.name) for image in Image.objects.all()]
    assert [path.read_bytes() for path in stored] == [picture(), jpeg]


def test_names_may_be_said_with_folders(api: APIClient, url: str, media: Path, stored: list[Path]) -> None:
    made = ok(post(api, url, file("1.png"), file("2.png"), names=["b/c/2", "ü"]), 201)["results"]
    assert [(found["name"], found["subset"]) for found in made] == [("b/c/2", "default"), ("ü", "default")]
    stored += [media / str(image.file.name) for image in Image.objects.all()]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.txt", None, "bad_picture_name"),
        ("a", None, "bad_picture_name"),
        (".png", None, "bad_picture_name"),
        ("._a.png", None, "bad_picture_name"),
        ("a.png", b"", "bad_picture"),
        ("a.png", b"GIF89a", "bad_picture"),
        ("a.png", b"<svg/>", "bad_picture"),
        ("a.png", picture()[:20], "bad_picture"),
        ("a.png", picture()[:-1], "bad_picture"),
        ("C:a.png", None, "bad_image_id"),
        ("...png", None, "bad_image_id"),
    ],
)
def test_what_is_no_picture_is_named_and_nothing_is_stored(
    api: APIClient, url: str, name: str, data: bytes | None, code: str, stored: list[Path]
) -> None:
    assert faults(post(api, url, file("good.png"), file(name, data))) == {"files[1]": code}
    assert not Image.objects.exists()


def test_every_bad_name_is_told_at_once(api: APIClient, url: str, stored: list[Path]) -> None:
    files = [file(f"{number}.png") for number in range(4)]
    names = ["a", "../b", "c\0", "a" * 256]
    assert faults(post(api, url, *files, names=names)) == {
        "names[1]": "bad_image_id",
        "names[2]": "bad_image_id",
        "names[3]": "bad_image_id",
    }
    assert faults(post(api, url, *files, names=["a"])) == {"names": "wrong_count"}
    assert faults(post(api, url, *files, subset="a/b")) == {"subset": "bad_subset"}
    assert faults(post(api, url, *files, subset="")) == {"subset": "blank"}


def test_a_name_that_is_taken_is_told_and_nothing_is_stored(
    api: APIClient, url: str, task: Task, stored: list[Path]
) -> None:
    Image.objects.create(task=task, name="a")
    assert faults(post(api, url, file("b.png"), file("a.png"), file("b.jpg"))) == {
        "files[1]": "unique",
        "files[2]": "unique",
    }
    assert faults(post(api, url, file("b.png"), file("c.png"), names=["c", "a"])) == {"names[1]": "unique"}
    assert Image.objects.count() == 1


def test_a_form_without_pictures(api: APIClient, url: str) -> None:
    assert faults(api.post(url, {"subset": "train"}, format="multipart")) == {"files": "required"}
    assert faults(api.post(url, {"files": "text"}, format="multipart")) == {"files": "required"}
    assert faults(api.post(url, {"file": file("a.png")}, format="multipart")) == {"file": "unknown"}


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("MAX_UPLOAD_FILES", 1, "2 pictures; this site allows 1 at once"),
        ("MAX_UPLOAD_BYTES", 100, "this site allows 100 at most"),
        ("MAX_PICTURE_BYTES", 30, '"a.png" has '),
        ("MAX_PICTURE_PIXELS", 11, '"a.png" is 4 x 3 pixels, more than the limit of 11'),
    ],
)
def test_limits(
    api: APIClient, url: str, settings: Settings, setting: str, value: int, said: str, stored: list[Path]
) -> None:
    settings.OPENIMAGES_IO = {setting: value}
    assert said in refusal(post(api, url, file("a.png"), file("b.png")), 413)
    assert not Image.objects.exists()


def test_limits_of_django_are_answers_too(api: APIClient, url: str, settings: Settings, stored: list[Path]) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    assert "more files than the 1" in refusal(post(api, url, file("a.png"), file("b.png")), 413)
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 10
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    refusal(post(api, url, file("a.png"), subset="a" * 200), 413)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    refusal(post(api, url, file("a.png"), names=["a", "b", "c"]), 400)


def test_the_body_of_json_has_the_limit_of_bodies(api: APIClient, task: Task, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 20}
    assert "20 at most" in refusal(send(api, "POST", f"/api/v1/tasks/{task.pk}/images/", {"name": "a" * 30}), 413)


def test_other_types_of_content(api: APIClient, url: str) -> None:
    for content_type in ("image/png", "application/zip", "text/plain", "application/x-www-form-urlencoded"):
        refusal(api.post(url, picture(), content_type=content_type), 415)


def test_pictures_and_json_have_an_address_each(api: APIClient, url: str) -> None:
    refusal(send(api, "POST", url, {"name": "a"}), 415)
    refusal(post(api, url.removesuffix("upload/"), file("a.png")), 415)
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="ü"',
        "multipart/form-data; boundary=x",
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\n\r\n", b"x" * 5000, b"--x\r\nContent-Disposition: form-data; name*=a''%00\r\n\r\n"]
)
def test_forms_that_are_none(api: APIClient, url: str, content_type: str, body: bytes) -> None:
    assert api.post(url, body, content_type=content_type).status_code == 400


def test_what_was_stored_is_removed_when_the_rows_are_refused(api: APIClient, url: str, stored: list[Path]) -> None:
    with (
        patch.object(Image.objects, "bulk_create", side_effect=RuntimeError("the disk is full")),
        pytest.raises(RuntimeError),
    ):
        post(api, url, file("a.png"), file("b.png"))


def test_what_was_stored_is_removed_when_the_next_cannot_be(api: APIClient, url: str, stored: list[Path]) -> None:
    storage = Image._meta.get_field("file").storage
    save = storage.save
    calls: list[str] = []

    def fail_at_the_second(name: str, content: Any) -> Any:
        calls.append(name)
        if len(calls) == 2:
            raise OSError("no space left on the device")
        return save(name, content)

    with patch.object(storage, "save", fail_at_the_second):
        assert "has no disk space" in refusal(post(api, url, file("a.png"), file("b.png")), 507)
    assert len(calls) == 2
    assert not Image.objects.exists()


def test_an_upload_that_somebody_was_quicker_with_stores_nothing(
    api: APIClient, url: str, task: Task, stored: list[Path]
) -> None:
    look = annotated_images.check_pictures

    def look_and_be_late(files: Any) -> None:
        look(files)
        Image.objects.create(task=task, name="a")

    with patch.object(annotated_images, "check_pictures", look_and_be_late):
        assert faults(post(api, url, file("a.png"))) == {"files[0]": "unique"}


def test_uploads_are_counted_for_themselves(api: APIClient, url: str, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"UPLOAD_RATE": "1/min"}
    ok(post(api, url, file("a.png")), 201)
    response = post(api, url, file("b.png"))
    refusal(response, 429)
    assert int(response["Retry-After"]) > 0
    images = url.removesuffix("upload/")
    ok(send(api, "POST", images, {"name": "c"}), 201)
    ok(api.get(images))


def test_requests_are_counted(api: APIClient, url: str, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"THROTTLE_RATE": "2/min"}
    url = url.removesuffix("upload/")
    ok(api.get(url))
    ok(api.get("/api/v1/tasks/"))
    response = api.get(url)
    refusal(response, 429)
    assert int(response["Retry-After"]) > 0
