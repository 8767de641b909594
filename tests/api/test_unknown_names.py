"""A name that means nothing is refused at every address, in the query and in the body."""

from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from rest_framework.test import APIClient

from openimages_io.models import Job
from tests.api.job_factories import let_go
from tests.api.responses import faults
from tests.api.test_permissions import SIGNED, TABLE, Place, Row, place, signed_url, user

assert place is not None  # a fixture

pytestmark = pytest.mark.django_db
FORMS: Final = {
    ("image-upload", "post"): "files",
    ("image-file", "put"): "file",
    ("imports", "post"): "archive",
    ("task-imports", "post"): "archive",
}
"""Addresses that take forms, and their field for a file."""
WRITING: Final = [row for row in TABLE if row.method in {"post", "put", "patch"}]


@pytest.fixture
def owner() -> Any:
    return user("owner", "import_task", "export_task")


@pytest.fixture
def api(owner: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(owner)
    return client


def address(row: Row, place: Place) -> str:
    return reverse(f"openimages_io:{row.name}", args=[] if row.key is None else [row.key(place)])


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_in_a_query(api: APIClient, place: Place, row: Row) -> None:
    before = {model: list(model.objects.values()) for model in (Job, type(place.task), type(place.image))}
    headers = {"If-Match": "*"}
    where = signed_url(api, row, place) if row.who == SIGNED else address(row, place)
    response = api.generic(row.method, f"{where}?sreach=cat", "{}", "application/json", headers=headers)
    let_go(response)
    assert faults(response) == {"sreach": "unknown"}
    assert before == {model: list(model.objects.values()) for model in before}


@pytest.mark.parametrize("row", WRITING, ids=str)
def test_in_a_body(api: APIClient, place: Place, row: Row) -> None:
    where = address(row, place)
    if file := FORMS.get((row.name, row.method)):
        body: Any = encode_multipart(BOUNDARY, {"sreach": "cat", file: SimpleUploadedFile("a.png", b"PK")})
        response: Any = api.generic(row.method, where, body, MULTIPART_CONTENT)
    else:
        body = '{"sreach": "cat", "LabelName": "/m/01yrx"}' if row.name == "hierarchy" else '{"sreach": "cat"}'
        response = api.generic(row.method, where, body, "application/json", headers={"If-Match": "*"})
    found = faults(response)
    assert found == {"": "unknown_key"} if row.name == "hierarchy" else found["sreach"] == "unknown"
    assert Job.objects.count() == 2
