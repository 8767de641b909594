"""The tables that tests on SQLite begin with, migrated once and copied from then on.

Migrating takes two seconds of a processor, in each process of tests and for each site that a test starts.
"""

import fcntl
import hashlib
import os
import secrets
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

import django
from django.apps import apps
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


class Tables:
    """An SQLite file with all tables and no rows but those that migrations make.

    Its name says what it was made from, so that another version, migration or model makes another file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{_origin()}.sqlite3"
        self._lock: TextIO | None = None
        self._open: sqlite3.Connection | None = None
        """Holds the database in memory: whoever closes it last takes it away."""

    def lend(self) -> None:
        """Has the test database in memory begin as a copy; of several processes the first makes the file alone."""
        if connection.vendor != "sqlite":
            return
        if not self.path.is_file():
            self._lock = self.path.with_suffix(".lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        if self.path.is_file():
            self._unlock()
            creation: Any = connection.creation
            usual = creation._create_test_db

            def copied(*args: Any, **more: Any) -> str:
                name: str = usual(*args, **more)
                if "mode=memory" in name:
                    self._open = sqlite3.connect(name, uri=True)
                    with closing(sqlite3.connect(self.path)) as source:
                        source.backup(self._open)
                return name

            creation._create_test_db = copied

    def keep(self) -> None:
        """Makes the file of the test database, if there was none."""
        name = str(connection.settings_dict["NAME"])
        is_ours = self._lock is not None and "mode=memory" in name
        if is_ours and connection.introspection.table_names():
            made = self.path.with_suffix(f".{secrets.token_hex(4)}")
            with closing(sqlite3.connect(made)) as target:
                connection.connection.backup(target)
            made.replace(self.path)
        self._unlock()

    def file(self) -> Path:
        """The file; without, a program makes it."""
        if not self.path.is_file():
            made = self.path.with_suffix(f".{secrets.token_hex(4)}")
            command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
            environment = os.environ | {"DATABASE_URL": f"sqlite:///{made}"}
            subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=300)
            made.replace(self.path)
        return self.path

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _origin() -> str:
    """A digest of what migrations make tables and rows from."""
    parts = [django.get_version(), sqlite3.sqlite_version]
    for app in apps.get_app_configs():
        spec = find_spec(f"{app.name}.migrations")
        for folder in (spec and spec.submodule_search_locations) or ():
            parts += [f"{file} {file.read_text('utf-8')}" for file in sorted(Path(folder).glob("*.py"))]
    for model in apps.get_models():
        meta = model._meta
        parts.append(f"{meta.label} {meta.permissions} {meta.default_permissions} {meta.verbose_name_raw}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
