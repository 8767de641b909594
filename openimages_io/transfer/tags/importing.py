"""Image-level labels to tags."""

from collections.abc import Sequence
from typing import Any

from openimages_io.format.layouts import Kind, Source
from openimages_io.format.tables import LABELS
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.merging import StoredShape, StoredShapes
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved, fitting, resolve
from openimages_io.transfer.run import Run


def read_tags(run: Run) -> None:
    """Reads every file of image-level labels, people's before machines'."""
    stored = StoredShapes(run, ShapeKind.TAG) if run.merges else None
    for machine in (False, True):
        sources = [source for source in run.sources(Kind.LABELS) if source.machine is machine]
        totals = run.report.of("machine labels" if machine else "human labels") if sources else Totals()
        with SeenRows(run, sources) as overlap:
            for source in sources:
                _read_file(run, source, totals, overlap, stored)
                overlap.next_file()


def _read_file(run: Run, source: Source, totals: Totals, overlap: SeenRows, stored: StoredShapes | None) -> None:
    for chunk in run.chunks(source, LABELS, totals):
        rows = resolve(run, source, chunk, totals)
        rows = overlap.without_repeats(source, rows, rows.places, ("Confidence",), totals)
        rows = fitting(run, source, rows, "Confidence", "score", totals)
        if not rows:
            continue
        if "Confidence" in rows.chunk.values:
            run.specs.need_where(rows.labels, rows.chunk.values["Confidence"], "score")
        sources = _sources(rows, source)
        if stored is not None:
            rows, sources = _merge(run, rows, sources, stored, totals)
        totals.added += len(rows)
        if rows:
            run.plan.touch(rows.images)
        columns: dict[str, Sequence[Any]] = {
            "image_id": rows.images,
            "label_id": rows.labels,
            "source": sources,
            "score": rows.chunk.get("Confidence"),
        }
        run.plan.insert(Shape, columns, {"kind": ShapeKind.TAG.value})


def _sources(rows: Resolved, source: Source) -> list[str]:
    # What stands in a machine's file is a machine's, also where a tool has left the cell empty.
    default = MACHINE if source.machine else ""
    return [cell or default for cell in rows.chunk.get("Source")]


def _merge(
    run: Run, rows: Resolved, sources: list[str], stored: StoredShapes, totals: Totals
) -> tuple[Resolved, list[str]]:
    """Brings tags that are there up to date; returns the rows that are new."""
    shapes = stored.of_images(rows.images)
    new: list[bool] = []
    updates: list[tuple[int, str, float | None]] = []
    scores = rows.chunk.get("Confidence")
    for image, label, source, score in zip(rows.images, rows.labels, sources, scores, strict=True):
        candidates = shapes.get((image, label), [])
        met = _take(candidates, source)
        new.append(met is None)
        if met is None:
            continue
        stored.meet(met)
        wanted = source or met.source, new_score(met.score, score)
        if wanted == (met.source, met.score):
            totals.unchanged += 1
        else:
            totals.updated += 1
            updates.append((met.key, *wanted))
            run.plan.touch([image])
    if updates:
        keys, names, numbers = zip(*updates, strict=True)
        run.plan.update(Shape, keys, {"source": names, "score": numbers})
    if all(new):
        return rows, sources
    return rows.where(new), [source for source, is_new in zip(sources, new, strict=True) if is_new]


def new_score(stored: float | None, given: float | None) -> float | None:
    """The score after a merge. A shape without one is written with Confidence 1, so 1 adds nothing."""
    return stored if given is None or (stored is None and given == 1) else given


def _take(candidates: list[StoredShape], source: str) -> StoredShape | None:
    for index, shape in enumerate(candidates):
        if (shape.source == MACHINE) is (source == MACHINE):
            return candidates.pop(index)
    return None
