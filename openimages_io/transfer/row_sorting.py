"""Rows of a file that stand in no order of images, sorted on disk, so that those of an image come together.

Else what the task has on an image would be fetched once for every chunk of the file.
"""

import marshal
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from openimages_io.archives.temporary import temporary_folder, temporary_space

Row = tuple[Any, ...]

_ROWS: Final = 2048
_SCHEMA: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE row (number INTEGER PRIMARY KEY, image INTEGER NOT NULL, cells BLOB NOT NULL);
    CREATE TABLE chosen (number INTEGER PRIMARY KEY, more BLOB NOT NULL);
    BEGIN;
"""


class RowSorter:
    """Rows whose first cell is their image, numbered as they came. Memory does not grow with them.

    Raises `NoTemporarySpace` where its file cannot be made or written.
    """

    def __init__(self) -> None:
        self._folder = temporary_folder()
        self._count = 0
        with temporary_space():
            self._connection = sqlite3.connect(self._folder.file("rows.sqlite3"), isolation_level=None)
            self._connection.executescript(_SCHEMA)

    def add(self, rows: Sequence[Row]) -> None:
        """Takes rows in."""
        numbered = enumerate(rows, self._count)
        self._count += len(rows)
        with temporary_space():
            notes = ((number, row[0], marshal.dumps(row)) for number, row in numbered)
            self._connection.executemany("INSERT INTO row VALUES (?, ?, ?)", notes)

    def by_image(self) -> Iterator[list[tuple[int, Row]]]:
        """All rows with their numbers, some at a time: those of an image in the order in which they came."""
        for batch in self._fetch("SELECT number, cells FROM row ORDER BY image, number"):
            yield [(number, _read(cells)) for number, cells in batch]

    def choose(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Notes rows by their numbers, and what is to be put behind their cells."""
        with temporary_space():
            notes = ((number, marshal.dumps(more)) for number, more in rows)
            self._connection.executemany("INSERT INTO chosen VALUES (?, ?)", notes)

    def chosen(self) -> Iterator[list[Row]]:
        """The rows that were noted, some at a time, in the order in which they came."""
        for batch in self._fetch("SELECT cells, more FROM chosen JOIN row USING (number) ORDER BY number"):
            yield [_read(cells) + _read(more) for cells, more in batch]

    def _fetch(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        with temporary_space():
            cursor = self._connection.execute(sql)
        while True:
            with temporary_space():
                batch = cursor.fetchmany(_ROWS)
            if not batch:
                return
            yield batch

    def close(self) -> None:
        """Removes the file."""
        self._connection.close()
        self._folder.close()


def _read(cells: bytes) -> Row:
    row: Row = marshal.loads(cells)  # noqa: S302  (our own)
    return row
