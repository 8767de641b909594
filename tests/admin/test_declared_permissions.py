"""Every address and every action of our admin classes says which permission it needs, and asks the site's own class."""

from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from openimages_io.admin.pages import Page, PagesMixin, page
from openimages_io.admin.permissions import PermissionsInline, PermissionsMixin
from openimages_io.models import Task

OF_DJANGO = {"changelist", "add", "history", "delete", "change"}
"""Pages that ask `has_…_permission` themselves, in each of Django's versions."""


def classes() -> Iterator[Any]:
    """Our admin classes on Django's own site."""
    for model, found in admin.site._registry.items():
        if model._meta.app_label == "openimages_io":
            assert isinstance(found, PagesMixin), model
            yield found


def undeclared(found: Any) -> list[str]:
    """The addresses and actions of an admin class that don't say who may."""
    faults = []
    prefix = f"openimages_io_{found.opts.model_name}_"
    for pattern in found.get_urls():
        name = (pattern.name or "").removeprefix(prefix)
        declared = getattr(pattern.callback, "openimages_page", None)
        if declared is None and name not in OF_DJANGO and str(pattern.pattern) != "<path:object_id>/":
            faults.append(str(pattern.pattern))
        if isinstance(declared, Page):
            assert callable(getattr(found, f"has_{declared.permission}_permission")), pattern
    for each in found._get_base_actions():
        action, name = (each.func, each.name) if django.VERSION >= (6, 1) else each[:2]
        permissions = getattr(action, "allowed_permissions", ())
        if not permissions or not all(hasattr(found, f"has_{wanted}_permission") for wanted in permissions):
            faults.append(name)
    return faults


@pytest.mark.parametrize("found", list(classes()), ids=lambda found: type(found).__name__)
def test_every_address_and_action_declares_its_permission(found: PagesMixin) -> None:
    assert undeclared(found) == []


def test_there_is_something_to_walk_over() -> None:
    declared = [p for found in classes() for p in found.get_urls() if hasattr(p.callback, "openimages_page")]
    assert len(declared) == 22
    assert sum(len(found._get_base_actions()) for found in classes()) == 5 + 2


@pytest.mark.parametrize("found", list(classes()), ids=lambda found: type(found).__name__)
@pytest.mark.parametrize("verb", ["view", "add", "change", "delete"])
def test_what_django_asks_is_answered_by_the_sites_class(found: PagesMixin, verb: str) -> None:
    name = f"has_{verb}_permission"
    inlines = found.get_inlines(RequestFactory().get("/"), found.model())
    for asked in (found, *(inline(found.model, admin.site) for inline in inlines)):
        way = [base for base in type(asked).__mro__ if name in vars(base)]
        ours = {base for base in way if base.__module__.startswith("openimages_io.")}
        assert way[0] in ours, asked
        assert isinstance(asked, PermissionsMixin | PermissionsInline)


class Forgetful(PagesMixin):
    """Adds an address in Django's own way, and an action that anybody may call."""

    actions = ("spill",)

    def get_urls(self) -> list[Any]:
        return [path("secret/", self.secret, name="secret"), *super().get_urls()]

    def secret(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("everything")

    def spill(self, request: HttpRequest, queryset: Any) -> None:
        """Forgets to say who may."""


def test_one_that_is_forgotten_is_found() -> None:
    assert undeclared(Forgetful(Task, admin.site)) == ["secret/", "spill"]


class Refusing(PagesMixin):
    """A page of which nobody has the permission."""

    @page("mine/", "mine", permission="mine")
    def mine(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("everything")

    def has_mine_permission(self, request: HttpRequest) -> bool:
        return request.GET.get("may") == "1"


@pytest.mark.django_db
def test_a_page_is_answered_only_with_its_permission(as_staff: Any) -> None:
    (pattern,) = [p for p in Refusing(Task, admin.site).get_urls() if str(p.pattern) == "mine/"]
    user = as_staff().get("/admin/").wsgi_request.user
    for query, expected in (("?may=1", 200), ("", 403)):
        request = RequestFactory().get(f"/{query}")
        request.user = user
        response = pattern.callback(request)
        assert response.status_code == expected
        assert (response.content == b"everything") is (expected == 200)


def test_actions_of_a_class_and_of_its_mixins_are_both_there() -> None:
    class Own(PagesMixin):
        actions = ("mine",)
        own_actions = ("theirs",)

    class WithoutAny(Own):
        actions: Any = None

    assert list(Own(Task, admin.site).actions) == ["mine", "theirs"]
    assert WithoutAny(Task, admin.site).actions is None
