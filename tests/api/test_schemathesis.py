"""The OpenAPI document and the site agree: schemathesis asks a live server what it allows, and what it doesn't.

By itself it asks a little; with OPENIMAGES_THOROUGH=1 (`make test-thorough`) every boundary of every value, too.
"""

import itertools
import json
import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from docs.generate_openapi import TARGET
from docs.site import Site
from tests.api.schema_site import KEY

THOROUGH: Final = os.environ.get("OPENIMAGES_THOROUGH") == "1"
pytestmark = [pytest.mark.programs, pytest.mark.thorough]
REFUSED: Final = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
"""An ETag at random is 412, and none at all 428; an Idempotency-Key that came with another body is 422."""
LIKE_OTHERS: Final = ("shapes_add", "shapes_patch")
"""Operations that take the shapes of `shapes_save` and `shapes_change`, of which every boundary is asked."""
CONFIG: Final = schemathesis.Config.from_dict(
    {
        "phases": {"coverage": {"enabled": THOROUGH}},
        "operations": [
            {"include-operation-id": name, "phases": {"coverage": {"enabled": False}}} for name in LIKE_OTHERS
        ],
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSED},
            "missing_required_header": {"expected-statuses": REFUSED},
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]
            },
        },
    }
)
SCHEMA: Final = schemathesis.openapi.from_path(TARGET, config=CONFIG)
HAVE_RULES: Final = {
    "hierarchy_replace": "names labels that the task must have",
    "images_change": "width and height are known together",
    "images_create": "an ImageID is there once",
    "images_move": "images and labels are the task's, and chosen in one way",
    "images_list": "a list starts after an image that the task has",
    "images_neighbours": "a range ends behind its beginning",
    "images_set_file": "a picture must be one, and its name end as a picture's does",
    "images_upload": "an ImageID is there once, and a picture must be one",
    "imports_create": "a task's name is there once",
    "labels_change": "values belong to some input types only",
    "labels_create": "values belong to some input types only",
    "obtain_token": "the password must be right",
    "session_create": "the password must be right",
    "shapes_delete_many": "images and labels are the task's, and chosen in one way",
    "shapes_relabel": "images and labels are the task's, and chosen in one way",
    "tasks_export": "images are chosen in one way",
    "shapes_add": "coordinates belong to kinds, attributes to specs",
    "shapes_change": "coordinates belong to kinds, attributes to specs",
    "shapes_patch": "coordinates belong to kinds, attributes to specs",
    "shapes_save": "coordinates belong to kinds, attributes to specs",
    "tasks_change": "a task's name is there once",
    "tasks_create": "a task's name is there once",
    "tasks_import": "an archive is not empty",
}
"""Operations with rules that a schema cannot say: what the document allows may be a 400, with its path."""


class Asked:
    """The site, and whose turn it is to be deleted."""

    def __init__(self, site: Site) -> None:
        self.url = site.url
        keys: dict[str, list[Any]] = json.loads((site.folder / "keys.json").read_text("utf-8"))
        self.kept = {kind: row[0] for kind, row in keys.items()}
        self.spare = {kind: itertools.cycle(row[1:]) for kind, row in keys.items()}

    def aim(self, case: Case[Any]) -> None:
        """Has a case ask for what is there, unless it asks on purpose for what no key is."""
        kind = case.operation.path.removeprefix("/api/v1/").split("/")[0]
        path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
        if "id" not in case.path_parameters or (path is not None and path.mode is GenerationMode.NEGATIVE):
            return
        case.path_parameters["id"] = next(self.spare[kind]) if case.method == "DELETE" else self.kept[kind]


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with Site(worker=False, DJANGO_SETTINGS_MODULE="tests.site_settings") as site:
        target = site.folder / "keys.json"
        site.python(f"from pathlib import Path\nfrom tests.api.schema_site import fill\nfill(Path({str(target)!r}))")
        site.manage("db_worker", "--batch", "--no-reload", "--no-startup-delay", "--verbosity", "0")
        yield Asked(site)


@SCHEMA.parametrize()
@settings(
    max_examples=30 if THOROUGH else 4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_site_answers_as_its_document_says(case: Case[Any], asked: Asked) -> None:
    asked.aim(case)
    excluded = [positive_data_acceptance] if case.operation.definition.raw["operationId"] in HAVE_RULES else []
    if case.media_type == "multipart/form-data":
        excluded.append(negative_data_rejection)  # in a form everything is text, an object too
    case.call_and_validate(
        base_url=asked.url, headers={"Authorization": f"Token {KEY}"}, excluded_checks=[*excluded], timeout=30
    )


def test_only_operations_that_are_there_have_rules() -> None:
    document = json.loads(TARGET.read_text("utf-8"))
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} >= HAVE_RULES.keys()
