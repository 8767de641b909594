"""Addresses of pictures and masks that need no login until they end, for an `<img>`, which can send none.

What they end in is signed by Django's signer: what it shows (a file, a thumbnail or a mask), of which row, with which
content, and until when. They end at fixed moments, so that the same content has the same address for everybody for a
while, and caches work; each works for one to two times `SIGNED_ADDRESS_SECONDS`.
"""

import re
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal

from django.core import signing
from rest_framework.exceptions import NotFound, PermissionDenied

from openimages_io import conf
from openimages_io.error_codes import ErrorCode
from openimages_io.models import Image

Shown = Literal["file", "thumbnail", "mask"]
_SALT: Final = "openimages_io.signed-address"
_SIGNATURE: Final = re.compile(r"([0-9]{1,12})-([0-9a-f]{32})-([A-Za-z0-9_-]{20,100})", re.ASCII)
CONTENT_LENGTH: Final = 32
"""Hexadecimal digits that stand for a content."""


@dataclass(frozen=True, slots=True)
class AddressSigner:
    """Signs addresses that end at one moment; an answer uses one for all that is in it."""

    until: int
    """Seconds since 1970."""
    _signer: signing.Signer = field(default_factory=lambda: signing.Signer(salt=_SALT))

    def sign(self, shown: Shown, key: int, content: str) -> str:
        """The end of the address that shows this content of a row."""
        return f"{self.until}-{content}-{self._signer.signature(_signed(shown, key, content, self.until))}"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature that holds says."""

    content: str
    until: int

    @property
    def cache_control(self) -> str:
        """How long the answer is to be kept: what has this address never changes."""
        return f"private, max-age={max(0, self.until - int(time.time()))}, immutable"


def address_signer() -> AddressSigner | None:
    """What signs the addresses of an answer; None where the site gives no signed ones."""
    options = conf.options()
    if not options.signed_addresses:
        return None
    seconds = options.signed_address_seconds
    return AddressSigner((int(time.time()) // seconds + 2) * seconds)


def check_signature(shown: Shown, key: int, given: str) -> Signed:
    """What the end of an address says, if it was signed here and has not ended. Asks no database and no storage.

    Raises `PermissionDenied` with a code that says which of both it is, and `NotFound` where the site gives none.
    """
    if not conf.options().signed_addresses:
        raise NotFound("This site gives no signed addresses.")
    said = _SIGNATURE.fullmatch(given)
    until, content, signature = said.groups() if said is not None else ("0", "", "")
    try:
        signing.Signer(salt=_SALT).unsign(f"{_signed(shown, key, content, until)}:{signature}")
    except signing.BadSignature:
        raise PermissionDenied("This address was not signed by this site.", ErrorCode.BAD_SIGNATURE) from None
    if int(until) <= time.time():
        raise PermissionDenied("This address has ended; read it again.", ErrorCode.SIGNATURE_EXPIRED)
    return Signed(content, int(until))


def content_of(image: Image) -> str:
    """What stands for the image's picture: another one has another stored name, and another digest."""
    text = f"{image.file}\0{image.file_digest}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=CONTENT_LENGTH // 2).hexdigest()


def _signed(shown: Shown, key: int, content: str, until: int | str) -> str:
    return f"{shown}:{key}:{content}:{until}"
