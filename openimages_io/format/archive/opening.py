"""Finding out what a source is: by its content, whatever it is called."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from openimages_io.format.archive.base import Archive, Tick
from openimages_io.format.archive.folder import FolderArchive, open_regular
from openimages_io.format.archive.safety import unopenable
from openimages_io.format.archive.streams import RandomReader, explained
from openimages_io.format.archive.tarred import MAGIC_BYTES, TarArchive, is_tar, unpack
from openimages_io.format.archive.zipped import ZipArchive
from openimages_io.format.limits import Limits

_EXPECTED = "a folder, a zip or a tar (also .tar.gz, .tar.bz2, .tar.xz) is expected"
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def open_archive(source: Path, limits: Limits, label: str | None = None, tick: Tick | None = None) -> Archive:
    """Opens a folder, zip or tar (also packed with gzip, bzip2 or xz) and checks every member's name, kind and size.

    `label` is how people know it, if not by its path; `tick` is called while it is unpacked, and may stop that.
    Raises UnreadableArchive with everything that is wrong with it; nothing is open then.
    """
    label = os.fspath(source) if label is None else label
    try:
        found = source.stat()
        mode = found.st_mode
        if stat.S_ISDIR(mode):
            archive: Archive = FolderArchive(source, limits)
        elif stat.S_ISREG(mode):
            archive = open_container(open_regular(os.fspath(source)), limits, label, "", tick)
        else:
            raise unopenable("unknown-format", label, f"is neither a folder nor a file; {_EXPECTED}")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise unopenable("not-found", label, f"does not exist; {_EXPECTED}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name holds a NUL"
        raise unopenable("unreadable", label, f"cannot be read: {reason}") from error
    if not archive.paths:
        archive.close()
        raise unopenable("empty", label, "holds no files")
    archive.tick = tick
    archive.own_bytes = found.st_size if stat.S_ISREG(mode) else sum(archive.paths.values())
    return archive


def open_container(file: BinaryIO, limits: Limits, label: str, prefix: str, tick: Tick | None = None) -> Archive:
    """Opens a zip or tar that is a file already, and takes the file over: it is closed with the archive or on an error.

    `label` is how people know the archive, `prefix` what issues show before its members' paths.
    """
    try:
        file.seek(0)
        head = file.read(512)
        file.seek(0)
        if is_tar(head):
            return TarArchive(RandomReader(file), limits, label, prefix)
        if head.startswith(_ZIP_STARTS):
            return ZipArchive(RandomReader(file), limits, label, prefix)
        for magic, packer in MAGIC_BYTES.items():
            if head.startswith(magic):
                packed, file = file, unpack(file, packer, limits, label, tick)
                packed.close()
                return TarArchive(RandomReader(file), limits, label, prefix)
        raise unopenable("unknown-format", label, f"is {'one file' if head else 'empty'}; {_EXPECTED}")
    except OSError as error:
        file.close()
        raise unopenable(explained(error)[0], label, explained(error)[1]) from error
    except BaseException:
        file.close()
        raise
