"""Sites to try things on: each has a database of its own, a folder for its files, and processes that are forked."""

import faulthandler
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command, execute_from_command_line
from django.core.signals import setting_changed
from django.db import connections
from psycopg import sql

from project import settings as project_settings
from tests.stored_files import stored_files

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


class Site:
    """A database with all tables and no rows, and folders for pictures, for jobs and for temporary files."""

    def __init__(self, databases: "Databases", vendor: str, folder: Path, url: str) -> None:
        self.databases, self.vendor, self.folder, self.url = databases, vendor, folder, url
        self.media, self.temporary = folder / "media", folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)

    def enter(self) -> None:
        """Makes it this process's site."""
        _use(self.url, self.media, self.temporary)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to work on it."""
        mine = {"DATABASE_URL": self.url, "MEDIA_ROOT": str(self.media), "TMPDIR": str(self.temporary)}
        return os.environ | mine | {"DJANGO_SETTINGS_MODULE": "tests.torture.settings"}

    def files(self) -> dict[str, bytes]:
        """The stored files by name."""
        return {path.relative_to(self.media).as_posix(): path.read_bytes() for path in stored_files(self.media)}

    def fork(self, work: Callable[[], int | None]) -> "Child":
        """Does something in a process of its own, on this site."""
        connections.close_all()
        log = self.databases.logs / f"{secrets.token_hex(4)}.log"
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return Child(pid, log)
        status = 70
        try:
            os.setsid()
            handle = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            faulthandler.register(signal.SIGUSR1, all_threads=True)
            self.enter()
            status = work() or 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001  (as an interpreter ends that nobody stops)
            sys.excepthook(*sys.exc_info())
            status = 1
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def manage(self, *words: str, first: Callable[[], None] | None = None) -> "Child":
        """Runs a command of manage.py in a process of its own; `first` is called in it before."""

        def work() -> None:
            if first is not None:
                first()
            execute_from_command_line(["manage.py", *words])

        return self.fork(work)

    def close(self) -> None:
        """Removes it."""
        connections.close_all()
        self.databases.drop(self)
        shutil.rmtree(self.folder, ignore_errors=True)


class Child:
    """A process that was forked."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid, self._log = pid, log
        self.status: int | None = None
        """The exit status; below 0 the signal that ended it."""

    def wait(self, seconds: float = 60) -> int:
        """Waits for its end, and kills it when that takes too long."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                self.send(signal.SIGUSR1)  # says where its threads are
                time.sleep(0.5)
                self.kill()
                raise TimeoutError(f"a process did not end within {seconds} seconds:\n{self.output}")
            time.sleep(0.002)
        assert self.status is not None
        return self.status

    def poll(self) -> int | None:
        """The exit status if it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def send(self, number: int) -> None:
        """Sends a signal."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> bool:
        """Kills it with all that it started; returns whether it was still running."""
        if self.poll() is not None:
            return False
        os.killpg(self.pid, signal.SIGKILL) if os.getpgid(self.pid) == self.pid else os.kill(self.pid, signal.SIGKILL)
        while self.poll() is None:
            time.sleep(0.001)
        return self.status == -signal.SIGKILL

    @property
    def output(self) -> str:
        """What it has said."""
        with suppress(FileNotFoundError):
            return self._log.read_text("utf-8", "replace")
        return ""


class Databases:
    """Makes sites quickly: tables are made once for SQLite and once for PostgreSQL, and copied for each."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder, self._server = folder, server
        self._token = f"torture_{secrets.token_hex(4)}"
        self._number = 0
        self.vendors = [SQLITE, POSTGRESQL] if server else [SQLITE]
        self.logs = folder / "logs"
        self.logs.mkdir()
        self._template = folder / "template.sqlite3"
        _use(f"sqlite:///{self._template}", folder / "media", folder)
        call_command("migrate", verbosity=0)
        run_checks()  # loads what every process that is forked from this one needs, once
        connections.close_all()
        self._names: list[str] = []
        if server:
            name = self._create(None)
            self._names.append(name)
            _use(self._url(name), folder / "media", folder)
            call_command("migrate", verbosity=0)
            connections.close_all()

    def site(self, vendor: str, folder: Path | None = None) -> Site:
        """A new site."""
        self._number += 1
        place = folder or self.folder / f"site-{self._number}"
        if vendor == SQLITE:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._template, place / "db.sqlite3")
            return Site(self, vendor, place, f"sqlite:///{place / 'db.sqlite3'}")
        name = self._create(self._names[0])
        self._names.append(name)
        return Site(self, vendor, place, self._url(name))

    @contextmanager
    def visiting(self, vendor: str) -> Iterator[Site]:
        """A new site that is this process's, and is removed afterwards."""
        site = self.site(vendor)
        site.enter()
        try:
            yield site
        finally:
            site.close()

    def drop(self, site: Site) -> None:
        """Removes a site's database."""
        if site.vendor == POSTGRESQL:
            name = urlsplit(site.url).path.removeprefix("/")
            self._drop(name)
            self._names.remove(name)

    def close(self) -> None:
        """Removes everything that is left."""
        connections.close_all()
        for name in reversed(self._names):
            self._drop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        assert self._server is not None
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def _create(self, template: str | None) -> str:
        name = f"{self._token}_{self._number}"
        copied = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copied))
        return name

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        assert self._server is not None
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


def _use(url: str, media: Path, temporary: Path) -> None:
    """Makes this process, in all its threads, use a database and these folders."""
    with suppress(Exception):
        connections.close_all()
    os.environ["DATABASE_URL"] = url
    connections.settings = connections.configure_settings({"default": project_settings._database()})
    with suppress(AttributeError):
        del connections["default"]
    settings.MEDIA_ROOT = media
    setting_changed.send(sender=Site, setting="MEDIA_ROOT", value=media, enter=True)
    tempfile.tempdir = None
    os.environ["TMPDIR"] = str(temporary)
