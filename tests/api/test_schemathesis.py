"""The OpenAPI document and the site agree: schemathesis asks a live server what it allows, and what it doesn't."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation

from docs.generate_openapi import TARGET
from docs.site import Site
from tests.api.schema_site import KEY

SCHEMA = schemathesis.openapi.from_path(TARGET)
EXAMPLES = 6


class Asked:
    """The site, and whose turn it is to be deleted."""

    def __init__(self, site: Site) -> None:
        self.url = site.url
        self.site = site
        keys: dict[str, list[Any]] = json.loads((site.folder / "keys.json").read_text("utf-8"))
        self.kept = {kind: row[0] for kind, row in keys.items()}
        self.spare = {kind: itertools.cycle(row[1:]) for kind, row in keys.items()}

    def aim(self, case: Case) -> None:
        """Has a case ask for what is there, unless it asks on purpose for what no key is."""
        kind = case.operation.path.split("/")[2]
        path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
        if "id" not in case.path_parameters or (path is not None and path.mode is GenerationMode.NEGATIVE):
            return
        case.path_parameters["id"] = next(self.spare[kind]) if case.method == "DELETE" else self.kept[kind]


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with Site(worker=False) as site:
        target = site.folder / "keys.json"
        site.python(f"from pathlib import Path\nfrom tests.api.schema_site import fill\nfill(Path({str(target)!r}))")
        site.manage("db_worker", "--batch", "--no-reload", "--no-startup-delay", "--verbosity", "0")
        yield Asked(site)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_site_answers_as_its_document_says(case: Case, asked: Asked) -> None:
    asked.aim(case)
    case.call_and_validate(base_url=asked.url, headers={"Authorization": f"Token {KEY}"})
