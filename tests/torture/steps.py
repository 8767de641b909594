"""Signals that come at a chosen step of a run: a process counts its own calls, and sends itself the signal."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from django.db.backends.base import base

_OURS = "openimages_io.transfer"


class Counter:
    """Counts the calls of this process's first thread, and those since the import's COMMIT."""

    def __init__(self) -> None:
        self.calls = 0
        self.committed: int | None = None
        """The number of the call with which the COMMIT of an import began."""
        self.on_call: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Counts from now on."""
        wrapper: Any = base.BaseDatabaseWrapper
        usual = wrapper._commit

        def commit(connection: Any) -> Any:
            if self.committed is None and _in_import(sys._getframe()):
                self.committed = self.calls
            return usual(connection)

        wrapper._commit = commit
        sys.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        # Where Python looks for signals. Before a call of C it does not: one there could leave a lock locked for ever,
        # between the end of a `with` statement and the lock's release.
        if event in {"call", "c_return"}:
            self.calls += 1
            self.on_call()


def measured(path: Path) -> Callable[[], None]:
    """Has a run write the number of its calls before and after the COMMIT into a file."""

    def start() -> None:
        counter = Counter()
        counter.start()

        def write() -> None:
            if counter.calls % 500 == 0:
                path.write_text(f"{counter.committed or 0} {counter.calls - (counter.committed or 0)}")

        counter.on_call = write

    return start


def signals_at(step: int, numbers: list[int], apart: int) -> Callable[[], None]:
    """Has a run send itself signals: `step` calls after the COMMIT began, or below 0 before it.

    What is before it is counted from the start of the run, as `step - 1` from 0 downwards: -1 is the first call.
    """

    def start() -> None:
        sys.stdout.write(f"Signals at step {step}, {apart} calls apart.\n")
        sys.stdout.flush()
        counter = Counter()
        counter.start()
        left = list(numbers)
        last = [0]

        def send() -> None:
            if step < 0:
                due = counter.calls >= -step
            else:
                due = counter.committed is not None and counter.calls - counter.committed >= step
            if due and left and (not last[0] or counter.calls - last[0] >= apart):
                last[0] = counter.calls
                os.kill(os.getpid(), left.pop(0))
                if not left:
                    sys.setprofile(None)

        counter.on_call = send

    return start


def _in_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(_OURS):
            return True
        frame = frame.f_back
    return False
