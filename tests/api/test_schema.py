"""The OpenAPI document: as the code has it, without a warning, and Swagger UI without the internet."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

from docs import generate_openapi
from openimages_io.api import urls
from openimages_io.api.openapi.versions import as_3_0
from openimages_io.api.problems import PROBLEM_JSON
from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.models import ShapeKind


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


@pytest.mark.long
def test_a_document_that_is_old_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(generate_openapi, "TARGET", tmp_path / "openapi.json")
    assert "make docs" in (generate_openapi.main(["--check"]) or "")
    assert generate_openapi.main([]) is None
    assert generate_openapi.main(["--check"]) is None


@pytest.mark.long
def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate_schema(document)  # type: ignore[no-untyped-call]


@pytest.mark.long
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("split", [False, True])
def test_a_site_without_settings_of_ours_has_a_valid_document_and_no_warning(version: str, *, split: bool) -> None:
    own = {
        "OAS_VERSION": version,
        "COMPONENT_SPLIT_REQUEST": split,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
        "SERVERS": [],
    }
    generator: Any = SchemaGenerator
    with patched_settings(own):
        reset_generator_stats()
        found = generator(urlconf="openimages_io.urls").get_schema(request=None, public=True)
    assert not GENERATOR_STATS
    assert found["openapi"] == version
    validate_schema(found)  # type: ignore[no-untyped-call]
    assert not re.findall(r"Enum\b", " ".join(found["components"]["schemas"]))
    assert_kinds_are_told_apart(found)


def test_words_of_3_1_that_3_0_does_not_have() -> None:
    ref = {"$ref": "#/components/schemas/A"}
    assert as_3_0({"type": ["integer", "null"], "exclusiveMinimum": 1}) == {
        "type": "integer", "nullable": True, "minimum": 1, "exclusiveMinimum": True
    }  # fmt: skip
    assert as_3_0({"type": ["string", "number", "null"]}) == {
        "oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True
    }  # fmt: skip
    assert as_3_0({"oneOf": [ref, {"type": "null"}]}) == {"allOf": [ref], "nullable": True}
    assert as_3_0({"oneOf": [{"type": "string"}, {"type": "null"}]}) == {"type": "string", "nullable": True}
    assert as_3_0({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}) == {
        "type": "string", "format": "byte"
    }  # fmt: skip
    # Names of properties are not words of a schema.
    assert as_3_0({"properties": {"type": {"type": "null"}, "const": ref}}) == {
        "properties": {"type": {"oneOf": [{"enum": [None]}], "nullable": True}, "const": ref}
    }


def assert_kinds_are_told_apart(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("Shape", "NewShape", "ShapeOfKindUpdate", "ShapeOfKindChange"):
        told = schemas[name]["discriminator"]
        assert told["propertyName"] == "kind"
        assert told["mapping"].keys() == set(ShapeKind.values)
        assert sorted(told["mapping"].values()) == sorted(choice["$ref"] for choice in schemas[name]["oneOf"])
        for choice in told["mapping"].values():
            assert "kind" in schemas[choice.rpartition("/")[2]]["required"]


def test_shapes_are_told_apart_by_their_kind(document: dict[str, Any]) -> None:
    assert_kinds_are_told_apart(document)
    schemas = document["components"]["schemas"]
    sides = {"x_min", "x_max", "y_min", "y_max"}
    for name in ("RectangleShape", "NewRectangle"):
        assert sides <= set(schemas[name]["required"])
        assert {schemas[name]["properties"][side]["type"] for side in sides} == {"number"}
    assert not sides & schemas["TagShape"]["properties"].keys()
    assert "id" not in schemas["NewTag"]["properties"]


def test_a_change_with_its_kind_has_the_fields_of_that_kind(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    sides = {"x_min", "x_max", "y_min", "y_max"}
    for suffix, required in (("Update", ["id"]), ("Change", [])):
        of_box = schemas[f"Rectangle{suffix}"]
        assert {of_box["properties"][side]["type"] for side in sides} == {"number"}
        assert of_box["required"] == [*required, "kind"]
        assert "points" not in of_box["properties"]
        assert not sides & schemas[f"Tag{suffix}"]["properties"].keys()
        fields = schemas[f"ShapeFields{suffix}"]
        assert "kind" not in fields["properties"]
        assert fields.get("required", []) == required
        refs = [f"#/components/schemas/Shape{part}{suffix}" for part in ("OfKind", "Fields")]
        assert [choice["$ref"] for choice in schemas[f"Shape{suffix}"]["oneOf"]] == refs


def test_components_have_names_that_can_be_those_of_classes_and_are_used(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for kind, components in document["components"].items():
        for name in components:
            assert re.fullmatch("[A-Za-z]+", name), name
            assert kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in text, name
    schemas = document["components"]["schemas"]
    lists = {name for name, schema in schemas.items() if {"next", "results"} <= schema.get("properties", {}).keys()}
    assert lists == {f"Paginated{row}List" for row in ("Image", "Issue", "Job", "Label", "Task")}


def test_what_has_a_default_need_not_be_sent(document: dict[str, Any]) -> None:
    # Generators take a field with a default for one that is always there.
    for name, schema in document["components"]["schemas"].items():
        assert not [field for field, value in schema.get("properties", {}).items() if "default" in value], name


def test_the_token_is_that_of_a_bearer(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["tokenAuth"] == {"type": "http", "scheme": "bearer"}


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
        assert operation["summary"], place
        assert operation["tags"] != ["api"], place
        is_open = path in {"/api/token/", "/api/session/"} or "{signature}" in path
        needed = {"429"} if is_open else {"401", "403", "429"}
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
    assert served["servers"] == [{"url": "http://testserver"}]
    assert [server["url"] for server in document["servers"]] == ["http://127.0.0.1:8000"]
