"""The app's settings, and the system checks that speak of them."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

import project.settings
from openimages_io import checks, conf
from openimages_io.format.limits import Limits

pytestmark = pytest.mark.django_db  # Django 6 asks the database what it can do when it checks the models


def test_without_a_setting_the_limits_are_the_defaults(settings: Settings) -> None:
    if hasattr(settings, conf.SETTING):
        delattr(settings, conf.SETTING)
    assert conf.limits() == Limits()
    assert [found.id for found in run_checks(app_configs=None)] == ["openimages_io.W001"]


def test_the_demo_site_gives_nothing_to_complain_about(settings: Settings) -> None:
    settings.TASKS = project.settings.TASKS
    assert run_checks(app_configs=None) == []


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"JOB_STORAGE": "attic"}, "openimages_io.E003"),
        ({"JOB_BACKEND": "nobody"}, "openimages_io.E004"),
        ({"JOB_QUEUE": "nowhere"}, "openimages_io.E005"),
        ({"THROTTLE_RATE": "often"}, "openimages_io.E006"),
        ({"UPLOAD_RATE": "5 a day"}, "openimages_io.E006"),
        ({"TASK_ACCESS": "nothing.Here"}, "openimages_io.E007"),
        ({"TASK_ACCESS": "Here"}, "openimages_io.E007"),
    ],
    ids=str,
)
def test_a_setting_that_names_what_is_not_there(settings: Settings, given: dict[str, str], found: str) -> None:
    settings.TASKS = project.settings.TASKS
    settings.OPENIMAGES_IO = given
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
        ({"MAX_RATIOS": 5}, "OPENIMAGES_IO has an unknown key 'MAX_RATIOS'; known are JOB_BACKEND, "),
        ({"max_ratio": 5}, "OPENIMAGES_IO has an unknown key 'max_ratio'"),
        ({5: 5}, "OPENIMAGES_IO has an unknown key 5"),
        *(
            ({"PICTURE_PREFIX": prefix}, "OPENIMAGES_IO['PICTURE_PREFIX'] must be ")
            for prefix in ("", "/a", "../a", "a/..", "a//b", "a/", "./a", "a\\b", "a\nb", " a", "x" * 81, "C:a", 5)
        ),
        ({"PICTURE_PREFIX": "openimages-jobs/x"}, "OPENIMAGES_IO['PICTURE_PREFIX'] must be the path of a folder"),
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
