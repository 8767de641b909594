"""What a cell of a CSV table may hold: each type is stated once, for reading, for messages and for the reference page.

Columns are parsed whole, at C speed, by its parser; only when that fails is each cell looked at by itself,
by `CellType.parse`, to say what is wrong with which.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from openimages_io.format.bad_value import BadValue

ID_LENGTH: Final = 255
SOURCE_LENGTH: Final = 64
HAIR: Final = 0.01
"""How far outside the image a coordinate may be that is clipped."""
_REMEMBERED: Final = 10_000
_LARGEST_INTEGER: Final = 2**63 - 1
_MOST_DIGITS: Final = len(str(_LARGEST_INTEGER))

_LINE_BREAKS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PLAIN_ID = re.compile(rf"[\w-]{{1,{ID_LENGTH}}}", re.ASCII)
_PLAIN_IDS = re.compile(rf"(?:[\w-]{{1,{ID_LENGTH}}}\n)*", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_DRIVE = re.compile("[A-Za-z]:")


class BadCell(BadValue):
    """A cell that its column doesn't allow. The message ends a sentence whose subject is the value."""


ColumnParser = Callable[[Sequence[str]], Sequence[Any]]
"""Parses many cells at once; raises `ValueError` if any of them is bad."""


class Form(Enum):
    """What the cells of a column mostly are, for who reads many at once."""

    TEXT = auto()
    """Each another."""
    RUN = auto()
    """Words; neighbours are often equal."""
    WORD = auto()
    """Words, of which there are few."""
    NUMBER = auto()
    """Decimal numbers from 0 to 1, all of which the column takes, as floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellType:
    """One type of cell."""

    name: str
    """For the reference page."""
    code: str
    """The code of the issue that a bad cell makes."""
    parse: Callable[[str], Any]
    """One cell to its value; raises `BadCell`."""
    new_parser: Callable[[], ColumnParser]
    """Makes what parses one column of one file, chunk after chunk."""
    form: Form = Form.TEXT

    def parse_column(self, cells: Sequence[str]) -> Sequence[Any]:
        """Many cells at once; raises `ValueError` if any of them is bad, without saying which."""
        return self.new_parser()(cells)


def _check_text(text: str, code: str = "bad-text") -> None:
    if "\0" in text:
        raise BadCell(code, "nul")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadCell(code, "utf-8") from error


def _text(cell: str) -> str:
    _check_text(cell)
    return cell


def _texts(cells: Sequence[str]) -> Sequence[str]:
    _check_text("".join(cells))
    return cells


def _remembering(parse: Callable[[str], Any], are_plain: Callable[[str], object] = lambda _: False) -> ColumnParser:
    """Parses each different cell once: for ids, flags and words, of which a column has few.

    `are_plain` is asked of many cells at once, a line each, whether all are their own values.
    """
    known: dict[str, Any] = {}

    def parse_column(cells: Sequence[str]) -> Sequence[Any]:
        try:
            return list(map(known.__getitem__, cells))
        except KeyError:
            new = set(cells).difference(known)  # the operator would go through all that is known
        if len(known) + len(new) > _REMEMBERED:
            known.clear()
            new = set(cells)
        lines = "".join([f"{cell}\n" for cell in new])
        if lines.count("\n") == len(new) and are_plain(lines):
            known.update(zip(new, new, strict=True))
        else:
            known.update({cell: parse(cell) for cell in new})
        return list(map(known.__getitem__, cells))

    return parse_column


def check_name(cell: str, code: str, length: int = ID_LENGTH) -> None:
    """Raises `BadCell` with this code unless the cell can name something: not empty, one line, not too long."""
    if not cell:
        raise BadCell(code, "empty")
    _check_text(cell, code)
    if len(cell) > length:
        raise BadCell(code, "long", length=len(cell), limit=length)
    if _LINE_BREAKS.search(cell):
        raise BadCell(code, "line-break")


def image_id(cell: str) -> str:
    """An ImageID: a file's name without its extension; `/` parts folders. Raises `BadCell` for one that leaves them."""
    if _PLAIN_ID.fullmatch(cell):
        return cell
    check_name(cell, "bad-image-id")
    if "\\" in cell:
        raise BadCell("bad-image-id", "backslash")
    if cell.startswith("/"):
        raise BadCell("bad-image-id", "slash")
    for part in cell.split("/"):
        if part in {"", ".", ".."}:
            raise BadCell("bad-image-id", "part", part=part)
    return cell


def _file_word(code: str) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        check_name(cell, code)
        if cell in {".", ".."} or "/" in cell or "\\" in cell:
            raise BadCell(code, "folder")
        if ".." in cell:
            raise BadCell(code, "dots")
        if _DRIVE.match(cell):
            raise BadCell(code, "drive")
        return cell

    return parse


def _optional(parse: Callable[[str], Any], empty: Any) -> Callable[[str], Any]:
    return lambda cell: parse(cell) if cell else empty


def label_name(cell: str) -> str:
    """A LabelName, such as `/m/01yrx`, or a plain name where a tool wrote that."""
    check_name(cell, "bad-label-name")
    return cell


def _source(cell: str) -> str:
    if cell:
        check_name(cell, "bad-source", SOURCE_LENGTH)
    return cell


def _short(cell: str) -> str:
    if cell:
        check_name(cell, "bad-text")
    return cell


def _number(cell: str, code: str = "bad-number") -> float:
    try:
        value = float(cell)
    except ValueError:
        raise _no_number(cell, code) from None
    if "_" in cell or not math.isfinite(value):
        raise BadCell(code, "number")
    return value


def _no_number(cell: str, code: str) -> BadCell:
    if _DECIMAL_COMMA.fullmatch(cell.strip()):
        return BadCell(code, "decimal-comma", number=cell.strip().replace(",", "."))
    return BadCell(code, "number" if cell else "empty")


def fraction(cell: str) -> float:
    """A coordinate as a fraction of the image. Raises `BadCell` outside 0 to 1."""
    value = _number(cell, "bad-fraction")
    if not 0 <= value <= 1:
        raise _outside(value, "bad-fraction")
    return value


def _outside(value: float, code: str) -> BadCell:
    """Says what a coordinate outside the image looks like."""
    if -HAIR <= value <= 1 + HAIR:
        return BadCell(code, "hair", hair=HAIR)
    return BadCell(code, "pixels" if value >= 2 else "")


def clipped(cell: str) -> str | None:
    """The edge of the image, as a cell, for a coordinate that is a hair outside; None for any other."""
    try:
        value = _number(cell)
    except BadCell:
        return None
    return "0" if -HAIR <= value < 0 else "1" if 1 < value <= 1 + HAIR else None


def _all_finite(values: Sequence[float], low: float, high: float) -> None:
    # A sum is not a number when any of its terms is not, while min and max may pass one over.
    if values and not (low <= min(values) and max(values) <= high and math.isfinite(math.fsum(values))):
        raise ValueError


def _fractions(cells: Sequence[str]) -> Sequence[float]:
    values = list(map(float, cells))
    _all_finite(values, 0.0, 1.0)
    if "_" in "".join(cells):
        raise ValueError
    return values


def _fractions_or_none(cells: Sequence[str]) -> Sequence[float | None]:
    if "" not in cells:
        return _fractions(cells)
    return [fraction(cell) if cell else None for cell in cells]


def _click(cell: str) -> float | None:
    if not cell:
        return None
    value = _number(cell, "bad-click")
    if value != -1 and not 0 <= value <= 1:
        raise _outside(value, "bad-click")
    return value


def _clicks(cells: Sequence[str]) -> Sequence[float | None]:
    try:
        return _fractions(cells)
    except ValueError:
        return [_click(cell) for cell in cells]


_FLAGS: Final[dict[str, bool | None]] = {
    "1": True,
    "0": False,
    "-1": None,
    "": None,
    "1.0": True,
    "0.0": False,
    "-1.0": None,
}
"""What the format has, and what pandas writes of a column in which a cell is empty."""


def _flag(cell: str) -> bool | None:
    try:
        return _FLAGS[cell.strip()]
    except KeyError:
        raise BadCell("bad-flag") from None


def _confidence(cell: str) -> float | None:
    if not cell:
        return None
    value = _number(cell, "bad-confidence")
    if not 0 <= value <= 1:
        raise BadCell("bad-confidence")
    return value


def _rotation(cell: str) -> float | None:
    if cell.strip().lower() in {"", "nan"}:
        return None
    value = _number(cell, "bad-rotation")
    if not -360 <= value <= 360:
        raise BadCell("bad-rotation")
    return value


def _bytes(cell: str) -> int | None:
    if not cell:
        return None
    digits = cell.strip().lstrip("0") or cell.strip()[-1:]
    # Python itself refuses to read an integer of very many digits.
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS or int(digits) > _LARGEST_INTEGER:
        raise BadCell("bad-bytes")
    return int(digits)


def _each(parse: Callable[[str], Any]) -> Callable[[Sequence[str]], Sequence[Any]]:
    return lambda cells: list(map(parse, cells))


def _of_few(name: str, code: str, parse: Callable[[str], Any], form: Form = Form.WORD) -> CellType:
    return CellType(name=name, code=code, parse=parse, new_parser=lambda: _remembering(parse), form=form)


def _of_many(name: str, code: str, parse: Callable[[str], Any], form: Form = Form.TEXT) -> CellType:
    return CellType(name=name, code=code, parse=parse, new_parser=lambda: _each(parse), form=form)


_mask_path, _box_id, _subset = _file_word("bad-mask-path"), _file_word("bad-box-id"), _file_word("bad-subset")

IMAGE_ID: Final = CellType(
    name="ImageID: a file's name without extension, folders included",
    code="bad-image-id",
    parse=image_id,
    new_parser=lambda: _remembering(image_id, _PLAIN_IDS.fullmatch),
    form=Form.RUN,
)
LABEL_NAME: Final = _of_few("LabelName: a MID such as `/m/01yrx`, or a name", "bad-label-name", label_name)
SUBSET: Final = _of_few("word, may be empty", "bad-subset", _optional(_subset, None))
SOURCE: Final = _of_few(f"word of at most {SOURCE_LENGTH} characters, may be empty", "bad-source", _source)
TEXT: Final = CellType(name="text, may be empty", code="bad-text", parse=_text, new_parser=lambda: _texts)
SHORT_TEXT: Final = _of_few("one line of text, may be empty", "bad-text", _short)
MASK_PATH: Final = _of_many("file name", "bad-mask-path", _mask_path)
BOX_ID: Final = _of_many("word, may be empty", "bad-box-id", _optional(_box_id, ""))
FRACTION: Final = CellType(
    name="fraction of the image, 0 to 1",
    code="bad-fraction",
    parse=fraction,
    new_parser=lambda: _fractions,
    form=Form.NUMBER,
)
FRACTION_OR_NONE: Final = CellType(
    name="fraction of the image, 0 to 1, may be empty",
    code="bad-fraction",
    parse=_optional(fraction, None),
    new_parser=lambda: _fractions_or_none,
    form=Form.NUMBER,
)
CLICK: Final = CellType(
    name="fraction of the image, 0 to 1, or -1, may be empty",
    code="bad-click",
    parse=_click,
    new_parser=lambda: _clicks,
    form=Form.NUMBER,
)
FLAG: Final = _of_few("1 yes, 0 no, -1 or empty unknown", "bad-flag", _flag)
CONFIDENCE: Final = _of_few("number, 0 to 1, may be empty", "bad-confidence", _confidence, Form.NUMBER)
NUMBER: Final = _of_many("number, may be empty", "bad-number", _optional(_number, None), Form.NUMBER)
ROTATION: Final = _of_few("degrees counter-clockwise; empty or nan unknown", "bad-rotation", _rotation)
BYTES: Final = _of_many("number of bytes, may be empty", "bad-bytes", _bytes)
