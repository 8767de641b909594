"""Notes on disk, in a temporary SQLite file: what an earlier file said, for as many rows as one likes.

Only folders of overlapping downloads need it: there a row may stand in two files, and memory must not grow with rows.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from openimages_io.archives.temporary import temporary_folder, temporary_space

ROW_END: Final = "\x1e"
"""Between the texts of one key."""
_LONGEST: Final = 1000
_JOINED: Final = f"text = CASE WHEN length(text) < {_LONGEST} THEN text || '{ROW_END}' || excluded.text ELSE text END"
_BATCH: Final = 900
_SCHEMA: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE note (key INTEGER PRIMARY KEY, times INTEGER NOT NULL, met INTEGER NOT NULL, text TEXT NOT NULL);
    CREATE TABLE fresh (key INTEGER PRIMARY KEY, times INTEGER NOT NULL, text TEXT NOT NULL);
    BEGIN;
"""


class DiskNotes:
    """Notes by 64-bit key: a text, how often the earlier files had the key, and how often the file at hand met it.

    Raises `NoTemporarySpace` where it cannot be made or written.
    """

    def __init__(self) -> None:
        self._folder = temporary_folder()
        with temporary_space():
            self._connection = sqlite3.connect(self._folder.file("notes.sqlite3"), isolation_level=None)
            self._connection.executescript(_SCHEMA)

    def note(self, notes: Iterable[tuple[int, str]]) -> None:
        """Notes keys of the file at hand, to be found from the next file on; equal ones keep all their texts."""
        sql = f"INSERT INTO fresh VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET times = times + 1, {_JOINED}"
        with temporary_space():
            self._connection.executemany(sql, notes)

    def next_file(self) -> None:
        """Makes the file at hand an earlier one."""
        with temporary_space():
            self._connection.execute("UPDATE note SET met = 0 WHERE met > 0")
            self._connection.execute(
                "INSERT INTO note SELECT key, times, 0, text FROM fresh WHERE true"
                f" ON CONFLICT (key) DO UPDATE SET times = times + excluded.times, {_JOINED}"
            )
            self._connection.execute("DELETE FROM fresh")

    def find(self, keys: Iterable[int]) -> dict[int, tuple[int, int, str]]:
        """How often each of these keys may still be met, how often it occurred, and its texts in that order.

        Keys that earlier files don't have are left out; of very many texts the first are kept.
        """
        found: dict[int, tuple[int, int, str]] = {}
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _BATCH):
            batch = distinct[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._connection.execute(f"SELECT key, times, met, text FROM note WHERE key IN ({marks})", batch)
            found.update({key: (times - met, times, text) for key, times, met, text in rows})
        return found

    def meet(self, keys: Sequence[int]) -> None:
        """Counts that the file at hand met these keys once more."""
        with temporary_space():
            self._connection.executemany("UPDATE note SET met = met + 1 WHERE key = ?", [(key,) for key in keys])

    def rewrite(self, texts: Mapping[int, str]) -> None:
        """Gives keys another text, at once."""
        with temporary_space():
            self._connection.executemany("INSERT OR REPLACE INTO note VALUES (?, 1, 0, ?)", texts.items())

    def close(self) -> None:
        """Removes the file."""
        self._connection.close()
        self._folder.close()
