"""A form of the admin site says in one language what is wrong, also where its page is in another."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from openimages_io.models import Image, Label, Task

pytestmark = pytest.mark.django_db
ADMIN = "/admin/openimages_io"
ERRORS = re.compile(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>|<p class="errornote">(.*?)</p>', re.DOTALL)


@pytest.fixture(autouse=True)
def _own_language(settings: Any) -> Iterator[None]:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    yield
    translation.deactivate()


def messages(client: Client, url: str, form: dict[str, Any] | None, language: str) -> tuple[list[str], str]:
    """What is wrong field by field, and the page."""
    headers = {"Accept-Language": language}
    response = client.get(url, headers=headers) if form is None else client.post(url, form, headers=headers)
    assert response.status_code == 200
    page = response.content.decode()
    found = [
        unescape(re.sub(r"<[^>]+>|\s+", " ", "".join(match.groups("")))).strip() for match in ERRORS.finditer(page)
    ]
    return found, page


@pytest.mark.long
@pytest.mark.parametrize("language", ["de", "fr"])
def test_messages_of_forms(admin_client: Client, language: str) -> None:
    task = Task.objects.create(name="street")
    image, label = Image.objects.create(task=task, name="a"), Label.objects.create(task=task, name="/m/1")
    Label.objects.create(task=task, name="/m/2")
    long = "x" * 300
    specs = {
        "attribute_specs-TOTAL_FORMS": "3", "attribute_specs-INITIAL_FORMS": "0",
        "parent_edges-TOTAL_FORMS": "0", "parent_edges-INITIAL_FORMS": "0",
        "child_edges-TOTAL_FORMS": "0", "child_edges-INITIAL_FORMS": "0",
    }  # fmt: skip
    spec = {"name": "pose", "input_type": "number", "values": "one", "default_value": "x", "position": "x"}
    for number in range(2):
        specs |= {f"attribute_specs-{number}-{name}": value for name, value in spec.items()}
    specs |= {"attribute_specs-2-name": "a", "attribute_specs-2-input_type": "", "attribute_specs-2-position": "-1"}
    forms: list[tuple[str, dict[str, Any] | None]] = [
        (f"{ADMIN}/task/add/", {"name": "", "owner": "x"}),
        (f"{ADMIN}/task/add/", {"name": long}),
        (f"{ADMIN}/task/add/", {"name": "street"}),
        (f"{ADMIN}/label/{label.pk}/change/", {"name": "", "color": "x", "position": "x", **specs}),
        (f"{ADMIN}/label/{label.pk}/change/", {"name": "/m/2", "color": "red", "position": "-1", **specs}),
        (f"{ADMIN}/image/{image.pk}/change/", {"name": "", "subset": "../a", "width": "-1", "rotation": "x"}),
        (f"{ADMIN}/image/{image.pk}/change/", {"name": "a/../b", "subset": long, "width": "5", "height": ""}),
        (f"{ADMIN}/task/import/", {"task_name": "", "mode": "x"}),
        (f"{ADMIN}/task/import/", {"task_name": "street"}),
        (f"{ADMIN}/task/{task.pk}/gallery/?score_min=7&label=x&updated_since=x&page_size=x", None),
    ]
    told = 0
    for url, form in forms:
        english, _ = messages(admin_client, url, form, "en")
        found, page = messages(admin_client, url, form, language)
        # Django's note above the form belongs to the page around it.
        notes = {"Please correct the error below.", "Please correct the errors below."}
        ours = [message for message in english if message not in notes]
        assert [message for message in found if message in ours] == ours, (url, form, found)
        assert f'lang="{language}"' in page
        told += len(ours)
    assert told > 15
