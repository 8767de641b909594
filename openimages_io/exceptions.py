"""What this app raises. Every message is a sentence for the person who typed the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openimages_io.failures import failure_sentence

if TYPE_CHECKING:
    from openimages_io.archives.problems import Problem

_SHOWN = 100


class OpenImagesError(Exception):
    """The base of every error raised on purpose here."""


class Failure(OpenImagesError):
    """What keeps something from being done: a code of `failures.FAILURES` with parameters. Its text is the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params

    def as_param(self) -> dict[str, Any]:
        """What the row of a job keeps."""
        return {"code": self.code, "params": self.params}

    def __str__(self) -> str:
        return failure_sentence(self.code, self.params)


class CommitUnknown(OpenImagesError):
    """The database did not say whether it has committed. Whoever knows what was to be written says where to look."""


class NoTemporarySpace(Failure):
    """The folder for temporary files is full, missing or not to be written to."""


class CannotBeStored(Failure):
    """A storage refused a file: it is full, missing or not to be written to."""

    @classmethod
    def of(cls, error: OSError) -> CannotBeStored:
        """Builds the error from what the storage has raised."""
        return cls("storage", detail=error.strerror or str(error))


class UnreadableArchive(OpenImagesError):
    """The source cannot be opened, or breaks a limit or a safety rule, so nothing in it is trusted."""

    problems: list[Problem]
    """What is wrong, each with its place; at most a thousand of them."""
    total: int
    """How many problems were found, those that are not listed included."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), total: int | None = None) -> None:
        super().__init__(message)
        self.problems = list(problems)
        self.total = len(self.problems) if total is None else total

    @classmethod
    def of(cls, problems: Sequence[Problem], total: int | None = None) -> UnreadableArchive:
        """Build the error. Its text is the one problem, or a headline and the first hundred problems."""
        count = len(problems) if total is None else total
        if count == 1:
            return cls(str(problems[0]), problems)
        lines = [f"The archive has {count} problems, so nothing of it was read:", *map(str, problems[:_SHOWN])]
        if count > _SHOWN:
            lines.append(f"… and {count - _SHOWN} more")
        return cls("\n".join(lines), problems, count)
