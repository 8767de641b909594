"""docs/frontend.md is true: its code is the example's, its commands answer so, its settings do what they say."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs.site import Site
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "frontend.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "annotate"
ORIGIN = "https://app.example.org"
_HOSTS = 'ALLOWED_HOSTS = ["api.example.org", "127.0.0.1"]'
_MINIMAL = """
from project.settings import *
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "corsheaders"]
MIDDLEWARE = [one for one in MIDDLEWARE if not one.startswith("corsheaders")]
for _name in [name for name in globals() if name.startswith("CORS_")]:
    del globals()[_name]
"""


def blocks(language: str) -> list[str]:
    """The blocks of code in a language, without what a list indents them by."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    return ["\n".join(line.removeprefix(indent) for line in text.splitlines()) for indent, text in found]


def settings_of(folder: Path, *given: str) -> dict[str, str]:
    """The environment of a site that has these settings besides."""
    (folder / "mysite_settings.py").write_text("\n".join((_MINIMAL, *given)), "utf-8")
    return {"DJANGO_SETTINGS_MODULE": "mysite_settings", "PYTHONPATH": f"{folder}:{ROOT}"}


def curl(url: str, *words: str) -> tuple[dict[str, str], Any]:
    """The headers and the JSON of an answer."""
    command = ["curl", "-s", "-D", "-", *words, url]
    head, _, body = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("\n\n")
    lines = [line.partition(": ") for line in head.splitlines()[1:]]
    return {name.lower(): value for name, _, value in lines}, json.loads(body) if body else None


def test_what_it_quotes_of_the_example_is_there() -> None:
    code = "\n".join(path.read_text("utf-8") for path in EXAMPLE.glob("*.js"))
    lines = {line.strip() for line in code.splitlines()}
    quoted = [block for block in blocks("js") if "fetch(" not in block]
    assert len(quoted) == 5
    for block in quoted:
        assert {line.strip() for line in block.splitlines()} <= lines, block


@pytest.mark.programs
@pytest.mark.thorough
def test_its_commands_answer_so() -> None:
    (text,) = blocks("console")
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", text, re.MULTILINE)
    assert len(commands) == 3
    with Site(worker=False, CORS_ALLOWED_ORIGINS=ORIGIN) as site:
        for command, printed in commands:
            asked = command.replace("http://127.0.0.1:8000", site.url)
            env = os.environ | {"LC_ALL": "C"}
            done = subprocess.run(["/bin/sh", "-c", asked], env=env, capture_output=True, text=True, check=False)
            assert done.stdout.strip() == printed.strip(), command


@pytest.mark.programs
@pytest.mark.thorough
def test_its_settings_let_the_origin_in(tmp_path: Path) -> None:
    cors, sessions, _ = blocks("python")
    with Site(worker=False, **settings_of(tmp_path, cors, sessions, _HOSTS)) as site:
        site.manage("check", "--fail-level", "WARNING")
        place = f"{site.url}/api/v1/tasks/"
        wanted = ("Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: if-match,authorization")
        said, _ = curl(place, "-X", "OPTIONS", "-H", f"Origin: {ORIGIN}", "-H", wanted[0], "-H", wanted[1])
        assert said["access-control-allow-origin"] == ORIGIN
        assert said["access-control-allow-credentials"] == "true"
        assert {"if-match", "authorization"} <= set(said["access-control-allow-headers"].split(", "))
        said, _ = curl(f"{site.url}/api/session/", "-H", f"Origin: {ORIGIN}")
        assert "Secure" in said["set-cookie"]
    with Site(worker=False, **settings_of(tmp_path, "")) as site:  # without them, nobody is let in
        said, _ = curl(f"{site.url}/api/v1/tasks/", "-H", f"Origin: {ORIGIN}")
        assert not [name for name in said if name.startswith("access-control")]


@pytest.mark.programs
@pytest.mark.thorough
def test_behind_its_proxy_urls_are_those_from_outside(tmp_path: Path) -> None:
    proxied = blocks("python")[-1]
    with Site(worker=False, **settings_of(tmp_path, proxied, 'ALLOWED_HOSTS.append("127.0.0.1")')) as site:
        site.python("from django.contrib.auth import get_user_model as u; u().objects.create_superuser('a', '', 'b')")
        headers = ["-H", "X-Forwarded-Host: example.org", "-H", "X-Forwarded-Proto: https"]
        headers += ["-H", "Content-Type: application/json"]
        login = '{"username": "a", "password": "b"}'
        _, body = curl(f"{site.url}/api/token/", *headers, "-d", login)
        headers += ["-H", f"Authorization: Bearer {body['token']}"]
        said, task = curl(f"{site.url}/api/v1/tasks/", *headers, "-d", '{"name": "street"}')
        assert said["location"] == f"https://example.org/annotate/api/v1/tasks/{task['id']}/"
        new = '[{"name": "a", "width": 4, "height": 3}]'
        _, images = curl(f"{site.url}/api/v1/tasks/{task['id']}/images/", *headers, "-d", new)
        assert images["results"][0]["shapes"].startswith("https://example.org/annotate/api/v1/images/")
        _, refused = curl(f"{site.url}/api/v1/tasks/", *headers[2:], "-H", "X-Forwarded-Host: elsewhere.example")
        assert refused["status"] == 400
