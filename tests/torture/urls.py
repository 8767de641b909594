"""Every address by every method, asked by seven kinds of user and the owner: the statuses are those that were decided.

They stand in `statuses.txt`; `python -m tests.torture --only urls --golden` writes them again. Whoever may not see a
task never gets a word of it, whoever may not change it changes no row, and nobody gets a 500.
"""

import re
import uuid
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from tests.torture.findings import Findings
from tests.torture.invariants import Rows, rows
from tests.torture.sites import SQLITE, Databases
from tests.torture.urls_site import SECRET, Asker, People, made

PAGE = Path(__file__).with_name("statuses.txt")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "api/v1/tasks/<int:pk>/"): {"name": "changed"},
    ("POST", "api/v1/tasks/<int:pk>/labels/"): {"name": "/m/new"},
    ("PATCH", "api/v1/labels/<int:pk>/"): {"display_name": "changed"},
    ("PUT", "api/v1/tasks/<int:pk>/hierarchy/"): {"LabelName": "/m/root"},
    ("POST", "api/v1/tasks/<int:pk>/images/"): {"name": "new"},
    ("PATCH", "api/v1/images/<int:pk>/"): {"name": "changed"},
    ("PUT", "api/v1/images/<int:pk>/shapes/"): {"shapes": []},
    ("PATCH", "api/v1/shapes/<int:pk>/"): {"score": 0.5},
    ("POST", "api/token/"): {"username": "nobody", "password": "wrong"},
    ("POST", "api/session/"): {"username": "nobody", "password": "wrong"},
}
_DELETE_FORM = {"post": "yes"}


def run(findings: Findings, databases: Databases, *, golden: bool = False) -> None:
    """Asks, in an order of chance where there is no time for all."""
    vendor = SQLITE  # who may do what is not a matter of the database
    with databases.visiting(vendor):
        place, people = made()
        asked = [(route, method) for route in routes() for method in METHODS]
        decided = kept()
        if not golden:
            findings.chance.shuffle(asked)
            findings.expect(
                {f"{method} {route}" for route, method in asked} == set(decided),
                "the addresses are not those of statuses.txt: run with --golden, and look at the difference",
            )
        lines = {}
        for number, (route, method) in enumerate(asked):
            if findings.left < 0 and not golden:
                findings.skipped.append(
                    f"{len(asked) - number} of {len(asked)} addresses and methods, for want of time"
                )
                break
            name = f"{method} {route}"
            with findings.trial(name):
                found = [_ask(findings, who, method, route, place) for who in people]
                findings.tried += len(found) - 1
                lines[name] = " ".join(map(str, found))
                if not golden:
                    findings.expect(
                        lines[name] == decided.get(name), f"{name}: {lines[name]}; statuses.txt has {decided.get(name)}"
                    )
        if golden:
            head = "# Written by `python -m tests.torture --only urls --golden`; it compares them.\n"
            head += f"# The answers to: {', '.join(who.name for who in people)}\n"
            PAGE.write_text(head + "".join(_grouped(lines)), "utf-8")


def routes() -> list[str]:
    """Every route of the site once, in the order of the URL configuration."""
    return list(dict.fromkeys(_walk(get_resolver())))


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _grouped(lines: dict[str, str]) -> Iterator[str]:
    """A line for each route and answer, with the methods that get it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, status in lines.items():
        method, _, route = name.partition(" ")
        groups.setdefault((route, status), []).append(method)
    yield from (f"{status} {','.join(methods)} {route}\n" for (route, status), methods in groups.items())


def kept() -> dict[str, str]:
    """The answers that were decided, by method and route."""
    found: dict[str, str] = {}
    for line in PAGE.read_text("utf-8").splitlines() if PAGE.exists() else ():
        if match := re.fullmatch(r"((?:\d+ )+)([A-Z,]+) (.*)", line):
            found |= {f"{method} {match[3]}": match[1].strip() for method in match[2].split(",")}
    return found


def _ask(findings: Findings, who: Asker, method: str, route: str, place: People) -> int:
    cache.clear()
    who.client.cookies = SimpleCookie(who.session)  # one of the addresses logs out
    url = "/" + _address(route, place)
    body = _BODIES.get((method, route), {})
    given: dict[str, Any] = {"headers": {"If-Match": "*"}}
    if url.startswith("/api/"):
        given |= {"data": body, "content_type": "application/json"} if method not in ("GET", "HEAD") else {}
    elif method == "POST":
        given |= {"data": _DELETE_FORM}
    what = f"{who.name}: {method} {url}"
    watched = not who.may_change and method not in ("GET", "HEAD", "OPTIONS")
    with transaction.atomic():
        before: Rows = rows() if watched else {}
        response = getattr(who.client, method.lower())(url, **given)
        content = b"".join(response) if response.streaming else response.content
        head = "".join(f"{name}: {value}\n" for name, value in response.items())
        after: Rows = rows() if watched else {}
        transaction.set_rollback(True)
    response.close()
    if not who.may_see:
        findings.expect(
            SECRET not in head + content.decode("utf-8", "replace"), f"{what} gets a word of the task", answer=content
        )
    findings.expect(response.status_code < 500, f"{what} is {response.status_code}", answer=content)
    for model, there in before.items():
        findings.expect(
            set(map(repr, there)) <= set(map(repr, after[model])), f"{what} changed a {model}", answer=content
        )
    return int(response.status_code)


def _address(route: str, place: People) -> str:
    """The route with the keys of the owner's rows."""
    kind = re.search(r"openimages_io/(\w+)/|api/v1/(\w+?)s/|auth/(user|group)/|authtoken/(tokenproxy)/", route)
    key = place.keys.get(next(filter(None, kind.groups()), "") if kind else "", uuid.UUID(int=0))
    values = {
        "size": 256,
        "content_type_id": place.keys["content type"],
        "app_label": "openimages_io",
        "url": "nothing",
    }
    route = re.sub(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\))*[^()]*\)", r"<\1>", route)
    route = route.replace("^", "").replace("$", "")
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values.get(match[1], key)), route)
