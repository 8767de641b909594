"""A site served by gunicorn with workers beside it, and clients that ask over HTTP."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.torture.sites import Site

ROOT = Path(__file__).resolve().parent.parent.parent
_BOUNDARY = "torture-4b1c9e"


class Server:
    """Processes that serve a site until they are stopped."""

    def __init__(self, site: Site, *, workers: int = 2, threads: int = 4, jobs: int = 1) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._log = site.folder / "server.log"
        serve = ["gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
        serve += ["--workers", str(workers), "--threads", str(threads), "--timeout", "120", "--log-level", "error"]
        work = ["manage.py", "db_worker", "--no-reload", "--no-startup-delay", "--interval", "0.05"]
        environment = site.environment | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR"}
        with self._log.open("ab") as log:
            self.processes = [
                subprocess.Popen([sys.executable, *words], env=environment, cwd=ROOT, stdout=log, stderr=log)
                for words in (["-m", *serve], *[work] * jobs)
            ]

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text("utf-8", "replace")

    def children(self) -> list[int]:
        """The processes that answer."""
        path = Path(f"/proc/{self.processes[0].pid}/task/{self.processes[0].pid}/children")
        return [int(word) for word in path.read_text().split()]

    def __enter__(self) -> Self:
        end = time.monotonic() + 60
        while True:
            if Asking(self.port, "").ask("GET", "/api/v1/tasks/") is not None:
                return self
            if time.monotonic() > end or self.processes[0].poll() is not None:
                self.__exit__()
                raise TimeoutError(f"gunicorn does not answer: {self.log}")
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            for process in self.processes:
                if process.poll() is None:
                    process.send_signal(number)
            for process in self.processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body, if it is JSON."""
        return json.loads(self.body)


class Asking:
    """One client with a connection that it keeps."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        etag: str = "",
        files: dict[str, bytes] | None = None,
        **form: str,
    ) -> Answer | None:
        """Asks; None where the connection broke, so that nobody knows what was done."""
        headers = {"Authorization": f"Token {self._token}"} | ({"If-Match": etag} if etag else {})
        data = None
        if files is not None:
            data = _form(files, form)
            headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        began = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
            self._connection.request(method, path, data, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        if response.will_close:
            self.close()
        return Answer(response.status, dict(response.getheaders()), content, time.monotonic() - began)

    def close(self) -> None:
        """Lets the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _form(files: dict[str, bytes], fields: Mapping[str, str]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for place, content in files.items():
        field, _, name = place.partition(":")
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
