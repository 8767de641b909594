"""Labels with their attribute specs over HTTP."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Shape, Task, color_of
from tests.api.responses import faults, ok, overwrite, pages, refusal, send

POSE = {"name": "pose", "input_type": "select", "values": ["left", "right"], "default_value": "left", "mutable": False}
FLAG = {"name": "is_group_of", "input_type": "checkbox"}
SIZE = {"name": "size", "input_type": "number", "values": [0, 10, 0.5]}


def many(task: Task) -> str:
    return f"/api/v1/tasks/{task.pk}/labels/"


def one(label: Label) -> str:
    return f"/api/v1/labels/{label.pk}/"


@pytest.fixture
def cat(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/01yrx", display_name="Cat", position=4)


def revision(task: Task) -> int:
    task.refresh_from_db()
    return task.revision


def test_a_label_is_made_with_its_specs(api: APIClient, task: Task, cat: Label) -> None:
    before = revision(task)
    body = {"name": "/m/0k4j", "display_name": " Car ", "attribute_specs": [POSE, FLAG]}
    made = ok(api.post(many(task), body, format="json"), 201)
    assert made == {
        "id": made["id"],
        "task": task.pk,
        "name": "/m/0k4j",
        "display_name": " Car ",
        "color": color_of("/m/0k4j"),
        "position": 5,
        "is_listed": True,
        "attribute_specs": [
            POSE,
            {"name": "is_group_of", "input_type": "checkbox", "mutable": True, "default_value": None, "values": []},
        ],
        "parents": [],
        "children": [],
    }
    assert revision(task) > before
    assert ok(api.get(f"/api/v1/labels/{made['id']}/")) == made


def test_specs_keep_the_order_given_and_a_change_of_it_is_a_change(api: APIClient, task: Task, cat: Label) -> None:
    names = ["b", "d", "a", "c"]
    specs = [{"name": name, "input_type": "text"} for name in names]
    ok(overwrite(api, "PATCH", one(cat), {"attribute_specs": specs}))
    keys = dict(cat.attribute_specs.values_list("name", "pk"))
    before = api.get(one(cat))
    assert [spec["name"] for spec in ok(before)["attribute_specs"]] == names
    (listed,) = ok(api.get(many(task)))["results"]
    assert [spec["name"] for spec in listed["attribute_specs"]] == names
    turned = [*specs[::-1], {"name": "aa", "input_type": "text"}]
    after = overwrite(api, "PATCH", one(cat), {"attribute_specs": turned})
    assert [spec["name"] for spec in ok(after)["attribute_specs"]] == [*names[::-1], "aa"]
    assert after["ETag"] != before["ETag"]
    assert keys.items() <= dict(cat.attribute_specs.values_list("name", "pk")).items()
    same = overwrite(api, "PATCH", one(cat), {"attribute_specs": ok(after)["attribute_specs"]})
    assert same["ETag"] == after["ETag"]


def test_the_first_label_stands_first_and_what_is_given_holds(api: APIClient, task: Task) -> None:
    assert ok(api.post(many(task), {"name": "a"}, format="json"), 201)["position"] == 0
    given = {"name": "b", "position": 0, "color": "#3A86C8", "is_listed": False, "display_name": ""}
    assert {**ok(api.post(many(task), given, format="json"), 201), **given}["position"] == 0
    assert Label.objects.get(name="b").color == "#3a86c8"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name"]),
        ({"name": "/m/01yrx"}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": "a" * 256}, ["name"]),
        ({"name": "a\u2028"}, ["name"]),
        ({"name": "\udc80"}, ["name"]),
        ({"name": "a", "display_name": "b\0"}, ["display_name"]),
        ({"name": "a", "display_name": None}, ["display_name"]),
        ({"name": "a", "color": "#3A86C"}, ["color"]),
        ({"name": "a", "color": "red"}, ["color"]),
        ({"name": "a", "color": "#3a86c8\n"}, ["color"]),
        ({"name": "a", "position": -1}, ["position"]),
        ({"name": "a", "position": 2**31}, ["position"]),
        ({"name": "a", "position": 2**70}, ["position"]),
        ({"name": "a", "position": True}, ["position"]),
        ({"name": "a", "position": "1"}, ["position"]),
        ({"name": "a", "position": 1.5}, ["position"]),
        ({"name": "a", "position": None}, ["position"]),
        ({"name": "a", "is_listed": "yes"}, ["is_listed"]),
        ({"name": "a", "is_listed": 1}, ["is_listed"]),
        ({"name": "a", "attribute_specs": None}, ["attribute_specs"]),
        ({"name": "a", "attribute_specs": {}}, ["attribute_specs"]),
        ({"name": "a", "attribute_specs": [FLAG, None, 5]}, ["attribute_specs[1]", "attribute_specs[2]"]),
        ({"name": "a", "attribute_specs": [{}]}, ["attribute_specs[0].input_type", "attribute_specs[0].name"]),
        ({"name": "a", "attribute_specs": [FLAG, POSE, FLAG]}, ["attribute_specs[2].name"]),
        ({"name": "a", "attribute_specs": [{**FLAG, "name": "a" * 65}]}, ["attribute_specs[0].name"]),
        ({"name": "a", "attribute_specs": [{**FLAG, "input_type": "radios"}]}, ["attribute_specs[0].input_type"]),
        ({"name": "a", "attribute_specs": [{**FLAG, "input_type": []}]}, ["attribute_specs[0].input_type"]),
        ({"name": "a", "attribute_specs": [FLAG, {**POSE, "values": []}]}, ["attribute_specs[1].values"]),
        ({"name": "a", "attribute_specs": [{**POSE, "values": ["a", "a"]}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**POSE, "values": ["a", []]}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**POSE, "values": "ab"}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**POSE, "default_value": "up"}]}, ["attribute_specs[0].default_value"]),
        ({"name": "a", "attribute_specs": [{**POSE, "default_value": []}]}, ["attribute_specs[0].default_value"]),
        ({"name": "a", "attribute_specs": [{**SIZE, "values": [5, 1]}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**SIZE, "values": [0, True]}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**SIZE, "values": [10**400]}]}, ["attribute_specs[0].values"]),
        ({"name": "a", "attribute_specs": [{**SIZE, "default_value": 10**400}]}, ["attribute_specs[0].default_value"]),
        ({"name": "a", "attribute_specs": [{**SIZE, "mutable": "no"}]}, ["attribute_specs[0].mutable"]),
        ({"name": "a", "attribute_specs": [{**FLAG, "default_value": "\0"}]}, ["attribute_specs[0].default_value"]),
        ({"name": "a", "attribute_specs": [{**FLAG, "name": f"n{n}"} for n in range(501)]}, ["attribute_specs"]),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_what_no_label_may_be(api: APIClient, task: Task, cat: Label, body: dict[str, Any], paths: list[str]) -> None:
    before = revision(task)
    assert sorted(faults(send(api, "POST", many(task), body))) == paths
    if body.get("name") == "a":
        assert sorted(faults(send(api, "PATCH", one(cat), body))) == paths
    assert Label.objects.get() == cat
    assert not AttributeSpec.objects.exists()
    assert revision(task) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("pose") | st.just("number"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*POSE, *"ab"]), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.long
@pytest.mark.django_db
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=JSON, color=JSON, position=JSON, is_listed=JSON, specs=JSON, fields=st.dictionaries(st.text(), JSON))
def test_whatever_is_sent_is_an_answer(
    api: APIClient,
    task: Task,
    name: Any,
    color: Any,
    position: Any,
    is_listed: Any,
    specs: Any,
    fields: dict[str, Any],
) -> None:
    body = {
        **fields,
        "name": name,
        "color": color,
        "position": position,
        "is_listed": is_listed,
        "attribute_specs": specs,
    }
    for sent in (body, {"name": f"label {Label.objects.count()}", "attribute_specs": specs}):
        assert send(api, "POST", many(task), sent).status_code in {201, 400}
    label = Label.objects.first() or Label.objects.create(task=task, name="a")
    assert overwrite(api, "PATCH", one(label), {"attribute_specs": specs, **fields}).status_code in {200, 400}


def test_specs_are_replaced_and_keep_their_keys(api: APIClient, task: Task, cat: Label) -> None:
    overwrite(api, "PATCH", one(cat), {"attribute_specs": [POSE, FLAG]})
    keys = dict(cat.attribute_specs.values_list("name", "pk"))
    before = revision(task)
    wanted = [{**POSE, "values": ["left", "up"]}, SIZE]
    body = ok(overwrite(api, "PATCH", one(cat), {"attribute_specs": wanted}))
    assert [spec["name"] for spec in body["attribute_specs"]] == ["pose", "size"]
    assert body["attribute_specs"][0]["values"] == ["left", "up"]
    assert cat.attribute_specs.get(name="pose").pk == keys["pose"]
    assert body["display_name"] == "Cat"
    assert revision(task) > before


def test_specs_that_are_the_same_change_nothing(api: APIClient, task: Task, cat: Label) -> None:
    overwrite(api, "PATCH", one(cat), {"attribute_specs": [POSE, FLAG]})
    before = revision(task)
    ok(overwrite(api, "PATCH", one(cat), {"attribute_specs": [POSE, FLAG]}))
    assert revision(task) == before
    ok(overwrite(api, "PATCH", one(cat), {"attribute_specs": [FLAG, {**POSE, "default_value": None}]}))
    assert revision(task) > before


def test_what_shapes_say_against_changed_specs_stays(api: APIClient, task: Task, cat: Label) -> None:
    overwrite(api, "PATCH", one(cat), {"attribute_specs": [POSE]})
    image = Image.objects.create(task=task, name="a")
    shape = Shape.objects.create(task=task, image=image, label=cat, kind="tag", attributes={"pose": "left"})
    ok(overwrite(api, "PATCH", one(cat), {"attribute_specs": []}))
    shape.refresh_from_db()
    assert shape.attributes == {"pose": "left"}


def test_a_change_of_one_field_leaves_the_others(api: APIClient, cat: Label) -> None:
    before = ok(api.get(one(cat)))
    body = ok(send(api, "PATCH", one(cat), {"position": 7, "id": cat.pk, "task": cat.task_id, "parents": []}))
    assert body == {**before, "position": 7}
    assert ok(send(api, "PATCH", one(cat), {"color": ""}))["color"] == color_of("/m/01yrx")
    assert ok(send(api, "PATCH", one(cat), {"name": "/m/01yrx"}))["name"] == "/m/01yrx"


def test_a_name_is_unique_in_the_task_alone(api: APIClient, task: Task, cat: Label, owner: Any) -> None:
    other = Task.objects.create(name="other", owner=owner)
    ok(send(api, "POST", many(other), {"name": cat.name}), 201)
    dog = Label.objects.create(task=task, name="dog")
    assert faults(send(api, "PATCH", one(dog), {"name": cat.name})) == {"name": "unique"}


def test_a_label_that_shapes_have_is_not_deleted(api: APIClient, task: Task, cat: Label) -> None:
    image = Image.objects.create(task=task, name="a")
    shapes = [Shape.objects.create(task=task, image=image, label=cat, kind="tag") for _ in range(2)]
    assert refusal(api.delete(one(cat)), 409).startswith("2 shapes have this label")
    shapes[0].delete()
    assert refusal(api.delete(one(cat)), 409).startswith("1 shape has this label")
    shapes[1].delete()
    before = revision(task)
    ok(api.delete(one(cat)), 204)
    assert not Label.objects.exists()
    assert revision(task) > before
    assert api.delete(one(cat)).status_code == 404


def test_a_label_says_where_it_stands(api: APIClient, task: Task, cat: Label) -> None:
    animal, tail = (Label.objects.create(task=task, name=name) for name in ("animal", "tail"))
    HierarchyEdge.objects.create(parent=animal, child=cat, kind="subcategory", position=2)
    HierarchyEdge.objects.create(parent=cat, child=tail, kind="part")
    body = ok(api.get(one(cat)))
    assert body["parents"] == [{"label": animal.pk, "kind": "subcategory", "position": 2}]
    assert body["children"] == [{"label": tail.pk, "kind": "part", "position": 0}]


@pytest.mark.parametrize("number", [3, 30])
def test_a_list_takes_five_queries(
    api: APIClient, task: Task, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    above: Label | None = None
    for index in range(number):
        label = Label.objects.create(task=task, name=f"{index}")
        AttributeSpec.objects.create(label=label, name="is_group_of", input_type="checkbox")
        if above:
            HierarchyEdge.objects.create(parent=above, child=label, kind="part")
        above = label
    with django_assert_num_queries(5):
        (found,) = pages(api, many(task))
    assert [label["name"] for label in found] == [f"{index}" for index in range(number)]
    assert [len(page) for page in pages(api, f"{many(task)}?page_size=2")] == [2] * (number // 2) + [1] * (number % 2)
