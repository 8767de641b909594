"""A frontend: nothing but HTTP."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Frontend:
    """One user's program."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.token = ""

    def ask(
        self, method: str, path: str, body: Any = None, *, form: Mapping[str, Any] | None = None, **headers: str
    ) -> Answer:
        """Sends a request: `body` as JSON, or a `form` whose bytes are files."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Token {self.token}"
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        if form is not None:
            boundary = uuid.uuid4().hex
            data, sent["Content-Type"] = _multipart(form, boundary), f"multipart/form-data; boundary={boundary}"
        url = path if path.startswith("http") else f"{self.site}{path}"
        request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310  (the test's own site)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def wait(self, job: str, seconds: float = 60) -> Any:
        """Polls a job as often as it says, until it has ended."""
        end = time.monotonic() + seconds
        while True:
            answer = self.ask("GET", job)
            assert answer.status == 200, answer.body
            pause = answer.headers["Retry-After"]
            if pause is None:
                return answer.json
            assert time.monotonic() < end, answer.body
            time.sleep(min(float(pause), 0.2))


def _multipart(form: Mapping[str, Any], boundary: str) -> bytes:
    parts = []
    for name, value in form.items():
        file = f'; filename="{name}.zip"\r\nContent-Type: application/zip' if isinstance(value, bytes) else ""
        content = value if isinstance(value, bytes) else str(value).encode()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
