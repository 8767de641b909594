"""All that is wrong with a request, each fault with its path in it."""

from collections.abc import Sequence
from typing import Final

from rest_framework.exceptions import ValidationError

from openimages_io.models.rules import Fault

_SHOWN: Final = 1000


class InvalidShapes(ValidationError):
    """Faults of shapes in a request; of very many the first thousand are told, and how many there are.

    Not all of them are known if the search for more was given up.
    """

    def __init__(self, faults: Sequence[Fault], *, are_all: bool = True) -> None:
        found: dict[str, list[str]] = {}
        for fault in faults[:_SHOWN]:
            found.setdefault(_readable(fault.path), []).append(_readable(fault.message))
        if len(faults) > _SHOWN:
            least = "" if are_all else "at least "
            found.setdefault("", []).append(f"There are {least}{len(faults) - _SHOWN:,} more faults.")
        super().__init__(found)


def _readable(text: str) -> str:
    """Text that can be answered with: halves of characters cannot be written in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
