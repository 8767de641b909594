"""A way to PostgreSQL that breaks at a COMMIT: before the server hears of it, or after, so that no answer comes."""

import os
import select
import signal
import socket
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

BEFORE: Final = "before"
"""The server never hears of the COMMIT."""
AFTER: Final = "after"
"""It has committed, and its answer is lost."""
AT_ONCE: Final = "at once"
"""The COMMIT is sent, and the connection is cut without waiting."""
CUTS: Final = (BEFORE, AFTER, AT_ONCE)
_BLOCK = 1 << 16


class Proxy:
    """A process between a client and the server of a database's URL."""

    def __init__(self, url: str, cut: str, number: int) -> None:
        """Cuts at the COMMIT of this number, counted from 0 over all connections."""
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._cut, self._left = cut, number
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        user, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))
        self._pid = os.fork()
        if not self._pid:
            with suppress(BaseException):
                self._serve()
            os._exit(0)
        self._listening.close()

    def close(self) -> None:
        """Ends it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _serve(self) -> None:
        while True:
            client, _ = self._listening.accept()
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(_BLOCK)
                    if not data:
                        return
                    if ready is server:
                        client.sendall(data)
                    elif b"COMMIT" in data and self._is_due():
                        if self._cut != BEFORE:
                            server.sendall(data)
                        if self._cut == AFTER:
                            server.recv(_BLOCK)
                        return
                    else:
                        server.sendall(data)

    def _is_due(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == -1
