"""The demo site as people meet it: a server and a worker, each a process of its own, on a database of their own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = PASSWORD = "admin"  # noqa: S105  (of the demo)
_PATIENCE = 180.0


class Site:
    """A site in a folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self._more = folder, environment
        self.database = folder / "db.sqlite3"
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "log.txt").open("w", encoding="utf-8")
        self._runner: subprocess.Popen[str] | None = None

    def run(self, *args: str | Path) -> None:
        """Runs Python to its end. Raises `AssertionError` with what it said if that was not a success."""
        command = [sys.executable, *map(str, args)]
        done = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def do(self, code: str, *args: Any) -> None:
        """Runs code with the site's settings. Raises `AssertionError` with the traceback of what it raises."""
        if self._runner is None:
            command = [sys.executable, "-m", "tests.browser.runner"]
            self._runner = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        asked, answers = self._runner.stdin, self._runner.stdout
        assert asked is not None
        assert answers is not None
        asked.write(json.dumps([code, *map(str, args)]) + "\n")
        asked.flush()
        answer = answers.readline()
        assert answer, "what runs the code has died"
        fault = json.loads(answer)
        assert not fault, fault

    @contextmanager
    def running(self, *args: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A management command that goes on until it is no longer needed."""
        with self._started("manage.py", *args, **environment) as process:
            yield process

    @contextmanager
    def _started(self, *args: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Python with these arguments."""
        command = [sys.executable, *args]
        where = self._environment() | environment
        process = subprocess.Popen(command, cwd=ROOT, env=where, stdout=self._log, stderr=subprocess.STDOUT, text=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def served(self, *options: str) -> Iterator[None]:
        """The site on its port, by Django's own server."""
        with self.running("runserver", f"127.0.0.1:{self.port}", "--noreload", *options) as process:
            self._wait(process)
            yield

    @contextmanager
    def served_by_gunicorn(self) -> Iterator[None]:
        """The site on its port, by a server of those that are used in production; without static files."""
        words = ("--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--threads", "4", "--no-control-socket")
        with self._started("-m", "gunicorn", "project.wsgi", *words) as process:
            self._wait(process)
            yield

    def _wait(self, process: "subprocess.Popen[str]") -> None:
        """Waits until the site answers."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with urlopen(f"{self.url}/admin/login/", timeout=5):  # noqa: S310  (our own)
                    return
            except (URLError, OSError):
                assert process.poll() is None, self.log()
                assert time.monotonic() < end, self.log()
                time.sleep(0.1)

    def worker(self, **environment: str) -> Any:
        """The worker of the jobs."""
        return self.running("db_worker", "--interval", "0.1", "--no-startup-delay", "--no-reload", **environment)

    def held_worker(self, phase: str) -> Any:
        """A worker whose jobs stand still in a phase, however quick it is, until they are cancelled."""
        hold = self.folder / "hold"
        hold.write_text(phase, "utf-8")
        return self.worker(DJANGO_SETTINGS_MODULE="tests.jobs.site_settings", HOLD=str(hold))

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query of the database finds."""
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def log(self) -> str:
        """What server and worker have said."""
        return (self.folder / "log.txt").read_text("utf-8")

    def close(self) -> None:
        """Ends what runs code, and closes the log."""
        if self._runner is not None:
            self._runner.communicate(timeout=60)  # it ends with its input
        self._log.close()

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.site_settings",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "JOBS_ROOT": str(self.folder / "jobs"),
            "DEBUG": "1",
            "PYTHONUNBUFFERED": "1",
            **self._more,
        }
