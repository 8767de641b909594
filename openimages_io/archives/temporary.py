"""Temporary files: what goes wrong with their folder is said in a sentence, and closing them never fails."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar, cast

from openimages_io.archives.work_folder import TEMPORARY, WorkFolder
from openimages_io.exceptions import NoTemporarySpace

AnyFile = TypeVar("AnyFile", bound=IO[Any])


@contextmanager
def temporary_space() -> Iterator[None]:
    """Within it only temporary files are made and written. Raises `NoTemporarySpace` where that fails."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise no_space(error) from error


def no_space(error: Exception) -> NoTemporarySpace:
    """Says what is wrong with the folder for temporary files, and what to do."""
    reason = getattr(error, "strerror", None) or error
    try:
        folder = tempfile.gettempdir()
    except OSError:
        folder = "TMPDIR"
    return NoTemporarySpace("temporary-space", folder=folder, detail=str(reason))


def temporary_file() -> BinaryIO:
    """A file that nobody else can open, and that is gone when it is closed. Raises `NoTemporarySpace`."""
    with temporary_space():
        return cast("BinaryIO", tempfile.TemporaryFile(prefix=TEMPORARY))


def temporary_folder() -> WorkFolder:
    """A folder that is gone when it is closed. Raises `NoTemporarySpace` if it cannot be made."""
    with temporary_space():
        return WorkFolder(Path(tempfile.gettempdir()), TEMPORARY)


@contextmanager
def closing(file: AnyFile) -> Iterator[AnyFile]:
    """Closes a temporary file at the end, as `discard` does."""
    try:
        yield file
    finally:
        discard(file)


def discard(file: IO[Any]) -> None:
    """Closes a temporary file. A full disk refuses the last bytes once more, which nobody wants any longer."""
    with suppress(OSError):
        file.close()
