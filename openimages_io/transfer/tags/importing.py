"""Image-level labels to tags."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import repeat
from typing import Any, Final

from openimages_io.format.layouts import Kind, Source
from openimages_io.format.tables import LABELS
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.merging import RowMerger, StoredRows, new_score, report_odd
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.resolving import Resolved, fitting, resolve
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run
from openimages_io.transfer.tags.mapping import FIELDS, HUMAN
from openimages_io.transfer.tags.mapping import MACHINE as MACHINE_LABELS

_COLUMNS: Final = ("image_id", "label_id", *FIELDS.values(), "attributes")
"""What tells whether a row and a tag of the task say the same."""


def read_tags(run: Run) -> None:
    """Reads every file of image-level labels, people's before machines'."""
    stored = StoredRows(run, ShapeKind.TAG, _COLUMNS, _place) if run.merges else None
    for machine in (False, True):
        sources = [source for source in run.sources(Kind.LABELS) if source.machine is machine]
        name = (MACHINE_LABELS if machine else HUMAN).name
        with SeenRows(run, sources) as overlap:
            for source in sources:
                _read_file(run, source, name, overlap, stored)
                overlap.next_file()


def _read_file(run: Run, source: Source, name: str, overlap: SeenRows, stored: StoredRows | None) -> None:
    totals = run.report.of(name)
    with ExitStack() as stack:
        merger = stored and stack.enter_context(
            RowMerger(stored, partial(_decide, run, name), partial(_insert_rows, run, name))
        )
        for chunk in run.chunks(source, LABELS, totals):
            rows = resolve(run, source, chunk, totals)
            rows = overlap.without_repeats(source, rows, rows.places, ("Confidence",), totals)
            rows = fitting(run, source, rows, "Confidence", "score", totals)
            if not rows:
                continue
            if "Confidence" in rows.chunk.values:
                run.specs.need_where(rows.labels, rows.chunk.values["Confidence"], "score")
            columns: list[Sequence[Any]] = [
                rows.images,
                rows.labels,
                _sources(rows, source),
                rows.chunk.get("Confidence"),
            ]
            if merger:
                merger.take(list(zip(*columns, repeat("{}"), strict=False)))
            else:
                _insert(run, name, columns)
        if merger:
            merger.finish()


def _sources(rows: Resolved, source: Source) -> list[str]:
    # What stands in a machine's file is a machine's, also where a tool has left the cell empty.
    default = MACHINE if source.machine else ""
    return [cell or default for cell in rows.chunk.get("Source")]


def _insert(run: Run, name: str, columns: Sequence[Sequence[Any]]) -> None:
    run.plan.count(Counted.ADDED, name, columns[0])
    run.plan.insert(Shape, dict(zip(_COLUMNS, columns, strict=False)), {"kind": ShapeKind.TAG.value})


def _insert_rows(run: Run, name: str, rows: Sequence[Row]) -> None:
    if rows:
        _insert(run, name, list(zip(*rows, strict=True))[:-1])


def _place(row: Row) -> tuple[int, bool]:
    """What a row and the tag that it meets have in common, besides the image."""
    return row[1], row[2] == MACHINE


def _decide(run: Run, name: str, rows: Sequence[Row], met: Sequence[Row | None]) -> list[Row | None]:
    """Brings tags that are there up to date; returns an empty tuple for a row that is new."""
    new: list[Row | None] = [None] * len(rows)
    updates: list[tuple[int, int, str, float | None]] = []
    unchanged: list[int] = []
    for index, (row, tag) in enumerate(zip(rows, met, strict=True)):
        if tag is None:
            new[index] = ()
            continue
        if tag[:-1] != row:
            report_odd(run, tag[0], tag[4], tag[-1])
            wanted = row[2] or tag[2], new_score(tag[3], row[3])
            if wanted != tag[2:4]:
                updates.append((tag[0], tag[-1], *wanted))
                continue
        unchanged.append(tag[0])
    run.plan.count(Counted.UNCHANGED, name, unchanged)
    if updates:
        images, keys, sources, scores = zip(*updates, strict=True)
        run.plan.count(Counted.UPDATED, name, images)
        run.plan.update(Shape, keys, {"source": sources, "score": scores}, images)
    return new
