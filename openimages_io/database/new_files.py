"""Files that are stored before the transaction which makes their rows."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from django.core.files.base import File
from django.core.files.storage import Storage

from openimages_io.database.commit import Commit, Outcome
from openimages_io.exceptions import CannotBeStored


class NewFiles:
    """Files for the rows of one transaction, used in a `with` statement around it.

    Leaving it removes them if the transaction was certainly not committed. Otherwise all stay, since a row may have
    them; the prune command finds those that none has.
    """

    def __init__(self, storage: Storage, commit: Commit) -> None:
        self.storage, self._commit = storage, commit
        self._names: list[str] = []

    def save(self, name: str, content: "File[Any]") -> str:
        """Stores a file. Returns the name that it has there."""
        self._names.append(save_whole(self.storage, name, content))
        return self._names[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._commit.outcome is Outcome.NOT_COMMITTED:
            for name in self._names:
                with suppress(Exception):  # storages have errors of their own
                    self.storage.delete(name)


def save_whole(storage: Storage, name: str, content: "File[Any]") -> str:
    """Stores a file under a name that nobody else uses, whole or not at all. Returns the name that it has there.

    Raises `CannotBeStored` for an OSError, and whatever else the storage raises.
    """
    try:
        return storage.save(name, content)
    except BaseException as error:
        with suppress(Exception):  # a part of it may be there
            storage.delete(name)
        if isinstance(error, OSError):
            raise CannotBeStored.of(error) from error
        raise
