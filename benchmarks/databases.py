"""Databases to measure in: each run gets a fresh copy of one that was prepared, and leaves nothing behind."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.measuring import ROOT, measure

POSTGRES = "OPENIMAGES_TEST_POSTGRES"


def environment(url: str, folder: Path) -> dict[str, str]:
    """The environment of one of our processes: DEBUG off, the database, and a place for pictures."""
    return {
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(folder / "media"),
        "DEBUG": "0",
        "SECRET_KEY": "of-a-benchmark",
        "OPENIMAGES_INTEROP_PYTHON": "",
    }


class Databases:
    """Databases of one kind by name, in a folder or on a server."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.folder = python, folder

    def url(self, name: str) -> str:
        """Where it is, as DATABASE_URL has it."""
        raise NotImplementedError

    def copy(self, name: str, copy: str) -> None:
        """Makes a copy; one of that name that is there already goes."""
        raise NotImplementedError

    def create(self, name: str) -> None:
        """Makes an empty one with the tables of the site."""
        raise NotImplementedError

    def migrate(self, name: str) -> None:
        """Makes the tables."""
        measure([self.python, "manage.py", "migrate", "--verbosity", "0"], environment(self.url(name), self.folder))

    def settle(self, name: str) -> None:
        """Lets the database write down what it still has in hand, so that the next run does not pay for it."""


class SQLite(Databases):
    """Files in a folder."""

    def url(self, name: str) -> str:
        """Where it is."""
        return f"sqlite:///{self.path(name)}"

    def path(self, name: str) -> Path:
        """Its file."""
        return self.folder / f"{name}.sqlite3"

    def create(self, name: str) -> None:
        """Makes an empty one."""
        self._remove(name)
        self.migrate(name)
        self.settle(name)

    def copy(self, name: str, copy: str) -> None:
        """Makes a copy."""
        self._remove(copy)
        shutil.copyfile(self.path(name), self.path(copy))
        with self.path(copy).open("rb") as file:
            os.fsync(file.fileno())

    def settle(self, name: str) -> None:
        """Takes the write-ahead log into the file."""
        connection = sqlite3.connect(self.path(name))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _remove(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path(name).with_name(f"{name}.sqlite3{suffix}").unlink(missing_ok=True)


class PostgreSQL(Databases):
    """Databases of their own on a server, whose names begin with `openimages_bench_`."""

    def __init__(self, python: Path, folder: Path, server: str) -> None:
        super().__init__(python, folder)
        self.server = server
        self._made: set[str] = set()

    def url(self, name: str) -> str:
        """Where it is."""
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{self._name(name)}"))

    def create(self, name: str) -> None:
        """Makes an empty one."""
        self._drop(name)
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name(name))))
        self._made.add(name)
        self.migrate(name)

    def copy(self, name: str, copy: str) -> None:
        """Makes a copy."""
        self._drop(copy)
        names = sql.Identifier(self._name(copy)), sql.Identifier(self._name(name))
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        self._made.add(copy)
        self.settle(copy)

    def settle(self, name: str) -> None:
        """Makes a checkpoint, and the statistics that autovacuum would make sooner or later."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def version(self) -> str:
        """Of the server."""
        with psycopg.connect(self.server) as connection:
            return str(connection.info.server_version // 10_000)

    def remove_all(self) -> None:
        """Drops every database that was made."""
        for name in list(self._made):
            self._drop(name)

    def _name(self, name: str) -> str:
        return f"openimages_bench_{os.getpid()}_{name}"

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self._name(name))))
        self._made.discard(name)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgresql(python: Path, folder: Path) -> Iterator[PostgreSQL | None]:
    """The server that the environment names, if it does; what was made there is dropped at the end."""
    server = os.environ.get(POSTGRES)
    if not server:
        yield None
        return
    databases = PostgreSQL(python, folder, server)
    try:
        yield databases
    finally:
        databases.remove_all()


def manage(python: Path, *args: str | Path) -> list[str | Path]:
    """The command line of a management command."""
    return [python, ROOT / "manage.py", *args]
