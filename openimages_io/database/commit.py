"""One transaction, and what is known of its end: certainly not committed, committed, or nobody knows.

A transaction ends in one statement, and a signal, a cut link or whatever is to be done afterwards may end the program
anywhere around it. What was stored beside the rows may be removed, and "nothing was written" be said, only where that
is certain. So the outcome is `UNKNOWN` from the moment when the transaction begins, and becomes another one by proof
alone: whoever is interrupted in between errs on the side of keeping files.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self

from django.db import DatabaseError, connections, transaction
from django.db.transaction import TransactionManagementError

from openimages_io.exceptions import CommitUnknown

logger = logging.getLogger(__name__)

_ABORTED: Final = 3
"""libpq's status of a transaction in which a statement has failed: it answers COMMIT with a rollback, and no error."""


class Outcome(Enum):
    """What is known of a transaction's end."""

    NOT_COMMITTED = "not committed"
    """Certainly: it was not begun, it was rolled back, or the database has answered COMMIT with an error."""
    UNKNOWN = "unknown"
    """It is open, or may have been committed, or a transaction around it decides."""
    COMMITTED = "committed"


class Commit:
    """A transaction to be used in a `with` statement, once or again; `outcome` may be read at any time.

    What is to be done after the COMMIT cannot change what came of it: an error there is logged. Raises `CommitUnknown`
    if the database has not said whether it has committed, and Django's `TransactionManagementError` if it was rolled
    back without an error. Within another transaction it is a savepoint, whose outcome is unknown until that one ends.
    """

    def __init__(self, using: str) -> None:
        self.outcome = Outcome.NOT_COMMITTED
        self._using = using
        self._atomic = transaction.atomic(using=using)
        self._is_outermost = False

    def __enter__(self) -> Self:
        self.outcome = Outcome.NOT_COMMITTED
        connection = connections[self._using]
        self._is_outermost = not connection.in_atomic_block and connection.get_autocommit()
        try:
            self._atomic.__enter__()
            self.outcome = Outcome.UNKNOWN
            # The first of all that is to be done after the COMMIT, so none of it can come in between.
            transaction.on_commit(self._committed, using=self._using, robust=True)
        except BaseException as error:
            if self._is_outermost and not isinstance(error, Exception):
                renew(self._using)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection: Any = connections[self._using]
        if kind is None and _is_aborted(connection):
            connection.needs_rollback = True
        fails = kind is not None or connection.needs_rollback or connection.closed_in_transaction
        try:
            if fails and self._is_outermost and connection.vendor == "sqlite" and connection.connection is not None:
                # Its driver commits where autocommit is put back, which Django does even if its own rollback is
                # interrupted: half of the rows would be there.
                connection.connection.rollback()
            self._atomic.__exit__(kind, error, trace)
        except BaseException as fault:
            if self._is_outermost and self._take(fault, fails):
                return
            raise
        if self.outcome is Outcome.UNKNOWN and (fails or self._is_outermost):
            self.outcome = Outcome.NOT_COMMITTED
            if kind is None:
                raise TransactionManagementError("The transaction was rolled back, so nothing was written.")

    def _committed(self) -> None:
        self.outcome = Outcome.COMMITTED

    def _take(self, fault: BaseException, fails: bool) -> bool:
        """Sees what an exception at the end says of the outcome. Returns whether it is done with."""
        stop = _interruption(fault)
        if self.outcome is Outcome.COMMITTED:
            if stop is not None:
                raise stop
            logger.error("It is committed, but what was to be done afterwards failed.", exc_info=fault)
            return True
        commits_once = connections[self._using].vendor == "postgresql"
        if (fails and commits_once) or (stop is None and _is_refusal(fault)):
            self.outcome = Outcome.NOT_COMMITTED
        renew(self._using)
        if stop is not None:
            raise stop  # and not what Django's tidying up has come to since
        if self.outcome is Outcome.UNKNOWN:
            raise CommitUnknown(
                f"The connection to the database broke while committing, so it may have been written: {fault}"
            ) from fault
        return False


def renew(using: str) -> None:
    """Gives a connection up on which nobody knows what is open; the next query opens another.

    What is open is rolled back, and what waits for its COMMIT is forgotten. Not for use within a transaction that goes
    on.
    """
    connection: Any = connections[using]
    connection.in_atomic_block, connection.needs_rollback = False, False
    connection.savepoint_ids, connection.atomic_blocks, connection.run_on_commit = [], [], []
    steps: list[Callable[[], object]] = [connection.close]
    if connection.vendor == "sqlite":  # one in memory cannot be closed
        steps = [connection.rollback, lambda: connection.set_autocommit(True), connection.close]
    for step in steps:  # each whatever came of the one before: what stays open has SQLite's write lock
        with suppress(Exception):
            step()


def _is_aborted(connection: Any) -> bool:
    info = getattr(connection.connection, "info", None)
    return getattr(info, "transaction_status", None) == _ABORTED


def _interruption(fault: BaseException | None) -> BaseException | None:
    """The signal that led to an exception, if one did; Django may have tried to commit once more since."""
    while isinstance(fault, Exception):
        fault = fault.__context__
    return fault


def _is_refusal(fault: BaseException) -> bool:
    """Whether it is the database's own answer that the transaction cannot be committed."""
    if not isinstance(fault, DatabaseError):
        return False
    answer = getattr(fault.__cause__, "diag", None)
    if answer is not None:  # FATAL may come after the COMMIT, and without an answer there is no severity
        return getattr(answer, "severity_nonlocalized", None) == "ERROR"
    code = getattr(fault.__cause__, "sqlite_errorname", "SQLITE_IOERR")
    return not code.startswith("SQLITE_IOERR")
