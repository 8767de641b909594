"""A read replica that lags behind: it has what `catch_up` gave it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.db import connections


class Router:
    """Reads go to the replica, as in Django's documentation, but for those of the queue.

    `django_tasks_db` takes a message with SELECT … FOR UPDATE, which a replica refuses.
    """

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Where a row is read that nobody has named a database for."""
        return "default" if model._meta.app_label == "django_tasks_database" else "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """The primary."""
        return "default"

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        """Both have the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """The replica gets its tables from the primary."""
        return db == "default"


@contextmanager
def writing() -> Iterator[None]:
    """While something is written nothing of the app may be read from the replica, if there is one."""
    with connections["replica"].execute_wrapper(_refuse) if "replica" in settings.DATABASES else nullcontext():
        yield


def _refuse(execute: Any, sql: str, *rest: Any) -> Any:
    if "openimages_io_" in sql:
        raise AssertionError(f"This is read from a replica for something that is written: {sql}")
    return execute(sql, *rest)


def catch_up() -> None:
    """Gives the replica, if there is one, all that the primary has."""
    if "replica" not in settings.DATABASES:
        return
    connections["replica"].close()
    if connections["default"].vendor == "postgresql":
        _copy_on_postgresql()
        return
    connections["default"].ensure_connection()
    with sqlite3.connect(settings.DATABASES["replica"]["NAME"]) as copy:
        connections["default"].connection.backup(copy)
    copy.close()


def _copy_on_postgresql() -> None:
    """The server copies a database that nobody is connected to."""
    connections["default"].close()
    names = [connections[alias].settings_dict["NAME"] for alias in ("replica", "default")]
    replica, primary = (connections["default"].ops.quote_name(name) for name in names)
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {replica}")
        cursor.execute(f"CREATE DATABASE {replica} TEMPLATE {primary}")
