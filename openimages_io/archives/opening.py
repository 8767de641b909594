"""Finding out what a source is: by its content, whatever it is called."""

import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from openimages_io.archives.base import Archive, Tick
from openimages_io.archives.folder import FolderArchive, open_regular
from openimages_io.archives.limits import ArchiveLimits
from openimages_io.archives.safety import archive_problem
from openimages_io.archives.streams import RandomReader, explained
from openimages_io.archives.tar import MAGIC_BYTES, TarArchive, is_tar, unpack
from openimages_io.archives.zip import ZipArchive

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def open_archive(
    source: Path,
    limits: ArchiveLimits,
    label: str | None = None,
    tick: Tick | None = None,
    content_folders: Collection[str] = (),
) -> Archive:
    """Opens a folder, zip or tar (also packed with gzip, bzip2 or xz) and checks every member's name, kind and size.

    `label` is how people know it, if not by its path; `tick` is called while it is unpacked, and may stop that.
    One folder that everything is in is left out of the paths, unless its name is among `content_folders`.
    Raises UnreadableArchive with everything that is wrong with it; nothing is open then.
    """
    label = os.fspath(source) if label is None else label
    try:
        found = source.stat()
        mode = found.st_mode
        if stat.S_ISDIR(mode):
            archive: Archive = FolderArchive(source, limits, content_folders)
        elif stat.S_ISREG(mode):
            archive = open_container(open_regular(os.fspath(source)), limits, label, "", tick, content_folders)
        else:
            raise archive_problem("unknown-format", label, "special")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise archive_problem("not-found", label, "archive") from error
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            raise archive_problem("unreadable", label, detail=error.strerror) from error
        raise archive_problem("unreadable", label, "nul") from error
    if not archive.paths:
        archive.close()
        raise archive_problem("empty", label)
    archive.tick = tick
    archive.own_bytes = found.st_size if stat.S_ISREG(mode) else sum(archive.paths.values())
    return archive


def open_nested(archive: Archive, path: str) -> Archive:
    """Opens a member that is a zip or tar itself, under the same limits and rules; the caller closes it."""
    place = archive.place(path)
    return open_container(
        archive.extract(path), archive.limits, place, f"{place}/", archive.tick, archive.content_folders
    )


def open_container(
    file: BinaryIO,
    limits: ArchiveLimits,
    label: str,
    prefix: str,
    tick: Tick | None = None,
    content_folders: Collection[str] = (),
) -> Archive:
    """Opens a zip or tar that is a file already, and takes the file over: it is closed with the archive or on an error.

    `label` is how people know the archive, `prefix` what issues show before its members' paths.
    """
    try:
        file.seek(0)
        head = file.read(512)
        file.seek(0)
        if is_tar(head):
            return TarArchive(RandomReader(file), limits, label, prefix, content_folders)
        if head.startswith(_ZIP_STARTS):
            return ZipArchive(RandomReader(file), limits, label, prefix, content_folders)
        for magic, packer in MAGIC_BYTES.items():
            if head.startswith(magic):
                packed, file = file, unpack(file, packer, limits, label, tick)
                packed.close()
                return TarArchive(RandomReader(file), limits, label, prefix, content_folders)
        raise archive_problem("unknown-format", label, "" if head else "empty")
    except OSError as error:
        file.close()
        code, params = explained(error)
        raise archive_problem(code, label, **params) from error
    except BaseException:
        file.close()
        raise
