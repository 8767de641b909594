"""Notes on disk: what an earlier file said, for as many rows as one likes, in a temporary SQLite file.

Only folders of overlapping downloads need it: there a row may stand in two files, and memory must not grow with rows.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

_BATCH: Final = 900


class Scratch:
    """Notes by a 64-bit key: how often it was noted, and a text."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="openimages-")
        self._connection = sqlite3.connect(Path(self._folder.name) / "notes.sqlite3", isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE note (key INTEGER PRIMARY KEY, times INTEGER NOT NULL, text TEXT NOT NULL); BEGIN"
        )

    def note(self, notes: Iterable[tuple[int, str]]) -> None:
        """Notes keys; one that is noted already is counted, and keeps its first text."""
        self._connection.executemany(
            "INSERT INTO note VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET times = times + 1", notes
        )

    def find(self, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
        """How often each of these keys was noted, and its text; keys that were not are left out."""
        found: dict[int, tuple[int, str]] = {}
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), _BATCH):
            batch = distinct[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._connection.execute(f"SELECT key, times, text FROM note WHERE key IN ({marks})", batch)
            found.update({key: (times, text) for key, times, text in rows})
        return found

    def replace(self, notes: Mapping[int, tuple[int, str]]) -> None:
        """Writes notes anew."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO note VALUES (?, ?, ?)",
            [(key, times, text) for key, (times, text) in notes.items()],
        )

    def close(self) -> None:
        """Removes the file."""
        self._connection.close()
        self._folder.cleanup()
