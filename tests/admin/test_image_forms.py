"""The form of an image takes its picture file, and shows it."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from openimages_io.models import Image, Task
from tests.admin.conftest import Browser, text_of
from tests.stored_files import stored_files
from tests.transfer.generated import picture

ADMIN = "/admin/openimages_io"
PNG = picture((1, 2, 3), (20, 10), "PNG")


@pytest.fixture
def task(db: None) -> Task:
    return Task.objects.create(name="pictures")


def form(task: Task, **more: object) -> dict[str, object]:
    return {"task": task.pk, "subset": "train", "name": "", "width": "", "height": "", "rotation": "", **more}


def file(name: str = "cat.PNG", data: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_an_image_is_added_with_its_picture_and_is_called_like_it(boss: Client, task: Task) -> None:
    page = text_of(boss.get(f"{ADMIN}/image/add/?task={task.pk}"))
    assert 'enctype="multipart/form-data"' in page
    response = boss.post(f"{ADMIN}/image/add/", form(task, picture=file(), width=7, height=9))
    assert response.status_code == 302, text_of(response)
    image = Image.objects.get()
    assert (image.name, image.file_suffix, image.width, image.height) == ("cat", ".PNG", 20, 10)
    with image.file.open() as stored:
        assert stored.read() == PNG
    page = text_of(boss.get(f"{ADMIN}/image/{image.pk}/change/"))
    assert f"/image/{image.pk}/thumbnail/256/" in page
    assert 'type="file"' not in page


def test_an_image_without_a_picture_gets_one_once(boss: Client, task: Task) -> None:
    boss.post(f"{ADMIN}/image/add/", form(task, name="a/b"))
    image = Image.objects.get()
    address = f"{ADMIN}/image/{image.pk}/change/"
    assert 'type="file"' in text_of(boss.get(address))
    assert boss.post(address, form(task, name="a/b", picture=file("other.png"))).status_code == 302
    image.refresh_from_db()
    assert (image.name, image.width, bool(image.file)) == ("a/b", 20, True)
    digest = image.file_digest
    again = file("again.png", picture((9, 9, 9), (5, 5), "PNG"))
    assert boss.post(address, form(task, name="a/b", picture=again)).status_code == 302
    image.refresh_from_db()
    assert (image.file_digest, image.name) == (digest, "a/b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"picture": file("cat.txt")}, "does not end as a picture does"),
        ({"picture": file("._cat.png")}, "does not end as a picture does"),  # what macOS leaves beside a picture
        ({"picture": file("cat.png", b"not a picture")}, "cat.png"),
        ({"picture": file("cat.png", PNG[:60])}, "cat.png"),
        ({}, "Write an ImageID, or choose a picture file."),
        ({"picture": file("taken.png")}, "already exists"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_nothing_is_stored(
    boss: Client, task: Task, given: dict[str, object], said: str, media: Path
) -> None:
    Image.objects.create(task=task, subset="train", name="taken")
    for sent in given.values():
        sent.seek(0)  # type: ignore[attr-defined]
    response = boss.post(f"{ADMIN}/image/add/", form(task, **given))
    assert response.status_code == 200
    assert said in text_of(response)
    assert Image.objects.count() == 1
    assert stored_files(media) == []


def test_too_large_a_file_is_refused(boss: Client, task: Task, settings: object) -> None:
    settings.OPENIMAGES_IO = {"MAX_PICTURE_BYTES": 10}  # type: ignore[attr-defined]
    response = boss.post(f"{ADMIN}/image/add/", form(task, picture=file()))
    assert "this site allows 10 at most" in text_of(response)


def test_who_may_not_change_an_image_is_not_asked_for_a_file(as_staff: Browser, task: Task) -> None:
    image = Image.objects.create(task=task, subset="train", name="a")
    page = text_of(as_staff("view_image", "view_task").get(f"{ADMIN}/image/{image.pk}/change/"))
    assert 'type="file"' not in page
