"""The demo site's settings follow the environment."""

import os
import re
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import resolve
from pytest_django import Settings

from fixtures.draw_scenes import FOLDER
from openimages_io.models import Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from project import demo, example, problems
from project.client_address import client_address

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "MEDIA_ROOT",
        "DEBUG",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "NUM_PROXIES",
        "CORS_ALLOWED_ORIGINS",
    ):
        monkeypatch.delenv(name, raising=False)


def load() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "project" / "settings.py"))


def test_sqlite_is_the_default_and_ready_for_writers() -> None:
    database = load()["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(ROOT / "var" / "db.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://someone:secret@db.example:5433/pictures")
    database = load()["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "pictures")
    assert "init_command" not in database.get("OPTIONS", {})


def test_origins_of_frontends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load()["CORS_ALLOWED_ORIGINS"] == load()["CSRF_TRUSTED_ORIGINS"] == []
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", "https://app.example.org,http://127.0.0.1:8001")
    there = ["https://app.example.org", "http://127.0.0.1:8001"]
    assert load()["CORS_ALLOWED_ORIGINS"] == load()["CSRF_TRUSTED_ORIGINS"] == there


def test_the_example_says_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} cannot be used: Address already in use" in (
            example.main([str(port), "http://127.0.0.1:8000"]) or ""
        )


def test_another_place_for_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load()["MEDIA_ROOT"] == ROOT / "var" / "media"
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path))
    assert load()["MEDIA_ROOT"] == tmp_path


def test_without_debug_the_public_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    public = load()["SECRET_KEY"]
    monkeypatch.setenv("DEBUG", "0")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        load()
    monkeypatch.setenv("SECRET_KEY", public)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        load()
    monkeypatch.setenv("SECRET_KEY", "one that nobody knows")
    assert load()["DEBUG"] is False


def test_debug_is_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="'perhaps'"):
        load()


def test_the_number_of_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load()["REST_FRAMEWORK"]["NUM_PROXIES"] == 0
    monkeypatch.setenv("NUM_PROXIES", "2")
    assert load()["REST_FRAMEWORK"]["NUM_PROXIES"] == 2
    monkeypatch.setenv("NUM_PROXIES", "-1")
    with pytest.raises(ImproperlyConfigured, match="'-1'"):
        load()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (0, None, "127.0.0.1"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (1, "6.6.6.6, nonsense", "127.0.0.1"),
        (1, None, "127.0.0.1"),
    ],
)
def test_whose_request_it_is(settings: Settings, proxies: int, forwarded: str | None, address: str) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", headers=headers)) == address


def test_the_front_page_says_what_is_where(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["http://127.0.0.1:8001"]
    response = client.get("/")
    text = response.content.decode()
    assert "default-src 'none'; style-src 'self'" in response.headers["Content-Security-Policy"]
    places = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert {"/admin/", "/api/docs/", "/api/v1/", "/api/schema/", "http://127.0.0.1:8001"} <= set(places)
    for place in places:
        if place.startswith("/"):
            resolve(place)  # raises for one that leads nowhere
    assert "style=" not in text
    assert "<style" not in text
    assert "<script" not in text
    assert client.get("/home.css").headers["Content-Type"].startswith("text/css")


@pytest.mark.programs
@pytest.mark.parametrize("debug", [True, False])
def test_stored_files_have_no_addresses_of_their_own(client: Client, tmp_path: Path, debug: bool) -> None:
    (tmp_path / "a.png").write_bytes(b"secret")
    code = "from project.urls import urlpatterns; print([str(p.pattern) for p in urlpatterns])"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "project.settings", "MEDIA_ROOT": str(tmp_path)}
    environment |= {"DEBUG": str(int(debug)), "SECRET_KEY": "x", "DATABASE_URL": "sqlite://:memory:"}
    setup = "import django; django.setup(); "
    done = subprocess.run(
        [sys.executable, "-c", setup + code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "admin/" in done.stdout
    assert "media" not in done.stdout


def test_the_icon_needs_no_static_files_and_has_nothing_that_a_policy_refuses(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
    response = client.get("/favicon.ico")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "max-age=86400" in response.headers["Cache-Control"]
    used = {element.tag.rpartition("}")[2] for element in ET.fromstring(response.content).iter()}  # noqa: S314
    assert used == {"svg", "rect", "path"}
    assert b"style" not in response.content


@pytest.mark.django_db
def test_the_demo_makes_its_login_once() -> None:
    assert demo.NAME in demo.make_login()
    assert "already" in demo.make_login()
    user = authenticate(RequestFactory().post("/"), username=demo.NAME, password=demo.PASSWORD)
    assert user is not None
    assert user.is_superuser


@pytest.mark.django_db
def test_the_demo_draws_a_polygon_that_goes_out_as_a_mask(tmp_path: Path) -> None:
    Importer(FOLDER / "scenes", "scenes").run()
    assert demo.draw_polygon() == "Drew a polygon with 4 holes on train/cat-sofa; it is exported as a mask."
    assert demo.draw_polygon() == "A polygon with 4 holes on train/cat-sofa exists already."
    result = Exporter(Task.objects.get(name="scenes"), tmp_path / "out").run()
    assert (result.report.errors, result.report.of("masks").written) == (0, 28)
    again = Importer(tmp_path / "out", "scenes").run()
    assert again.committed
    assert not again.changed


def test_pages_of_what_goes_wrong_lead_back() -> None:
    request = RequestFactory().get("/admin/nowhere")
    found = [
        problems.not_found(request, Exception()),
        problems.bad_request(request, Exception()),
        problems.server_error(request),
    ]
    for answer, status, title in zip(
        found, (404, 400, 500), ("Page not found", "Bad request", "Something went wrong"), strict=True
    ):
        page = answer.content.decode()
        assert answer.status_code == status
        assert f"<h1>{title}</h1>" in page
        assert '<a href="/">The site’s first page</a>' in page
        assert '<link rel="stylesheet" href="/home.css">' in page


@pytest.mark.urls("tests.api.shapes_client")
def test_pages_of_what_goes_wrong_need_no_address_of_the_site() -> None:
    request = RequestFactory().get("/nowhere")
    assert problems.not_found(request, Exception()).status_code == 404
    assert '<a href="/">The site’s first page</a>' in problems.server_error(request).content.decode()
