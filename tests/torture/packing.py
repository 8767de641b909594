"""Files as folders, zips and tars, and damage to what they are packed in."""

import io
import random
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

from tests.torture.mutations import Files

_EVIL = (
    "../out.csv",
    "/abs.csv",
    "a/../../b.png",
    "annotations\\x.csv",
    "C:/x.csv",
    "a//b.csv",
    "./a.csv",
    "\x01.csv",
    "a" * 300,
    "CON",
    "a ",
    "x/",
)
_KINDS = ("folder", "zip", "zip", "zip", "tar", "tar.gz", "tar.xz", "tar.bz2")


def packed(chance: random.Random, files: Files, folder: Path) -> Path:
    """Writes the files in one of the ways in which archives come, one in four of them damaged."""
    kind = chance.choice(_KINDS)
    if kind == "folder":
        return _folder(files, folder / "source")
    harm = chance.random() < 0.15
    data = _zip(chance, files, harm=harm) if kind == "zip" else _tar(chance, files, kind, harm=harm)
    if harm and chance.random() < 0.6:
        data = _broken(chance, data)
    path = folder / f"source.{kind if chance.random() < 0.9 else 'zip'}"
    path.write_bytes(data)
    return path


def _folder(files: Files, folder: Path) -> Path:
    folder.mkdir()
    for name, data in files.items():
        target = folder / name
        with suppress(OSError, ValueError):  # names that no folder can have
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return folder


def _zip(chance: random.Random, files: Files, *, harm: bool) -> bytes:
    out = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            method = chance.choice((*methods, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA) if harm else methods)
            archive.writestr(zipfile.ZipInfo(name), data, method)
        if harm and chance.random() < 0.5:
            info = zipfile.ZipInfo(chance.choice((*_EVIL, *files)))
            info.external_attr = chance.choice((0, 0o120777 << 16, 0o040755 << 16, 0o020666 << 16))
            archive.writestr(info, chance.choice((b"", b"/etc/passwd", b"x" * 100)))
    return out.getvalue()


def _tar(chance: random.Random, files: Files, kind: str, *, harm: bool) -> bytes:
    out = io.BytesIO()
    mode = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz", "tar.bz2": "w:bz2"}[kind]
    with tarfile.open(
        fileobj=out, mode=mode, format=chance.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    ) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        if harm and chance.random() < 0.5:
            info = tarfile.TarInfo(chance.choice((*_EVIL, *files)))
            info.type = chance.choice(
                (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.REGTYPE)
            )
            info.linkname = chance.choice(("/etc/passwd", "../../x", *files))
            archive.addfile(info)
    return out.getvalue()


def _broken(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    what = chance.randrange(5)
    if what == 0:
        return bytes(changed[: chance.randrange(len(changed))])
    if what == 1:
        return bytes(changed) + chance.randbytes(chance.randrange(1, 200))
    if what == 2:
        return chance.randbytes(chance.randrange(1, 50)) + bytes(changed)
    # What says where everything is, is at the end of a zip and at the start of a tar.
    tail = chance.random() < 0.7
    for _ in range(chance.randrange(1, 6)):
        near = chance.randrange(min(len(changed), 700))
        changed[-1 - near if tail else near] = chance.randrange(256)
    return bytes(changed)
