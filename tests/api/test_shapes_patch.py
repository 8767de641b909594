"""Some shapes of a picture created, changed and deleted at once, and answers in the order of the request."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from openimages_io.models import Shape
from tests.api.shapes_client import BOX, Frontend, faults

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.shapes_client")]


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


def patch(frontend: Frontend, body: Any, etag: str | None = None, query: str = "") -> Any:
    """Sends the lists."""
    return frontend.send("patch", frontend.url + query, body, etag)


def test_all_three_at_once_and_nothing_else(frontend: Frontend) -> None:
    mask, changed, gone = frontend.mask([[0, 1]]), frontend.draw(), frontend.draw()
    before = Shape.objects.filter(pk=mask.pk).values().get()
    revisions = frontend.revisions
    body = {
        "create": [
            frontend.item(key="b", x_max=0.9),
            {"kind": "tag", "label": frontend.dog.pk},
            frontend.item(key="a"),
        ],
        "update": [{"id": changed.pk, "score": 0.5}],
        "delete": [gone.pk],
    }
    response = patch(frontend, body)
    assert response.status_code == 200, response.content
    shapes = response.json()["shapes"]
    assert [(shape.get("key"), shape["kind"]) for shape in shapes] == [
        ("b", "rectangle"),
        (None, "tag"),
        ("a", "rectangle"),
        (None, "rectangle"),
    ]
    assert (shapes[0]["x_max"], shapes[3]["id"], shapes[3]["score"]) == (0.9, changed.pk, 0.5)
    assert set(Shape.objects.values_list("pk", flat=True)) == {mask.pk, *(shape["id"] for shape in shapes)}
    assert Shape.objects.filter(pk=mask.pk).values().get() == before
    assert frontend.revisions == tuple(revision + 1 for revision in revisions)
    assert response.json()["revision"] == frontend.revisions[1]
    assert response.headers["ETag"].startswith(f'"{frontend.revisions[1]}.')


def test_nothing_to_do_changes_nothing(frontend: Frontend) -> None:
    kept, revisions = frontend.draw(), frontend.revisions
    bodies: list[dict[str, Any]] = [
        {},
        {"create": []},
        {"update": [{"id": kept.pk}]},
        {"update": [{"id": kept.pk, **BOX}]},
    ]
    for body in bodies:
        assert patch(frontend, body).status_code == 200
    assert frontend.revisions == revisions


def test_answers_are_in_the_order_of_the_request(frontend: Frontend) -> None:
    first, second = frontend.draw(), frontend.draw()
    response = frontend.put([frontend.item(key="new"), {"id": second.pk}, frontend.item(), {"id": first.pk}])
    shapes = response.json()["shapes"]
    assert [shapes[1]["id"], shapes[3]["id"]] == [second.pk, first.pk]
    assert [shape.get("key") for shape in shapes] == ["new", None, None, None]
    body = {"update": [{"id": second.pk, "score": 1.0}, {"id": first.pk, "score": 0.0}]}
    assert [shape["score"] for shape in patch(frontend, body).json()["shapes"]] == [1.0, 0.0]
    added = frontend.send("post", frontend.url, [frontend.item(key=name) for name in "zyx"]).json()["shapes"]
    assert [shape["key"] for shape in added] == ["z", "y", "x"]
    assert not any("key" in shape for shape in frontend.read()[0]["shapes"])


def test_the_version_counts(frontend: Frontend) -> None:
    _, etag = frontend.read()
    assert patch(frontend, {"create": [frontend.item()]}, etag).status_code == 200
    assert patch(frontend, {"create": [frontend.item()]}, etag).status_code == 412
    assert Shape.objects.count() == 1


def test_pixels_and_masks_are_as_in_the_query(frontend: Frontend) -> None:
    item = frontend.item(x_min=64, x_max=128, y_min=48, y_max=96)
    (shape,) = patch(frontend, {"create": [item]}, query="?units=pixels").json()["shapes"]
    assert (shape["x_min"], Shape.objects.get().x_min) == (64.0, 0.1)


def test_every_fault_is_named_and_nothing_is_written(frontend: Frontend) -> None:
    kept = frontend.draw()
    other = Shape.objects.create(
        task=frontend.task,
        image=frontend.task.images.create(name="b"),
        label=frontend.cat,
        kind="tag",
    )
    revisions = frontend.revisions
    body = {
        "create": [{"kind": "tag"}, frontend.item(id=kept.pk), frontend.item(key=5), frontend.item(key="a" * 65), 7],
        "update": [
            {"score": 1},
            {"id": kept.pk, "score": 2},
            {"id": kept.pk},
            {"id": other.pk},
            {"id": kept.pk, "key": "a"},
        ],
        "delete": [kept.pk, other.pk, True, "1", 10**30],
        "remove": [],
    }
    found = faults(patch(frontend, body))
    assert set(found) == {
        *("remove", "create[0].label", "create[1].id", "create[2].key", "create[3].key", "create[4]"),
        *("update[0].id", "update[1].score", "update[2].id", "update[3].id", "update[4].id", "update[4].key"),
        *("delete[0]", "delete[1]", "delete[2]", "delete[3]", "delete[4]"),
    }
    assert frontend.revisions == revisions


@pytest.mark.parametrize("body", [None, [], 5, {"create": {}}, {"update": None}, {"delete": 1}])
def test_bodies_that_are_no_lists(frontend: Frontend, body: Any) -> None:
    assert len(faults(patch(frontend, body))) == 1


def test_each_list_needs_its_own_permission(frontend: Frontend) -> None:
    shape = frontend.draw()
    user = get_user_model().objects.create_user("worker", is_staff=True)
    names = ["view_task", "view_shape", "change_shape"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    frontend.client.force_login(user)
    assert patch(frontend, {"update": [{"id": shape.pk, "score": 0.5}]}).status_code == 200
    assert patch(frontend, {"update": [{"id": shape.pk}], "delete": [shape.pk]}).status_code == 403
    assert patch(frontend, {"create": [frontend.item()]}).status_code == 403
    assert Shape.objects.count() == 1
