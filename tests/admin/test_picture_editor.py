"""Who is offered to edit shapes on an image's page, and with which labels."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from openimages_io.models import AttributeSpec, Image, Label, Task
from tests.admin.conftest import Browser


@pytest.fixture
def harbour(scenes: Task) -> Image:
    return scenes.images.get(name="harbour")


def editor_of(client: Client, image: Image) -> dict[str, Any] | None:
    """What the page gives to the editor, and its attributes; None if it has none."""
    response = client.get(f"/admin/openimages_io/image/{image.pk}/picture/")
    page = response.content.decode()
    assert ("viewer/save.js" in page) == ("oi-edit" in page) == (response.context["editor"] is not None)
    found = re.search('<script id="oi-words" type="application/json">(.*?)</script>', page)
    return None if found is None else response.context["editor"] | {"words": json.loads(found[1])}


@pytest.mark.parametrize("verbs", [("add",), ("change", "delete"), ("add", "change", "delete"), ()])
def test_the_editor_is_for_who_may_change_shapes(as_staff: Browser, harbour: Image, verbs: tuple[str, ...]) -> None:
    views = ("view_task", "view_image", "view_shape", "view_label")
    found = editor_of(as_staff(*views, *(f"{verb}_shape" for verb in verbs)), harbour)
    assert (found and found["verbs"]) == (" ".join(verbs) or None)


def test_without_labels_nothing_can_be_labelled(as_staff: Browser, harbour: Image) -> None:
    client = as_staff("view_task", "view_image", "view_shape", "add_shape", "change_shape", "delete_shape")
    assert editor_of(client, harbour) is None


def test_it_knows_where_the_api_is(boss: Client, harbour: Image, settings: Any) -> None:
    found = editor_of(boss, harbour)
    assert found
    assert found["shapes_url"] == f"/api/v1/images/{harbour.pk}/shapes/"
    assert found["frame"] == "480 320"
    assert found["header"] == "X-CSRFTOKEN"
    assert {label["text"] for label in found["words"]["labels"]} == {
        str(label) for label in Label.objects.filter(shapes__image=harbour)
    }
    with override_settings(ROOT_URLCONF="tests.admin.urls_without_api"):
        assert editor_of(boss, harbour) is None


def offered(client: Client, image: Image, typed: str) -> list[dict[str, Any]]:
    response = client.get(f"/admin/openimages_io/image/{image.pk}/labels/", {"q": typed})
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.json()["labels"]
    return found


def test_labels_are_found_by_what_was_typed(boss: Client, harbour: Image) -> None:
    task = harbour.task
    for name, display_name in (("/m/x1", "Bat (Animal)"), ("/m/x2", "Twin"), ("/m/x3", "Twin"), ("/m/x4", "")):
        Label.objects.create(task=task, name=name, display_name=display_name)
    Label.objects.create(task=Task.objects.create(name="other"), name="/m/x5", display_name="Bat of others")
    many = ("bat", "BAT (animal)", "animal", "twin", "Twin (/m/x3)", "/m/x", "\0", "%", "_", "x" * 10_000)
    texts = {typed: [label["text"] for label in offered(boss, harbour, typed)] for typed in many}
    twins = ["Twin (/m/x2)", "Twin (/m/x3)"]
    assert texts["bat"] == texts["BAT (animal)"] == ["Bat (Animal)"]
    assert texts["animal"] == ["Animal", "Bat (Animal)"]
    assert texts["twin"] == twins
    assert texts["Twin (/m/x3)"] == twins[1:]
    assert texts["/m/x"] == ["/m/x4", "Bat (Animal)", *twins]
    assert len(texts["\0"]) == task.labels.count()  # nothing was typed
    assert texts["%"] == texts["_"] == texts["x" * 10_000] == []


def test_a_label_is_found_by_the_name_that_is_shown(boss: Client, harbour: Image) -> None:
    """The hierarchy's root has no display name, and people see “Entity”."""
    root = Label.objects.get(task=harbour.task, name="/m/0bl9f")
    assert str(root) == "Entity"
    for typed in ("Entity", "enti"):
        assert root.pk in [label["id"] for label in offered(boss, harbour, typed)]


def test_labels_have_the_fields_of_their_specs_in_few_queries(boss: Client, harbour: Image) -> None:
    used: list[int] = []
    found: list[dict[str, Any]] = []
    for number in range(2):
        for index in range(1 + 20 * number):
            label = Label.objects.create(task=harbour.task, name=f"/m/z{number}{index}")
            AttributeSpec.objects.create(label=label, name="age", input_type="number", values=[1, None, 2])
            AttributeSpec.objects.create(label=label, name="pose", input_type="select", values=["left"])
        with CaptureQueriesContext(connection) as queries:
            found = offered(boss, harbour, f"/m/z{number}")
        used.append(len(queries))
        assert len(found) == 1 + 20 * number
    assert used[0] == used[1]
    assert found[0]["specs"] == [
        {"name": "age", "type": "number", "values": [1, None, 2]},
        {"name": "pose", "type": "select", "values": ["left"]},
    ]


def test_labels_are_only_for_who_may_see_them(as_staff: Browser, harbour: Image) -> None:
    address = f"/admin/openimages_io/image/{harbour.pk}/labels/"
    assert as_staff("view_task", "view_image", "view_shape").get(address).status_code == 403
    assert as_staff("view_task", "view_image", "view_label", name="other").get(address).status_code == 200
    assert Client().get(address).status_code == 302
