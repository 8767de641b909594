"""Files of S3 are sent without fetching more of them than is sent."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory
from moto.server import ThreadedMotoServer
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from openimages_io.viewing.ranges import RangeBeyondEnd
from openimages_io.viewing.stored import file_answer, stored_response

pytestmark = pytest.mark.django_db  # an answer that is closed looks after connections
CONTENT = bytes(range(256)) * 40_000  # 10 MB
ETAG = '"0123"'
HEADERS = {"Content-Type": "application/zip"}


class Counted:
    """A bucket with one file, and the bytes of bodies that were fetched of it."""

    def __init__(self, url: str) -> None:
        known = {"endpoint_url": url, "region_name": "us-east-1"}
        boto3.client("s3", aws_access_key_id="a", aws_secret_access_key="b", **known).create_bucket(Bucket="files")  # noqa: S106
        self.storage: Any = S3Storage(bucket_name="files", access_key="a", secret_key="b", **known)  # noqa: S106
        self.storage.save("a.zip", ContentFile(CONTENT))
        self.fetched: list[int] = []
        events = self.storage.connection.meta.client.meta.events
        events.register("after-call.s3.GetObject", self._count)

    def _count(self, parsed: Any, **kwargs: Any) -> None:
        self.fetched.append(int(parsed["ContentLength"]))


@pytest.fixture
def s3() -> Iterator[Counted]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Counted(f"http://{host}:{port}")
    finally:
        server.stop()


def send(s3: Counted, method: str = "get", **headers: str) -> Any:
    request = getattr(RequestFactory(), method)("/", headers=headers)
    return stored_response(request, s3.storage, "a.zip", ETAG, HEADERS)


@pytest.mark.long
def test_head_fetches_nothing(s3: Counted) -> None:
    response = send(s3, "head", Range="bytes=0-9")
    assert (response.status_code, response["Content-Length"], response.content) == (200, str(len(CONTENT)), b"")
    assert s3.fetched == []


@pytest.mark.parametrize(("header", "start", "stop"), [("bytes=0-99", 0, 100), ("bytes=-10", len(CONTENT) - 10, None)])
def test_a_part_fetches_that_part(s3: Counted, header: str, start: int, stop: int | None) -> None:
    response = send(s3, Range=header)
    assert response.status_code == 206
    assert response.getvalue() == CONTENT[start:stop]
    assert s3.fetched == [len(CONTENT[start:stop])]
    response.close()


@pytest.mark.long
def test_the_whole_is_sent_while_it_is_fetched(s3: Counted) -> None:
    response = send(s3)
    assert response.getvalue() == CONTENT
    assert s3.fetched == [len(CONTENT)]
    response.close()


def test_a_range_beyond_the_end_fetches_nothing(s3: Counted) -> None:
    with pytest.raises(RangeBeyondEnd):
        send(s3, Range=f"bytes={len(CONTENT)}-")
    assert s3.fetched == []


def test_what_is_not_there_is_said(s3: Counted) -> None:
    s3.storage.delete("a.zip")
    for method in ("get", "head"):
        with pytest.raises(FileNotFoundError):
            send(s3, method)


@pytest.mark.long
def test_a_kind_is_recognised_by_a_few_bytes(s3: Counted) -> None:
    seen: list[bytes] = []

    def describe(start: bytes) -> dict[str, str]:
        seen.append(start)
        return HEADERS

    for method, header in (("head", ""), ("get", "bytes=1000-1009"), ("get", "bytes=0-9")):
        request = getattr(RequestFactory(), method)("/", headers={"Range": header} if header else {})
        response = file_answer(request, s3.storage.open("a.zip"), ETAG, describe, s3.storage)
        b"".join(response.streaming_content) if response.streaming else b""  # type: ignore[attr-defined]
        response.close()
    assert seen == [CONTENT[:16]] * 3
    assert s3.fetched == [16, 16, 10, 16, 10]
