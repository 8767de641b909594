"""Bodies that are sent while they are read, so that no file is ever in memory whole."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, Protocol

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from openimages_io.viewing.ranges import ByteRange

_CHUNK: Final = 1 << 18


class Readable(Protocol):
    """What is read from, once and in order."""

    def read(self, size: int, /) -> Any: ...
    def close(self) -> None: ...


class Seekable(Readable, Protocol):
    """What a storage opens."""

    def seek(self, offset: int, /) -> Any: ...


class FilePart(Iterator[bytes]):
    """The bytes of a span of a file. Closes the file, whether anybody has read from it or not.

    `fetched` are these bytes, where they come on another way than out of the file.
    """

    def __init__(self, file: Seekable, span: ByteRange, fetched: Readable | None = None) -> None:
        self._file, self._left = file, len(span)
        self._from: Readable = file if fetched is None else fetched
        self._ahead = b""
        if fetched is None:
            file.seek(span.start)

    def peek(self) -> bytes:
        """The first chunk, which is still to come."""
        self._ahead = self._ahead or next(self, b"")
        return self._ahead

    def __next__(self) -> bytes:
        if self._ahead:
            chunk, self._ahead = self._ahead, b""
            return chunk
        chunk = self._from.read(min(_CHUNK, self._left)) if self._left else b""
        if not chunk:
            self.close()
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Closes the file."""
        self._left = 0
        if self._from is not self._file:
            self._from.close()
        self._file.close()


class AsyncChunks(AsyncIterator[bytes]):
    """The same for ASGI, where Django would put all that an ordinary iterator has into one list first."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    async def __anext__(self) -> bytes:
        chunk = await sync_to_async(self._next)()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def close(self) -> None:
        """Closes what is read from."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def _next(self) -> bytes | None:  # StopIteration cannot leave a thread
        return next(self._chunks, None)


def streaming_response(
    request: HttpRequest, chunks: Iterator[bytes], content_type: str, **kwargs: Any
) -> HttpResponseBase:
    """The answer with these chunks, in the way that the server takes them."""
    body = AsyncChunks(chunks) if hasattr(request, "scope") else chunks
    return StreamingHttpResponse(body, content_type=content_type, **kwargs)
