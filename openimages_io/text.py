"""Untrusted texts and values made fit for a terminal, a log, a page or a report."""

import math
from collections.abc import Mapping
from typing import Any, Final

_SHOWN = 200
"""Characters that are shown of one text."""


def printable(value: str) -> str:
    """Shorten a text in its middle, and write what cannot be printed as escapes."""
    half = _SHOWN // 2
    cut = value if len(value) <= _SHOWN else f"{value[:half]}…{value[1 - half :]}"
    return "".join(c if c.isprintable() else _escaped(c) for c in cut)


def quote_text(value: str) -> str:
    """Put a text in quotation marks, as `printable` has it."""
    return f'"{printable(value)}"'


_LONGEST_VALUE: Final = 60
"""Characters that are kept of a value in a sentence."""
_LONGEST_INTEGER: Final = 10**20


def as_param(value: Any) -> Any:
    """A value of any type as a small parameter of a sentence, in plain JSON: itself if it is a short scalar."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) > _LONGEST_INTEGER:
        try:
            return float(value)
        except OverflowError:
            return {"type": "number", "digits": len(str(abs(value)))}
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | dict):
        return {"type": "list" if isinstance(value, list) else "object"}
    if isinstance(value, float):
        return {"type": "number", "text": str(value)}
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def quote_param(param: Any) -> str:
    """What `as_param` has given, as a sentence quotes it."""
    if isinstance(param, Mapping):
        if "digits" in param:
            return f"a number of {param['digits']} digits"
        return printable(str(param.get("text") or {"list": "a list", "object": "an object"}[param["type"]]))
    if param is None or isinstance(param, bool):
        return {None: "null", True: "true", False: "false"}[param]
    if isinstance(param, float) and abs(param) > _LONGEST_INTEGER:
        return f"{param:.6g}"
    return f"“{printable(param)}”" if isinstance(param, str) else str(param)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode()
