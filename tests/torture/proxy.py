"""A way to PostgreSQL that breaks at a COMMIT: before the server hears of it, or after, so that no answer comes."""

import mmap
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
    """A process between a client and the server of a database's URL; it stays, for a site knows itself by its URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._rule = mmap.mmap(-1, 2)
        """Which cut, 0 for none, and after how many COMMITs; both processes see it."""
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

    def cut(self, cut: str, number: int) -> None:
        """Cuts at the COMMIT of this number, counted from 0 over all connections."""
        self._rule[0], self._rule[1] = CUTS.index(cut) + 1, number

    def leave(self) -> None:
        """Cuts nothing more."""
        self._rule[0] = 0

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
                    elif b"COMMIT" in data and (cut := self._due()):
                        if cut != BEFORE:
                            server.sendall(data)
                        if cut == AFTER:
                            server.recv(_BLOCK)
                        return
                    else:
                        server.sendall(data)

    def _due(self) -> str:
        with self._lock:
            cut, left = self._rule[0], self._rule[1]
            if cut and left:
                self._rule[1] = left - 1
            elif cut:
                self._rule[0] = 0
                return CUTS[cut - 1]
        return ""
