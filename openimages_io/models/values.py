"""What a value from outside must be for either database to take it."""

import math
import re
from typing import Any, Final

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL characters and halves of surrogate pairs: PostgreSQL takes neither, SQLite both."""


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
