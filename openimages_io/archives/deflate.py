"""What packs the members of a zip: ISA-L where it is installed (`openimages-io[fast]`), else zlib.

ISA-L deflates in a third of the time. The two make different bytes of the same data, and so may two versions of
either; what is unpacked is the same.
"""

import zlib
from importlib import import_module
from types import ModuleType
from typing import Protocol

try:
    packer: ModuleType = import_module("isal.isal_zlib")
except ImportError:  # it is optional
    packer = zlib

LEVEL = 1
"""CSV is formatted about as fast as zlib's level 1 deflates; level 6 takes three times as long for a tenth less."""


class Deflater(Protocol):
    """Packs one stream, as `zlib.compressobj` does."""

    def compress(self, data: bytes, /) -> bytes:
        """Takes some bytes; returns packed ones, not always of these."""

    def flush(self) -> bytes:
        """Returns the last packed bytes."""


def new_deflater() -> Deflater:
    """Makes what packs one member: raw deflate, without zlib's header."""
    deflater: Deflater = packer.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater
