"""Whatever language a browser asks for, an answer is what it is in English: no message of Django's beside ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import translation

from openimages_io.models import Image, Label, Task
from tests.api import job_factories
from tests.conftest import QUICK

pytestmark = pytest.mark.django_db
LONG, CONTROL = "x" * 300, "a\nb"
LANGUAGES = ["de", "fr"]
VALUES: list[Any] = [None, True, 5, -1, 1.5, 10**30, "", LONG, CONTROL, [], {}, [None], "2"]


@pytest.fixture(autouse=True)
def _own_language(settings: Any) -> Iterator[None]:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    yield
    translation.deactivate()


def bodies(names: list[str]) -> list[Any]:
    """A body for each field and value, and some that are none."""
    return [5, [], {}, {"no": 1}, *({name: value} for name in names for value in VALUES)]


def said(client: Client, method: str, url: str, body: Any, language: str) -> Any:
    """What is answered, and in which language it says that it is."""
    cache.clear()
    headers = {"Accept-Language": language, "If-Match": "*"}
    data = body if isinstance(body, str) else json.dumps(body)
    response = client.generic(method, url, data, content_type="application/json", headers=headers)
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response["Content-Language"] == "en"
    return response.status_code, response.json() if response.content else None


def some(requests: list[Any]) -> list[Any]:
    """All of them, or every fifth where little is to be asked; of PostgreSQL, which may refuse others, always all."""
    return requests[::5] if QUICK and connection.vendor == "sqlite" else requests


def other_languages(number: int) -> list[str]:
    """In which languages a request is made beside English: in all, in one of them, or, on PostgreSQL, in none."""
    if connection.vendor != "sqlite":  # words are not the database's
        return []
    return [LANGUAGES[number % len(LANGUAGES)]] if QUICK else LANGUAGES


@pytest.fixture
def client(staff: Any) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.mark.long
@pytest.mark.many
def test_faults_of_every_field(client: Client, task: Task) -> None:
    image, label = Image.objects.create(task=task, name="a"), Label.objects.create(task=task, name="/m/1")
    v1 = "/api/v1"
    specs = ["name", "mutable", "default_value", "values", "input_type"]
    of_a_label = [{"attribute_specs": [body]} for body in bodies(specs)]
    of_a_label += [{"attribute_specs": [{"name": "a", "input_type": "number", "values": [value]}]} for value in VALUES]
    requests: list[tuple[str, str, list[Any]]] = [
        ("POST", f"{v1}/tasks/", bodies(["name"])),
        ("PATCH", f"{v1}/tasks/{task.pk}/", bodies(["name", "owner", "id"])),
        ("POST", f"{v1}/tasks/{task.pk}/labels/", [*bodies(["name", "color", "position", "is_listed"]), *of_a_label]),
        ("PATCH", f"{v1}/labels/{label.pk}/", bodies(["color", "position", "display_name", "attribute_specs"])),
        ("POST", f"{v1}/tasks/{task.pk}/images/", [bodies(["name", "subset", "width", "height", "rotation"])]),
        ("PATCH", f"{v1}/images/{image.pk}/", bodies(["width", "height", "rotation", "original_size", "license"])),
        ("POST", f"{v1}/images/{image.pk}/shapes/", bodies(["kind", "label", "x_min", "points", "mask", "score"])),
        ("PUT", f"{v1}/images/{image.pk}/shapes/", bodies(["shapes", "image", "units", "revision"])),
        ("PATCH", f"{v1}/images/{image.pk}/shapes/", bodies(["create", "update", "delete"])),
        ("PUT", f"{v1}/tasks/{task.pk}/hierarchy/", bodies(["LabelName", "Subcategory", "Part"])),
        ("POST", f"{v1}/tasks/{task.pk}/exports/", bodies(["subsets", "labels", "pictures", "layout", "masks"])),
        ("POST", "/api/token/", bodies(["username", "password"])),
    ]
    for method, url, given in requests:
        for number, body in enumerate(some([*given, "{", "\x00"])):
            english = said(client, method, url, body, "en")
            for language in other_languages(number) if english[0] >= 400 else []:  # what is taken is another then
                assert said(client, method, url, body, language) == english, (method, url, body)


@pytest.mark.long
@pytest.mark.many
def test_faults_of_queries_forms_and_methods(client: Client, task: Task) -> None:
    image, job = Image.objects.create(task=task, name="a"), job_factories.job(task)
    names = {
        f"/api/v1/tasks/{task.pk}/images/": [
            *("name", "search", "subset", "label", "without_label", "kind", "source", "score_min", "score_max"),
            *("box_size_min", "box_size_below"),
            *(
                "attribute",
                "has_shapes",
                "has_file",
                "updated_since",
                "ordering",
                "cursor",
                "page_size",
                "after",
                "count",
            ),
        ],
        "/api/v1/tasks/": ["name", "updated_since", "ordering", "cursor", "page_size", "no"],
        f"/api/v1/tasks/{task.pk}/labels/": ["name", "ordering", "page_size"],
        "/api/v1/jobs/": ["task", "kind", "state", "ordering"],
        f"/api/v1/jobs/{job.pk}/issues/": ["severity", "format", "page_size", "cursor"],
        f"/api/v1/images/{image.pk}/shapes/": ["units", "masks"],
        f"/api/v1/images/{image.pk}/neighbours/": ["label", "ordering"],
        f"/api/v1/images/{image.pk}/thumbnail/": ["size"],
        f"/api/v1/images/{image.pk}/file/": ["as_stored"],
    }
    urls = [
        f"{url}?{name}={value}"
        for url, known in names.items()
        for name in known
        for value in ("", "x", "-1", "1.5", LONG * 8, "%00", "9" * 30, "x&" + f"{name}=y")
    ]
    urls += ["/api/v1/tasks/999/", "/api/v1/images/999/", "/api/v1/jobs/00000000-0000-4000-8000-000000000000/"]
    for number, url in enumerate(some(urls)):
        english = said(client, "GET", url, "", "en")
        for language in other_languages(number) if english[0] >= 400 else []:
            assert said(client, "GET", url, "", language) == english, url
    for method in ("PUT", "DELETE", "OPTIONS"):
        answers = [said(client, method, "/api/v1/tasks/", {}, language) for language in ("en", *LANGUAGES)]
        assert answers == answers[:1] * len(answers), method
    for url in (f"/api/v1/tasks/{task.pk}/images/upload/", f"/api/v1/tasks/{task.pk}/imports/", "/api/v1/imports/"):
        for form in (
            {},
            {"no": "1"},
            {"files": "x", "archive": "x"},
            {"subset": LONG, "dry_run": "maybe", "mode": "x"},
        ):
            given = [client.post(url, form, headers={"Accept-Language": word}) for word in ("en", *LANGUAGES)]
            assert given[0].status_code == 400
            assert given[0].json() == given[1].json() == given[2].json(), (url, form)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_nobody_is_told_so_in_one_language(db: None, language: str) -> None:
    for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}):
        answers = [
            Client().get("/api/v1/tasks/", headers={**header, "Accept-Language": word}) for word in ("en", language)
        ]
        assert answers[0].status_code == 401
        assert answers[0].json() == answers[1].json()
