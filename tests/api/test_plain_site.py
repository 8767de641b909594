"""The API on a site that has neither drf-spectacular nor an app of DRF's, and settings of its own for DRF."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.programs, pytest.mark.thorough]

SCRIPT = """
import sys
for name in ("drf_spectacular", "drf_spectacular_sidecar"):
    sys.modules[name] = None  # importing it fails, as where it is not installed
import django
django.setup()
import json
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
call_command("check", "--fail-level", "WARNING", verbosity=0)
client = Client()
slow = Client()
slow.force_login(get_user_model().objects.create_superuser("slow"))
said = {"slow": slow.get("/api/v1/tasks/").status_code}
client.force_login(get_user_model().objects.create_superuser("ann"))

def ask(method, path, body=None, accept="*/*"):
    send = getattr(client, method)
    answer = send(f"/api/v1/{path}", body, content_type="application/json", headers={"Accept": accept})
    said[f"{method} {path} {accept}"] = [answer.status_code, answer["Content-Type"], answer.content.decode()]
    return answer

ask("post", "tasks/", {"name": "a"})
ask("post", "tasks/1/labels/", {"name": "/m/01yrx", "color": "#FFFFFF"})
ask("post", "tasks/1/images/", {"name": "b", "width": 4, "height": 3})
ask("post", "images/1/shapes/", {"kind": "tag", "label": 1})
for path in ("tasks/", "tasks/1/", "tasks/1/labels/", "labels/1/", "tasks/1/images/", "images/1/", "images/1/shapes/",
             "shapes/1/", "jobs/", "tasks/1/hierarchy/", "me/"):
    ask("get", path)
    ask("get", path, None, "application/vnd.site+json")
    ask("get", path, None, "text/html,*/*;q=0.8")
ask("get", "tasks/0/")
ask("options", "tasks/")
print("SAID", json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the site has answered."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.api.plain_settings",
        "MEDIA_ROOT": str(tmp_path_factory.mktemp("media")),
    }
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.rpartition("SAID ")[2])
    return found


def test_every_resource_answers_without_drf_spectacular(said: dict[str, Any]) -> None:
    answers = {key: value for key, value in said.items() if key.endswith("*/*") and "q=" not in key}
    assert {value[0] for key, value in answers.items() if key.startswith("post")} == {201}
    assert answers.pop("get tasks/0/ */*")[0] == 404
    assert {value[0] for key, value in answers.items() if key.startswith("get")} == {200}
    assert {value[1] for value in answers.values()} == {"application/json"}


def test_the_sites_throttles_hold(said: dict[str, Any]) -> None:
    assert said["slow"] == 429


def test_the_sites_renderers_hold_for_shapes_too(said: dict[str, Any]) -> None:
    marked = {key: value for key, value in said.items() if key.endswith("site+json")}
    assert len(marked) == 11
    for key, (status, kind, body) in marked.items():
        assert (status, kind) == (200, "application/vnd.site+json"), key
        plain = json.loads(said[f"{key.rpartition(' ')[0]} */*"][2])
        assert json.loads(body) == {"data": plain}


def test_without_the_app_that_has_its_templates_there_is_no_browsable_api(said: dict[str, Any]) -> None:
    pages = [value for key, value in said.items() if "text/html" in key]
    assert len(pages) == 11
    assert {(status, kind) for status, kind, _ in pages} == {(200, "application/json")}
