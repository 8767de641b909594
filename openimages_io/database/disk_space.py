"""Whether the disk has space for what is to be written, asked before anything is: a full one ends a long load badly."""

import shutil
from pathlib import Path
from typing import Final

from django.db import connections

from openimages_io.exceptions import Failure

_ROW: Final = 120
"""Bytes of a shape or image with its part of the indexes: 899,319 shapes on 41,620 images make a file of 105 MB."""
_MEBIBYTE: Final = 2**20


def check_disk_space(using: str, rows: int) -> None:
    """Refuses to begin a load for which an SQLite database's disk has no space. Raises `Failure`.

    With a write-ahead log the rows stand in the log, whole, before they go to the database. A database in memory, or on
    a server, is not asked.
    """
    connection = connections[using]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        has_log = cursor.fetchone() == ("wal",)
    folder = Path(str(connection.settings_dict["NAME"])).absolute().parent
    needed, free = rows * _ROW * (2 if has_log else 1), shutil.disk_usage(folder).free
    if needed > free:
        mebibytes = {"needed": -(-needed // _MEBIBYTE), "free": free // _MEBIBYTE}
        raise Failure("database-space", rows=rows, folder=str(folder), **mebibytes)
