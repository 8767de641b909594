"""What is refused is refused as RFC 9457 says, with codes declared once that docs/api-reference.md explains."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import translation
from rest_framework import exceptions, renderers
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from docs import api_tour
from openimages_io.api import exceptions as ours
from openimages_io.api.base import ApiViewSet
from openimages_io.api.permissions import LISTS
from openimages_io.api.problems import CODES
from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.models import Task
from project import problems
from tests.api.responses import faults, problem, send
from tests.api.shapes_client import BOX, ELLIPSE, RING, Frontend
from tests.conftest import ROOT

TASKS = "/api/v1/tasks/"
RLE = {"size": [1, 1], "counts": [1]}
RECTANGLE = {"kind": "rectangle", "label": 1, **BOX}


def code_of(response: Any, status: int) -> str:
    return str(problem(response, status)["code"])


def test_nobody_gets_anything(client: Client, db: None) -> None:
    response = client.get(TASKS)
    assert problem(response, 401) == {
        "type": "urn:openimages-io:problem:not_authenticated",
        "title": "Nobody is logged in.",
        "status": 401,
        "detail": "Authentication credentials were not provided.",
        "code": "not_authenticated",
        "errors": [],
    }
    assert response["WWW-Authenticate"] == "Bearer"
    response = client.get(TASKS, headers={"Authorization": "Token x"})
    assert code_of(response, 401) == "authentication_failed"


def test_what_django_rest_framework_refuses(api: APIClient, task: Task) -> None:
    assert code_of(api.get("/api/v1/tasks/0/"), 404) == "not_found"
    assert code_of(api.put(TASKS, {}, format="json"), 405) == "method_not_allowed"
    assert code_of(api.get(TASKS, headers={"Accept": "application/xml"}), 406) == "not_acceptable"
    assert code_of(api.post(TASKS, "x", content_type="text/csv"), 415) == "unsupported_media_type"
    assert code_of(api.post(TASKS, "{", content_type="application/json"), 400) == "parse_error"
    url = f"/api/v1/tasks/{task.pk}/"
    assert code_of(send(api, "PATCH", url, {"owner": 5}), 403) == "permission_denied"
    assert code_of(send(api, "PATCH", url, {"name": "a"}, headers={"If-Match": '"0"'}), 412) == "changed_meanwhile"


def test_too_many_requests(api: APIClient, task: Task, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"THROTTLE_RATE": "1/hour"}
    cache.clear()
    assert api.get(TASKS).status_code == 200
    response = api.get(TASKS)
    assert code_of(response, 429) == "throttled"
    assert int(response["Retry-After"]) > 0


def test_a_session_without_its_csrf_token(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = client.post(TASKS, {"name": "a"}, content_type="application/json")
    assert code_of(response, 403) == "permission_denied"
    assert "CSRF" in response.json()["detail"]


@pytest.mark.parametrize("accept", ["application/json", "application/json; indent=2", "*/*"])
def test_the_type_does_not_depend_on_what_is_accepted(api: APIClient, accept: str) -> None:
    for path in ("/api/v1/tasks/0/", "/api/nowhere/"):
        assert code_of(api.get(path, headers={"Accept": accept}), 404) == "not_found"
    assert api.get(TASKS, headers={"Accept": accept})["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/v1/tasks/0/", "/api/v1/images/0/file/", "/api/nowhere/"])
def test_head_has_the_type_too(api: APIClient, path: str) -> None:
    response = api.head(path)
    assert (response.status_code, response["Content-Type"], response.content) == (404, "application/problem+json", b"")


def test_the_schema_is_refused_alike(client: Client, db: None) -> None:
    assert code_of(client.post("/api/schema/"), 405) == "method_not_allowed"


def test_what_leads_nowhere_elsewhere_is_a_page(client: Client, db: None) -> None:
    response = client.get("/nowhere/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_what_goes_wrong_outside_the_views() -> None:
    for path, is_json in (("/api/v1/tasks/", True), ("/admin/", False)):
        request = RequestFactory().get(path)
        found = [problems.bad_request(request, Exception()), problems.server_error(request)]
        kind = "application/problem+json" if is_json else "text/html; charset=utf-8"
        assert [(response.status_code, response["Content-Type"]) for response in found] == [(400, kind), (500, kind)]


class Page(ApiViewSet):
    """A view of a site that shows pages to browsers."""

    rules = {"list": LISTS}  # noqa: RUF012  (how DRF declares)
    renderer_classes = (renderers.JSONRenderer, renderers.BrowsableAPIRenderer)
    raises: exceptions.APIException

    def list(self, request: Any) -> Any:
        """Refuses."""
        raise self.raises


def refused_by(owner: Any, raises: Exception, accept: str = "application/json") -> Any:
    request = APIRequestFactory().get("/", headers={"Accept": accept})
    force_authenticate(request, owner)
    response = type("Raising", (Page,), {"raises": raises}).as_view({"get": "list"})(request)  # type: ignore[attr-defined]
    return response.render()


def test_a_browser_gets_a_page(owner: Any) -> None:
    response = refused_by(owner, exceptions.NotFound(), "text/html")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"urn:openimages-io:problem:not_found" in response.content


class PaymentRequired(exceptions.APIException):
    """A site's own."""

    status_code = 402
    default_code = "no_money"


@pytest.mark.parametrize(
    ("raises", "status", "code", "detail"),
    [
        (exceptions.AuthenticationFailed({"detail": "Old.", "code": "old"}), 401, "authentication_failed", "Old."),
        (exceptions.PermissionDenied("Not on Sundays.", "sunday"), 403, "permission_denied", "Not on Sundays."),
        (exceptions.PermissionDenied(["Not now."]), 403, "permission_denied", "Not now."),
        (PaymentRequired("Pay."), 402, "error", "Pay."),
    ],
)  # fmt: skip
def test_a_site_may_refuse_by_words_of_its_own(owner: Any, raises: Any, status: int, code: str, detail: str) -> None:
    data = refused_by(owner, raises).data
    assert (data["status"], data["code"], data["detail"]) == (status, code, detail)


@pytest.fixture
def own_language() -> Iterator[None]:
    """What LocaleMiddleware has chosen for a request lasts in the thread, and would be that of other tests."""
    yield
    translation.deactivate()


@pytest.mark.usefixtures("own_language")
@pytest.mark.parametrize("language", ["de", "fr"])
def test_one_answer_speaks_one_language(owner: Any, settings: Any, language: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    client = Client(headers={"Accept-Language": language})
    client.force_login(owner)
    response = client.post(TASKS, {"nmae": "a"}, content_type="application/json")
    assert {fault["message"] for fault in problem(response, 400)["errors"]} == {
        "This field is required.", "This field is unknown."
    }  # fmt: skip
    assert response["Content-Language"] == "en"
    assert problem(client.put(TASKS), 405)["detail"] == 'Method "PUT" not allowed.'


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


SHAPES: list[tuple[Any, dict[str, str]]] = [
    (5, {"": "wrong_type"}),
    ({"label": 1}, {"kind": "required"}),
    ({"kind": "tag"}, {"label": "required"}),
    ({"kind": "tag", "label": 0}, {"label": "unknown_label"}),
    ({**RECTANGLE, "kind": "star"}, {"kind": "invalid_choice"}),
    ({**RECTANGLE, "id": 5}, {"id": "read_only"}),
    ({**RECTANGLE, "colour": "red"}, {"colour": "unknown"}),
    ({**RECTANGLE, "key": ""}, {"key": "bad_key"}),
    ({**RECTANGLE, "kind": "tag"}, dict.fromkeys(BOX, "not_applicable")),
    ({**RECTANGLE, "x_max": None}, {"x_max": "required"}),
    ({**RECTANGLE, "x_max": 1.5}, {"x_max": "out_of_range"}),
    ({**RECTANGLE, "x_max": "1"}, {"x_max": "wrong_type"}),
    ({**RECTANGLE, "x_max": 0.01}, {"x_max": "wrong_order"}),
    ({**RECTANGLE, "points": [RING]}, {"points": "not_applicable"}),
    ({**RECTANGLE, "clicks": []}, {"clicks": "wrong_type"}),
    ({**RECTANGLE, "clicks": [[0, 2], [0, 0], [0, 0], 5]}, {"clicks[0][1]": "out_of_range", "clicks[3]": "wrong_type"}),
    ({**RECTANGLE, "rotation": 400}, {"rotation": "out_of_range"}),
    ({**RECTANGLE, "source": "x" * 65, "group": -1}, {"source": "too_long", "group": "out_of_range"}),
    ({**RECTANGLE, "source": 5, "group": "a"}, {"source": "wrong_type", "group": "wrong_type"}),
    ({**RECTANGLE, "score": 2, "occluded": 1}, {"score": "out_of_range", "occluded": "wrong_type"}),
    ({**RECTANGLE, "attributes": {"score": 1}}, {"attributes.score": "own_field"}),
    ({**RECTANGLE, "attributes": {"mood": 1}}, {"attributes.mood": "unknown_attribute"}),
    ({**RECTANGLE, "attributes": {"pose": "up"}}, {"attributes.pose": "invalid_choice"}),
    ({**RECTANGLE, "attributes": {"pose": []}}, {"attributes.pose": "wrong_type"}),
    ({**RECTANGLE, "attributes": {"legs": "4"}}, {"attributes.legs": "wrong_type"}),
    ({**RECTANGLE, "attributes": {"box_id": 4}}, {"attributes.box_id": "wrong_type"}),
    ({**RECTANGLE, "attributes": []}, {"attributes": "wrong_type"}),
    ({"kind": "polygon", "label": 1, "points": 5}, {"points": "wrong_type"}),
    ({"kind": "polygon", "label": 1, "points": [RING[:5]]}, {"points[0]": "not_pairs"}),
    ({"kind": "polygon", "label": 1, "points": [RING[:4]]}, {"points[0]": "too_few_points"}),
    ({"kind": "polygon", "label": 1, "points": [[0, 0] * 100_001]}, {"points": "too_many_points"}),
    ({"kind": "ellipse", "label": 1, "points": [*ELLIPSE[:3], -1]}, {"points[3]": "out_of_range"}),
    ({**RECTANGLE, "mask": {"rle": RLE}}, {"mask": "not_applicable"}),
    ({"kind": "mask", "label": 1}, {"mask": "required"}),
    ({"kind": "mask", "label": 1, "mask": 5}, {"mask": "wrong_type"}),
    ({"kind": "mask", "label": 1, "mask": {"png": "A", "url": 5}}, {"mask.png": "bad_png", "mask.url": "wrong_type"}),
    ({"kind": "mask", "label": 1, "mask": {"png": "", "rle": {}}}, {"mask.rle": "repeated"}),
    ({"kind": "mask", "label": 1, "mask": {"rle": {**RLE, "counts": [9]}}}, {"mask.rle": "bad_rle"}),
    ({"kind": "mask", "label": 1, "mask": {"rle": RLE, "width": 9}}, {"mask.width": "mismatch"}),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "expected"), SHAPES, ids=str)
def test_every_fault_of_a_shape_has_its_code(frontend: Frontend, shape: Any, expected: dict[str, str]) -> None:
    if isinstance(shape, dict) and shape.get("label"):
        shape = {**shape, "label": frontend.cat.pk}
    assert faults(send(frontend.client, "POST", frontend.url, shape)) == expected


def test_every_fault_of_a_save_has_its_code(frontend: Frontend) -> None:
    known = frontend.draw()
    masked = frontend.mask([[1, 0], [0, 1]])

    def save(body: Any, method: str = "PUT", url: str = frontend.url) -> dict[str, str]:
        return faults(send(frontend.client, method, url, body, headers={"If-Match": "*"}))

    assert save([]) == {"": "wrong_type"}
    assert save({"image": 0, "units": "pixels", "revision": "a", "x": 1}) == {
        "image": "mismatch", "units": "mismatch", "revision": "wrong_type", "x": "unknown", "shapes": "required",
    }  # fmt: skip
    assert save({"shapes": {}}) == {"shapes": "wrong_type"}
    twice = [{"id": known.pk}, {"id": known.pk}, {"id": 10**9}, {"id": "a"}, {"id": known.pk, "key": "a"}]
    assert save({"shapes": twice}) == {
        "shapes[1].id": "repeated", "shapes[2].id": "unknown_shape", "shapes[3].id": "wrong_type",
        "shapes[4].id": "repeated", "shapes[4].key": "not_applicable",
    }  # fmt: skip
    assert save({"update": [{}], "delete": [known.pk, known.pk, 10**9, "a"], "create": 5}, "PATCH") == {
        "update[0].id": "required", "delete[1]": "repeated", "delete[2]": "unknown_shape", "delete[3]": "wrong_type",
        "create": "wrong_type",
    }  # fmt: skip
    assert save({"id": masked.pk}, "PATCH", frontend.shape_url(known)) == {"id": "mismatch"}
    assert save({"kind": "rectangle", **BOX}, "PATCH", frontend.shape_url(masked)) == {"kind": "has_pixels"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"input_type": "number", "values": [5, 1]}, {"values": "wrong_order"}),
        ({"input_type": "number", "values": [0, 1, 0]}, {"values": "out_of_range"}),
        ({"input_type": "number", "values": [0, 10, 3], "default_value": 4}, {"default_value": "not_a_step"}),
        ({"input_type": "number", "values": [0, 10], "default_value": 11}, {"default_value": "out_of_range"}),
        ({"input_type": "select", "values": []}, {"values": "wrong_type"}),
        ({"input_type": "select", "values": ["a", "a"]}, {"values": "repeated"}),
        ({"input_type": "text", "values": ["a"]}, {"values": "not_applicable"}),
        ({"input_type": "range", "values": None}, {"input_type": "invalid_choice", "values": "null"}),
        ({"input_type": "text", "name": "a\nb"}, {"name": "control_characters"}),
        ({"input_type": "text", "name": ""}, {"name": "blank"}),
        ({"input_type": "text", "name": 5, "mutable": "yes"}, {"name": "wrong_type", "mutable": "wrong_type"}),
    ],
)
def test_every_fault_of_a_spec_has_its_code(
    api: APIClient, task: Task, spec: dict[str, Any], expected: dict[str, str]
) -> None:
    body = {"name": "/m/0", "color": "red", "attribute_specs": [{"name": "pose", **spec}, {}]}
    found = faults(send(api, "POST", f"/api/v1/tasks/{task.pk}/labels/", body))
    assert found.pop("color") == "bad_color"
    assert found.pop("attribute_specs[1].name") == found.pop("attribute_specs[1].input_type") == "required"
    assert found == {f"attribute_specs[0].{name}": code for name, code in expected.items()}


def test_a_value_of_a_broken_spec(frontend: Frontend) -> None:
    frontend.cat.attribute_specs.filter(name="pose").update(values=5)
    shape = {**RECTANGLE, "label": frontend.cat.pk, "attributes": {"pose": "left"}}
    assert faults(send(frontend.client, "POST", frontend.url, shape)) == {"attributes.pose": "broken_spec"}


def test_unknown_owners_are_no_rows(staff: Any, staff_api: APIClient, task: Task) -> None:
    staff = get_user_model().objects.get(pk=staff.pk)
    response = send(staff_api, "PATCH", f"/api/v1/tasks/{task.pk}/", {"owner": 10**9})
    assert faults(response) == {"owner": "does_not_exist"}


def test_every_code_of_a_status_is_an_exception_or_a_conflict() -> None:
    declared = {
        (kind.status_code, kind.default_code)
        for module in (ours, exceptions)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.APIException)
    }
    assert declared <= {(status, code) for status, codes in CODES.items() for code in codes}
    assert {code for codes in CODES.values() for code in codes} == set(ErrorCode)


@pytest.mark.long
def test_every_code_is_used() -> None:
    used = {
        (node.value.id, node.attr)
        for path in (ROOT / "openimages_io").rglob("*.py")
        if path.name not in {"error_codes.py", "problems.py"}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    of_drf = {
        str(kind.default_code).upper()
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.APIException)
    }
    assert {code.name for code in ErrorCode} - of_drf == {name for kind, name in used if kind == "ErrorCode"} - of_drf
    of_fields = {"REQUIRED", "NULL", "BLANK", "INVALID_CHOICE", "UNIQUE", "DOES_NOT_EXIST"}
    named = {name for kind, name in used if kind == "FaultCode"} | of_fields | of_hierarchies()
    assert {code.name for code in FaultCode} == named


def of_hierarchies() -> set[str]:
    source = (ROOT / "openimages_io" / "format" / "hierarchy.py").read_text("utf-8")
    return {word.upper().replace("-", "_") for word in re.findall(r'(?:error\(|code=)"([a-z0-9-]+)"', source)}


def test_every_issue_of_a_hierarchy_is_a_fault() -> None:
    assert of_hierarchies() <= {code.name for code in FaultCode}
    assert len(of_hierarchies()) > 10


def test_the_page_explains_every_code() -> None:
    page = api_tour.REFERENCE.read_text("utf-8")
    assert api_tour.tables(page) == page, "Run `make docs`."
    explained = re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE)
    assert explained == [*map(str, ErrorCode), *map(str, FaultCode)]
