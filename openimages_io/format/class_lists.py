"""The first row of a class list: official ones have no header, others have one, in words of their own."""

import re
from collections.abc import Sequence
from typing import Final

_WORDS: Final = frozenset(
    (
        *("label", "labelname", "labelid", "labeldescription", "mid", "machineid", "id"),
        *("class", "classname", "classid", "category", "categoryname", "categoryid"),
        *("name", "displayname", "description"),
    )
)
"""What people write above the columns of a class list, in lower case and without blanks, hyphens and underscores."""
_BETWEEN: Final = re.compile(r"[\s_-]+")
_MID: Final = re.compile(r"/[mg]/\w+", re.ASCII)


def is_mid(name: str) -> bool:
    """Whether a LabelName is one of Open Images' own kind, such as `/m/01yrx`."""
    return _MID.fullmatch(name) is not None


def is_header(row: Sequence[str]) -> bool:
    """Whether a row is two different words of a header, as `label,name` is, rather than a class and its name."""
    words = [_BETWEEN.sub("", cell).casefold() for cell in row]
    return len(words) == 2 and words[0] != words[1] and _WORDS.issuperset(words)
