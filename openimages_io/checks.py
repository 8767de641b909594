"""System checks: what a site must set for this app to keep its promises."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  (Django's name)
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.utils.module_loading import import_string

from openimages_io import conf
from openimages_io.jobs.framework import task_backends

SUPPORTED_VENDORS = ("sqlite", "postgresql")
_RATE: Final = re.compile(r"\d+/[smhd]\w*", re.ASCII)


@register(Tags.models)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """`OPENIMAGES_IO` holds only what we know, of the right types."""
    try:
        conf.limits()
        options = conf.options()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="See “Settings” in the README.", id="openimages_io.E001")]
    return [*_faults_of_storage(options), *_faults_of_api(options), *_faults_of_backend(options)]


def _faults_of_storage(options: conf.Options) -> Iterator[CheckMessage]:
    if options.job_storage not in settings.STORAGES:
        yield Error(
            f"OPENIMAGES_IO['JOB_STORAGE'] is {options.job_storage!r}, but STORAGES has no such alias.",
            hint=f"STORAGES has: {', '.join(sorted(settings.STORAGES))}.",
            id="openimages_io.E003",
        )


def _faults_of_backend(options: conf.Options) -> Iterator[CheckMessage]:
    try:
        backend = task_backends[options.job_backend]
    except ImproperlyConfigured as error:  # of Django, and of the backport
        yield Error(
            f"OPENIMAGES_IO['JOB_BACKEND'] is {options.job_backend!r}, which runs no jobs: {error}",
            hint="Name a backend of the setting TASKS.",
            id="openimages_io.E004",
        )
        return
    if backend.queues and options.job_queue not in backend.queues:
        yield Error(
            f"OPENIMAGES_IO['JOB_QUEUE'] is {options.job_queue!r}, but the backend {options.job_backend!r} has no such "
            "queue.",
            hint=f"It has: {', '.join(sorted(backend.queues))}.",
            id="openimages_io.E005",
        )
    if type(backend).__name__ == "ImmediateBackend":
        yield Warning(
            "Imports and exports run inside the request that asks for them, which may take minutes.",
            hint="Set a backend that has workers in TASKS, as django_tasks_db has; see “Jobs” in the README.",
            id="openimages_io.W001",
        )


def _faults_of_api(options: conf.Options) -> Iterator[CheckMessage]:
    for key in ("throttle_rate", "upload_rate"):
        rate = getattr(options, key)
        if not _RATE.fullmatch(rate):
            yield Error(
                f"OPENIMAGES_IO[{key.upper()!r}] is {rate!r}, which is no rate.",
                hint="Write a number and a period, such as 1200/min; a period is one of: second, minute, hour, day.",
                id="openimages_io.E006",
            )
    try:
        import_string(options.task_access)
    except ImportError as error:
        yield Error(
            f"OPENIMAGES_IO['TASK_ACCESS'] is {options.task_access!r}, which cannot be imported: {error}",
            hint="Name a class as package.module.Class.",
            id="openimages_io.E007",
        )


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
