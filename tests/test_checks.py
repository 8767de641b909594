"""The app's settings, and the system checks that speak of them."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corsheaders.defaults import default_headers
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from pytest_django import Settings

import project.settings
from openimages_io import checks, conf
from openimages_io.format.limits import Limits
from tests.conftest import ROOT
from tests.settings import FRAMEWORK

pytestmark = pytest.mark.django_db  # Django 6 asks the database what it can do when it checks the models


def test_without_a_setting_the_limits_are_the_defaults(settings: Settings) -> None:
    if hasattr(settings, conf.SETTING):
        delattr(settings, conf.SETTING)
    assert conf.limits() == Limits()
    assert [found.id for found in run_checks(app_configs=None)] == ["openimages_io.W002", "openimages_io.W001"]


def test_the_demo_site_gives_nothing_to_complain_about(settings: Settings) -> None:
    settings.TASKS, settings.OPENIMAGES_IO = project.settings.TASKS, project.settings.OPENIMAGES_IO
    assert run_checks(app_configs=None) == []


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"JOB_STORAGE": "attic"}, "openimages_io.E003"),
        ({"PICTURE_STORAGE": "attic"}, "openimages_io.E003"),
        ({"JOB_BACKEND": "nobody"}, "openimages_io.E004"),
        ({"JOB_QUEUE": "nowhere"}, "openimages_io.E005"),
        ({"THROTTLE_RATE": "often"}, "openimages_io.E006"),
        ({"UPLOAD_RATE": "5 a day"}, "openimages_io.E006"),
        ({"PICTURE_RATE": "6000"}, "openimages_io.E006"),
        ({"DOWNLOADS": "carrier-pigeon"}, "openimages_io.E011"),
        ({"DOWNLOADS": "x-accel:protected"}, "openimages_io.E011"),
        ({"PERMISSIONS": "nothing.Here"}, "openimages_io.E007"),
        ({"PERMISSIONS": "Here"}, "openimages_io.E007"),
    ],
    ids=str,
)
def test_a_setting_that_names_what_is_not_there(settings: Settings, given: dict[str, str], found: str) -> None:
    settings.TASKS = project.settings.TASKS
    settings.OPENIMAGES_IO = project.settings.OPENIMAGES_IO | given
    (error,) = run_checks(app_configs=None)
    (value,) = given.values()
    assert error.id == found
    assert repr(value) in error.msg
    assert error.hint


def test_a_setting_is_read_at_each_call(settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_RATIO": 7, "MAX_MASK_PIXELS": 100}
    assert conf.limits() == Limits(max_ratio=7, max_mask_pixels=100)
    settings.OPENIMAGES_IO = {}
    assert conf.limits() == Limits()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "OPENIMAGES_IO must be a dictionary, not list."),
        (None, "OPENIMAGES_IO must be a dictionary, not NoneType."),
        ({"MAX_RATIOS": 5}, "OPENIMAGES_IO has an unknown key 'MAX_RATIOS'; known are BULK_AT_ONCE, "),
        ({"max_ratio": 5}, "OPENIMAGES_IO has an unknown key 'max_ratio'"),
        ({5: 5}, "OPENIMAGES_IO has an unknown key 5"),
        *(
            ({"PICTURE_PREFIX": prefix}, "OPENIMAGES_IO['PICTURE_PREFIX'] must be ")
            for prefix in ("", "/a", "../a", "a/..", "a//b", "a/", "./a", "a\\b", "a\nb", " a", "x" * 81, "C:a", 5)
        ),
        ({"PICTURE_PREFIX": "openimages-jobs/x"}, "OPENIMAGES_IO['PICTURE_PREFIX'] must be the path of a folder"),
        ({"SIGNED_ADDRESSES": 1}, "OPENIMAGES_IO['SIGNED_ADDRESSES'] must be True or False, not 1."),
        ({"MAX_RATIO": "5"}, "OPENIMAGES_IO['MAX_RATIO'] must be a whole number above 0, not '5'."),
        ({"MAX_RATIO": 0}, "OPENIMAGES_IO['MAX_RATIO'] must be a whole number above 0, not 0."),
        ({"MAX_RATIO": True}, "OPENIMAGES_IO['MAX_RATIO'] must be a whole number above 0, not True."),
        ({"MAX_RATIO": 1.5}, "OPENIMAGES_IO['MAX_RATIO'] must be a whole number above 0, not 1.5."),
    ],
    ids=str,
)
def test_a_setting_that_makes_no_sense(settings: Settings, given: Any, reason: str) -> None:
    settings.OPENIMAGES_IO = given
    with pytest.raises(ImproperlyConfigured) as caught:
        conf.limits()
    assert str(caught.value).startswith(reason)
    (error,) = run_checks(app_configs=None)
    assert (error.id, error.msg) == ("openimages_io.E001", str(caught.value))
    assert error.hint


@pytest.mark.parametrize(("vendor", "ids"), [("sqlite", []), ("postgresql", []), ("mysql", ["openimages_io.E002"])])
def test_only_two_databases_will_do(monkeypatch: pytest.MonkeyPatch, vendor: str, ids: list[str]) -> None:
    monkeypatch.setattr(checks, "connections", {"default": SimpleNamespace(vendor=vendor)})
    found = checks.check_database(None)
    assert [error.id for error in found] == ids
    assert all(vendor in error.msg and error.hint and "default" in error.hint for error in found)


@pytest.mark.parametrize(
    ("backend", "found", "said"),
    [
        ("dummy.DummyBackend", "openimages_io.E010", "never runs"),
        ("immediate.ImmediateBackend", "openimages_io.W001", "inside the request"),
    ],
)
def test_a_backend_without_a_worker(settings: Settings, backend: str, found: str, said: str) -> None:
    settings.TASKS = {"default": {"BACKEND": f"{FRAMEWORK}.backends.{backend}"}}
    settings.OPENIMAGES_IO = project.settings.OPENIMAGES_IO
    (message,) = run_checks(app_configs=None)
    assert message.id == found
    assert said in message.msg
    assert "django_tasks_db" in str(message.hint)


def test_a_backend_whose_app_is_not_installed(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "tests.matrix.people.models.Person"}}
    settings.OPENIMAGES_IO = project.settings.OPENIMAGES_IO
    (message,) = checks.check_settings(None)  # Django 6 has a check of its own, which raises
    assert message.id == "openimages_io.E004"
    assert "INSTALLED_APPS" in message.msg
    assert "INSTALLED_APPS" in str(message.hint)


@pytest.mark.parametrize(
    ("options", "is_public"),
    [
        ({"location": "somewhere"}, False),
        ({"location": "somewhere", "base_url": None}, False),
        ({"location": "somewhere", "base_url": "/jobs/"}, True),
        ({"location": "pictures/jobs", "base_url": None}, True),
        ({}, True),
    ],
    ids=str,
)
def test_a_job_storage_with_public_urls(settings: Settings, options: dict[str, str | None], is_public: bool) -> None:
    settings.MEDIA_ROOT = Path("pictures").absolute()
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.TASKS, settings.STORAGES = project.settings.TASKS, settings.STORAGES | {"shown": storage}
    settings.OPENIMAGES_IO = {"JOB_STORAGE": "shown"}
    found = run_checks(app_configs=None)
    assert [message.id for message in found] == (["openimages_io.W002"] if is_public else [])
    assert all("past all permissions" in message.msg and "base_url None" in str(message.hint) for message in found)


@pytest.mark.parametrize(("signs", "ids"), [(True, []), (False, ["openimages_io.W002"])])
def test_a_job_storage_that_signs_its_urls(settings: Settings, signs: bool, ids: list[str]) -> None:
    storage = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"querystring_auth": signs}}
    settings.TASKS, settings.STORAGES = project.settings.TASKS, settings.STORAGES | {"bucket": storage}
    settings.OPENIMAGES_IO = {"JOB_STORAGE": "bucket"}
    assert [message.id for message in run_checks(app_configs=None)] == ids


class Bucket(Storage):
    """A storage that signs URLs, or does not, as those of django-storages say it."""

    def __init__(self, *, querystring_auth: bool) -> None:
        self.querystring_auth = querystring_auth


@pytest.mark.parametrize("apart", [{"openimages_io"}, {"auth"}])
def test_tasks_in_another_database_than_users(monkeypatch: pytest.MonkeyPatch, apart: set[str]) -> None:
    def db_for_write(model: Any) -> str:
        return "second" if model._meta.app_label in apart else "default"

    known = SimpleNamespace(vendor="sqlite")
    monkeypatch.setattr(checks, "connections", {"default": known, "second": known})
    monkeypatch.setattr(checks, "router", SimpleNamespace(db_for_write=db_for_write))
    (message,) = checks.check_database(None)
    assert message.id == "openimages_io.E008"
    assert "'second'" in message.msg
    assert "'default'" in message.msg
    assert "no foreign key" in str(message.hint)
    apart |= {"openimages_io", "auth"}
    assert checks.check_database(None) == []


def test_psycopg_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "connections", {"default": SimpleNamespace(vendor="postgresql")})
    monkeypatch.setattr(checks, "is_psycopg3", lambda: False)
    (message,) = checks.check_database(None)
    assert message.id == "openimages_io.E009"
    assert "psycopg[binary]" in str(message.hint)


_SESSIONS: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": ["https://app.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://app.example.org"],
    "CORS_ALLOW_CREDENTIALS": True,
    "ALLOWED_HOSTS": ["api.example.org"],
}
_ELSEWHERE = {
    "CORS_ALLOWED_ORIGINS": ["https://app.example.net"],
    "CSRF_TRUSTED_ORIGINS": ["https://*.example.net"],
}
_SECURE = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}
_NONE = {"SESSION_COOKIE_SAMESITE": "None", "CSRF_COOKIE_SAMESITE": "None"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ""),
        ({"CORS_ALLOW_HEADERS": ["accept", "Content-Type", "IF-MATCH"], "CORS_EXPOSE_HEADERS": ["eTag"]}, ""),
        ({"CORS_ALLOW_HEADERS": list(default_headers)}, "W003"),
        ({"CORS_ALLOW_HEADERS": ["if-match"]}, "W003"),
        ({"CORS_EXPOSE_HEADERS": []}, "W004"),
        ({"CORS_ALLOW_HEADERS": [], "CORS_EXPOSE_HEADERS": []}, "W003 W004"),
        ({"CORS_ALLOW_HEADERS": [], "CORS_ALLOWED_ORIGINS": []}, ""),
        ({"CORS_ALLOW_HEADERS": [], "CORS_ALLOWED_ORIGINS": [], "CORS_ALLOW_ALL_ORIGINS": True}, "W003"),
        ({"CORS_ALLOW_HEADERS": [], "CORS_ALLOWED_ORIGINS": [], "CORS_ALLOWED_ORIGIN_REGEXES": ["."]}, "W003"),
        ({"CORS_ALLOW_HEADERS": [], "CORS_URLS_REGEX": "^/other/"}, ""),
        ({"CSRF_TRUSTED_ORIGINS": []}, "W005"),
        ({"CSRF_TRUSTED_ORIGINS": [], "CORS_ALLOW_CREDENTIALS": False}, ""),
        ({"CSRF_TRUSTED_ORIGINS": ["https://*.example.org"]}, ""),
        ({"CSRF_TRUSTED_ORIGINS": ["http://*.example.org"]}, "W005"),
        (_ELSEWHERE, "W006"),
        (_ELSEWHERE | {"CORS_ALLOW_CREDENTIALS": False}, ""),
        (_ELSEWHERE | {"ALLOWED_HOSTS": ["*"]}, ""),
        (_ELSEWHERE | {"ALLOWED_HOSTS": [".example.net"]}, ""),
        (_ELSEWHERE | _NONE | _SECURE, ""),
        (_ELSEWHERE | _NONE, "W006"),  # browsers drop such a cookie
        (_ELSEWHERE | _SECURE | {"SESSION_COOKIE_SAMESITE": "None"}, "W006"),
        ({"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}, "W006"),
    ],
    ids=str,
)
def test_a_site_that_lets_other_origins_in_but_blocks_their_saves(
    settings: Settings, given: dict[str, Any], found: str
) -> None:
    settings.TASKS, settings.OPENIMAGES_IO = project.settings.TASKS, project.settings.OPENIMAGES_IO
    for name, value in (_SESSIONS | given).items():
        setattr(settings, name, value)
    messages = run_checks(app_configs=None)
    assert [message.id for message in messages] == [f"openimages_io.{one}" for one in found.split()]
    assert all("docs/frontend.md" in str(message.hint) for message in messages)


def test_a_site_without_sessions_for_the_api_is_not_told_of_cookies(settings: Settings) -> None:
    settings.TASKS, settings.OPENIMAGES_IO = project.settings.TASKS, project.settings.OPENIMAGES_IO
    for name, value in (_SESSIONS | _ELSEWHERE).items():
        setattr(settings, name, value)
    tokens = ["project.authentication.TokenAuthentication"]
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_AUTHENTICATION_CLASSES": tokens}
    assert run_checks(app_configs=None) == []


@pytest.mark.programs
@pytest.mark.parametrize(
    ("given", "storages", "found"),
    [
        ('{"PICTURE_STORAGE": "attic"}', "", "E003) OPENIMAGES_IO['PICTURE_STORAGE'] is 'attic', but STORAGES has no"),
        ('{"JOB_STORAGE": "attic"}', "", "E003) OPENIMAGES_IO['JOB_STORAGE'] is 'attic', but STORAGES has no"),
        ('{"JOB_STORAGE": "attic"}', '{"BACKEND": "no.Such"}', "E003) OPENIMAGES_IO['JOB_STORAGE'] is 'attic', which "),
        ('{"MAX_RATIOS": 5}', "", "E001) OPENIMAGES_IO has an unknown key 'MAX_RATIOS'"),
    ],
)
def test_what_a_site_that_starts_with_a_wrong_setting_is_told(
    tmp_path: Path, given: str, storages: str, found: str
) -> None:
    lines = ["from tests.settings import *", f"OPENIMAGES_IO = {given}"]
    lines += [f"STORAGES = STORAGES | {{'attic': {storages}}}"] * bool(storages)
    (tmp_path / "wrong_settings.py").write_text("\n".join(lines), "utf-8")
    search = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "DJANGO_SETTINGS_MODULE": "wrong_settings"}
    command = [sys.executable, "-c", "from django.core.management import execute_from_command_line as run; run()"]
    done = subprocess.run(
        [*command, "check"], env=os.environ | search, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"(openimages_io.{found}" in done.stderr
    assert "Traceback" not in done.stderr
