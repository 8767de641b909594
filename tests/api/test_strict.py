"""A misspelt name is a fault with its path, wherever it is written: nothing that a client says is passed over."""

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow
from rest_framework.test import APIClient

from docs.generate_openapi import TARGET
from openimages_io.models import Image, Label, Shape, Task
from tests.api.responses import faults, ok, overwrite, send

SPEC = {"name": "pose", "input_type": "text"}


@pytest.fixture
def cat(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/01yrx")


@pytest.fixture
def image(task: Task) -> Image:
    return Image.objects.create(task=task, name="a", width=4, height=3)


def png() -> SimpleUploadedFile:
    data = io.BytesIO()
    Pillow.new("L", (2, 2)).save(data, "PNG")
    return SimpleUploadedFile("b.png", data.getvalue())


def test_a_new_task_of_misspelt_fields_is_refused(api: APIClient) -> None:
    assert faults(send(api, "POST", "/api/v1/tasks/", {"nam": "a"})) == {"nam": "unknown", "name": "required"}
    assert faults(send(api, "POST", "/api/v1/tasks/", {"name": "a", "owners": 1})) == {"owners": "unknown"}
    assert not Task.objects.exists()


def test_a_new_label_of_misspelt_fields_is_refused(api: APIClient, task: Task) -> None:
    body = {"name": "a", "colour": "#ffffff", "attribute_specs": [SPEC, {**SPEC, "name": "b", "mutible": True}]}
    found = faults(send(api, "POST", f"/api/v1/tasks/{task.pk}/labels/", body))
    assert found == {"colour": "unknown", "attribute_specs[1].mutible": "unknown"}
    assert not Label.objects.exists()


def test_new_images_of_misspelt_fields_are_refused(api: APIClient, task: Task) -> None:
    url = f"/api/v1/tasks/{task.pk}/images/"
    assert faults(send(api, "POST", url, {"name": "a", "widht": 1})) == {"widht": "unknown"}
    found = faults(send(api, "POST", url, [{"name": "a"}, {"name": "b", "widht": 1, "height": 0}]))
    assert found == {"[1].widht": "unknown", "[1].height": "out_of_range"}
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sub_set": "train"}, {"sub_set": "unknown"}),
        ({"subset": ["train", "test"]}, {"subset": "repeated"}),
        ({"subset": ["a", "b"], "name": "c"}, {"subset": "repeated", "name": "unknown"}),
    ],
)
def test_an_upload_with_misspelt_fields_is_refused(
    api: APIClient, task: Task, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    response = api.post(f"/api/v1/tasks/{task.pk}/images/upload/", {"files": [png()], **fields}, format="multipart")
    assert faults(response) == expected
    assert not Image.objects.exists()


def test_a_change_of_misspelt_fields_is_refused(api: APIClient, task: Task, cat: Label, image: Image) -> None:
    assert faults(send(api, "PATCH", f"/api/v1/tasks/{task.pk}/", {"nmae": "b"})) == {"nmae": "unknown"}
    assert faults(send(api, "PATCH", f"/api/v1/labels/{cat.pk}/", {"colour": "#ffffff"})) == {"colour": "unknown"}
    assert faults(send(api, "PATCH", f"/api/v1/images/{image.pk}/", {"widht": 9})) == {"widht": "unknown"}


def test_what_was_read_can_be_sent_back(api: APIClient, task: Task, cat: Label, image: Image) -> None:
    """Keys, addresses, counts and times come with what is changed; they stay what they are."""
    for url in (f"/api/v1/labels/{cat.pk}/", f"/api/v1/images/{image.pk}/"):
        before = ok(api.get(url))
        assert ok(overwrite(api, "PATCH", url, before)).keys() == before.keys()
        assert faults(send(api, "PATCH", url, {"id": 99, "task": 99})) == {"id": "read_only", "task": "read_only"}
    url = f"/api/v1/tasks/{task.pk}/"
    before = ok(api.get(url))
    after = ok(send(api, "PATCH", url, {**before, "name": "b", "revision": 999}))
    assert (after["name"], after["id"], after["counts"]) == ("b", before["id"], before["counts"])
    assert after["revision"] < 999


def test_what_the_server_says_is_a_fault_of_what_is_new(api: APIClient, task: Task) -> None:
    """Somebody who writes parents expects a place in the hierarchy."""
    assert faults(send(api, "POST", "/api/v1/tasks/", {"name": "a", "owner": 1})) == {"owner": "read_only"}
    found = faults(send(api, "POST", f"/api/v1/tasks/{task.pk}/labels/", {"name": "a", "parents": [], "id": 1}))
    assert found == {"parents": "read_only", "id": "read_only"}
    assert faults(send(api, "POST", f"/api/v1/tasks/{task.pk}/images/", {"name": "a", "id": 1})) == {"id": "unknown"}


def test_a_misspelt_query_is_refused(api: APIClient, task: Task, image: Image, cat: Label) -> None:
    shape = Shape.objects.create(task=task, image=image, label=cat, kind="tag")
    for url in (
        "/api/v1/tasks/",
        "/api/v1/jobs/",
        f"/api/v1/tasks/{task.pk}/labels/",
        f"/api/v1/tasks/{task.pk}/images/",
        f"/api/v1/images/{image.pk}/shapes/",
        f"/api/v1/images/{image.pk}/thumbnail/",
        f"/api/v1/shapes/{shape.pk}/",
        f"/api/v1/shapes/{shape.pk}/mask.png",
    ):
        assert faults(api.get(f"{url}?sreach=a")) == {"sreach": "unknown"}, url


def test_a_filter_is_given_once(api: APIClient, task: Task) -> None:
    assert faults(api.get("/api/v1/tasks/?search=a&search=b")) == {"search": "repeated"}
    assert faults(api.get(f"/api/v1/tasks/{task.pk}/images/?kind=tag&kind=mask")) == {"kind": "repeated"}


def test_of_very_many_unknown_names_some_are_told(api: APIClient) -> None:
    found = faults(send(api, "POST", "/api/v1/tasks/", {"name": "a", **{f"x{number}": 1 for number in range(1000)}}))
    assert set(found.values()) == {"unknown"}
    assert 0 < len(found) < 100


def test_the_document_says_so() -> None:
    components = json.loads(TARGET.read_text("utf-8"))["components"]["schemas"]
    names = "Task PatchedTask Label PatchedLabel AttributeSpec NewImage PatchedImage Upload"
    for name in names.split():
        assert components[f"{name}Request"]["additionalProperties"] is False, name
