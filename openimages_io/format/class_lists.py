"""The columns of a class list: official ones have no header; others have one in words of their own, or more columns.

They are told by the words of the header and by the column that has MIDs; what neither makes clear is an error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format.bad_value import BadValue

SAMPLE: Final = 50
"""The rows below the first that are looked at."""
_WORD: Final = re.compile(
    "(?:(?:label|class|category|display|machine|freebase|human|readable|mid|id|name|text|title|caption|description"
    "|code|tag|index|idx)s?)+"
)
"""What people write above the columns, in lower case and without blanks, hyphens and underscores."""
_LABEL_WORDS: Final = frozenset(("mid", "machineid", "freebaseid", "freebasemid", "labelname", "labelmid", "classmid"))
_NAME_WORD: Final = re.compile("(?:label|class|category|display|human|readable)*(?:name|text|title|description)")
_LONGEST_WORD: Final = 40
_BETWEEN: Final = re.compile(r"[\s_-]+")
_MID: Final = re.compile(r"/[mg]/\w+", re.ASCII)
_MID_AND_MORE: Final = re.compile(r"['\"]?/[mg]/\w+(['\"]?\s*[^\w/])", re.ASCII)
_QUOTED: Final = re.compile("'[^']+'")
_NUMBER: Final = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Which column of a class list is which, by their places."""

    label: int = 0
    name: int | None = 1
    has_header: bool = False
    is_odd: bool = False
    """Whether the first row, which is read as a class, may be a header all the same."""


class UncertainColumns(BadValue):
    """Says what a class list looks like whose columns may be meant in several ways."""

    def __init__(self, form: str, **params: Any) -> None:
        super().__init__("bad-header", form, **params)


def is_mid(name: str) -> bool:
    """Whether a LabelName is one of Open Images' own kind, such as `/m/01yrx`."""
    return _MID.fullmatch(name) is not None


def find_columns(first: Sequence[str], following: Sequence[Sequence[str]]) -> ClassColumns:
    """Find out which columns of a class list are LabelName and DisplayName, by its first row and some of those below.

    Two columns without a header are these two, unless the second alone has MIDs. Raises `UncertainColumns` where any
    answer would be a guess.
    """
    return _Look([cell.strip() for cell in first], [[cell.strip() for cell in row] for row in following]).columns()


def reads_plainly(rows: Sequence[Sequence[str]], *, in_silence: bool = True) -> bool:
    """Whether rows of LabelName and DisplayName are read as that without a header; `in_silence`, without a warning."""
    try:
        found = find_columns(rows[0], rows[1 : 1 + SAMPLE]) if rows else None
    except UncertainColumns:
        return False
    return found == ClassColumns() or (found == ClassColumns(is_odd=True) and not in_silence)


class _Look:
    """One look at the first rows of a class list."""

    def __init__(self, first: list[str], below: list[list[str]]) -> None:
        while first and not first[-1] and not any(_cell(row, len(first) - 1) for row in below):
            first.pop()
        self.first, self.below, self.width = first, below, len(first)
        self.words = [_BETWEEN.sub("", cell).casefold() for cell in first]
        self.known = [len(word) <= _LONGEST_WORD and _WORD.fullmatch(word) is not None for word in self.words]
        self.is_distinct = len(set(self.words)) == self.width
        self.mids_below = [column for column in range(self.width) if _all_mids(below, column)]
        self.has_header = self._has_header()
        if not self.has_header:
            self.words = [""] * self.width
        self.rows = below if self.has_header else [first, *below]
        self.mids = [column for column in range(self.width) if _all_mids(self.rows, column)]

    def columns(self) -> ClassColumns:
        if self.width == 1:
            if more := _MID_AND_MORE.match(self.first[0]):
                mark = more[1].strip()
                raise UncertainColumns("mark", mark=mark) if mark else UncertainColumns("space")
            return ClassColumns(0, None, self.has_header, self._is_odd())
        if _QUOTED.fullmatch(self.first[0]) and _QUOTED.fullmatch(self.first[1]):
            raise UncertainColumns("single-quotes")
        label = self._label()
        return ClassColumns(label, self._name(label), self.has_header, self._is_odd())

    def _has_header(self) -> bool:
        """Whether the first row is words of a header, as `label,name` is, rather than a class and its name."""
        if any(map(is_mid, self.first)):
            return False
        if {"labelname", "displayname"} & {cell.casefold() for cell in self.first}:
            return True
        if self.mids_below and _are_counted([cell for cell in self.first if cell]):
            return True
        if not self.is_distinct:
            return False
        if self.width == 2 or not self.mids_below:
            return self.width > 1 and all(self.known)
        return any(self.known) and not any(map(_NUMBER.fullmatch, self.words))

    def _is_odd(self) -> bool:
        without_mid = self.mids_below == [0] != self.mids and len(self.below) > 1
        may_be_words = any(self.known) and self.is_distinct and not any(map(is_mid, self.first))
        return not self.has_header and (may_be_words or without_mid)

    def _label(self) -> int:
        cells = [cell.casefold() for cell in self.first]
        if self.has_header and "labelname" in cells:
            return cells.index("labelname")
        if self.has_header and self.width == 2 and "displayname" in cells:
            return 1 - cells.index("displayname")
        if len(self.mids) == 1:
            return self.mids[0]
        said = [column for column, word in enumerate(self.words) if word in _LABEL_WORDS]
        if len(said) == 1 and not self.mids:
            return said[0]
        if self.width > 2:
            raise UncertainColumns("which-label", cells=self.width)
        has_mids = [any(is_mid(_cell(row, column)) for row in self.rows) for column in (0, 1)]
        if has_mids == [False, True]:
            raise UncertainColumns("some-mids")
        return 0

    def _name(self, label: int) -> int | None:
        """The column of the display names; None if there is none."""
        others = [column for column in range(self.width) if column != label]
        said = [column for column in others if self.words[column] == "displayname"]
        is_named = self.words[label] == "labelname"  # so that whatever else there is may be anything
        if not said and (len(others) > 1 or is_named or (self.has_header and self.mids)):
            others = [column for column in others if not self._is_number(column)]
            said = [column for column in others if _NAME_WORD.fullmatch(self.words[column])]
        if len(others) > 1 and is_named and not said:
            return None
        if len(said or others) > 1:
            raise UncertainColumns("which-name", cells=self.width)
        return next(iter(said or others), None)

    def _is_number(self, column: int) -> bool:
        return bool(self.rows) and all(_NUMBER.fullmatch(_cell(row, column)) for row in self.rows)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _all_mids(rows: Sequence[Sequence[str]], column: int) -> bool:
    return bool(rows) and all(is_mid(_cell(row, column)) for row in rows)


def _are_counted(cells: Sequence[str]) -> bool:
    """Whether these are 0, 1 and so on, as pandas calls columns that have no names."""
    return bool(cells) and list(cells) == [str(number) for number in range(len(cells))]
