"""Rows that stand in two files: downloads overlap, and a part (`-boxable`) repeats rows of the whole."""

from collections.abc import Callable, Iterable, Sequence
from typing import Self

from openimages_io.format.layouts import Source
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved
from openimages_io.transfer.run import REPEATED, Run
from openimages_io.transfer.scratch import Scratch


def may_overlap(sources: Sequence[Source]) -> bool:
    """Whether two of these files may have rows of the same subset."""
    subsets = [source.subset for source in sources]
    return len(subsets) > 1 and (None in subsets or len(set(subsets)) < len(subsets))


class Overlap:
    """Leaves out the rows that an earlier file of the kind had; the n-th equal row meets the n-th.

    A context manager. Costs nothing where no two files can overlap.
    """

    def __init__(self, run: Run, sources: Sequence[Source]) -> None:
        self.run = run
        self._notes = Scratch() if may_overlap(sources) else None

    def next_file(self) -> None:
        """What was read so far is from now on an earlier file."""
        if self._notes is not None:
            self._notes.next_file()

    def without_repeats(
        self, source: Source, rows: Resolved, keys: Callable[[], Iterable[object]], column: str, totals: Totals
    ) -> Resolved:
        """The rows that no earlier file has. Where the cells of `column` differ the earlier holds, with a warning."""
        if self._notes is None:
            return rows
        hashes, cells = list(map(hash, keys())), list(map(str, rows.chunk.get(column)))
        found = self._notes.find(hashes)
        keep, met = [], []
        for index, (key, cell) in enumerate(zip(hashes, cells, strict=True)):
            left, text = found.get(key, (0, ""))
            keep.append(left == 0)
            if left:
                found[key] = left - 1, text
                met.append(key)
                if text != cell:
                    reason = f"differs from “{text}” in an earlier file, which holds"
                    line = rows.chunk.lines[index]
                    self.run.warn("row-differs", reason, file=source.path, line=line, column=column, value=cell)
        totals.skipped[REPEATED] += len(met)
        self._notes.meet(met)
        self._notes.note([(key, cell) for key, cell, kept in zip(hashes, cells, keep, strict=True) if kept])
        return rows.where(keep) if met else rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Removes the notes."""
        if self._notes is not None:
            self._notes.close()
