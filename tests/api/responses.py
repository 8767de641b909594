"""What answers say."""

import json
from typing import Any

from openimages_io.api.problems import CODES
from openimages_io.error_codes import ErrorCode, FaultCode


def faults(response: Any) -> dict[str, str]:
    """Path and code of every fault of a request that was refused; the answer is 400 as it should be."""
    body = problem(response, 400)
    assert body["code"] == "invalid"
    return {fault["path"]: fault["code"] for fault in body["errors"]}


def problem(response: Any, status: int) -> dict[str, Any]:
    """The body of an answer that refuses with this status, as it must be."""
    body: dict[str, Any] = ok(response, status)
    assert response["Content-Type"] == "application/problem+json"
    assert body.keys() == {"type", "title", "status", "detail", "code", "errors"}
    assert body["status"] == status
    assert ErrorCode(body["code"]) in CODES[status]
    assert body["title"] == ErrorCode(body["code"]).meaning
    assert body["type"].endswith(f":{body['code']}")
    assert body["detail"]
    for fault in body["errors"]:
        assert fault.keys() == {"path", "message", "code"}
        assert fault["message"]
        assert FaultCode(fault["code"])
    return body


def ok(response: Any, status: int = 200) -> Any:
    """The body of an answer of this status."""
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def refusal(response: Any, status: int) -> str:
    """The sentence of an answer that refuses with this status."""
    body = problem(response, status)
    assert body["errors"] == []
    return str(body["detail"])


def pages(client: Any, url: str) -> list[list[Any]]:
    """The results of a list, page by page."""
    found = []
    following: str | None = url
    while following:
        body = ok(client.get(following))
        found.append(body["results"])
        following = body["next"]
    return found


def send(client: Any, method: str, url: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    """Sends JSON as Python writes it, halves of characters and numbers without end included."""
    return client.generic(method, url, json.dumps(body), content_type="application/json", headers=headers)


def overwrite(client: Any, method: str, url: str, body: Any) -> Any:
    """Sends JSON over whatever version there is."""
    return send(client, method, url, body, headers={"If-Match": "*"})
