"""Nobody saves over what somebody else has changed: every single resource has an ETag, and honours If-Match."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from rest_framework.test import APIClient

from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Shape, ShapeKind, Task
from tests.api.conftest import client_of
from tests.api.responses import ok, refusal, send

SPEC = {"name": "pose", "input_type": "text", "mutable": True, "default_value": "", "values": []}
Rows = dict[str, str]


@pytest.fixture
def label(task: Task) -> Label:
    Label.objects.create(task=task, name="/m/0bt9lr", display_name="Dog")
    return Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")


@pytest.fixture
def image(task: Task) -> Image:
    return Image.objects.create(task=task, name="a", subset="train")


@pytest.fixture
def urls(task: Task, label: Label, image: Image) -> Rows:
    """The address of one row of each kind."""
    return {
        "task": f"/api/v1/tasks/{task.pk}/",
        "image": f"/api/v1/images/{image.pk}/",
        "label": f"/api/v1/labels/{label.pk}/",
        "hierarchy": f"/api/v1/tasks/{task.pk}/hierarchy/",
    }


def draw(image: Image, label: Label) -> None:
    Shape.objects.create(task=image.task, image=image, label=label, kind=ShapeKind.TAG)


def stand_below(label: Label) -> None:
    parent = Label.objects.create(task=label.task, name="/m/0jbk")
    HierarchyEdge.objects.create(parent=parent, child=label, kind="subcategory")


def rename(row: Any) -> None:
    row.name = f"{row.name}x"
    row.save(update_fields=["name"])


CHANGES: dict[str, tuple[str, Callable[[Task, Image, Label], object]]] = {
    "a task's name": ("task", lambda task, image, label: rename(task)),
    "an image's name": ("image", lambda task, image, label: rename(image)),
    "an image's size": ("image", lambda task, image, label: Image.objects.update(width=3, height=4)),
    "a label's name": ("label", lambda task, image, label: rename(label)),
    "a label's specs": ("label", lambda task, image, label: AttributeSpec.objects.create(label=label, **SPEC)),
    "the hierarchy": ("hierarchy", lambda task, image, label: stand_below(label)),
}
EDITS = {
    "task": ("PATCH", {"name": "mine"}),
    "image": ("PATCH", {"title": "mine"}),
    "label": ("PATCH", {"attribute_specs": []}),
    "hierarchy": ("PUT", {"LabelName": "/m/01yrx", "Subcategory": [{"LabelName": "/m/0bt9lr"}]}),
}


def etag(api: APIClient, url: str) -> str:
    response = api.get(url)
    ok(response)
    return str(response["ETag"])


@pytest.mark.parametrize("what", EDITS)
def test_who_has_the_current_version_is_told_so(api: APIClient, urls: Rows, what: str) -> None:
    tag = etag(api, urls[what])
    again = api.get(urls[what], headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert api.get(urls[what], headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("change", CHANGES)
def test_an_edit_of_what_somebody_has_changed_is_refused(
    api: APIClient, urls: Rows, task: Task, image: Image, label: Label, change: str
) -> None:
    what, alter = CHANGES[change]
    method, body = EDITS[what]
    tag = etag(api, urls[what])
    alter(task, image, label)
    assert etag(api, urls[what]) != tag
    before = api.get(urls[what]).json()
    assert "changed" in refusal(send(api, method, urls[what], body, headers={"If-Match": tag}), 412)
    assert api.get(urls[what]).json() == before
    ok(send(api, method, urls[what], body, headers={"If-Match": etag(api, urls[what])}))


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_followed_by_one_with_the_etag_that_it_gave(api: APIClient, urls: Rows, what: str) -> None:
    method, body = EDITS[what]
    first = send(api, method, urls[what], body, headers={"If-Match": etag(api, urls[what])})
    ok(first)
    assert first["ETag"] == etag(api, urls[what])
    ok(send(api, method, urls[what], body, headers={"If-Match": first["ETag"]}))
    ok(send(api, method, urls[what], body, headers={"If-Match": f"W/{first['ETag']}"}))
    ok(send(api, method, urls[what], body, headers={"If-Match": f'"other", {first["ETag"]}'}))
    ok(send(api, method, urls[what], body, headers={"If-Match": "*"}))


@pytest.mark.parametrize("tag", ['"0"', '"other"', "0", "nonsense", '""', '"0-0"'])
@pytest.mark.parametrize("what", ["task", "image", "label"])
def test_nothing_is_deleted_by_an_etag_of_something_else(api: APIClient, urls: Rows, what: str, tag: str) -> None:
    refusal(api.delete(urls[what], headers={"If-Match": tag}), 412)
    ok(api.get(urls[what]))


def test_a_deletion_is_based_on_what_goes_with_it(
    api: APIClient, urls: Rows, task: Task, image: Image, label: Label
) -> None:
    tags = {what: etag(api, urls[what]) for what in ("task", "image", "label")}
    draw(image, label)
    for what in ("task", "image"):
        refusal(api.delete(urls[what], headers={"If-Match": tags[what]}), 412)
    ok(send(api, "PATCH", urls["image"], {"title": "b"}, headers={"If-Match": tags["image"]}))  # which goes beside
    Shape.objects.all().delete()
    stand_below(label)
    refusal(api.delete(urls["label"], headers={"If-Match": tags["label"]}), 412)
    for what in ("label", "image", "task"):
        assert api.delete(urls[what], headers={"If-Match": etag(api, urls[what])}).status_code == 204


def test_lists_are_replaced_only_by_who_says_what_they_were(api: APIClient, urls: Rows, label: Label) -> None:
    AttributeSpec.objects.create(label=label, **SPEC)
    refusal(send(api, "PATCH", urls["label"], {"attribute_specs": []}), 428)
    refusal(send(api, "PUT", urls["hierarchy"], {"LabelName": "/m/01yrx"}), 428)
    assert label.attribute_specs.count() == 1
    ok(send(api, "PATCH", urls["label"], {"display_name": "Kitty"}))


def test_two_edits_of_specs_do_not_lose_one_another_s(api: APIClient, urls: Rows, label: Label) -> None:
    tag = etag(api, urls["label"])
    ok(send(api, "PATCH", urls["label"], {"attribute_specs": [SPEC]}, headers={"If-Match": tag}))
    other = SPEC | {"name": "color"}
    refusal(send(api, "PATCH", urls["label"], {"attribute_specs": [other]}, headers={"If-Match": tag}), 412)
    assert [spec.name for spec in label.attribute_specs.all()] == ["pose"]


@pytest.mark.parametrize("what", ["task", "image", "label"])
def test_what_was_read_can_be_sent_back(staff_api: APIClient, urls: Rows, label: Label, what: str) -> None:
    AttributeSpec.objects.create(label=label, **SPEC)
    read = staff_api.get(urls[what])
    sent = send(staff_api, "PATCH", urls[what], read.json(), headers={"If-Match": read["ETag"]})
    assert {**ok(sent), "updated": ""} == {**ok(read), "updated": ""}


def test_nobody_learns_which_users_there_are(api: APIClient, urls: Rows, owner: Any) -> None:
    another_user = get_user_model().objects.create_user("another")
    answers = [send(api, "PATCH", urls["task"], {"owner": key}) for key in (another_user.pk, 987654, {"id": 987654})]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (403, "Only staff may change the owner of a task.")
    }
    assert ok(send(api, "PATCH", urls["task"], {"owner": owner.pk}))["owner"]["id"] == owner.pk


def test_a_label_s_etag_moves_with_the_order_of_its_specs_and_not_with_their_numbers(
    api: APIClient, urls: Rows, label: Label
) -> None:
    for position, name in enumerate(("pose", "color")):
        AttributeSpec.objects.create(label=label, position=position, **SPEC | {"name": name})
    tag = etag(api, urls["label"])
    AttributeSpec.objects.filter(name="color").update(position=9)
    assert etag(api, urls["label"]) == tag
    AttributeSpec.objects.filter(name="pose").update(position=10)
    assert etag(api, urls["label"]) != tag
    refusal(send(api, "PATCH", urls["label"], {"display_name": "a"}, headers={"If-Match": tag}), 412)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's test database is one connection's")
def test_of_edits_at_the_same_moment_one_is_written(api: APIClient, urls: Rows, label: Label, owner: Any) -> None:
    for turn in range(5):
        tag = etag(api, urls["label"])
        together = Barrier(4)

        def edit(editor: int, tag: str = tag, turn: int = turn, together: Barrier = together) -> int:
            try:
                body = {"attribute_specs": [SPEC | {"name": f"of {editor} in {turn}"}]}
                together.wait()
                return int(send(client_of(owner), "PATCH", urls["label"], body, headers={"If-Match": tag}).status_code)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(edit, range(4))) == [200, 412, 412, 412]
        assert label.attribute_specs.count() == 1
