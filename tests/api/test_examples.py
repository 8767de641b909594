"""The bodies that the document shows are such as the API takes and gives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from docs import generate_openapi
from openimages_io.api.openapi.examples import SHAPES
from openimages_io.models import Image, Label, Shape, Task

JSON = "application/json"
DOCUMENT: dict[str, Any] = json.loads(generate_openapi.document())
WITHOUT = {"session_create", "obtain_token", "jobs_cancel", "jobs_confirm", "jobs_retry", "tasks_check"}
"""A name with a password, and nothing."""


def bodies() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if JSON in content:
                yield operation["operationId"], method, path, content[JSON].get("examples", {})


EXAMPLES = [
    pytest.param(method, path, example["value"], id=f"{operation}-{name}")
    for operation, method, path, examples in bodies()
    for name, example in examples.items()
]


def test_every_body_has_an_example() -> None:
    assert {operation for operation, _, _, examples in bodies() if not examples} == WITHOUT


@pytest.fixture
def client(db: None) -> APIClient:
    """A superuser's, where there is what the examples name."""
    task = Task.objects.create(pk=1, name="scenes")
    image = Image.objects.create(pk=1, task=task, name="a", subset="train", width=480, height=320)
    names = ("/m/0k4j", "Car"), ("/m/01yrx", "Cat")
    for key, (name, shown) in enumerate(names, 1):
        Label.objects.create(pk=key, task=task, name=name, display_name=shown, position=key)
    box = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.1, "y_max": 0.5}
    for key in (1, 2):
        Shape.objects.create(pk=key, task=task, image=image, label_id=1, kind="rectangle", **box)
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("boss"))
    return client


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLES)
def test_an_example_is_accepted(client: APIClient, method: str, path: str, body: Any) -> None:
    headers = {"If-Match": "*"} if method == "put" else {}
    response = client.generic(method, path.replace("{id}", "1"), json.dumps(body), JSON, headers=headers)
    assert response.status_code in {200, 201, 202}, response.content


def test_shapes_are_answered_as_the_example_has_them(client: APIClient) -> None:
    Shape.objects.filter(pk=2).update(kind="tag", label=2, x_min=None, x_max=None, y_min=None, y_max=None)
    answer = client.get("/api/v1/images/1/shapes/").json()
    assert answer.keys() == SHAPES.keys()
    found, shown = ({shape["kind"]: shape.keys() for shape in shapes["shapes"]} for shapes in (answer, SHAPES))
    assert found == shown
