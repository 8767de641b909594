"""The form of a shape: its kind's fields, its label's attributes, its place in the picture."""

import re
from typing import Any

import pytest
from django.test import Client

from openimages_io.admin import shape as shape_admin
from openimages_io.models import AttributeSpec, Image, Label, Shape, Task
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"
SIDES = {"x_min": 0.25, "x_max": 0.5, "y_min": 0.1, "y_max": 0.3}
TRIANGLE = [[0.25, 0.1, 0.5, 0.1, 0.5, 0.3]]


@pytest.fixture
def cat(db: None) -> Label:
    task = Task.objects.create(name="t")
    Image.objects.create(task=task, name="a", subset="train", width=200, height=100)
    label = Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")
    specs: list[dict[str, Any]] = [
        {"name": "awake", "input_type": "checkbox"},
        {"name": "pose", "input_type": "select", "values": ["sits", "lies"]},
        {"name": "age", "input_type": "number", "values": [0, 20, 0.5]},
        {"name": "note", "input_type": "text"},
        {"name": "occluded", "input_type": "checkbox"},
        {"name": "truncated", "input_type": "checkbox"},
    ]
    AttributeSpec.objects.bulk_create(AttributeSpec(label=label, position=n, **s) for n, s in enumerate(specs))
    return label


def made(label: Label, kind: str = "rectangle", **values: Any) -> Shape:
    image = label.task.images.get()
    own = SIDES if kind != "tag" else {}
    if kind == "polygon":
        values.setdefault("points", TRIANGLE)
    if kind == "ellipse":
        values.setdefault("points", [0.375, 0.2, 0.125, 0.1])
    return Shape.objects.create(**{**own, "task": label.task, "image": image, "label": label, "kind": kind, **values})


def form_of(client: Client, shape: Shape) -> dict[str, Any]:
    """What a browser would send if nothing were changed."""
    response = client.get(f"{ADMIN}/shape/{shape.pk}/change/")
    form = response.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: "unknown" if value is None and name == "awake" else value for name, value in values.items()}


def sent(client: Client, shape: Shape, **changes: Any) -> Any:
    body = {**form_of(client, shape), **changes}
    return client.post(f"{ADMIN}/shape/{shape.pk}/change/", {k: "" if v is None else v for k, v in body.items()})


def field(label: Label, name: str) -> str:
    return f"attribute_{label.attribute_specs.get(name=name).pk}"


KINDS = {
    "tag": set(),
    "rectangle": {*SIDES, "rotation", "clicks"},
    "polygon": {*SIDES, "points"},
    "ellipse": {*SIDES, "rotation", "points"},
    "mask": set(SIDES),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_has_the_fields_of_its_kind_and_changes_nothing_by_itself(boss: Client, cat: Label, kind: str) -> None:
    shape = made(cat, kind, attributes={"box_id": "x", "pose": "lies", "age": 1.5, "note": ""}, truncated=True)
    before = Shape.objects.values().get()
    fields = set(form_of(boss, shape))
    assert fields & {*SIDES, "rotation", "clicks", "points"} == KINDS[kind]
    response = sent(boss, shape)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert Shape.objects.values().get() == before
    page = text_of(boss.get(f"{ADMIN}/shape/{shape.pk}/change/"))
    assert ("Geometry" in page) is (kind != "tag")
    assert "Properties" in page


def test_attributes_have_inputs_made_from_the_specs(boss: Client, cat: Label) -> None:
    shape = made(cat, attributes={"box_id": "x", "pose": "sits"})
    page = text_of(boss.get(f"{ADMIN}/shape/{shape.pk}/change/"))
    assert re.search(rf'<select name="{field(cat, "pose")}".*?<option value="sits" selected>', page, re.DOTALL)
    assert "from 0, to 20, in steps of 0.5" in page
    changes = {field(cat, "awake"): "true", field(cat, "pose"): "lies", field(cat, "age"): "2.5"}
    response = sent(boss, shape, **changes, **{field(cat, "note"): " tabby "})
    assert response.status_code == 302, text_of(response)
    shape.refresh_from_db()
    assert shape.attributes == {"box_id": "x", "awake": True, "pose": "lies", "age": 2.5, "note": " tabby "}
    assert sent(boss, shape, **{field(cat, "awake"): "unknown", field(cat, "pose"): ""}).status_code == 302
    shape.refresh_from_db()
    assert shape.attributes == {"box_id": "x", "age": 2.5, "note": " tabby "}


@pytest.mark.parametrize(
    ("name", "typed"),
    [("age", "many"), ("age", "0.3"), ("age", "true"), ("age", "NaN"), ("age", "1e999"), ("pose", "x")],
)
def test_a_value_that_does_not_fit_is_refused(boss: Client, cat: Label, name: str, typed: str) -> None:
    shape = made(cat)
    response = sent(boss, shape, **{field(cat, name): typed})
    assert response.status_code == 200
    assert "errornote" in text_of(response)
    shape.refresh_from_db()
    assert shape.attributes == {}


def test_a_stored_value_that_does_not_fit_stays(boss: Client, cat: Label) -> None:
    shape = made(cat)
    Shape.objects.update(attributes={"pose": 3})
    shape.refresh_from_db()
    assert field(cat, "pose") not in form_of(boss, shape)
    response = sent(boss, shape)
    assert response.status_code == 200  # the model says what is wrong with it
    assert "pose" in text_of(response)


def test_an_attribute_is_not_said_twice(boss: Client, cat: Label) -> None:
    shape = made(cat)
    assert "has a field of its own" in text_of(sent(boss, shape, attributes='{"pose": "sits"}'))


def test_every_label_of_the_task_can_be_chosen_without_javascript(
    boss: Client, cat: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    Label.objects.create(task=cat.task, name="/m/0bt9lr", display_name="Dog")
    Label.objects.create(task=Task.objects.create(name="other"), name="/m/x", display_name="Elsewhere")
    shape = made(cat)
    page = text_of(boss.get(f"{ADMIN}/shape/{shape.pk}/change/"))
    select = re.search(r'<select name="label".*?</select>', page, re.DOTALL)
    assert select is not None
    assert re.findall(r">(\w+)</option>", select[0]) == ["Cat", "Dog"]
    monkeypatch.setattr(shape_admin, "_LISTED", 1)
    page = text_of(boss.get(f"{ADMIN}/shape/{shape.pk}/change/"))
    assert "admin-autocomplete" in page


def test_the_shape_is_shown_where_it_is(boss: Client, cat: Label) -> None:
    shape = made(cat)
    page = text_of(boss.get(f"{ADMIN}/shape/{shape.pk}/change/"))
    assert 'viewBox="37.5 0 75 42.5"' in page  # 50 to 100 and 10 to 30 pixels, and a quarter of 50 around
    assert "openimages-overlay" not in text_of(boss.get(f"{ADMIN}/shape/{made(cat, 'tag').pk}/change/"))


def test_who_only_looks_sees_all_of_it(as_staff: Browser, cat: Label) -> None:
    shape = made(cat, attributes={"pose": "sits"})
    page = text_of(as_staff("view_shape", "view_task").get(f"{ADMIN}/shape/{shape.pk}/change/"))
    assert "sits" in page
    assert "<select" not in page
