"""Users with their clients, a task of one of them, and a memory of throttles that is empty."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from rest_framework.test import APIClient

from openimages_io.models import Task


@pytest.fixture(autouse=True)
def _no_requests_before() -> None:
    cache.clear()


def client_of(user: Any) -> APIClient:
    """A client that is logged in as the user."""
    client = APIClient(raise_request_exception=True)
    client.force_authenticate(user)
    return client


@pytest.fixture
def owner(db: None) -> Any:
    return get_user_model().objects.create_user("owner")


@pytest.fixture
def api(owner: Any) -> APIClient:
    """The owner's client."""
    return client_of(owner)


@pytest.fixture
def staff(db: None) -> Any:
    """Somebody of the staff with all permissions of our models."""
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="openimages_io"))
    return user


@pytest.fixture
def staff_api(staff: Any) -> APIClient:
    return client_of(staff)


@pytest.fixture
def another_api(db: None) -> APIClient:
    return client_of(get_user_model().objects.create_user("another"))


@pytest.fixture
def task(owner: Any) -> Task:
    return Task.objects.create(name="street", owner=owner)
