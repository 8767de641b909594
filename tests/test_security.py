"""SECURITY.md names every limit of the settings, and only tests that there are."""

import re
from dataclasses import fields

import pytest

from openimages_io.conf import Options
from openimages_io.format.limits import Limits
from tests.conftest import ROOT

PAGE = (ROOT / "SECURITY.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
ROWS = re.findall(r"^\| `[A-Z_`, ]+` \|.*$", PAGE, re.MULTILINE)
NAMED = {name for row in ROWS for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
LIMITS = {field.name.upper() for field in fields(Limits)}
OPTIONS = {field.name.upper() for field in fields(Options)}


def test_every_limit_is_named_and_nothing_else() -> None:
    bounding = {name for name in OPTIONS if name.startswith("MAX_") or name.endswith(("_RATE", "_SIZE"))}
    assert LIMITS | bounding == NAMED


def test_every_limit_has_its_default_in_the_documentation() -> None:
    found = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) \|", SETTINGS, re.MULTILINE))
    expected = {field.name.upper(): f"{field.default:,}" for field in fields(Limits)}
    expected |= {field.name.upper(): f"{field.default:,}" for field in fields(Options) if field.type is int}
    assert found == expected


@pytest.mark.parametrize("row", ROWS)
def test_every_limit_is_held_by_tests_that_use_it_or_its_default(row: str) -> None:
    paths = re.findall(r"\]\((tests/[^)]+)\)", row)
    assert paths
    texts = "".join((ROOT / path).read_text() for path in paths)
    for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1]):
        assert name in texts or name.lower() in texts, name
