"""Who asks: a token, a session, or nobody."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from openimages_io.models import Task
from tests.api.responses import faults, ok, refusal, send

pytestmark = pytest.mark.django_db
TOKEN = "/api/token/"  # noqa: S105  (a path)
CSRF = "a" * 32
LOGIN = {"username": "ann", "password": "a long word"}


@pytest.fixture
def ann() -> Any:
    return get_user_model().objects.create_user(LOGIN["username"], password=LOGIN["password"])


@pytest.mark.parametrize("keyword", ["Bearer", "bearer", "Token"])
def test_a_token_is_had_for_name_and_password(ann: Any, keyword: str) -> None:
    api = APIClient()
    token = ok(send(api, "POST", TOKEN, LOGIN))["token"]
    assert ok(send(api, "POST", TOKEN, LOGIN)) == {"token": token}
    api.credentials(HTTP_AUTHORIZATION=f"{keyword} {token}")
    assert ok(send(api, "POST", "/api/v1/tasks/", {"name": "street"}), 201)["owner"]["username"] == "ann"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({**LOGIN, "password": "another"}, {"": "invalid"}),
        ({**LOGIN, "username": "bob"}, {"": "invalid"}),
        ({"username": "ann"}, {"password": "required"}),
        ({**LOGIN, "username": "ann\0"}, {"username": "unstorable"}),
        ({**LOGIN, "password": "\ud800"}, {"password": "unstorable"}),
        ({**LOGIN, "username": ["ann"]}, {"username": "wrong_type"}),
        ([], {"": "wrong_type"}),
    ],
)
def test_no_token_for_anything_else(ann: Any, body: Any, paths: dict[str, str]) -> None:
    assert faults(send(APIClient(), "POST", TOKEN, body)) == paths


def test_passwords_cannot_be_guessed(ann: Any) -> None:
    api = APIClient()
    answers = [send(api, "POST", TOKEN, {**LOGIN, "password": "x"}).status_code for _ in range(12)]
    assert answers == [400] * 9 + [429] * 3
    response = send(api, "POST", TOKEN, LOGIN)
    assert "available in 900 seconds" in refusal(response, 429)
    assert response["Retry-After"] == "900"


def test_an_address_asks_for_so_many_tokens_a_minute(ann: Any, settings: Any) -> None:
    settings.AXES_ENABLED = False
    api = APIClient()
    answers = [send(api, "POST", TOKEN, {**LOGIN, "password": "x"}).status_code for _ in range(31)]
    assert answers == [400] * 30 + [429]


def test_nobody_is_told_how_to_log_in() -> None:
    for api in (APIClient(), APIClient(HTTP_AUTHORIZATION="Token unknown"), APIClient(HTTP_AUTHORIZATION="Token \xff")):
        response = api.get("/api/v1/tasks/")
        refusal(response, 401)
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_will_do_if_the_form_is_ours(ann: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert ok(client.get("/api/v1/tasks/"))["results"] == []
    assert "CSRF" in refusal(client.post("/api/v1/tasks/", {"name": "a"}, content_type="application/json"), 403)
    client.cookies["csrftoken"] = CSRF
    body = client.post("/api/v1/tasks/", {"name": "a"}, content_type="application/json", headers={"X-CSRFToken": CSRF})
    assert ok(body, 201)["name"] == "a"


def test_what_is_too_large_is_not_read_to_find_a_csrf_token(ann: Any, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"MAX_UPLOAD_BYTES": 50, "MAX_BODY_BYTES": 50}
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    client.cookies["csrftoken"] = CSRF
    task = Task.objects.create(name="street", owner=ann)
    response = client.post(
        f"/api/v1/tasks/{task.pk}/images/upload/", {"csrfmiddlewaretoken": CSRF, "subset": "a" * 100}
    )
    assert "bytes" in refusal(response, 413)
