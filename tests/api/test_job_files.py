"""The file of an export: whole, in parts, not again, not yet, no longer."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from django.test import AsyncRequestFactory
from rest_framework.request import Request

from openimages_io.models import Job, Task
from openimages_io.viewing.ranges import ByteRange
from openimages_io.viewing.streaming import FilePart, streaming_response
from tests.api.job_factories import client, export, job, let_go, task, url, user

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def scenes(owner: Any) -> Task:
    return task(owner)


@pytest.fixture
def made(scenes: Task) -> Job:
    return export(scenes, CONTENT)


def get(made: Job, owner: Any, method: str = "get", **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(client(owner), method)(url("job-file", made.pk), headers=names)


def test_the_whole_file_with_its_name_size_and_digest(made: Job, owner: Any) -> None:
    response = get(made, owner)
    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Content-Disposition"] == 'attachment; filename="scenes.zip"'
    assert response["ETag"] == f'"{made.result_digest}"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", ["application/zip", "image/png", "text/html", "nonsense", "application/json"])
def test_whatever_is_accepted_it_is_a_zip(made: Job, owner: Any, accept: str) -> None:
    assert get(made, owner, Accept=accept).getvalue() == CONTENT


def test_a_file_that_nobody_reads_is_closed(made: Job, owner: Any) -> None:
    let_go(get(made, owner))  # or the file would be told of as a warning, which is an error


def test_head_has_the_headers_alone(made: Job, owner: Any) -> None:
    response = get(made, owner, "head", Range="bytes=0-9")
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(CONTENT))
    assert response.getvalue() == b""
    let_go(response)


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 2000), ("bytes=1023990-", 1023990, 1024000),
     ("bytes=-10", 1023990, 1024000), ("bytes=5-99999999999999999999999", 5, 1024000)],
)  # fmt: skip
def test_a_part(made: Job, owner: Any, header: str, start: int, stop: int) -> None:
    response = get(made, owner, Range=header)
    assert response.status_code == 206
    assert response.getvalue() == CONTENT[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-1", "\x00", "bytes=" + "9" * 5000])
def test_what_is_no_single_range_gets_the_whole_file(made: Job, owner: Any, header: str) -> None:
    response = get(made, owner, Range=header)
    assert response.status_code == 200
    assert response.getvalue() == CONTENT


@pytest.mark.parametrize(
    ("way", "header", "expected"),
    [
        ("redirect", "Location", "/elsewhere/{name}"),
        ("x-sendfile", "X-Sendfile", "{path}"),
        ("x-accel:/protected/jobs/", "X-Accel-Redirect", "/protected/jobs/{name}"),
    ],
)
def test_something_else_sends_it_where_the_site_says_so(
    made: Job, owner: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, way: str, header: str, expected: str
) -> None:
    storage, name = made.result.storage, str(made.result)
    monkeypatch.setattr(storage, "base_url", "/elsewhere/", raising=False)
    settings.OPENIMAGES_IO = settings.OPENIMAGES_IO | {"DOWNLOADS": way}
    response = get(made, owner, Range="bytes=0-9")
    assert response[header] == expected.format(name=name, path=storage.path(name))
    assert (response.status_code, response.content) == (302 if way == "redirect" else 200, b"")
    if way != "redirect":
        assert response["Content-Disposition"] == 'attachment; filename="scenes.zip"'
    assert get(made, owner, If_None_Match=f'"{made.result_digest}"').status_code == 304
    head = get(made, owner, "head")
    assert (head.status_code, head["Content-Length"]) == (200, str(len(CONTENT)))


def test_a_range_behind_the_end_is_416_with_the_size(made: Job, owner: Any) -> None:
    response = get(made, owner, Range="bytes=1024000-")
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024000"
    assert "1,024,000 bytes" in response.json()["detail"]


def test_a_part_is_only_of_the_file_that_the_client_has(made: Job, owner: Any) -> None:
    same, other = f'"{made.result_digest}"', '"0000"'
    response = get(made, owner, Range="bytes=0-9", If_Range=same)
    assert (response.status_code, response.getvalue()) == (206, CONTENT[:10])
    for changed in (other, f"W/{same}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        response = get(made, owner, Range="bytes=0-9", If_Range=changed)
        assert response.status_code == 200
        assert response.getvalue() == CONTENT
    response = get(made, owner, Range="bytes=9999999-", If_Range=other)
    assert (response.status_code, response.getvalue()) == (200, CONTENT)


def test_what_is_there_already_is_not_sent_again(made: Job, owner: Any) -> None:
    same = f'"{made.result_digest}"'
    for there in (same, f"W/{same}", "*", f'"x", {same}'):
        response = get(made, owner, If_None_Match=there, Range="bytes=0-9")
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == same
    assert get(made, owner, If_None_Match='"x"').getvalue() == CONTENT
    assert get(made, owner, If_Match=same).getvalue() == CONTENT
    assert get(made, owner, If_Match='"x"').status_code == 412


@pytest.mark.parametrize(
    ("state", "word"), [("queued", "ready"), ("running", "ready"), ("failed", "failed"), ("cancelled", "cancelled")]
)
def test_a_file_that_is_not_ready_is_409(scenes: Task, owner: Any, state: str, word: str) -> None:
    response = get(job(scenes, "export", state), owner)
    assert response.status_code == 409
    assert word in response.json()["detail"]


def test_a_file_that_was_pruned_is_410(scenes: Task, owner: Any, made: Job) -> None:
    Job.objects.filter(pk=made.pk).update(pruned=made.finished)
    response = get(made, owner)
    assert response.status_code == 410
    assert "removed" in response.json()["detail"]


def test_a_file_that_the_storage_has_lost_is_410(made: Job, owner: Any) -> None:
    made.result.storage.delete(str(made.result))
    response = get(made, owner)
    assert response.status_code == 410
    assert "missing in the storage" in response.json()["detail"]


def test_an_import_has_no_file(scenes: Task, owner: Any) -> None:
    assert get(job(scenes, "import"), owner).status_code == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("cats and dogs (2)", 'attachment; filename="cats and dogs (2).zip"'),
        ("Übung", "attachment; filename*=utf-8''%C3%9Cbung.zip"),
        ('a"b\\c/d', 'attachment; filename="a_b_c_d.zip"'),
        ("../../etc/passwd", 'attachment; filename="etc_passwd.zip"'),
        ("line\r\nSet-Cookie: x", 'attachment; filename="line_Set-Cookie_ x.zip"'),
        ("gpj.\u202eexe", 'attachment; filename="gpj._exe.zip"'),
        (" . ", 'attachment; filename="task.zip"'),
        ("x" * 255, f'attachment; filename="{"x" * 100}.zip"'),
    ],
)
def test_the_name_of_the_file_is_the_tasks_without_what_harms(owner: Any, name: str, header: str) -> None:
    response = get(export(task(owner, name), b"PK"), owner)
    assert response["Content-Disposition"] == header
    assert response.getvalue() == b"PK"


def test_who_may_not_export_may_not_take_exports(scenes: Task, made: Job, owner: Any) -> None:
    owner.user_permissions.clear()
    assert get(made, type(owner).objects.get(pk=owner.pk)).status_code == 403
    assert get(made, user("another")).status_code == 404
    assert client().get(url("job-file", made.pk)).status_code in {401, 403}


def test_a_server_that_speaks_asgi_sends_it_piece_by_piece() -> None:
    async def sent(file: BytesIO, span: ByteRange) -> list[bytes]:
        request = Request(AsyncRequestFactory().get("/"))
        response: Any = streaming_response(request, FilePart(file, span), "application/zip")
        assert response.is_async
        pieces = [piece async for piece in response]
        assert file.closed
        return pieces

    pieces = asyncio.run(sent(BytesIO(CONTENT), ByteRange(0, len(CONTENT))))
    assert b"".join(pieces) == CONTENT
    assert len(pieces) > 3
    assert asyncio.run(sent(BytesIO(CONTENT), ByteRange(10, 20))) == [CONTENT[10:20]]


def test_a_file_that_nobody_reads_is_closed_under_asgi_too() -> None:
    file = BytesIO(CONTENT)
    let_go(
        streaming_response(Request(AsyncRequestFactory().get("/")), FilePart(file, ByteRange(0, 10)), "application/zip")
    )
    assert file.closed
