"""Text and numbers into SVG documents. Everything from the database is untrusted."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: object) -> str:
    """A value between tags; characters that XML cannot hold, escaped or not, become the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", str(value)))


def attribute(value: object) -> str:
    """A value of an attribute, with its quotation marks."""
    return quoteattr(_NOT_XML.sub("\ufffd", str(value)))


def short(value: float) -> str:
    """A number of pixels, to a thousandth of one."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
