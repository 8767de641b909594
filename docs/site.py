"""A demo site in a folder that is gone afterwards, its server and its worker as processes, for whoever asks by HTTP."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
_PATIENCE: Final = 60


class Site:
    """A site that runs while its block does."""

    def __init__(self, *, worker: bool = True, **environment: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="openimages-site-")
        self.folder = Path(self._folder.name)
        self.worker = worker
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "JOBS_ROOT": str(self.folder / "jobs"),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DEBUG": "0",
            "SECRET_KEY": "of a site that nobody else reaches",
            "ALLOWED_HOSTS": "127.0.0.1",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def manage(self, *words: str) -> None:
        """Runs a command of `manage.py`. Raises `CalledProcessError`."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, check=True)

    def python(self, code: str) -> None:
        """Runs code on the site's database. Raises `CalledProcessError`."""
        self.manage("shell", "--verbosity", "0", "--command", code)

    def start(self, *words: str) -> None:
        """Starts a command that goes on."""
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *words],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)

    def log(self) -> str:
        """What server and worker have said."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))

    def __enter__(self) -> Self:
        try:
            self.manage("migrate", "--verbosity", "0")
            self.start("runserver", "--noreload", "--insecure", self.url.removeprefix("http://"))
            if self.worker:
                self.start("db_worker", "--no-reload", "--interval", "0.1", "--no-startup-delay")
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends server and worker, and removes the folder."""
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._folder.cleanup()

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/schema/", timeout=_PATIENCE).close()  # noqa: S310  (ours)
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                    raise RuntimeError(f"The site does not answer:\n{self.log()}") from None
                time.sleep(0.1)
            else:
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
