"""Untrusted texts made fit for a terminal, a log or a page."""

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


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode()
