"""Names of mask files and ids of their boxes: readable, safe on every file system, and never given twice."""

import re
import unicodedata
from collections.abc import Container
from hashlib import blake2b
from typing import NamedTuple

MAX_NAME_BYTES = 200
"""Length of a generated name in UTF-8. File systems take 255; what packs or mirrors an archive may add to it."""
_LONGEST_NAME = 255
_LONGEST_LABEL = 60
_LONGEST_BOX_ID = 40
_ROOM_FOR_NUMBER = 16
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_KEPT = frozenset("-_.,()")


class ClaimedName(NamedTuple):
    """The name for a mask that came in, and whether its file has yet to be written."""

    name: str
    is_new: bool


class MaskNames:
    """The names of the mask files of one subset, which lie in one folder.

    Two names are the same here if a file system may hold them for the same: in another case, or composed otherwise in
    Unicode. The names depend on nothing but the calls and their order. One name takes about 150 bytes.
    """

    def __init__(self) -> None:
        self._files: dict[int, int | None] = {}
        self._numbers: dict[int, int] = {}

    def claim(self, path: str, digest: bytes) -> ClaimedName:
        """The name for a mask that came in as `path` with content of this digest.

        It is `path` itself if that is free, or was claimed for the same content: several rows may share a file. If not,
        or if it is not a name of a file in a folder, it is a new name like it.
        """
        if _is_file_name(path):
            file = _hash(_utf8(path) + b"/" + digest)
            key = _key(path)
            if key not in self._files:
                self._files[key] = file
                return ClaimedName(path, is_new=True)
            if self._files[key] == file:
                return ClaimedName(path, is_new=False)
        stem, dot, suffix = path.rpartition(".")
        if not dot or len(suffix) > 8 or not suffix.isalnum():
            stem, suffix = path, "png"
        longest = MAX_NAME_BYTES - _ROOM_FOR_NUMBER - len(suffix.encode()) - 1
        return ClaimedName(self._take(_shorten(_clean(stem), longest), suffix), is_new=True)

    def make(self, image_name: str, label_name: str, box_id: str) -> str:
        """A new name `<ImageID>_<LabelName without slashes>_<BoxID>.png`, as the format has it.

        Whatever is not a letter, digit or harmless sign of any script becomes `_`, so does the slash of folders in
        an ImageID; parts that are too long end in a hash of the whole; a name that is taken gets a number.
        """
        label = _shorten(_clean(label_name.replace("/", "")), _LONGEST_LABEL)
        tail = f"_{label}_{_shorten(_clean(box_id), _LONGEST_BOX_ID)}"
        longest = MAX_NAME_BYTES - _ROOM_FOR_NUMBER - len(f"{tail}.png".encode())
        return self._take(_shorten(_clean(image_name), longest) + tail, "png")

    def _take(self, stem: str, suffix: str) -> str:
        stem = unicodedata.normalize("NFC", stem).rstrip(".")
        if stem[:1] in {"", ".", "-"} or _RESERVED.match(stem):
            stem = f"_{stem}"
        name = f"{stem}.{suffix}"
        first = key = _key(name)
        number = self._numbers.get(first, 1)
        while key in self._files:
            number += 1
            name = f"{stem}-{number}.{suffix}"
            key = _key(name)
        if number > 1:
            self._numbers[first] = number
        self._files[key] = None
        return name


def make_box_id(seed: str, taken: Container[str]) -> str:
    """A BoxID of 8 hex digits that is not taken; the same seed gives the same id.

    The format wants ids that are unique within their image, so `taken` are those of the image.
    """
    box_id, again = _box_id(seed), 0
    while box_id in taken:
        again += 1
        box_id = _box_id(f"{seed}\0{again}")
    return box_id


def _box_id(seed: str) -> str:
    return blake2b(_utf8(seed), digest_size=4).hexdigest()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=16).digest())


def _key(name: str) -> int:
    """A name as the most careless file system sees it. Upper case first: `ı` is `I` for some, but folds to itself."""
    folded = unicodedata.normalize("NFC", name).upper().casefold()
    return _hash(_utf8(unicodedata.normalize("NFC", folded)))


def _is_file_name(path: str) -> bool:
    """Whether a MaskPath that came in can be written as it is, in one folder and no other."""
    if path in {"", ".", ".."} or path[1:2] == ":" or not set("/\\").isdisjoint(path):
        return False
    printable = not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in path)
    return printable and len(_utf8(path)) <= _LONGEST_NAME


def _clean(part: str) -> str:
    """Letters, marks and digits of all scripts and a few signs; `_` for each run of anything else."""
    part = unicodedata.normalize("NFC", part)
    kept = "".join(c if c in _KEPT or unicodedata.category(c)[0] in "LMN" else " " for c in part)
    return re.sub(r"\.{2,}", ".", re.sub(r" +", "_", kept))


def _shorten(part: str, longest: int) -> str:
    """At most so many bytes of UTF-8, whole characters, and the hash of what was too long."""
    data = _utf8(part)
    if len(data) <= longest:
        return part
    return data[: longest - 9].decode("utf-8", "ignore") + "-" + _box_id(part)
