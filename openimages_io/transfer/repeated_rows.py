"""Rows that stand in two files: downloads overlap, and a part (`-boxable`) repeats rows of the whole."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Self

from openimages_io.format.layouts import Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.writing import number
from openimages_io.transfer.disk_notes import ROW_END, DiskNotes
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved
from openimages_io.transfer.run import Run

_CELL_END: Final = "\n"
"""No cell that is compared holds one."""


def may_overlap(sources: Sequence[Source]) -> bool:
    """Whether two of these files may have rows of the same subset."""
    subsets = [source.subset for source in sources]
    return len(subsets) > 1 and (None in subsets or len(set(subsets)) < len(subsets))


class SeenRows:
    """Leaves out the rows that an earlier file of the kind had; the n-th equal row meets the n-th.

    A context manager. Costs nothing where no two files can overlap.
    """

    def __init__(self, run: Run, sources: Sequence[Source]) -> None:
        self.run = run
        self._notes = DiskNotes() if may_overlap(sources) else None
        self._secret = secrets.token_bytes(16)

    def next_file(self) -> None:
        """What was read so far is from now on an earlier file."""
        if self._notes is not None:
            self._notes.next_file()

    def without_repeats(
        self,
        source: Source,
        rows: Resolved,
        keys: Callable[[], Iterable[object]],
        columns: Sequence[str],
        totals: Totals,
    ) -> Resolved:
        """The rows that no earlier file has. Where the cells of `columns` differ the earlier holds, with a warning."""
        if self._notes is None:
            return rows
        hashes = list(map(self._digest, keys()))
        cells = list(zip(*(map(_as_text, rows.chunk.get(column)) for column in columns), strict=True))
        found = self._notes.find(hashes)
        keep, met = [], []
        for index, (key, row) in enumerate(zip(hashes, cells, strict=True)):
            left, times, text = found.get(key, (0, 0, ""))
            keep.append(left == 0)
            if left:
                found[key] = left - 1, times, text
                met.append(key)
                earlier = text.split(ROW_END)
                self._compare(
                    source, rows.chunk.lines[index], columns, row, earlier[min(times - left, len(earlier) - 1)]
                )
        totals.skipped[SkipReason.REPEATED] += len(met)
        self._notes.meet(met)
        new = zip(hashes, cells, keep, strict=True)
        self._notes.note([(key, _CELL_END.join(row)) for key, row, kept in new if kept])
        return rows.where(keep) if met else rows

    def _digest(self, key: object) -> int:
        """64 bits of a row, which nobody can make alike for two rows: Python's own hash of -1 is that of -2."""
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8, key=self._secret).digest()
        return int.from_bytes(digest, "big", signed=True)

    def _compare(self, source: Source, line: int, columns: Sequence[str], row: Sequence[str], earlier: str) -> None:
        for column, cell, before in zip(columns, row, earlier.split(_CELL_END), strict=True):
            if cell and cell != before:  # an empty cell says nothing
                place: dict[str, Any] = {"file": source.path, "line": line, "column": column}
                self.run.issue("row-differs", value=cell, earlier=before, **place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Removes the notes."""
        if self._notes is not None:
            self._notes.close()


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return number(value) if isinstance(value, float) else str(value)
