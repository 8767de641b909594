"""Passwords cannot be guessed over HTTP, whatever address a request says that it comes from."""

import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

GUESSES = 100
PASSWORD = "a long word"  # noqa: S105  (of a user that ends with the test)


@pytest.fixture
def site(live_server: LiveServer) -> Iterator[str]:
    get_user_model().objects.create_superuser("ann", "ann@example.org", PASSWORD)
    cache.clear()
    yield live_server.url
    cache.clear()


class Guesser:
    """A program that says another address with every request."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.asked = 0

    def send(self, path: str, data: bytes | None, kind: str) -> tuple[int, bytes]:
        self.asked += 1
        forged = f"10.{self.asked // 250}.{self.asked % 250}.1"
        headers = {"X-Forwarded-For": forged, "X-Real-IP": forged, "Forwarded": f"for={forged}", "Content-Type": kind}
        request = urllib.request.Request(f"{self.site}{path}", data, headers)  # noqa: S310  (the test's own site)
        try:
            with self.opener.open(request, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def ask_for_token(self, password: str) -> int:
        body = json.dumps({"username": "ann", "password": password}).encode()
        return self.send("/api/token/", body, "application/json")[0]

    def log_in(self, form_at: str, password: str) -> int:
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), "")
        form = {"username": "ann", "password": password, "csrfmiddlewaretoken": token, "next": "/admin/jsi18n/"}
        return self.send(form_at, urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")[0]


@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_for_a_token_are_stopped(site: str) -> None:
    guesser = Guesser(site)
    assert guesser.ask_for_token(PASSWORD) == 200
    answers = [guesser.ask_for_token(f"guess {number}") for number in range(GUESSES)]
    assert answers.count(400) < 10
    assert set(answers[10:]) == {429}
    assert guesser.ask_for_token(PASSWORD) == 429


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form_at", ["/admin/login/", "/api/auth/login/"])
def test_a_hundred_guesses_at_a_form_are_stopped(site: str, form_at: str) -> None:
    guesser = Guesser(site)
    assert guesser.send(form_at, None, "text/plain")[0] == 200
    answers = [guesser.log_in(form_at, f"guess {number}") for number in range(GUESSES)]
    assert answers.count(200) < 10
    assert set(answers[10:]) == {429}
    assert guesser.log_in(form_at, PASSWORD) == 429
