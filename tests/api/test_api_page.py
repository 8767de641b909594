"""docs/api.md is what a site answers, and docs/api-reference.md names every address."""

import json
import shutil

import pytest

from docs import api_tour, generate_openapi


@pytest.mark.programs
@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl, which the page is made of")
def test_the_page_shows_what_its_commands_print() -> None:
    page = api_tour.TARGET.read_text("utf-8")
    assert api_tour.told(page) == page, "Run `make docs`, and look at the difference."


def test_the_page_names_every_endpoint() -> None:
    page = api_tour.REFERENCE.read_text("utf-8")
    for path, operations in json.loads(generate_openapi.TARGET.read_text("utf-8"))["paths"].items():
        for method in operations:
            assert f"| `{method.upper()}` | `{path.removeprefix('/api')}` | " in page
