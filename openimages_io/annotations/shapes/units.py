"""Coordinates in pixels instead of fractions of the image, one way and the other."""

import json
from collections.abc import Iterator
from math import isinf
from typing import Any, Final

from openimages_io.annotations.errors import Conflict
from openimages_io.error_codes import ErrorCode
from openimages_io.models import Image
from openimages_io.models.values import is_number

Size = tuple[int, int]
"""Width and height in pixels."""
AXES: Final = {"x_min": 0, "x_max": 0, "y_min": 1, "y_max": 1}
"""Which part of a size the sides of a box are fractions of."""
_NUMBERS: Final = frozenset({int, float})
_LISTS: Final = ("points", "clicks")
_PARTS: Final = 1e9
"""Pixels are told to a billionth, so that 49.1 that was given does not come back as 49.10000000000001."""


def units_of(*, in_pixels: bool) -> str:
    """As a request and an answer name them."""
    return "pixels" if in_pixels else "fractions"


def size_for(image: Image, *, in_pixels: bool) -> Size | None:
    """The size by which coordinates in pixels are fractions. Raises `Conflict` if it is asked for and not known."""
    if not in_pixels:
        return None
    if not image.width or not image.height:
        raise Conflict("The size of this picture is unknown, so pixels cannot be used.", ErrorCode.SIZE_UNKNOWN)
    return image.width, image.height


def in_pixels(
    box: list[float | None], points: str | None, clicks: str | None, size: Size
) -> tuple[list[float | None], str | None, str | None]:
    """The sides of a box, and points and extreme clicks as JSON, in pixels. The -1 and null of clicks stay."""
    sides = [None if side is None else _pixels(side, size[place // 2]) for place, side in enumerate(box)]
    return sides, _text_in_pixels(points, size), _text_in_pixels(clicks, size)


def in_fractions(name: str, given: Any, stored: Any, size: Size) -> Any:
    """A field that was given in pixels, in fractions.

    Wherever a number is what the stored fraction is in pixels, it is that fraction, to the bit: reading and saving
    again must not let shapes drift. What is not a number stays, for the rules to refuse.
    """
    if name in AXES:
        return _fraction(given, stored, size[AXES[name]]) if is_number(given) else given
    if name in _LISTS and isinstance(given, list):
        known: tuple[dict[float, float], dict[float, float]] = ({}, {})
        for axis, value in _numbers(stored):
            known[axis].setdefault(_pixels(value, size[axis]), value)
        return _list_in_fractions(given, stored, size, known)
    return given


def same(stored: Any, given: Any) -> bool:
    """Whether two values say the same in JSON, where 1 is 1.0 but not true."""
    if type(stored) is type(given) and not isinstance(stored, list | dict):
        return bool(stored == given)
    if stored == given and repr(stored) == repr(given):  # most are as they were, and this is quick
        return True
    if isinstance(stored, list) and isinstance(given, list):
        return len(stored) == len(given) and all(map(same, stored, given))
    if isinstance(stored, dict) and isinstance(given, dict):
        return stored.keys() == given.keys() and all(same(value, given[name]) for name, value in stored.items())
    return is_number(stored) and is_number(given) and bool(stored == given)


def _pixels(value: float, scale: int) -> float:
    try:
        return int(value * scale * _PARTS + 0.5) / _PARTS  # half the time of round()
    except OverflowError:  # not a coordinate, but somebody has stored it; JSON has no Infinity
        pixels = value * scale
        return value if type(pixels) is float and isinf(pixels) else pixels


def _fraction(given: float, stored: Any, scale: int) -> float:
    return stored if is_number(stored) and _pixels(stored, scale) == given else given / scale


def _text_in_pixels(text: str | None, size: Size) -> str | None:
    values: Any = json.loads(text) if text else None
    return json.dumps(_list_in_pixels(values, size)) if isinstance(values, list) else text


def _list_in_pixels(values: list[Any], size: Size) -> list[Any]:
    """What is stored and is not a coordinate stays as it is."""
    return [
        _list_in_pixels(value, size)
        if isinstance(value, list)
        else _pixels(value, size[place % 2])
        if type(value) in _NUMBERS and value != -1
        else value
        for place, value in enumerate(values)
    ]


def _list_in_fractions(
    given: list[Any], stored: Any, size: Size, known: tuple[dict[float, float], dict[float, float]], depth: int = 2
) -> list[Any]:
    before = stored if isinstance(stored, list) else []
    found: list[Any] = []
    for place, value in enumerate(given):
        old: Any = before[place] if place < len(before) else None
        if isinstance(value, list) and depth > 1:
            found.append(_list_in_fractions(value, old, size, known, depth - 1))
        elif not is_number(value) or value == -1:
            found.append(value)
        else:
            axis = place % 2
            stays = is_number(old) and _pixels(old, size[axis]) == value
            found.append(old if stays else known[axis].get(value, value / size[axis]))
    return found


def _numbers(values: Any) -> Iterator[tuple[int, float]]:
    """Every coordinate of a stored list with its axis."""
    for place, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, list):
            yield from _numbers(value)
        elif is_number(value) and value != -1:
            yield place % 2, value
