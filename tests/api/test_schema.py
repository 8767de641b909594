"""The OpenAPI document: as the code has it, without a warning, and Swagger UI without the internet."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.validation import validate_schema

from docs import generate_openapi
from openimages_io.api import urls
from openimages_io.api.problems import PROBLEM_JSON
from openimages_io.error_codes import ErrorCode, FaultCode


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generate_openapi.document())
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    methods = {"get", "put", "post", "patch", "delete"}
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in methods
    ]


def test_the_document_is_the_one_that_the_code_describes() -> None:
    assert generate_openapi.main(["--check"]) is None


def test_a_document_that_is_old_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(generate_openapi, "TARGET", tmp_path / "openapi.json")
    assert "make docs" in (generate_openapi.main(["--check"]) or "")
    assert generate_openapi.main([]) is None
    assert generate_openapi.main(["--check"]) is None


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate_schema(document)  # type: ignore[no-untyped-call]


def test_every_pattern_has_operations_with_names_of_their_own(document: dict[str, Any]) -> None:
    found = operations(document)
    described = {re.sub(r"\{[^}]*\}", "*", path) for path, _, _ in found}
    assert {f"/api/v1/{re.sub('<[^>]*>', '*', str(pattern.pattern))}" for pattern in urls.urlpatterns} <= described
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)+", name) for name in names)


def test_every_operation_says_what_it_is_and_how_it_fails(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        place = f"{method} {path}"
        assert operation["description"], place
        assert operation["tags"] != ["api"], place
        needed = {"429"} if path.startswith("/api/token/") else {"401", "403", "429"}
        needed |= {"404"} if "{" in path else set()
        needed |= {"400", "413", "415"} if "requestBody" in operation else set()
        assert needed <= operation["responses"].keys(), place
        for status, response in operation["responses"].items():
            if status[0] in "45":
                name = response["$ref"].removeprefix("#/components/responses/")
                content = document["components"]["responses"][name]["content"]
                assert content == {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}, place


def test_the_codes_of_errors_are_those_that_the_code_has(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Problem"]["properties"]["code"] == {"$ref": "#/components/schemas/ErrorCode"}
    assert schemas["Fault"]["properties"]["code"] == {"$ref": "#/components/schemas/FaultCode"}
    assert schemas["ErrorCode"]["enum"] == [code.value for code in ErrorCode]
    assert schemas["FaultCode"]["enum"] == [code.value for code in FaultCode]


def test_swagger_ui_asked_for_its_options_is_405_and_no_fault_of_ours(client: Client) -> None:
    assert client.options("/api/docs/").status_code == 405


def test_swagger_ui_needs_no_internet(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    sources = re.findall(r"""(?:src|href)="([^"]+)\"""", page)
    assert sources
    for source in sources:
        assert source.startswith("/static/"), source
        assert finders.find(source.removeprefix("/static/")), source
    assert "https://" not in re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)


def test_the_document_is_served(client: Client, document: dict[str, Any]) -> None:
    response = client.get("/api/schema/")
    assert response.status_code == 200
    served = response.json()
    assert served["info"] == document["info"]
    assert served["paths"].keys() == document["paths"].keys()
