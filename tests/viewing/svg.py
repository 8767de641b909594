"""Reading the documents that we write."""

from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def parse(document: str) -> ET.Element:
    """The root of a document. Raises `ParseError` for one that is not well-formed."""
    return ET.fromstring(document)  # noqa: S314  (it is our own)
