"""Every action of every view says who may call it; one that doesn't, or that never asks, answers nobody."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from openimages_io.api.base import ApiViewSet
from openimages_io.api.permissions import SEES
from openimages_io.api.urls import urlpatterns
from openimages_io.models import Task


def actions() -> dict[type[ApiViewSet], set[str]]:
    """The ViewSet of every address of the API, with the actions that its addresses ask for."""
    found: dict[type[ApiViewSet], set[str]] = {}
    for pattern in urlpatterns:
        view: Any = pattern.callback
        found.setdefault(view.cls, set()).update(view.actions.values())
    return found


@pytest.mark.parametrize("view", actions(), ids=lambda view: view.__name__)
def test_a_view_declares_a_rule_for_each_action_that_it_has_and_for_no_other(view: type[ApiViewSet]) -> None:
    assert set(view.rules) == actions()[view]


class Undeclared(ApiViewSet):
    """Forgets to say who may."""

    def list(self, request: Request) -> Response:
        """Would show it to anybody."""
        return Response({})


class NeverAsks(ApiViewSet):
    """Looks a row up by a way of its own."""

    rules = {"list": SEES}  # noqa: RUF012  (how DRF declares)

    def list(self, request: Request) -> Response:
        """Would show it to anybody."""
        return Response({"name": Task.objects.get().name})


@pytest.mark.parametrize("view", [Undeclared, NeverAsks])
@pytest.mark.django_db
def test_a_view_that_forgets_to_ask_answers_nobody(view: type[ApiViewSet], owner: Any, task: Task) -> None:
    request = APIRequestFactory().get("/")
    force_authenticate(request, owner)
    with pytest.raises(ImproperlyConfigured, match=view.__name__):
        view.as_view({"get": "list"})(request)
