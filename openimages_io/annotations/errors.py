"""Why a change of annotations was refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.exceptions import OpenImagesError

MOST_SHOWN = 1000
"""Faults that an error names."""

SEARCH_ENDED = f"There are more faults: looking for them ended after the first {MOST_SHOWN:,}."
"""Where nobody has counted the rest."""


def more_faults(count: int) -> str:
    """What is said where the rest was counted."""
    return f"There are {count:,} more faults."


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """What is wrong with one value of what was given."""

    path: str
    """Where it stands, such as `shapes[3].attributes.pose`; empty for the whole."""
    message: str
    code: FaultCode


class InvalidData(OpenImagesError):
    """What was given is wrong. Of very many faults the first thousand are named, and how many there are.

    `total` is how many there are if not all of them are given, and `are_all` whether the search for more went to the
    end.
    """

    def __init__(self, faults: Sequence[InvalidValue], *, total: int | None = None, are_all: bool = True) -> None:
        self.faults = list(faults[:MOST_SHOWN])
        """Those that are named."""
        more = (len(faults) if total is None else total) - len(self.faults)
        if more > 0:
            said = more_faults(more) if are_all else SEARCH_ENDED
            self.faults.append(InvalidValue("", said, FaultCode.MORE))
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in self.faults[:3]))

    @classmethod
    def of(cls, path: str, message: str, code: FaultCode) -> "InvalidData":
        """One fault."""
        return cls([InvalidValue(path, message, code)])


class NotThere(OpenImagesError):
    """What was to be changed is not there, or no longer."""


class ChangedMeanwhile(OpenImagesError):
    """Somebody else has changed what was to be changed since it was read."""


class Conflict(OpenImagesError):
    """What is asked for does not go with the state that things are in."""

    def __init__(self, message: str, code: ErrorCode = ErrorCode.CONFLICT) -> None:
        super().__init__(message)
        self.code = code


class TooLarge(OpenImagesError):
    """What was given is more than this site takes."""
