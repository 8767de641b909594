"""How many values a JSON text holds, counted before it is parsed: each is an object of Python's, whatever it weighs."""

import re
from typing import Final

_SIGNS: Final = (b",", b":", b"[", b"{")
"""Each of them stands before one value or key."""
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def has_more_values(data: bytes, limit: int) -> bool:
    """Whether the text has more values than the limit, keys and empty lists among them. Linear in its length.

    What takes most memory by this count is an object of one key, some 100 bytes a value.
    """
    if _count(data) <= limit:
        return False
    return _count(_TEXT.sub(b"", data)) > limit  # signs in texts were counted, too


def _count(data: bytes) -> int:
    return sum(map(data.count, _SIGNS))
