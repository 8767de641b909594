"""Box files to rectangles."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from openimages_io.format.flag_names import FLAGS as FLAGS_OF_FILES
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.boxes.merging import COLUMNS, BoxMerging
from openimages_io.transfer.masks.mask_boxes import BoxMatcher, box_matcher
from openimages_io.transfer.merging import RowMerger, columns_of
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved, fitting, resolve
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run
from openimages_io.transfer.specs import Outcome

_COORDINATES: Final = ("XMin", "XMax", "YMin", "YMax")
_FLAGS: Final = {column: name for column, name in FLAGS_OF_FILES.items() if name in FLAGS}
"""Columns whose true and false are columns of a shape, and other values attributes of the same name."""
_ATTRIBUTES: Final = {**_FLAGS, **{column: column for column in PERSON_ATTRIBUTES}}
"""Columns that become attributes, and their names."""
_COLUMNS: Final = {"Confidence": "score", "IsOccluded": "occluded"}
"""Columns that are columns of a shape, too, and the names that they have as attributes."""
_COMPARED: Final = ("Confidence", *PERSON_ATTRIBUTES)
"""Columns in which overlapping files may differ; flags do so from version to version."""

_Fitted = tuple[Outcome, dict[str, Any]]
"""What becomes of the attributes of a row, and the columns that they are stored in."""


def read_boxes(run: Run) -> None:
    """Reads every box file; boxes that a mask claims are joined with it."""
    sources = run.sources(Kind.BOXES)
    if not sources:
        return
    reader = _BoxReader(run, box_matcher(run))
    with SeenRows(run, sources) as overlap:
        for source in sources:
            reader.read(source, overlap)
            overlap.next_file()
    if reader.merging and reader.merging.rounded:
        run.issue("coordinates-kept", count=reader.merging.rounded)


class _BoxReader:
    def __init__(self, run: Run, claims: BoxMatcher) -> None:
        self.run, self.claims = run, claims
        self.totals: Totals = run.report.of("boxes")
        self.merging = BoxMerging(run, claims, self.totals) if run.merges else None
        self._outcomes: dict[tuple[str, ...], dict[tuple[Any, ...], _Fitted]] = {}
        """What becomes of each combination of a label and its attributes, of which there are few, by columns."""
        self._texts: dict[str, str] = {}

    def read(self, source: Source, overlap: SeenRows) -> None:
        with ExitStack() as stack:
            merger = self.merging and stack.enter_context(
                RowMerger(self.merging.stored, self.merging.decide, self._insert_rows)
            )
            for rows, outcomes in self._chunks(source, overlap):
                if merger:
                    merger.take(self._rows(rows, outcomes))
                else:
                    self._take(rows, outcomes)
            if merger:
                merger.finish()

    def _chunks(self, source: Source, overlap: SeenRows) -> Iterator[tuple[Resolved, list[_Fitted]]]:
        for chunk in self.run.chunks(source, BOXES, self.totals):
            rows = resolve(self.run, source, chunk, self.totals)
            rows = overlap.without_repeats(source, rows, partial(_rounded_places, rows), _COMPARED, self.totals)
            for column, name in _COLUMNS.items():
                rows = fitting(self.run, source, rows, column, name, self.totals)
            rows, outcomes = self._fit(source, rows)
            if rows:
                yield rows, outcomes

    def _fit(self, source: Source, rows: Resolved) -> tuple[Resolved, list[_Fitted]]:
        """What becomes of the attributes of each row; rows whose values break a spec are left out."""
        columns = tuple(column for column in _ATTRIBUTES if column in rows.chunk.values)
        combinations = list(zip(rows.labels, *(rows.chunk.values[column] for column in columns), strict=True))
        known = self._outcomes.setdefault(columns, {})
        special = False
        for combination in set(combinations):
            if combination not in known:
                values = dict(zip((_ATTRIBUTES[c] for c in columns), combination[1:], strict=True))
                outcome = self.run.specs.fit(combination[0], values)
                known[combination] = outcome, self._columns(outcome)
            outcome = known[combination][0]
            special = special or bool(outcome.dropped or outcome.faults)
        outcomes = list(map(known.__getitem__, combinations))
        self._need_specs(rows)
        return self._sort_out(source, rows, outcomes) if special else (rows, outcomes)

    def _columns(self, outcome: Outcome) -> dict[str, Any]:
        columns = columns_of(outcome.values)
        text = columns["attributes"]
        return columns | {"attributes": self._texts.setdefault(text, text)}

    def _need_specs(self, rows: Resolved) -> None:
        for column, name in _COLUMNS.items():
            if column in rows.chunk.values:
                self.run.specs.need_where(rows.labels, rows.chunk.values[column], name)

    def _sort_out(self, source: Source, rows: Resolved, outcomes: list[_Fitted]) -> tuple[Resolved, list[_Fitted]]:
        keep = []
        for line, (outcome, _) in zip(rows.chunk.lines, outcomes, strict=True):
            report_attributes(self.run, outcome, source.path, line)
            keep.append(not outcome.faults)
        if all(keep):
            return rows, outcomes
        names = rows.chunk.values["ImageID"]
        self.run.skip(source, self.totals, [name for name, kept in zip(names, keep, strict=True) if not kept])
        return rows.where(keep), [outcome for outcome, kept in zip(outcomes, keep, strict=True) if kept]

    def _rows(self, rows: Resolved, outcomes: list[_Fitted]) -> list[Row]:
        """The rows as tuples of `COLUMNS`."""
        chunk = rows.chunk
        places = zip(rows.images, rows.labels, *(chunk.values[column] for column in _COORDINATES), strict=True)
        others = zip(*map(chunk.get, ("Source", "Confidence", "IsOccluded")), strict=True)
        clicks = _clicks(rows) or [None] * len(rows)
        return [
            (*place, source or "", score, occluded, *stored.values(), click)
            for place, (source, score, occluded), (_, stored), click in zip(
                places, others, outcomes, clicks, strict=True
            )
        ]

    def _insert_rows(self, rows: Sequence[Row]) -> None:
        if rows:
            self.totals.added += len(rows)
            columns = dict(zip((*COLUMNS, "group"), zip(*rows, strict=True), strict=True))
            self.run.plan.touch(columns["image_id"])
            self.run.plan.insert(Shape, columns, {"kind": ShapeKind.RECTANGLE.value})

    def _take(self, rows: Resolved, outcomes: list[_Fitted]) -> None:
        clicks = _clicks(rows)
        groups: Sequence[int | None] | None = None
        self.claims.take_stored_masks(rows.images)
        if not self.claims.images.isdisjoint(rows.images):
            boxes = zip(*(rows.chunk.values[c] for c in _COORDINATES), strict=True)
            groups = [
                self.claims.group_of(image, label, [box], None)
                for image, label, box in zip(rows.images, rows.labels, boxes, strict=True)
            ]
        self.totals.added += len(rows)
        self.run.plan.touch(rows.images)
        self._insert(rows, outcomes, clicks, groups)
        self.claims.flush()

    def _insert(
        self,
        rows: Resolved,
        outcomes: list[_Fitted],
        clicks: list[str | None] | None,
        groups: Sequence[int | None] | None,
    ) -> None:
        chunk = rows.chunk
        columns: dict[str, Sequence[Any]] = {
            "image_id": rows.images,
            "label_id": rows.labels,
            "x_min": chunk.values["XMin"],
            "x_max": chunk.values["XMax"],
            "y_min": chunk.values["YMin"],
            "y_max": chunk.values["YMax"],
            "attributes": [stored["attributes"] for _, stored in outcomes],
        }
        for column, name in _FLAGS.items():
            if column in chunk.values:
                columns[name] = [stored[name] for _, stored in outcomes]
        if "Confidence" in chunk.values:
            columns["score"] = chunk.values["Confidence"]
        if "Source" in chunk.values:
            columns["source"] = chunk.values["Source"]
        if "IsOccluded" in chunk.values:
            columns["occluded"] = chunk.values["IsOccluded"]
        if clicks is not None:
            columns["clicks"] = clicks
        if groups is not None:
            columns["group"] = groups
        self.run.plan.insert(Shape, columns, {"kind": ShapeKind.RECTANGLE.value})


def report_attributes(run: Run, outcome: Outcome, file: str, line: int) -> None:
    """Counts attributes that were dropped, and makes issues of those that cannot be."""
    if outcome.dropped:
        totals = run.report.of("attributes")
        totals.read += len(outcome.dropped)
        totals.skipped.update(map(SkipReason.NO_SUCH_SPEC.of, outcome.dropped))
    for name, value, reason in outcome.faults:
        run.issue("bad-attribute", reason, file=file, line=line, column=name, value=value)


def _rounded_places(rows: Resolved) -> Iterable[object]:
    coordinates = ([round(value, 6) for value in rows.chunk.values[column]] for column in _COORDINATES)
    return zip(rows.images, rows.labels, *coordinates, strict=True)


def _clicks(rows: Resolved) -> list[str | None] | None:
    """The extreme clicks as JSON, `[[x, y], …]`; None for a row that has none, and None if no row of the file has."""
    if not any(column in rows.chunk.values for column in CLICK_COLUMNS):
        return None
    columns = [rows.chunk.get(column) for column in CLICK_COLUMNS]
    made: list[str | None] = []
    for cells in zip(*columns, strict=True):
        points = list(zip(cells[:4], cells[4:], strict=True))
        made.append(None if set(cells) == {None} else json.dumps(points))
    return made
