"""The signals of `make torture` come where Python itself notices signals."""

import signal
import sys
import threading

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.torture.outcome_checks import is_traced
from tests.torture.steps import signals_at


@pytest.mark.parametrize("step", range(1, 21))
def test_no_signal_comes_between_the_end_of_a_with_statement_and_the_release_of_its_lock(
    step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", BaseDatabaseWrapper._commit)  # type: ignore[attr-defined]
    lock = threading.Lock()
    with pytest.raises(KeyboardInterrupt):
        _take_and_release(lock, step)
    assert lock.acquire(blocking=False), "it is locked for ever"


def _take_and_release(lock: "threading.Lock", step: int) -> None:
    try:
        signals_at(-step, [signal.SIGINT], 1)()
        for _ in range(20):
            with lock:
                len("")
    finally:
        sys.setprofile(None)


def test_a_ctrl_c_that_python_swallows_is_no_traceback() -> None:
    where = 'Traceback (most recent call last):\n  File "a.py", line 3, in a\n    a()\n'
    swallowed = f"Exception ignored in: <generator object a at 0x7f>\n{where}KeyboardInterrupt: \n"
    assert not is_traced(f"note: a\n{swallowed}Imported into the task “t”: 0 errors, 0 warnings.\n")
    assert not is_traced(f"{where}KeyboardInterrupt\n")
    assert is_traced(f"{swallowed}{where}ValueError: a\n")
    assert is_traced(f"Exception ignored in: <function a>\n{where}ValueError: a\n")
    assert is_traced(f"{where}OSError: a\n")
