"""Waiting for SQLite's one write lock, which another import may hold for minutes, in a way that can be stopped."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from hashlib import blake2b
from typing import Final, TypeVar

from django.db import OperationalError, connections

T = TypeVar("T")

_AT_ONCE: Final = 250
"""Milliseconds."""
_IN_THE_WAY: Final = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's codes for transactions that were in each other's way, and may be tried again."""


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that somebody else is writing."""
    return isinstance(error, OperationalError) and "is locked" in str(error).lower()


def is_lock_conflict(error: BaseException) -> bool:
    """Whether somebody else is writing what this would have written: nothing is wrong with it, but that it is now."""
    if not isinstance(error, OperationalError):
        return False
    return is_locked(error) or getattr(error.__cause__, "sqlstate", None) in _IN_THE_WAY


def begun(
    stack: ExitStack,
    using: str,
    transaction: Callable[[], AbstractContextManager[T]],
    tick: Callable[[], None] | None,
) -> T:
    """Enters a transaction, trying again for as long as `tick` lets it; without, as long as the site's timeout says."""
    connection = connections[using]
    if tick is None or connection.vendor != "sqlite" or connection.in_atomic_block:
        return stack.enter_context(transaction())
    with _impatient(using):
        while True:
            try:
                return stack.enter_context(transaction())
            except OperationalError as error:
                if not is_locked(error):
                    raise
            tick()


def try_lock(name: str, using: str) -> bool:
    """Takes a name until the transaction ends. Returns whether no other transaction has it.

    Of databases other than PostgreSQL one transaction writes after the other, or waits at a unique constraint.
    """
    if connections[using].vendor != "postgresql":
        return True
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


@contextmanager
def _impatient(using: str) -> Iterator[None]:
    """Within it SQLite gives up soon: while it waits, nothing can stop it."""
    with connections[using].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {_AT_ONCE}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(usual)}")
