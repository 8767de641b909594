"""System checks: what a site must set for this app to keep its promises."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from openimages_io import conf

SUPPORTED_VENDORS = ("sqlite", "postgresql")


@register(Tags.models)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """`OPENIMAGES_IO` holds only what we know, of the right types."""
    try:
        conf.limits()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="See “Settings” in the README.", id="openimages_io.E001")]
    return []


@register(Tags.models)
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The rows are loaded past the ORM, by ways that exist for SQLite and PostgreSQL alone."""
    from openimages_io.models import Shape  # noqa: PLC0415  (this module is imported before the models are)

    alias = router.db_for_write(Shape)
    vendor = connections[alias].vendor
    if vendor in SUPPORTED_VENDORS:
        return []
    return [
        Error(
            f"openimages_io cannot keep its annotations in {vendor}.",
            hint=f"Use SQLite or PostgreSQL for the database {alias!r}, or route the app's models to one.",
            id="openimages_io.E002",
        )
    ]
