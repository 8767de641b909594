"""The thread beside a run: it shows how far the run is twice a second, and stops it when somebody asks for that."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from django.db import DatabaseError, connections

from openimages_io.jobs.heartbeat import Channel
from openimages_io.jobs.rows import AttemptLost, database

logger = logging.getLogger(__name__)

_EVERY: Final = 0.4
"""Seconds between two looks."""
_AGAIN: Final = 0.1
"""Seconds between two interruptions of a run that was told to stop."""


class Stopped(Exception):
    """The run was told to stop."""


class HeartbeatThread:
    """Takes progress from the run's own thread, which it costs nothing, and raises `Stopped` there.

    A single statement may take minutes, such as the making of an index, so the database is told to break it off.
    """

    def __init__(self, channel: Channel | None) -> None:
        self.phase, self.done, self.total = "", 0, 0
        self.stopped = False
        """Whether somebody asked for it, and the run was not beyond stopping."""
        self._channel = channel
        self._connection: Any = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="openimages-job-watch", daemon=True)

    def progress(self, phase: str, done: int, total: int) -> None:
        """What importers and exporters call."""
        self.phase, self.done, self.total = phase, done, total
        self.tick()

    def tick(self) -> None:
        """Raises `Stopped` if the run is to stop."""
        if self.stopped and self._connection is not None:
            raise Stopped

    def settle(self) -> None:
        """From here on nothing stops the run. Raises `Stopped` if it was asked for before."""
        with self._lock:
            self.tick()
            self._connection = None

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Within it the run may be stopped, in the midst of a statement too."""
        connection = connections[database()]
        connection.ensure_connection()
        self._connection = connection.connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def _look(self) -> None:
        assert self._channel is not None
        try:
            self._look_once(self._channel)
            while not self._ended.wait(_AGAIN if self.stopped else _EVERY):
                self._look_once(self._channel)
        finally:
            self._channel.close()

    def _look_once(self, channel: Channel) -> None:
        try:
            channel.publish(self.phase, self.done, self.total)
            wanted = channel.is_cancel_requested()
        except AttemptLost:
            wanted = True
        except DatabaseError:
            logger.warning("The progress of a job cannot be shown.", exc_info=True)
            connections[database()].close()
            return
        if wanted:
            with self._lock:
                if self._connection is not None:
                    self.stopped = True
                    _interrupt(self._connection)

    def __enter__(self) -> Self:
        if self._channel is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._channel is not None:
            self._thread.join()


def _interrupt(connection: Any) -> None:
    """Breaks off the statement that runs on a database driver's connection, if one does."""
    with suppress(Exception):  # it may be closed by now; the run is stopped at its next step then
        stop = getattr(connection, "interrupt", None) or connection.cancel
        stop()
