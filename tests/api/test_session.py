"""Logging in by session, which a page of another site must not be able to do for somebody."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.api.responses import faults, ok, refusal, send

pytestmark = pytest.mark.django_db
SESSION = "/api/session/"
LOGIN = {"username": "ann", "password": "a long word"}
WRONG = {"password": "another"}


@pytest.fixture
def ann() -> Any:
    return get_user_model().objects.create_user(LOGIN["username"], password=LOGIN["password"])


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def token(browser: Client) -> dict[str, str]:
    """The header with the CSRF token that the site has given."""
    return {"X-CSRFToken": ok(browser.get(SESSION))["csrf_token"]}


def log_in(browser: Client, **changes: Any) -> Any:
    return send(browser, "POST", SESSION, LOGIN | changes, token(browser))


def test_a_session_is_had_used_and_ended(ann: Any, browser: Client) -> None:
    assert ok(browser.get(SESSION))["user"] is None
    logged_in = log_in(browser)
    body = ok(logged_in)
    assert body["user"] == {"id": ann.pk, "username": "ann"}
    assert logged_in["Cache-Control"] == "no-store"
    assert ok(browser.get("/api/v1/me/"))["username"] == "ann"
    header = {"X-CSRFToken": body["csrf_token"]}
    assert ok(send(browser, "POST", "/api/v1/tasks/", {"name": "street"}, header), 201)["owner"]["username"] == "ann"
    assert browser.delete(SESSION, headers=header).status_code == 204
    assert ok(browser.get(SESSION))["user"] is None
    refusal(browser.get("/api/v1/me/"), 401)


def test_the_keys_of_session_and_csrf_are_new_after_a_login(ann: Any, browser: Client) -> None:
    session = browser.session
    session["kept"] = 1
    session.save()  # somebody else may have set this cookie
    browser.cookies["sessionid"] = before = str(session.session_key)
    header = token(browser)
    secret = browser.cookies["csrftoken"].value
    assert ok(send(browser, "POST", SESSION, LOGIN, header))["user"]
    assert browser.cookies["sessionid"].value != before
    assert browser.cookies["csrftoken"].value != secret
    assert "CSRF" in refusal(send(browser, "POST", "/api/v1/tasks/", {"name": "street"}, header), 403)


def test_nobody_logs_in_or_out_without_a_csrf_token(ann: Any, browser: Client) -> None:
    assert "CSRF" in refusal(send(browser, "POST", SESSION, LOGIN), 403)
    assert "CSRF" in refusal(browser.delete(SESSION), 403)
    assert "CSRF" in refusal(send(browser, "POST", SESSION, LOGIN, {"X-CSRFToken": "a" * 32}), 403)
    ok(log_in(browser))
    assert "CSRF" in refusal(browser.delete(SESSION), 403)
    assert ok(browser.get(SESSION))["user"]


def test_a_page_of_another_origin_must_be_trusted(ann: Any, browser: Client, settings: Any) -> None:
    header = token(browser) | {"Origin": "http://elsewhere.example"}
    assert "Origin" in refusal(send(browser, "POST", SESSION, LOGIN, header), 403)
    settings.CSRF_TRUSTED_ORIGINS = ["http://elsewhere.example"]
    assert ok(send(browser, "POST", SESSION, LOGIN, header))["user"]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        (WRONG, {"": "invalid"}),
        ({"username": "bob"}, {"": "invalid"}),
        ({"username": "ann\0"}, {"username": "unstorable"}),
        ({"password": None}, {"password": "null"}),
    ],
)
def test_no_session_for_anything_else(
    ann: Any, browser: Client, changes: dict[str, Any], paths: dict[str, str]
) -> None:
    assert faults(log_in(browser, **changes)) == paths
    assert ok(browser.get(SESSION))["user"] is None


def test_passwords_cannot_be_guessed(ann: Any, browser: Client) -> None:
    answers = [log_in(browser, **WRONG).status_code for _ in range(12)]
    assert answers == [400] * 9 + [429] * 3
    assert "available in 900 seconds" in refusal(log_in(browser), 429)


@pytest.mark.parametrize("logged_in", [False, True])
def test_an_address_logs_in_so_many_times_a_minute(ann: Any, browser: Client, settings: Any, logged_in: bool) -> None:
    settings.AXES_ENABLED = False
    if logged_in:
        browser.force_login(ann)
    answers = [log_in(browser, **WRONG).status_code for _ in range(31)]
    assert answers == [400] * 30 + [429]
    assert send(browser, "POST", "/api/token/", LOGIN).status_code == 429  # they are counted together
    assert browser.get(SESSION).status_code == 200
