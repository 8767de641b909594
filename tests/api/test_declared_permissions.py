"""Every method of every view says who may call it; one that doesn't, or that never asks, answers nobody."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from openimages_io.api.base import ApiView
from openimages_io.api.permissions import SEES, Rules
from openimages_io.api.urls import urlpatterns
from openimages_io.models import Task

METHODS = ("get", "post", "put", "patch", "delete")


def views() -> Iterator[type[ApiView]]:
    """The class of every address of the API."""
    for pattern in urlpatterns:
        yield pattern.callback.cls  # type: ignore[attr-defined]  # put there by Django's View.as_view


@pytest.mark.parametrize("view", list(views()), ids=lambda view: view.__name__)
def test_a_view_declares_a_rule_for_each_method_that_it_has_and_for_no_other(view: type[ApiView]) -> None:
    has = {name for name in METHODS if hasattr(view, name)}
    assert has
    assert {name for name in METHODS if getattr(view.rules, name) is not None} == has


class Undeclared(ApiView):
    """Forgets to say who may."""

    def get(self, request: Request) -> Response:
        """Would show it to anybody."""
        return Response({})


class NeverAsks(ApiView):
    """Looks a row up by a way of its own."""

    rules = Rules(get=SEES)

    def get(self, request: Request) -> Response:
        """Would show it to anybody."""
        return Response({"name": Task.objects.get().name})


@pytest.mark.parametrize("view", [Undeclared, NeverAsks])
@pytest.mark.django_db
def test_a_view_that_forgets_to_ask_answers_nobody(view: type[ApiView], owner: Any, task: Task) -> None:
    request = APIRequestFactory().get("/")
    force_authenticate(request, owner)
    with pytest.raises(ImproperlyConfigured, match=view.__name__):
        view.as_view()(request)
