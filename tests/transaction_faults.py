"""Ends of a transaction, to be tried one after the other: whatever may happen around its COMMIT.

`Ending(monkeypatch, how)` lets one COMMIT end so, the one after `arm()`. The links and signals are made up here, in the
place where Django calls the driver; tests/transfer/test_connection_loss.py cuts a real one.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from openimages_io.database.bulk import Loader
from openimages_io.database.commit import Outcome
from openimages_io.models import Image, Job
from openimages_io.models.installation import MARK

NOT: Final = {"refused"}
"""Certainly not committed."""
MAYBE: Final = {"answer lost", "commit lost", "stopped before", "stopped after"}
"""Nobody knows."""
DONE: Final = {"as usual", "deletion fails", "stopped in deletion", "another's hook fails"}
"""Certainly committed."""
EVERY: Final = sorted(NOT | MAYBE | DONE)
STOPPED: Final = {"stopped before", "stopped after", "stopped in deletion"}


class Ending:
    """Lets one COMMIT end as is said; those before and after end as usual."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, how: str, stop: type[BaseException] = KeyboardInterrupt
    ) -> None:
        self.how, self.stop, self.is_armed, self.is_done = how, stop, False, False
        self._commit: Any = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # not in the stubs
        self._delete = FileSystemStorage.delete
        # Functions, for a method would not be given the wrapper, or the storage, that it is called on.
        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", lambda wrapper: self.commit(wrapper))  # noqa: PLW0108
        monkeypatch.setattr(FileSystemStorage, "delete", lambda storage, name: self.delete(storage, name))  # noqa: PLW0108

    def arm(self) -> None:
        """The next COMMIT is the one."""
        self.is_armed = True
        if self.how == "another's hook fails":
            transaction.on_commit(self._fail)

    def commit(self, wrapper: Any) -> None:
        """In place of the driver's."""
        is_it, self.is_armed = self.is_armed, False
        self.is_done |= is_it
        if not is_it or self.how in DONE:
            self._commit(wrapper)
        elif self.how == "refused":
            raise OperationalError("the disk is full") from _refusal(wrapper)
        elif self.how == "stopped before":
            raise self.stop
        elif self.how == "stopped after":
            self._commit(wrapper)
            raise self.stop
        else:
            if self.how == "answer lost":
                self._commit(wrapper)
            else:
                wrapper.connection.rollback()
            wrapper.errors_occurred = True
            raise OperationalError("the link is cut")

    def delete(self, storage: FileSystemStorage, name: str) -> None:
        """In place of the storage's: pictures that were replaced are removed after the COMMIT."""
        if self.is_done and name.startswith("openimages/") and not name.endswith(MARK):
            if self.how == "deletion fails":
                raise OSError(5, "Input/output error")
            if self.how == "stopped in deletion":
                raise self.stop
        self._delete(storage, name)

    @staticmethod
    def _fail() -> None:
        raise ValueError("another's hook")


def _refusal(wrapper: Any) -> BaseException:
    wrapper.connection.rollback()
    if wrapper.vendor == "sqlite":
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        return error

    class Answer(Exception):
        class diag:  # noqa: N801  (psycopg's name)
            severity_nonlocalized = "ERROR"

    return Answer()


def arm_at_the_first_import(end: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arms it when all that an import has to write is written."""
    finish = Loader.finish

    def finished(loader: Loader) -> None:
        finish(loader)
        if not end.is_done:
            end.arm()

    monkeypatch.setattr(Loader, "finish", finished)


def outcome_of(how: str) -> Outcome:
    """What the program knows."""
    return Outcome.NOT_COMMITTED if how in NOT else Outcome.UNKNOWN if how in MAYBE else Outcome.COMMITTED


def is_written(how: str) -> bool:
    """What a fresh look finds: on SQLite, Django has the driver commit although it was stopped before."""
    written = DONE | {"answer lost", "stopped after"}
    return how in written or (how == "stopped before" and connection.vendor == "sqlite")


def pictures(media: Path) -> set[str]:
    """The names of the picture files in the storage."""
    paths = (media / "openimages").rglob("*")
    return {str(path.relative_to(media)) for path in paths if path.is_file() and path.name != MARK}


def job_files(media: Path, job: Job, kind: str) -> list[str]:
    """The names of a job's files in the job storage: those of its `source`, `result` or `report`."""
    paths = (media / "openimages-jobs").glob(f"*/{job.pk}/{kind}/**/*")
    return sorted(path.name for path in paths if path.is_file())


def lost_files() -> list[str]:
    """The pictures that rows have and the storage has not; there must never be one."""
    images = Image.objects.exclude(file="")
    return [str(image.file) for image in images if not image.file.storage.exists(str(image.file))]
