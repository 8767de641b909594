"""Files, thumbnails and overlays of pictures over HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow
from rest_framework.test import APIClient

from openimages_io.models import Image, Label, Shape, Task
from openimages_io.transfer.pictures.storing import digest_of
from tests.api.responses import faults, refusal
from tests.transfer.datasets import picture

AddImage = Callable[..., Image]
VIEWS = ("file/", "thumbnail/", "overlay.svg")


@pytest.fixture
def add_image(task: Task) -> AddImage:
    def add(content: bytes | None = None, name: str = "a", suffix: str = ".jpg", **values: Any) -> Image:
        image = Image(task=task, name=name, file_suffix=suffix, **values)
        if content is not None:
            image.file.save("x.jpg", ContentFile(content), save=False)
            image.file_digest = digest_of(content)
        image.save()
        return image

    return add


def at(image: Image, view: str) -> str:
    return f"/api/v1/images/{image.pk}/{view}"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


@pytest.mark.parametrize(
    ("kind", "content_type", "suffix"),
    [
        ("JPEG", "image/jpeg", ".jpg"),
        ("PNG", "image/png", ".png"),
        ("WEBP", "image/webp", ".webp"),
        ("GIF", "image/gif", ".gif"),
        ("TIFF", "image/tiff", ".tif"),
        ("BMP", "image/bmp", ".bmp"),
    ],
)
def test_a_file_is_of_the_type_that_its_content_is(
    api: APIClient, add_image: AddImage, kind: str, content_type: str, suffix: str
) -> None:
    content = picture(kind=kind)
    response = api.get(at(add_image(content, name="b/c/2", suffix=".html"), "file/"))
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'inline; filename="2{suffix}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Content-Length"] == str(len(content))
    assert body(response) == content


def test_what_is_no_picture_is_never_shown(api: APIClient, add_image: AddImage) -> None:
    response = api.get(at(add_image(b"<html><script>alert(1)</script>", suffix=".html"), "file/"))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a"'
    body(response)


@pytest.mark.parametrize(
    ("name", "suffix", "said"),
    [
        ("a", ".JPEG", 'inline; filename="a.JPEG"'),
        ('say "x"\\', ".jpg", 'inline; filename="say \\"x\\"\\\\.jpg"'),
        ("Häuschen", ".jpg", "inline; filename*=utf-8''H%C3%A4uschen.jpg"),
        ("a\r\nSet-Cookie: x=y", ".jpg\n", 'inline; filename="a__Set-Cookie: x=y.jpg"'),
        ("dir/", "", 'inline; filename="dir.jpg"'),
    ],
)
def test_the_name_of_the_file_is_that_of_the_image(
    api: APIClient, add_image: AddImage, name: str, suffix: str, said: str
) -> None:
    response = api.get(at(add_image(picture(), name=name, suffix=suffix), "file/"))
    assert response.status_code == 200
    assert response["Content-Disposition"] == said
    body(response)


def test_what_the_client_has_is_not_sent_again(api: APIClient, add_image: AddImage) -> None:
    image = add_image(picture())
    for view in VIEWS:
        first = api.get(at(image, view))
        body(first)
        again = api.get(at(image, view), headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, body(again)) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert first["Cache-Control"] == again["Cache-Control"] == "private, no-cache"
        other = api.get(at(image, view), headers={"If-None-Match": '"other"'})
        assert other.status_code == 200
        body(other)
        assert refusal(api.get(at(image, view), headers={"If-Match": '"other"'}), 412)


def test_a_picture_that_has_changed_is_sent(api: APIClient, add_image: AddImage) -> None:
    image = add_image(picture())
    before = {view: api.get(at(image, view)) for view in VIEWS}
    content = picture(color="blue")
    image.file.save("y.jpg", ContentFile(content), save=False)
    image.file_digest = digest_of(content)
    image.save()
    for view, response in before.items():
        body(response)
        again = api.get(at(image, view), headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 200
        body(again)


def test_the_overlay_changes_with_shapes_and_labels(api: APIClient, add_image: AddImage, task: Task) -> None:
    image = add_image(width=100, height=50)
    label = Label.objects.create(task=task, name="/m/01yrx", display_name="Cat", color="#aa0000")
    seen = {api.get(at(image, "overlay.svg"))["ETag"]}
    box = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
    Shape.objects.create(task=task, image=image, label=label, kind="rectangle", **box)
    response = api.get(at(image, "overlay.svg"))
    seen.add(response["ETag"])
    assert response["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'; style-src 'unsafe-inline'" in response["Content-Security-Policy"]
    document = response.content.decode()
    assert 'x="10" y="10" width="40" height="20"' in document
    assert "#aa0000" in document
    label.color = "#00bb00"
    label.save()
    response = api.get(at(image, "overlay.svg"))
    seen.add(response["ETag"])
    assert "#00bb00" in response.content.decode()
    assert len(seen) == 3


def test_a_thumbnail_has_the_next_larger_size(api: APIClient, add_image: AddImage) -> None:
    image = add_image(picture(600, 300))
    for query, longest in (("", 256), ("?size=100", 128), ("?size=256", 256), ("?size=257", 512)):
        response = api.get(at(image, "thumbnail/") + query)
        assert response["Content-Type"] == "image/jpeg"
        assert max(Pillow.open(io.BytesIO(body(response))).size) == longest


@pytest.mark.parametrize("size", ["0", "-1", "1025", "x", "", "1.5", "9" * 5000, "\0", "٣x"])
def test_a_size_that_is_none_is_refused(api: APIClient, add_image: AddImage, size: str) -> None:
    assert list(faults(api.get(at(add_image(picture()), "thumbnail/"), {"size": size}))) == ["size"]


def test_without_a_file_there_is_nothing_but_the_overlay(api: APIClient, add_image: AddImage) -> None:
    bare, lost = add_image(), add_image(picture(), name="b")
    lost.file.storage.delete(str(lost.file.name))
    for image in (bare, lost):
        for view in ("file/", "thumbnail/"):
            assert refusal(api.get(at(image, view)), 404) == "There is no picture file."
        assert api.get(at(image, "overlay.svg")).status_code == 200


def test_a_damaged_picture_has_no_thumbnail(api: APIClient, add_image: AddImage) -> None:
    image = add_image(picture(200, 200)[:500])
    assert "cannot be unpacked" in refusal(api.get(at(image, "thumbnail/")), 404)
    response = api.get(at(image, "file/"))
    assert response.status_code == 200
    body(response)


@pytest.mark.parametrize("accept", ["image/webp,*/*;q=0.8", "image/jpeg", "text/html", "nonsense"])
def test_whatever_is_accepted_is_answered(api: APIClient, add_image: AddImage, accept: str) -> None:
    image = add_image(picture())
    for view in VIEWS:
        response = api.get(at(image, view), headers={"Accept": accept})
        assert response.status_code == 200
        body(response)
    assert refusal(api.get("/api/v1/images/0/file/", headers={"Accept": accept}), 404)


@pytest.mark.parametrize("view", VIEWS)
def test_who_may(
    view: str,
    add_image: AddImage,
    another_api: APIClient,
    staff_api: APIClient,
    staff: Any,
    media: Path,
) -> None:
    image = add_image(picture())
    assert APIClient().get(at(image, view)).status_code in {401, 403}
    assert refusal(another_api.get(at(image, view)), 404)
    response = staff_api.get(at(image, view))
    assert response.status_code == 200
    body(response)
    staff.user_permissions.set(Permission.objects.filter(codename="view_task"))
    for name in ("_perm_cache", "_user_perm_cache"):
        vars(staff).pop(name, None)
    assert refusal(staff_api.get(at(image, view)), 403)
    assert refusal(staff_api.post(at(image, view)), 405)


def test_an_overlay_takes_a_few_queries_however_many_shapes(api: APIClient, add_image: AddImage, task: Task) -> None:
    image = add_image()
    label = Label.objects.create(task=task, name="/m/01yrx")
    used = []
    for _ in range(2):
        Shape.objects.bulk_create(
            Shape(task=task, image=image, label=label, kind="rectangle", x_min=0, x_max=1, y_min=0, y_max=1)
            for _ in range(20)
        )
        with CaptureQueriesContext(connection) as queries:
            assert api.get(at(image, "overlay.svg")).status_code == 200
        used.append(len(queries))
    assert used == [3, 3]


@pytest.mark.parametrize("query", ["", "?as_stored=1"])
def test_a_part_of_a_picture(api: APIClient, add_image: AddImage, query: str) -> None:
    url = at(add_image(picture()), "file/") + query
    whole = api.get(url)
    content, size = body(whole), int(whole["Content-Length"])
    for header, start, stop in (("bytes=0-3", 0, 4), ("bytes=4-", 4, size), ("bytes=-5", size - 5, size)):
        part = api.get(url, headers={"Range": header, "If-Range": whole["ETag"]})
        assert (part.status_code, body(part)) == (206, content[start:stop])
        assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part["Content-Type"] == whole["Content-Type"]
    other = api.get(url, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (other.status_code, body(other)) == (200, content)
    assert refusal(api.get(url, headers={"Range": f"bytes={size}-"}), 416)
    head = api.head(url, headers={"Range": "bytes=0-3"})
    assert (head.status_code, body(head), head["Content-Length"]) == (200, b"", str(size))
    assert head["Content-Type"] == whole["Content-Type"]
