"""System checks: what a site must set for this app to keep its promises."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  (Django's name)
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage
from django.db import connections, router
from django.utils.module_loading import import_string

from openimages_io import conf
from openimages_io.jobs.framework import task_backends
from openimages_io.models.storages import UnusableStorage, chosen_storage

SUPPORTED_VENDORS = ("sqlite", "postgresql")
_RATE: Final = re.compile(r"\d+/[smhd]\w*", re.ASCII)
_DOWNLOADS: Final = re.compile(r"stream|redirect|x-sendfile|x-accel:/(?:[\w.~-]+/)*", re.ASCII)


@register(Tags.models)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """`OPENIMAGES_IO` holds only what we know, of the right types."""
    try:
        conf.limits()
        options = conf.options()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="See docs/settings.md.", id="openimages_io.E001")]
    return [
        *_faults_of_storage(options),
        *_faults_of_api(options),
        *_faults_of_backend(options),
        *_faults_of_cross_origin(),
    ]


def _faults_of_storage(options: conf.Options) -> Iterator[CheckMessage]:
    for key in ("picture_storage", "job_storage"):
        alias = getattr(options, key)
        if alias not in settings.STORAGES:
            yield Error(
                f"OPENIMAGES_IO[{key.upper()!r}] is {alias!r}, but STORAGES has no such alias.",
                hint=f"STORAGES has: {', '.join(sorted(settings.STORAGES))}.",
                id="openimages_io.E003",
            )
        elif isinstance(storage := chosen_storage(key), UnusableStorage):
            yield Error(
                f"OPENIMAGES_IO[{key.upper()!r}] is {alias!r}, which cannot be used: {storage.reason}",
                hint=f"Correct STORAGES[{alias!r}], and install what it needs.",
                id="openimages_io.E003",
            )
    job_storage = chosen_storage("job_storage")
    if not isinstance(job_storage, UnusableStorage) and _has_public_urls(job_storage):
        yield Warning(
            f"OPENIMAGES_IO['JOB_STORAGE'] is {options.job_storage!r}, whose files have URLs: whoever learns or "
            "guesses one takes uploads and exports past all permissions.",
            hint="Name a storage without URLs, such as a FileSystemStorage with a location outside MEDIA_ROOT and "
            "base_url None, or one that signs them; see docs/jobs.md.",
            id="openimages_io.W002",
        )


def _has_public_urls(storage: Storage) -> bool:
    """Whether whoever has the name of a file has the file; asks nobody."""
    if isinstance(storage, FileSystemStorage):
        usual = FileSystemStorage()  # MEDIA_ROOT, served below MEDIA_URL; without a base_url any storage has that one
        is_media = bool(settings.MEDIA_ROOT) and Path(storage.location).is_relative_to(usual.location)
        return is_media or storage.base_url != usual.base_url
    return getattr(storage, "querystring_auth", True) is False  # how django-storages calls signing


def _faults_of_backend(options: conf.Options) -> Iterator[CheckMessage]:
    try:
        backend = task_backends[options.job_backend]
    except Exception as error:  # noqa: BLE001  (its module is run here, which may raise anything)
        yield Error(
            f"OPENIMAGES_IO['JOB_BACKEND'] is {options.job_backend!r}, which runs no jobs: {error}",
            hint="Name a backend of the setting TASKS, and add its app to INSTALLED_APPS if it has one.",
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
    kinds = {kind.__name__ for kind in type(backend).__mro__}
    if "DummyBackend" in kinds:
        yield Error(
            f"OPENIMAGES_IO['JOB_BACKEND'] is {options.job_backend!r}, a DummyBackend, which never runs what "
            "it is given, so that imports and exports would wait for ever.",
            hint="Set a backend that has workers in TASKS, as django_tasks_db has; see docs/jobs.md.",
            id="openimages_io.E010",
        )
    elif "ImmediateBackend" in kinds:
        yield Warning(
            "Imports and exports run inside the request that asks for them, which may take minutes.",
            hint="Set a backend that has workers in TASKS, as django_tasks_db has; see docs/jobs.md.",
            id="openimages_io.W001",
        )


def _faults_of_api(options: conf.Options) -> Iterator[CheckMessage]:
    for key in ("throttle_rate", "picture_rate", "upload_rate"):
        rate = getattr(options, key)
        if not _RATE.fullmatch(rate):
            yield Error(
                f"OPENIMAGES_IO[{key.upper()!r}] is {rate!r}, which is not a valid rate.",
                hint="Write a number and a period, such as 1200/min; a period is one of: second, minute, hour, day.",
                id="openimages_io.E006",
            )
    if not _DOWNLOADS.fullmatch(options.downloads):
        yield Error(
            f"OPENIMAGES_IO['DOWNLOADS'] is {options.downloads!r}, which is not a way to send a file.",
            hint="It is one of: stream, redirect, x-sendfile, x-accel:/internal-location/.",
            id="openimages_io.E011",
        )
    try:
        import_string(options.permissions)
    except ImportError as error:
        yield Error(
            f"OPENIMAGES_IO['PERMISSIONS'] is {options.permissions!r}, which cannot be imported: {error}",
            hint="Name a class as package.module.Class.",
            id="openimages_io.E007",
        )


def _faults_of_cross_origin() -> Iterator[CheckMessage]:
    if apps.is_installed("corsheaders"):
        from openimages_io.api.cross_origin import cross_origin_faults  # noqa: PLC0415  (it needs that app)

        yield from cross_origin_faults()


@register(Tags.models)
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The rows are loaded past the ORM, by ways that exist for SQLite and PostgreSQL alone."""
    from openimages_io.models import Shape  # noqa: PLC0415  (this module is imported before the models are)

    return [*_faults_of_routing(), *_faults_of_vendor(router.db_for_write(Shape))]


def _faults_of_vendor(alias: str) -> Iterator[CheckMessage]:
    connection = connections[alias]
    if connection.vendor not in SUPPORTED_VENDORS:
        yield Error(
            f"openimages_io cannot keep its annotations in {connection.vendor}.",
            hint=f"Use SQLite or PostgreSQL for the database {alias!r}. Tasks have owners, so it is that of the users.",
            id="openimages_io.E002",
        )
    elif connection.vendor == "postgresql" and not is_psycopg3():
        yield Error(
            f"The database {alias!r} is reached by psycopg 2, but rows go in by psycopg 3.",
            hint='Install psycopg 3, which Django prefers where both are there: pip install "psycopg[binary]".',
            id="openimages_io.E009",
        )


def is_psycopg3() -> bool:
    """Whether Django has found psycopg 3."""
    from django.db.backends.postgresql import psycopg_any  # noqa: PLC0415  (it cannot be imported without a driver)

    return bool(psycopg_any.is_psycopg3)


def _faults_of_routing() -> Iterator[CheckMessage]:
    users = router.db_for_write(get_user_model())
    others = {router.db_for_write(model) for model in apps.get_app_config("openimages_io").get_models()}
    if others != {users}:
        yield Error(
            f"The router writes openimages_io into {_named(others)}, but users into {users!r}.",
            hint="Tasks and jobs have users, and no foreign key leads from one database to another: have the router "
            f"send all models of openimages_io to {users!r}, or users and all that belongs to them to theirs.",
            id="openimages_io.E008",
        )


def _named(aliases: set[str]) -> str:
    return " and ".join(map(repr, sorted(aliases)))
