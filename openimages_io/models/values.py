"""What a value from outside must be for either database to take it."""

import math
import re
from decimal import Decimal
from typing import Any, Final

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL characters and halves of surrogate pairs: PostgreSQL takes neither, SQLite both."""

LARGEST_POSITION: Final = 2**31 - 1
"""What a `PositiveIntegerField` holds on every database, whatever else one of them takes."""

_NUMBER_AS_TEXT: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


def as_number(value: Any) -> Any:
    """A number that is written as text, as CVAT writes those of its attributes, as the number itself.

    Only where nothing is lost: what no float is equal to stays as it is, as does everything else.
    """
    if not isinstance(value, str) or not _NUMBER_AS_TEXT.fullmatch(value):
        return value
    number = float(value) if "." in value else int(value)
    return number if Decimal(repr(number)) == Decimal(value) else value


def is_number(value: Any) -> bool:
    """Whether it is a finite number, which True is not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def is_storable(text: str) -> bool:
    """Whether both databases take the text."""
    return UNSTORABLE.search(text) is None
